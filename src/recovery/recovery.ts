import type { OrchestrationContext, Task } from "durable-functions";
import type { ActivityContract, Answer, Caller } from "../durable/activity-contract.js";
import type { Durable } from "../durable/durable.js";
import type { StepOutput } from "../durable/step-output.js";
import { takeLease, releaseLease } from "../activities/run.contract.js";
import { scrub } from "../domain/credential-scrubbing.js";
import type { Milliseconds } from "../domain/duration.js";
import { describeDuration, milliseconds, minutes, seconds } from "../domain/duration.js";
import type { Failure } from "../domain/failure.js";
import { dateOf, elapsed, instantOf, isAfter, plus, type Instant } from "../domain/instant.js";
import { renewalAt, type LeaseProof } from "../domain/lease.js";
import { nextAttempt } from "../domain/patience.js";
import type { RecoveryOrder } from "../domain/recovery-order.js";
import type { Outcome } from "../domain/run-record.js";
import type { Scenario } from "../scenarios/scenario.js";
import { Journal } from "./journal.js";

/** What to wait for: N good answers in a row, or as many bad ones as say that it is in vain. */
export interface Wait<Output> {
  readonly done: (output: Output) => boolean;
  readonly inARow?: number;
  readonly failed?: (output: Output) => boolean;
  readonly failedInARow?: number;
  /** Whether a bad end answers the step's question as well as a good one; the step is done then. */
  readonly eitherWay?: boolean;
  readonly within: Milliseconds;
  /** The first pause between two looks; pauses grow, by half unless it says otherwise, up to the longest. */
  readonly first: Milliseconds;
  readonly longest: Milliseconds;
  /** With 1.1, a look comes about a tenth of the time waited too late at most. */
  readonly growth?: number;
  /** The pause between looks that count in a row; by default the first after a good one. */
  readonly apart?: Milliseconds;
}

/** `blind`: not a single look succeeded, so nothing is known. */
export type Waited = "done" | "failed" | "timed-out" | "blind";

/** How a scenario ends; the frame turns it into the record. */
export interface Ending {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly nextSteps: readonly string[];
}

/** How long a run waits for a resource that another run holds. */
const leasePatience = minutes(12);

/**
 * The vocabulary an orchestrator speaks. Every step is timed, repeated by the class of its failure,
 * journaled and published as the run's checkpoint, so that scenarios hold recovery and nothing else.
 */
export class Recovery<StepId extends string = string> {
  readonly order: RecoveryOrder;
  readonly journal: Journal;
  readonly #context: OrchestrationContext;
  #held: { readonly proof: LeaseProof; renewAt: Instant } | undefined;

  constructor(context: OrchestrationContext, scenario: Scenario<StepId>, order: RecoveryOrder) {
    this.#context = context;
    this.order = order;
    this.journal = new Journal(scenario, order, this.now());
  }

