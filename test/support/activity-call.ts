import type { InvocationContext } from "@azure/functions";
import type {
  Activity,
  ActivityContract,
  Answer,
  Caller,
} from "../../src/durable/activity-contract.js";

/** Calls an activity as the host would: everything crosses as JSON. */
export async function answerOf<Input, Output>(
  activities: readonly Activity[],
  contract: ActivityContract<Input, Output>,
  input: Input,
  caller: Partial<Caller> = {},
): Promise<Answer<Output>> {
  const activity = activities.find(({ name }) => name === contract.name);
  if (activity === undefined) throw new Error(`there is no activity ${contract.name}`);
  const context = { log: () => undefined } as unknown as InvocationContext;
  const full: Caller = {
    run: "run-1",
    step: "step",
    attempt: 1,
    leases: [],
    mode: "execute",
    ...caller,
  };
  const raw = await activity.handler({ caller: full, input }, context);
  return contract.read(JSON.parse(JSON.stringify(raw)));
}

/** Two ways to call activities: `ask` gives the answer, `done` what it says and throws where it failed. */
export function asking(activities: readonly Activity[]) {
  const ask = <Input, Output>(
    contract: ActivityContract<Input, Output>,
    input: Input,
    caller?: Partial<Caller>,
  ): Promise<Answer<Output>> => answerOf(activities, contract, input, caller);
  const done = async <Input, Output>(
    contract: ActivityContract<Input, Output>,
    input: Input,
    caller?: Partial<Caller>,
  ): Promise<Output> => {
    const answer = await ask(contract, input, caller);
    if (!answer.ok) throw new Error(`${answer.failure.code}: ${answer.failure.message}`);
    return answer.value;
  };
  return { ask, done };
}
