import type { OrchestrationContext, Task } from "durable-functions";
import type { ActivityContract, Answer, Caller } from "../durable/activity-contract.js";
import type { Durable } from "../durable/durable.js";
import type { StepOutput } from "../durable/step-output.js";
import { startedBefore, type Version } from "../durable/version.js";
import { postNotice } from "../activities/notices.contract.js";
import { findPreviousOutcome, takeLease, releaseLease } from "../activities/run.contract.js";
import { approvalDemand, type ApprovalDemand } from "../domain/approval-policy.js";
import { scrub } from "../domain/credential-scrubbing.js";
import { seriesOf } from "../domain/backup-schedule.js";
import type { Milliseconds } from "../domain/duration.js";
import { days, describeDuration, milliseconds, minutes, seconds } from "../domain/duration.js";
import { supersededCode, type Failure } from "../domain/failure.js";
import {
  dateOf,
  earlier,
  elapsed,
  instantOf,
  isAfter,
  plus,
  type Instant,
} from "../domain/instant.js";
import type { Notice } from "../domain/notice.js";
import { noticeOf, type Occasion } from "../domain/notice-of.js";
import { once, nextAttempt, type Patience } from "../domain/patience.js";
import type { RunOrder } from "../domain/run-order.js";
import type { Outcome } from "../domain/run-record.js";
import { agreement, type Source } from "../domain/sources.js";
import type { DecisionChoice, DecisionRecord } from "../domain/verb.js";
import type { Scenario } from "../scenarios/scenario.js";
import { Canceled, NotApproved, Superseded, type Ending } from "./endings.js";
import { HeldLeases } from "./held-leases.js";
import { Inbox } from "./inbox.js";
import { Journal } from "./journal.js";

/** What to wait for: N good answers in a row, or as many bad ones as say that it is in vain. */
export interface Wait<Output> {
  readonly done: (output: Output) => boolean;
  readonly inARow?: number;
  readonly failed?: (output: Output) => boolean;
  readonly failedInARow?: number;
  /** Whether a bad end answers the step's question as well as a good one; the step is done then. */
  readonly eitherWay?: boolean;
  /**
   * For a wait that looks at what is there before anything is changed: what a plan takes it to
   * bring, after one look that it shows. Other waits are over at once in a plan, as if all went well.
   */
  readonly inPlan?: Waited;
  readonly within: Milliseconds;
  /** The first pause between two looks; pauses grow, by half unless it says otherwise, up to the longest. */
  readonly first: Milliseconds;
  readonly longest: Milliseconds;
  /** With 1.1, a look comes about a tenth of the time waited too late at most. */
  readonly growth?: number;
  /** The pause between looks that count in a row; by default the first after a good one. */
  readonly apart?: Milliseconds;
}

/** How pieces of one step are worked through. */
export interface Work {
  readonly atATime: number;
  /** Of all pieces together, in the unit; absent while it is not known. */
  readonly total?: number;
  readonly unit: string;
  /** From the beginning of some pieces to that of the next, where Azure counts calls by time. */
  readonly apart?: Milliseconds;
}

/** `blind`: not a single look succeeded, so nothing is known. */
export type Waited = "done" | "failed" | "timed-out" | "blind";

/** What became of a request for approval. Only `granted` means go. */
export type Approval = "granted" | "denied" | "expired";

/** What became of a step that has no fallback. */
export type Insisted<Output> =
  | { readonly kind: "done"; readonly value: Output }
  | { readonly kind: "skipped" }
  | { readonly kind: "failed"; readonly failure: Failure };

/** How long a run waits for a resource that another run holds. */
const leasePatience = minutes(12);
/** A person is woken, reads, and answers in no less; also where the target has passed. */
const leastTimeToAnswer = minutes(5);

/**
 * The vocabulary an orchestrator speaks. Every step is timed, repeated by the class of its failure,
 * journaled and published as the run's checkpoint; people are asked and heard; so that scenarios hold
 * recovery and nothing else.
 */
