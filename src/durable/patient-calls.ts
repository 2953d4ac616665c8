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
import type { Milliseconds } from "../domain/duration.js";
import { nextAttempt } from "../domain/patience.js";
import type { ActivityContract, Answer } from "./activity-contract.js";
import type { Durable } from "./durable.js";

/** One of several calls of an activity. */
export interface PatientCall<Input> {
  /** Names it within the run. */
  readonly step: string;
  readonly input: Input;
  /** For a call that stands by: it is made when those before it have all failed, or after a while. */
  readonly standsBy?: {
    readonly after: Milliseconds;
    /** Asked when its turn comes, with the steps that have succeeded by then. */
    readonly isNeeded: (succeeded: ReadonlySet<string>) => boolean;
  };
}

/** How a call ended, after how many attempts, and when; without an answer it was not needed. */
export interface Endured<Output> {
  readonly answer: Answer<Output> | undefined;
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
  const succeeded = new Set<string>();
  let open = calls.map((call) => ({
    call,
    attempt: 1,
    dueAt: call.standsBy === undefined ? begunAt : plus(begunAt, call.standsBy.after),
  }));
  const isItsTurn = (call: PatientCall<Input>): boolean =>
    calls.slice(0, calls.indexOf(call)).every((before) => ended.has(before));

  while (open.length > 0) {
    const next = open.find(
      ({ call: { standsBy }, call, attempt, dueAt }) =>
        standsBy !== undefined && attempt === 1 && (isItsTurn(call) || !isAfter(dueAt, now())),
    );
    if (next?.call.standsBy?.isNeeded(succeeded) === false) {
      ended.set(next.call, { answer: undefined, attempts: 0, at: now() });
      open = open.filter((each) => each !== next);
      continue;
    }
    const due = open.filter((each) => each === next || !isAfter(each.dueAt, now()));
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
      if (answer.ok) succeeded.add(each.call.step);
      ended.set(each.call, { answer, attempts: each.attempt, at: now() });
      return [];
    });
  }
  return calls.flatMap((call) => ended.get(call) ?? []);
}

/** An activity that threw instead of answering: a crash, a time limit of the platform, a defect. */
export function unforeseen(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  return {
    class: "transient",
    code: "activity-failed",
    message: scrub(message.split("\n")[0] ?? "").slice(0, 400),
  };
}
