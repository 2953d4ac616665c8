import type { OrchestrationContext } from "durable-functions";
import { scrub } from "../domain/credential-scrubbing.js";
import type { Failure } from "../domain/failure.js";
import {
  dateOf,
  earlier,
  elapsed,
  instantOf,
  isAfter,
  plus,
  type Instant,
} from "../domain/instant.js";
import { nextAttempt } from "../domain/patience.js";
import type { ActivityContract, Answer } from "./activity-contract.js";
import type { Durable } from "./durable.js";

/** One of several calls of an activity. */
export interface PatientCall<Input> {
  /** Names it within the run. */
  readonly step: string;
  readonly input: Input;
}

/** How a call ended, after how many attempts, and when. */
export interface Endured<Output> {
  readonly answer: Answer<Output>;
  readonly attempts: number;
  readonly at: Instant;
}

/**
 * Makes calls side by side, each repeated by the class of its failure for as long as the contract
 * has patience. None waits for another; the results come in the order of the calls.
 */
export function* patientCalls<Input, Output>(
  context: OrchestrationContext,
  contract: ActivityContract<Input, Output>,
  calls: readonly PatientCall<Input>[],
): Durable<readonly Endured<Output>[]> {
  const now = () => instantOf(context.df.currentUtcDateTime);
  const begunAt = now();
  const ended = new Map<PatientCall<Input>, Endured<Output>>();
  let open = calls.map((call) => ({ call, attempt: 1, dueAt: begunAt }));

  while (open.length > 0) {
    const due = open.filter(({ dueAt }) => !isAfter(dueAt, now()));
    if (due.length === 0) {
      yield context.df.createTimer(dateOf(open.map(({ dueAt }) => dueAt).reduce(earlier)));
      continue;
    }
    const tasks = due.map(({ call, attempt }) =>
      contract.task(
        context,
        { run: context.df.instanceId, step: call.step, attempt, leases: [], mode: "execute" },
        call.input,
      ),
    );
    let answers: readonly Answer<Output>[];
    try {
      const brought = (yield context.df.Task.all(tasks)) as readonly unknown[];
      answers = brought.map((raw) => contract.read(raw));
    } catch (error) {
      // One of them crashed; what the others brought is lost with it, so all are made again.
      answers = due.map(() => ({ ok: false, failure: unforeseen(error) }));
    }
    const spent = elapsed(begunAt, now());
    open = open.flatMap((each) => {
      const answer = answers[due.indexOf(each)];
      if (answer === undefined) return [each];
      const pause = answer.ok
        ? undefined
        : nextAttempt(answer.failure, each.attempt, spent, contract.patience);
      if (pause !== undefined) {
        return [{ ...each, attempt: each.attempt + 1, dueAt: plus(now(), pause) }];
      }
      ended.set(each.call, { answer, attempts: each.attempt, at: now() });
      return [];
    });
  }
  return calls.flatMap((call) => ended.get(call) ?? []);
}

/** An activity that threw instead of answering: a crash, a time limit of the platform, a defect. */
function unforeseen(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  return {
    class: "transient",
    code: "activity-failed",
    message: scrub(message.split("\n")[0] ?? "").slice(0, 400),
  };
}