export class Recovery<StepId extends string = string> {
  readonly #given: RunOrder;
  #order: RunOrder;
  readonly journal: Journal;
  readonly #context: OrchestrationContext;
  readonly #inbox: Inbox;
  readonly #leases = new HeldLeases();
  readonly #approvals = new Map<string, Approval>();
  readonly #told: Notice[] = [];
  #mayChange: boolean;
  /** The round in which all that follows was approved at once, or needed no approval. */
  #restApproved: string | undefined;

  constructor(context: OrchestrationContext, scenario: Scenario<StepId>, order: RunOrder) {
    this.#context = context;
    this.#inbox = new Inbox(context);
    this.#given = order;
    this.#order = order;
    this.#mayChange = order.authority === "act";
    this.journal = new Journal(scenario, order, this.now());
  }

  now(): Instant {
    return instantOf(this.#context.df.currentUtcDateTime);
  }

  run(): string {
    return this.#context.df.instanceId;
  }

  /** Whether the run keeps to the order of steps from before this version (CONTRIBUTING.md). */
  startedBefore(version: Version): boolean {
    return startedBefore(this.#context, version);
  }

  /** What the run was started with, with the estate as it is seen for now. */
  get order(): RunOrder {
    return this.#order;
  }

  /** Takes the estate from now on as users see it, such as with its sides changed. */
  see(estate: RunOrder["estate"]): void {
    this.#order = estate === this.#given.estate ? this.#given : { ...this.#given, estate };
  }

  /** Whether the estate is seen otherwise than it was given. */
  get seesOtherwise(): boolean {
    return this.#order !== this.#given;
  }

  /** Whether this run only shows what it would do. */
  get planning(): boolean {
    return this.order.mode === "plan";
  }

  /** Does one step, repeating it while its failures can heal. A failure for good is a value. */
  *step<Input, Output extends StepOutput>(
    id: StepId,
    contract: ActivityContract<Input, Output>,
    input: Input,
    item?: string,
  ): Durable<Answer<Output>> {
    yield* this.#safePoint();
    const approval = yield* this.approval(id);
    this.#begin(id);
    const answer: Answer<Output> =
      approval === "granted"
        ? yield* this.#patiently(id, contract, input, item, "interruptible")
        : { ok: false, failure: notApproved(approval) };
    if (!answer.ok) {
      this.journal.fail(id, answer.failure, this.now());
      if (answer.failure.code === supersededCode) throw new Superseded(answer.failure.message);
    } else if (this.planning && answer.value.changed === true) {
      this.journal.plan(id, answer.value.detail, this.now());
      this.journal.planChange(id, answer.value.detail);
    } else {
      this.journal.note(id, answer.value, this.now());
    }
    this.publish();
    return answer;
  }

  /**
   * Does a step that the scenario cannot go on without. If it fails for good, a person decides: again,
   * with changed input if he likes; without it, where the scenario can; or not at all.
   */
  *insist<Input extends object, Output extends StepOutput>(
    id: StepId,
    contract: ActivityContract<Input, Output>,
    input: Input,
    {
      item,
      canBeSkipped = false,
    }: { readonly item?: string; readonly canBeSkipped?: boolean } = {},
  ): Durable<Insisted<Output>> {
    let wanted = input;
    for (let nth = 1; ; nth++) {
      const name = nth === 1 ? item : `${item ?? "again"}~${nth}`;
      const wrong = contract.findingsIn(wanted);
      const answer: Answer<Output> =
        wrong === undefined
          ? yield* this.step(id, contract, wanted, name)
          : { ok: false, failure: { class: "terminal", code: "wrong-input", message: wrong } };
      if (answer.ok) return { kind: "done", value: answer.value };
      const choices: DecisionChoice[] = [
        "retry",
        ...(canBeSkipped ? (["skip"] as const) : []),
        "abort",
      ];
      const decision = yield* this.decide(id, describeFailure(answer.failure), choices);
      if (decision?.choice === "skip") {
        const why = `skipped by ${decision.by?.name ?? "a person"}: ${decision.reason ?? ""}`;
        this.journal.skip(id, why, this.now());
        this.journal.finding(`${this.#titleOf(id)}: ${why}`);
        this.publish();
        return { kind: "skipped" };
      }
      if (decision?.choice !== "retry") return { kind: "failed", failure: answer.failure };
      wanted = { ...wanted, ...decision.input };
    }
  }

  /** Does several observing calls of one step at the same time; none of them can end the run. */
  *inParallel(id: StepId, calls: readonly ((begin: ParallelCall) => Task)[]): Durable<void> {
    yield* this.#safePoint();
    if (this.planning) {
      this.journal.plan(id, "left out of a plan", this.now());
      return;
    }
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
      const results = (yield* this.#result(this.#context.df.Task.all(tasks))) as readonly unknown[];
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

  /**
   * Works through pieces of one step, a few at a time, each repeated by the class of its failures.
   * The checkpoint tells how far the whole has come. The answers come in the order of the pieces.
   */
  *each<Input, Output extends StepOutput & { readonly done: number }>(
    id: StepId,
    contract: ActivityContract<Input, Output>,
    pieces: readonly Input[],
    work: Work,
  ): Durable<readonly Answer<Output>[]> {
    this.#begin(id);
    const begunAt = this.now();
    const answers: Answer<Output>[] = [];
    let done = 0;
    for (let from = 0; from < pieces.length; from += work.atATime) {
      yield* this.#safePoint();
      const waveAt = this.now();
      const wave = pieces.slice(from, from + work.atATime);
      const tried = yield* this.#wave(id, contract, wave, from);
      for (const [index, piece] of wave.entries()) {
        // What failed in the wave is repeated alone, so that one piece holds up no other.
        const once = tried[index];
        const answer =
          once?.ok === true
            ? once
            : yield* this.#patiently(id, contract, piece, `${from + index + 1}`, "interruptible");
        this.journal.attempt(id);
        answers.push(answer);
        if (answer.ok) done += answer.value.done;
        if (once?.ok !== true) yield* this.#chores();
      }
      const { total, unit } = work;
      const counted = { unit, done, ...(total === undefined ? {} : { total }) };
      this.journal.progress(counted, begunAt, this.now());
      this.publish();
      const rest = (work.apart ?? 0) - elapsed(waveAt, this.now());
      if (rest > 0 && from + work.atATime < pieces.length && !this.planning) {
        yield* this.sleep(milliseconds(rest));
      }
    }
    const failures = answers.flatMap((answer) => (answer.ok ? [] : [answer.failure]));
    const [first] = failures;
    const detail = `${done} ${work.unit}`;
    const changes = answers.flatMap((answer) =>
      answer.ok && answer.value.changed !== undefined ? [answer.value.changed] : [],
    );
    const changed = changes.length === 0 ? {} : { changed: changes.includes(true) };
    if (first === undefined && this.planning && changes.includes(true)) {
      this.journal.plan(id, detail, this.now());
      this.journal.planChange(id, detail);
    } else if (first === undefined) {
      const evidence = answers.flatMap((answer) =>
        answer.ok ? (answer.value.evidence ?? []) : [],
      );
      this.journal.note(id, { detail, evidence, ...changed }, this.now());
    } else {
      this.journal.fail(id, first, this.now());
      const asked = failures.find(({ code }) => code === supersededCode);
      if (asked !== undefined) throw new Superseded(asked.message);
    }
    this.publish();
    return answers;
  }

  /**
   * Works through one step in stretches whose number nobody knows before: each answer says where the
   * next one begins, or that there is none. The checkpoint tells how far the whole has come.
   */
  *onward<Input, Output extends StepOutput & { readonly done: number }>(
    id: StepId,
    contract: ActivityContract<Input, Output>,
    first: Input,
    next: (answer: Output, nth: number) => Input | undefined,
    work: { readonly total?: number; readonly unit: string },
  ): Durable<Answer<readonly Output[]>> {
    this.#begin(id);
    const begunAt = this.now();
    const answers: Output[] = [];
    let done = 0;
    let input: Input | undefined = first;
    for (let nth = 1; input !== undefined; nth++) {
      yield* this.#safePoint();
      const answer: Answer<Output> = yield* this.#patiently(
        id,
        contract,
        input,
        String(nth),
        "interruptible",
      );
      if (!answer.ok) {
        this.journal.fail(id, answer.failure, this.now());
        if (answer.failure.code === supersededCode) throw new Superseded(answer.failure.message);
        this.publish();
        return answer;
      }
      answers.push(answer.value);
      done += answer.value.done;
      this.journal.progress({ ...work, done }, begunAt, this.now());
      this.publish();
      yield* this.#chores();
      input = next(answer.value, nth);
    }
    const detail = `${done} ${work.unit}`;
    const changes = answers.flatMap(({ changed }) => changed ?? []);
    if (this.planning && changes.includes(true)) {
      this.journal.plan(id, detail, this.now());
      this.journal.planChange(id, detail);
    } else {
      const changed = changes.length === 0 ? {} : { changed: changes.includes(true) };
      this.journal.note(id, { detail, ...changed }, this.now());
    }
    this.publish();
    return { ok: true, value: answers };
  }

  /** Looks again and again, often at first, until the wait is over. A look that fails counts as none. */
  *until<Input, Output extends StepOutput>(
    id: StepId,
    contract: ActivityContract<Input, Output>,
    input: Input,
    wait: Wait<Output>,
  ): Durable<Waited> {
    yield* this.#safePoint();
    if (this.planning) return yield* this.#planWait(id, contract, input, wait);
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
      this.#endIfCanceled();
      pause = milliseconds(Math.min(pause * (wait.growth ?? 1.5), wait.longest));
    }
  }

  /** Does the body while this run alone may change a resource. A failure says who holds it. */
  *holding<T>(resource: string, body: () => Durable<T>): Durable<Answer<T>> {
    yield* this.#safePoint();
    if (this.planning) return { ok: true, value: yield* body() };
    yield* this.#authorize();
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
      this.#endIfCanceled();
    }
    try {
      return { ok: true, value: yield* body() };
    } finally {
      this.#leases.drop(resource);
      yield* this.quietly("release-lease", releaseLease, { resource });
    }
  }

  /**
   * Asks for a step, where the catalogue or the estate wants it, once in a round. Steps ask by
   * themselves; a scenario that asks ahead has the answer before it prepares anything. Silence never
   * means go: without `granted` the step fails for good, and the scenario takes its fallback. `measured` is
   * what may be lost where that is known better than the catalogue says.
   */
  *approval(id: StepId, measured?: string): Durable<Approval> {
    const demand = approvalDemand(
      this.order.estate.approval,
      {
        scenario: this.journal.scenario.id,
        id,
        asks: this.#destroys(id)?.asks,
        environment: this.order.environment,
      },
      this.order.trigger,
    );
    const known = this.#approvals.get(this.#inRound(id));
    if (known !== undefined) return known;
    const declared = this.journal.declared(id);
    const { expected: own = milliseconds(0), dispensable, destroys } = declared ?? {};
    if (this.planning || this.#inRound("the-rest") === this.#restApproved) return "granted";
    if (demand === undefined) {
      if (destroys?.covers === "the-rest") this.#restApproved = this.#inRound("the-rest");
      return "granted";
    }
    yield* this.#safePoint();
    const expected = destroys?.covers === "the-rest" ? this.journal.expectedAfter(id) : own;
    const loss = measured ?? destroys?.loss ?? this.journal.scenario.dataLoss;
    const wanted = { ...demand, dispensable };
    const answer = yield* this.#ask(id, this.#titleOf(id), loss, expected, wanted);
    this.#approvals.set(this.#inRound(id), answer);
    // Who has said yes to all that follows is asked neither for the whole nor for a part once more.
    if (answer === "granted" && destroys?.covers === "the-rest") {
      this.#mayChange = true;
      this.#restApproved = this.#inRound("the-rest");
    }
    return answer;
  }

  /**
   * Has a person decide about a step that failed for good, for as long as the estate gives him.
   * Undefined: nobody is asked. Without an answer in time, the decision is `expired`.
   */
  *decide(
    step: string,
    failure: string,
    choices: readonly DecisionChoice[],
  ): Durable<DecisionRecord | undefined> {
    const { decisionWindow } = this.order.estate;
    if (this.planning || decisionWindow === 0) return undefined;
    const asked = this.journal.askDecision({
      step,
      title: this.#titleOf(step),
      failure,
      choices: [...choices],
      askedAt: this.now(),
      expiresAt: plus(this.now(), decisionWindow),
      status: "open",
    });
    this.journal.wait(`an operator has to decide: ${choices.join(", ")}; ${failure}`);
    yield* this.tell({ kind: "operator-needed", decision: asked });
    yield* this.#waitForPerson("decision", asked.expiresAt, () => asked.status !== "open");
    if (asked.status === "open") asked.status = "expired";
    this.publish();
    return asked;
  }

  /**
   * Why an automatic run may change nothing on what it knows; undefined where it may. The alert that
   * started it is one source. A person's order needs no second one.
   */
  unconfirmed(looks: readonly Source[]): Ending | undefined {
    const { trigger } = this.order;
    if (trigger.kind !== "alert" || this.planning) return undefined;
    const alert: Source = { kind: "alert", says: "failed", detail: trigger.rule };
    const agreed = agreement([alert, ...looks]);
    if (agreed.kind === "failed") return undefined;
    return this.end(
      "needs-operator",
      `held back because fewer than two independent sources say that it failed: ${agreed.detail}`,
      [
        "Look at the resource: is it down, or can this service alone not reach it?",
        "Start the recovery by POST /api/recoveries if it is down",
      ],
    );
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
      this.#endIfCanceled();
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
    return yield* this.#patiently(name, contract, input, undefined, "whatever-is-said");
  }

  /** A call of the run's own papers that is made once, because nothing waits for it. */
  *briefly<Input, Output extends StepOutput>(
    name: string,
    contract: ActivityContract<Input, Output>,
    input: Input,
  ): Durable<Answer<Output>> {
    return yield* this.#once(name, contract, input, 1);
  }

  /**
   * Makes calls of the run's own papers side by side, each once. Undefined stands for what has not
   * answered by then; people are heard afterwards.
   */
  *atOnce<Input, Output>(
    contract: ActivityContract<Input, Output>,
    calls: readonly { readonly step: string; readonly attempt: number; readonly input: Input }[],
    until: Instant,
  ): Durable<readonly (Answer<Output> | undefined)[]> {
    const tasks = calls.map(({ step, attempt, input }) =>
      contract.task(this.#context, this.#caller(step, attempt), input),
    );
    const timer = this.#context.df.createTimer(dateOf(until));
    yield this.#context.df.Task.any([this.#context.df.Task.all(tasks), timer]);
    if (!timer.isCompleted) timer.cancel();
    this.#hear();
    return tasks.map((task) => {
      if (task.isFaulted) return { ok: false, failure: unforeseen(task.result) };
      return task.isCompleted ? contract.read(task.result) : undefined;
    });
  }

  *sleep(duration: Milliseconds): Durable<void> {
    yield* this.#result(this.#context.df.createTimer(dateOf(plus(this.now(), duration))));
    yield* this.#chores();
  }

  /** Tells the contacts, by a delivery of its own that no dead receiver can hold up. */
  *tell(occasion: Occasion, ending?: Ending): Durable<void> {
    const { notifications, contacts } = this.order.estate;
    if (this.planning || notifications === undefined) return;
    const told = yield* this.#news(occasion, ending);
    if (told === undefined) return;
    const notice = noticeOf(told, {
      run: this.run(),
      checkpoint: this.journal.checkpoint(this.now(), ending),
      contacts,
      before: this.#told,
    });
    this.#told.push(notice);
    const { channels } = notifications;
    const posted = yield* this.quietly("post-notice", postNotice, { notice, channels });
    if (!posted.ok) {
      this.journal.finding(
        `nobody was told "${occasion.kind}": ${describeFailure(posted.failure)}`,
      );
    }
  }

  /**
   * What of an occasion is news. Backups run all day: people hear of the first that fails, and of the
   * first that works again; not of each that goes well, nor of each attempt while the cause lasts. So
   * with proofs, but that people hear of each that fails: it is of another set.
   */
  *#news(occasion: Occasion, ending: Ending | undefined): Durable<Occasion | undefined> {
    const { kind } = this.journal.scenario;
    if (kind !== "backup" && kind !== "proof") return occasion;
    if (occasion.kind !== "ended" || ending === undefined) return undefined;
    const failed = ending.outcome === "failed";
    if (!failed && !ending.outcome.startsWith("passed")) return undefined;
    const series = seriesOf(this.run());
    const before = yield* this.quietly("find-previous", findPreviousOutcome, { series });
    // Who cannot look tells rather too often than never.
    const hadFailed = before.ok && before.value.outcome === "failed";
    if (failed === hadFailed && !(failed && kind === "proof")) return undefined;
    return { ...occasion, turn: failed ? "fails" : "works-again" };
  }

  end(outcome: Outcome, reason: string, nextSteps: readonly string[] = []): Ending {
    return { outcome, reason, nextSteps };
  }

  /** From here on nobody stops the run: what it has done is undone, whatever is said. */
  insulate(): void {
    this.journal.insulate();
  }

  /** Publishes where the run stands as the instance's custom status. */
  publish(ending?: Ending): void {
    this.#context.df.setCustomStatus(this.journal.checkpoint(this.now(), ending));
  }

  /** Between two steps a run can be paused or canceled without leaving anything half done. */
  *#safePoint(): Durable<void> {
    this.#endIfCanceled();
    if (this.journal.intent !== "pause") return;
    this.journal.wait("paused; the clock runs on");
    yield* this.#waitForPerson("resume", undefined, () => this.journal.intent !== "pause");
    this.#endIfCanceled();
  }

  #endIfCanceled(): void {
    if (this.journal.intent === "cancel") {
      throw new Canceled(`canceled after ${this.#titleOf(this.journal.currentStep)}`);
    }
  }

