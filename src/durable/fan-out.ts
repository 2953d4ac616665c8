import type { OrchestrationContext, Task } from "durable-functions";
import type { ActivityContract, Answer } from "./activity-contract.js";
import type { Durable } from "./durable.js";
import { unforeseen } from "./patient-calls.js";

/** A call of one of several activities that take and give the same. */
export interface SingleCall<Input, Output> {
  readonly contract: ActivityContract<Input, Output>;
  readonly step: string;
  readonly input: Input;
}

/**
 * Makes calls of different activities side by side, each once. If one of them crashes, all are made
 * again one by one, so that no other's answer is lost with it.
 */
export function* fanOut<Input, Output>(
  context: OrchestrationContext,
  calls: readonly SingleCall<Input, Output>[],
): Durable<readonly Answer<Output>[]> {
  const taskOf = ({ contract, step, input }: SingleCall<Input, Output>, attempt: number): Task =>
    contract.task(
      context,
      { run: context.df.instanceId, step, attempt, leases: [], mode: "execute" },
      input,
    );
  try {
    const tasks = calls.map((call) => taskOf(call, 1));
    const brought = (yield context.df.Task.all(tasks)) as readonly unknown[];
    return calls.map(({ contract }, index) => contract.read(brought[index]));
  } catch {
    const answers: Answer<Output>[] = [];
    for (const call of calls) {
      try {
        answers.push(call.contract.read(yield taskOf(call, 2)));
      } catch (error) {
        answers.push({ ok: false, failure: unforeseen(error) });
      }
    }
    return answers;
  }
}