  now(): Instant {
    return instantOf(this.#context.df.currentUtcDateTime);
  }

  run(): string {
    return this.#context.df.instanceId;
  }

  /** Does one step, repeating it while its failures can heal. A failure for good is a value. */
  *step<Input, Output extends StepOutput>(
    id: StepId,
    contract: ActivityContract<Input, Output>,
    input: Input,
    item?: string,
  ): Durable<Answer<Output>> {
    this.#begin(id);
    const answer = yield* this.#patiently(id, contract, input, item);
    if (answer.ok) {
      this.journal.note(id, answer.value, this.now());
    } else {
      this.journal.fail(id, answer.failure, this.now());
    }
    this.publish();
    return answer;
  }

  /** Does several observing calls of one step at the same time; none of them can end the run. */
  *inParallel(id: StepId, calls: readonly ((begin: ParallelCall) => Task)[]): Durable<void> {
    this.#begin(id);
    const readers: ((raw: unknown) => Answer<StepOutput>)[] = [];
    const tasks = calls.map((call, index) =>
      call((contract, input) => {
        this.journal.attempt(id);
        readers.push((raw) => contract.read(raw));
        return contract.task(this.#context, this.#caller(id, 1, String(index + 1)), input);
      }),
    );
    try {
      const results = (yield this.#context.df.Task.all(tasks)) as readonly unknown[];
      for (const [index, raw] of results.entries()) {
        const answer = readers[index]?.(raw);
        if (answer?.ok === true) this.journal.note(id, answer.value, this.now());
        else if (answer !== undefined) this.journal.miss(id, answer.failure);
      }
    } catch (error) {
      this.journal.miss(id, unforeseen(error));
    }
    this.journal.end(id, this.now());
    this.publish();
  }

  /** Looks again and again, often at first, until the wait is over. A look that fails counts as none. */
  *until<Input, Output extends StepOutput>(
    id: StepId,
    contract: ActivityContract<Input, Output>,
    input: Input,
    wait: Wait<Output>,
  ): Durable<Waited> {
    this.#begin(id);
    const deadline = plus(this.now(), wait.within);
    let pause = wait.first;
    let [good, bad, seen] = [0, 0, 0];
    for (let look = 1; ; look++) {
      const answer = yield* this.#once(id, contract, input, look);
      if (answer.ok) {
        seen += 1;
        good = wait.done(answer.value) ? good + 1 : 0;
        bad = wait.failed?.(answer.value) === true ? bad + 1 : 0;
        this.journal.see(id, answer.value.detail, look);
      } else {
        good = 0;
        this.journal.see(id, describeFailure(answer.failure), look);
      }
      if (good >= (wait.inARow ?? 1)) {
        this.journal.end(id, this.now());
        this.publish();
        return "done";
      }
      const hopeless = bad >= (wait.failedInARow ?? 1);
      const rest = pauseAfter(wait, pause, good, bad);
      if (hopeless || isAfter(plus(this.now(), rest), deadline)) {
        if (wait.eitherWay === true && seen > 0) this.journal.end(id, this.now());
        else this.journal.giveUp(id, this.now(), hopeless ? undefined : wait.within);
        this.publish();
        if (seen === 0) return "blind";
        return hopeless ? "failed" : "timed-out";
      }
      this.publish();
      yield* this.sleep(rest);
      pause = milliseconds(Math.min(pause * (wait.growth ?? 1.5), wait.longest));
    }
  }

  /** Does the body while this run alone may change a resource. A failure says who holds it. */
  *holding<T>(resource: string, body: () => Durable<T>): Durable<Answer<T>> {
    const deadline = plus(this.now(), leasePatience);
    for (;;) {
      const answer = yield* this.#lease(resource);
      if (!answer.ok) return answer;
      if (answer.value.kind === "taken") break;
      if (isAfter(this.now(), deadline)) {
        const message = `another run holds the resource: ${answer.value.detail}`;
        return { ok: false, failure: { class: "terminal", code: "resource-held", message } };
      }
      this.journal.wait(`waiting for the resource: ${answer.value.detail}`);
      this.publish();
      yield* this.sleep(seconds(15));
    }
    try {
      return { ok: true, value: yield* body() };
    } finally {
      this.#held = undefined;
      yield* this.quietly("release-lease", releaseLease, { resource });
    }
  }

  /** Follows a long operation of Azure to its end, one look at a time. */
  *operation<Output extends StepOutput & { state: string; operation?: string | undefined }>(
    id: StepId,
    started: string | undefined,
    look: (operation: string) => Durable<Answer<Output>>,
    within: Milliseconds,
  ): Durable<boolean> {
    let token = started;
    const deadline = plus(this.now(), within);
    let pause = seconds(3);
    while (token !== undefined) {
      yield* this.sleep(pause);
      const seen = yield* look(token);
      if (seen.ok) {
        this.journal.see(id, seen.value.detail);
        if (seen.value.state === "succeeded") break;
        if (seen.value.state === "failed") {
          this.journal.giveUp(id, this.now());
          return false;
        }
        token = seen.value.operation ?? token;
      } else if (seen.failure.class === "terminal") {
        // The operation's address expires; what became of it is seen on the resource itself.
        break;
      }
      if (isAfter(this.now(), deadline)) {
        this.journal.giveUp(id, this.now(), within);
        return false;
      }
      pause = milliseconds(Math.min(pause * 1.5, seconds(15)));
    }
    return true;
  }

  /** One look outside the steps' bookkeeping, for `operation`. */
  *look<Input, Output extends StepOutput>(
    id: StepId,
    contract: ActivityContract<Input, Output>,
    input: Input,
  ): Durable<Answer<Output>> {
    return yield* this.#once(id, contract, input, 1);
  }

  /** A call of the run's own papers: repeated for hours, never a step of the scenario. */
  *quietly<Input, Output extends StepOutput>(
    name: string,
    contract: ActivityContract<Input, Output>,
    input: Input,
  ): Durable<Answer<Output>> {
    return yield* this.#patiently(name, contract, input);
  }

  *sleep(duration: Milliseconds): Durable<void> {
    yield this.#context.df.createTimer(dateOf(plus(this.now(), duration)));
    if (this.#held !== undefined && isAfter(this.now(), this.#held.renewAt)) {
      yield* this.#renew(this.#held.proof.resource);
    }
  }

  end(outcome: Outcome, reason: string, nextSteps: readonly string[] = []): Ending {
    return { outcome, reason, nextSteps };
  }

  /** Publishes where the run stands as the instance's custom status. */
  publish(ending?: Ending): void {
    this.#context.df.setCustomStatus(this.journal.checkpoint(this.now(), ending));
  }

  #begin(id: StepId): void {
    this.journal.begin(id, this.now());
    this.publish();
  }

  #caller(step: string, attempt: number, item?: string): Caller {
    return {
      run: this.run(),
      step: item === undefined ? step : `${step}/${item}`,
      attempt,
      ...(this.#held === undefined ? {} : { lease: this.#held.proof }),
    };
  }

  *#once<Input, Output>(
    step: string,
    contract: ActivityContract<Input, Output>,
    input: Input,
    attempt: number,
    item?: string,
  ): Durable<Answer<Output>> {
    try {
      return yield* contract.call(this.#context, this.#caller(step, attempt, item), input);
    } catch (error) {
      return { ok: false, failure: unforeseen(error) };
    }
  }

  *#patiently<Input, Output>(
    step: string,
    contract: ActivityContract<Input, Output>,
    input: Input,
    item?: string,
  ): Durable<Answer<Output>> {
    const begunAt = this.now();
    for (let attempt = 1; ; attempt++) {
      const answer = yield* this.#once(step, contract, input, attempt, item);
      this.journal.attempt(step);
      if (answer.ok) return answer;
      const spent = elapsed(begunAt, this.now());
      const pause = nextAttempt(answer.failure, attempt, spent, contract.patience);
      if (pause === undefined) return answer;
      this.journal.wait(
        `${describeFailure(answer.failure)}; trying again in ${describeDuration(pause)}`,
      );
      this.publish();
      yield* this.sleep(pause);
    }
  }

  *#lease(resource: string) {
    const takenAt = this.now();
    const { id } = this.journal.scenario;
    const answer = yield* this.quietly("take-lease", takeLease, { resource, scenario: id });
    if (answer.ok && answer.value.kind === "taken") this.#hold(resource, answer.value, takenAt);
    return answer;
  }