  /** Before the first change, a run that may only propose asks for the whole. */
  *#authorize(): Durable<void> {
    if (this.#mayChange) return;
    const { scenario } = this.journal;
    const title = `${scenario.title}: go on with the recovery`;
    const expected = this.journal.expectedOnMainPath();
    const answer = yield* this.#ask("proposal", title, scenario.dataLoss, expected, {});
    if (answer !== "granted") {
      throw new NotApproved(
        answer === "denied",
        answer === "denied" ? "the proposal was denied" : "nobody answered the proposal in time",
      );
    }
    this.#mayChange = true;
  }

  *#ask(
    step: string,
    title: string,
    expectedLoss: string,
    expected: Milliseconds,
    { requester, dispensable }: ApprovalDemand & { readonly dispensable?: true | undefined },
  ): Durable<Approval> {
    const asked = this.journal.ask({
      nonce: this.#context.df.newGuid(`${this.run()}/${step}`),
      step,
      title,
      expectedLoss,
      expectedDuration: describeDuration(expected),
      requestedAt: this.now(),
      expiresAt: this.#askedUntil(dispensable),
      ...(requester === undefined ? {} : { requester }),
      status: "open",
    });
    this.journal.wait(`approval wanted: ${title}; it may lose: ${expectedLoss}`);
    yield* this.tell({ kind: "approval-wanted", approval: asked });
    yield* this.#waitForPerson("approval", asked.expiresAt, () => asked.status !== "open");
    if (asked.status === "open") asked.status = "expired";
    this.publish();
    return asked.status === "approved"
      ? "granted"
      : asked.status === "denied"
        ? "denied"
        : "expired";
  }

  /** As long as the estate gives people; where there is another way, no longer than leaves time for it. */
  #askedUntil(dispensable: true | undefined): Instant {
    const now = this.now();
    const whole = plus(now, this.order.estate.approval.window);
    if (dispensable === undefined) return whole;
    const least = plus(now, leastTimeToAnswer);
    const half = this.journal.dispensableUntil(now);
    return earlier(whole, isAfter(least, half) ? least : half);
  }

  /** Waits for a person, keeping the leases alive, until he has answered or his time is over. */
  *#waitForPerson(
    what: "approval" | "decision" | "resume",
    until: Instant | undefined,
    answered: () => boolean,
  ): Durable<void> {
    this.journal.waitFor(what);
    this.publish();
    try {
      while (!answered() && this.journal.intent !== "cancel") {
        if (until !== undefined && !isAfter(until, this.now())) break;
        const renewal = this.#leases.nextRenewal();
        const milestone = this.journal.nextMilestoneAt(this.now());
        const wakeAt = [
          until,
          renewal && plus(renewal, seconds(1)),
          milestone,
          plus(this.now(), days(1)),
        ]
          .flatMap((at) => at ?? [])
          .reduce(earlier);
        const timer = this.#context.df.createTimer(dateOf(wakeAt));
        yield this.#context.df.Task.any([timer, this.#inbox.listen()]);
        if (!timer.isCompleted) timer.cancel();
        this.#hear();
        yield* this.#chores();
        this.publish();
      }
    } finally {
      this.journal.waitFor(null);
    }
    this.publish();
    if (what !== "resume") this.#endIfCanceled();
  }

  #hear(): void {
    for (const verb of this.#inbox.collect()) this.journal.hear(verb, this.now());
  }

  /** What a task brings, while people are heard. Throws what it throws. */
  *#result(task: Task): Durable<unknown> {
    yield this.#context.df.Task.any([task, this.#inbox.listen()]);
    this.#hear();
    if (task.isFaulted) throw task.result;
    if (task.isCompleted) return task.result;
    this.publish();
    // Somebody spoke first. A task stands in one race only: the platform would begin what stands
    // in a second one once more (https://github.com/Azure/azure-functions-durable-js/issues/574).
    const result = yield task;
    this.#hear();
    return result;
  }

  /** One try of several pieces at once; a crash of one leaves all to be repeated. */
  *#wave<Input, Output>(
    id: StepId,
    contract: ActivityContract<Input, Output>,
    pieces: readonly Input[],
    first: number,
  ): Durable<readonly (Answer<Output> | undefined)[]> {
    const tasks = pieces.map((piece, index) =>
      contract.task(this.#context, this.#caller(id, 1, `${first + index + 1}`), piece),
    );
    try {
      const raw = (yield* this.#result(this.#context.df.Task.all(tasks))) as readonly unknown[];
      return raw.map((each) => contract.read(each));
    } catch {
      return pieces.map(() => undefined);
    } finally {
      yield* this.#chores();
    }
  }

  /** A plan shows what is there now; what a change would bring is known after apply. */
  *#planWait<Input, Output extends StepOutput>(
    id: StepId,
    contract: ActivityContract<Input, Output>,
    input: Input,
    wait: Wait<Output>,
  ): Durable<Waited> {
    if (wait.inPlan === undefined) {
      this.journal.plan(id, "known after apply", this.now());
      return "done";
    }
    this.#begin(id);
    const answer = yield* this.#once(id, contract, input, 1);
    this.journal.see(id, answer.ok ? answer.value.detail : describeFailure(answer.failure), 1);
    this.journal.end(id, this.now());
    return wait.inPlan;
  }

  #destroys(id: StepId) {
    return this.journal.declared(id)?.destroys;
  }

  #titleOf(id: string): string {
    return this.journal.declared(id)?.title ?? id;
  }

  #begin(id: StepId): void {
    this.journal.begin(id, this.now());
    this.publish();
  }

  /** What was said or done in an earlier round does not count in this one. */
  #inRound(name: string): string {
    const { round } = this.journal;
    return round === 1 ? name : `${name}~round-${round}`;
  }

  #caller(step: string, attempt: number, item?: string): Caller {
    return {
      run: this.run(),
      step: this.#inRound(item === undefined ? step : `${step}/${item}`),
      attempt,
      leases: this.#leases.proofs(),
      mode: this.order.mode,
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
      const task = contract.task(this.#context, this.#caller(step, attempt, item), input);
      return contract.read(yield* this.#result(task));
    } catch (error) {
      return { ok: false, failure: unforeseen(error) };
    }
  }

  *#patiently<Input, Output>(
    step: string,
    contract: ActivityContract<Input, Output>,
    input: Input,
    item: string | undefined,
    people: "interruptible" | "whatever-is-said",
  ): Durable<Answer<Output>> {
    const begunAt = this.now();
    const patience: Patience = this.planning ? once : contract.patience;
    for (let attempt = 1; ; attempt++) {
      const answer = yield* this.#once(step, contract, input, attempt, item);
      this.journal.attempt(step);
      if (answer.ok) return answer;
      const spent = elapsed(begunAt, this.now());
      const pause = nextAttempt(answer.failure, attempt, spent, patience);
      if (pause === undefined) return answer;
      this.journal.wait(
        `${describeFailure(answer.failure)}; trying again in ${describeDuration(pause)}`,
      );
      this.publish();
      yield* this.sleep(pause);
      if (people === "interruptible") this.#endIfCanceled();
    }
  }

  *#lease(resource: string) {
    const takenAt = this.now();
    const { id } = this.journal.scenario;
    const answer = yield* this.quietly("take-lease", takeLease, { resource, scenario: id });
    if (answer.ok && answer.value.kind === "taken") {
      this.#leases.add(resource, answer.value.fencing, takenAt);
    }
    return answer;
  }

  /** What has to be done from time to time, whatever the run waits for. */
  *#chores(): Durable<void> {
    yield* this.#renewDue();
    const milestone = this.journal.milestone(this.now(), this.#told);
    if (milestone !== undefined) yield* this.tell(milestone);
  }

  /** One try each; while the state store is away the next pause tries again, and changes are refused. */
  *#renewDue(): Durable<void> {
    for (const resource of this.#leases.due(this.now())) {
      const takenAt = this.now();
      const wanted = { resource, scenario: this.journal.scenario.id };
      const answer = yield* this.#once("take-lease", takeLease, wanted, 1);
      if (!answer.ok || !this.#leases.has(resource)) continue;
      if (answer.value.kind === "held") throw new Superseded(answer.value.detail);
      this.#leases.add(resource, answer.value.fencing, takenAt);
    }
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

/** Begins one call of a parallel step. */
export type ParallelCall = <Input>(
  contract: ActivityContract<Input, StepOutput>,
  input: Input,
) => Task;

export const describeFailure = ({ code, message }: Failure): string => `${code}: ${message}`;

const notApproved = (answer: "denied" | "expired"): Failure => ({
  class: "terminal",
  code: "not-approved",
  message: answer === "denied" ? "the step was denied" : "nobody approved the step in time",
});

/** An activity that threw instead of answering: a crash, a time limit of the platform, a defect. */
function unforeseen(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  return {
    class: "transient",
    code: "activity-failed",
    message: scrub(message.split("\n")[0] ?? "").slice(0, 400),
  };
}