  /** One try; while the state store is away the next pause tries again, and mutations are refused. */
  *#renew(resource: string): Durable<void> {
    const takenAt = this.now();
    const { id } = this.journal.scenario;
    const wanted = { resource, scenario: id };
    const answer = yield* this.#once("take-lease", takeLease, wanted, 1);
    if (!answer.ok) return;
    if (answer.value.kind === "held") throw new Superseded(answer.value.detail);
    this.#hold(resource, answer.value, takenAt);
  }

  #hold(resource: string, { fencing }: { readonly fencing: number }, takenAt: Instant): void {
    this.#held = { proof: { resource, fencing }, renewAt: renewalAt(takenAt) };
  }
}

/** Only the wait for the first look of a row backs off; the others are evenly spaced. */
function pauseAfter(
  { apart, first }: Pick<Wait<unknown>, "apart" | "first">,
  pause: Milliseconds,
  good: number,
  bad: number,
): Milliseconds {
  if (good > 0) return apart ?? first;
  return bad > 0 ? (apart ?? pause) : pause;
}

/** Another run has taken what this one held; the frame ends the run. */
export class Superseded extends Error {
  constructor(detail: string) {
    super(`another run has taken over: ${detail}`);
    this.name = "Superseded";
  }
}

/** Begins one call of a parallel step. */
export type ParallelCall = <Input>(
  contract: ActivityContract<Input, StepOutput>,
  input: Input,
) => Task;

export const describeFailure = ({ code, message }: Failure): string => `${code}: ${message}`;

/** An activity that threw instead of answering: a crash, a time limit of the platform, a defect. */
function unforeseen(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  return {
    class: "transient",
    code: "activity-failed",
    message: scrub(message.split("\n")[0] ?? "").slice(0, 400),
  };
}
