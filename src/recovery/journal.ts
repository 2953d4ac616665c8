import { approvalDemand } from "../domain/approval-policy.js";
import type { ChecklistResult } from "../domain/checklist.js";
import type { Checkpoint } from "../domain/checkpoint.js";
import { scrub } from "../domain/credential-scrubbing.js";
import { describeDuration, milliseconds, type Milliseconds } from "../domain/duration.js";
import type { Failure } from "../domain/failure.js";
import { earlier, elapsed, plus, type Instant } from "../domain/instant.js";
import { dueMilestone, halfUsedAt, nextMilestoneAt, type Milestone } from "../domain/milestones.js";
import type { Notice } from "../domain/notice.js";
import { deadlines, describeBreach, withinRto, type Deadlines } from "../domain/objectives.js";
import type { RunOrder } from "../domain/run-order.js";
import type { Plan, RunRecord, StepRecord } from "../domain/run-record.js";
import { admit } from "../domain/verb-rules.js";
import type { ApprovalRecord, DecisionRecord, Intervention, Verb } from "../domain/verb.js";
import type { StepHistory } from "../domain/step-history.js";
import type { StepOutput } from "../durable/step-output.js";
import { targetIn, type DeclaredStep, type Scenario } from "../scenarios/scenario.js";
import type { Ending } from "./endings.js";

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The checkpoint has 16 KB; older questions are in the record. */
const shownQuestions = 3;

/** What a run has done so far: the source of its checkpoints and, at the end, of its record. */
export class Journal {
  readonly scenario: Scenario;
  readonly startedAt: Instant;
  readonly #order: RunOrder;
  #deadlines: Deadlines;
  #detectedAt: Instant;
  /** A drill's clock starts with its fault; what it waits for before is nobody's delay. */
  #isTicking: boolean;
  #isInsulated = false;
  readonly #steps: Mutable<StepRecord>[] = [];
  readonly #findings: string[] = [];
  readonly #warnings: string[] = [];
  readonly #approvals: Mutable<ApprovalRecord>[] = [];
  readonly #decisions: Mutable<DecisionRecord>[] = [];
  readonly #interventions: Intervention[] = [];
  readonly #changes: Plan["changes"][number][] = [];
  #round = 1;
  #current: Mutable<StepRecord> | undefined;
  #detail = "starting";
  /** What is shown in the place of a step, once the scenario's own are over. */
  #afterSteps: { readonly id: string; readonly title: string; readonly since: Instant } | undefined;
  #waitingFor: Checkpoint["waitingFor"] = null;
  #intent: Checkpoint["intent"];
  #restoredAt: Instant | undefined;
  readonly #later: string[] = [];
  #checklist: readonly ChecklistResult[] = [];
  readonly #losses = new Map<string, string>();
  #progress: Checkpoint["progress"];
  #history: StepHistory | undefined;

  constructor(scenario: Scenario, order: RunOrder, startedAt: Instant) {
    this.scenario = scenario;
    this.#order = order;
    this.startedAt = startedAt;
    this.#isTicking = scenario.kind !== "drill";
    this.#detectedAt = order.detectedAt;
    this.#deadlines = this.#deadlinesFrom(order.detectedAt);
  }

  /** The failure is there from now on: a drill has made it. */
  clockFrom(at: Instant): void {
    this.#isTicking = true;
    this.#detectedAt = at;
    this.#deadlines = this.#deadlinesFrom(at);
  }

  #deadlinesFrom(detectedAt: Instant): Deadlines {
    const { estate } = this.#order;
    const target = { id: this.scenario.id, rto: targetIn(this.scenario, estate) };
    return deadlines(estate.objectives, target, detectedAt);
  }

  /** When the failure was detected, as far as it is there yet. */
  #since(at: Instant): { readonly detectedAt: Instant; readonly deadlines: Deadlines } {
    return this.#isTicking
      ? { detectedAt: this.#detectedAt, deadlines: this.#deadlines }
      : { detectedAt: at, deadlines: this.#deadlinesFrom(at) };
  }

  /** Nobody's word stops the run or holds it up any more. */
  insulate(): void {
    this.#isInsulated = true;
    this.#intent = undefined;
  }

  get intent(): Checkpoint["intent"] {
    return this.#intent;
  }

  get round(): number {
    return this.#round;
  }

  /** The last step that was begun; a person who decides is told it. */
  get currentStep(): string {
    return this.#current?.id ?? "start";
  }

  /** What earlier runs took: from now on forecasts go by it, where it knows of a step. */
  learn(history: StepHistory): void {
    this.#history = history;
  }

  /** A person has the scenario done again, or it is done with another set; what follows is recorded beside what was. */
  nextRound(): void {
    this.#round += 1;
  }

  begin(id: string, at: Instant): void {
    const title = this.declared(id)?.title ?? id;
    this.#detail = title;
    const known = this.#step(id);
    if (known === undefined) {
      this.#current = {
        id,
        title,
        status: "running",
        startedAt: at,
        attempts: 0,
        detail: "",
        evidence: [],
        ...(this.#round === 1 ? {} : { round: this.#round }),
      };
      this.#steps.push(this.#current);
      return;
    }
    // What failed once stays failed in the record, whatever a second part of the step brings.
    if (known.status !== "failed") known.status = "running";
    delete known.endedAt;
    this.#current = known;
  }

  /** Takes in what a step's activity brought. */
  note(id: string, output: StepOutput, at: Instant): void {
    const step = this.#step(id);
    if (step === undefined) return;
    step.detail = step.detail === "" ? output.detail : `${step.detail}; ${output.detail}`;
    if (output.changed !== undefined) step.changed = (step.changed ?? false) || output.changed;
    step.evidence = [...step.evidence, ...(output.evidence ?? [])];
    this.#detail = output.detail;
    this.end(id, at);
  }

  /** What a wait saw last; only the last look is kept. */
  see(id: string, detail: string, looks?: number): void {
    const step = this.#step(id);
    if (step === undefined) return;
    step.detail = detail;
    if (looks !== undefined) step.attempts = looks;
    this.#detail = detail;
  }

  attempt(id: string): void {
    const step = this.#step(id);
    if (step !== undefined) step.attempts += 1;
  }

  /** The scenario's steps are over, and something else is done that people wait for. */
  afterSteps(id: string, title: string, since: Instant): void {
    this.#afterSteps = { id, title, since };
    this.#detail = title;
  }

  /** What the run is waiting for right now. */
  wait(detail: string): void {
    this.#detail = detail;
  }

  end(id: string, at: Instant): void {
    const step = this.#step(id);
    if (step === undefined) return;
    if (step.status === "running") step.status = "done";
    step.endedAt = at;
  }

  fail(id: string, failure: Failure, at: Instant): void {
    const step = this.#step(id);
    if (step === undefined) return;
    const detail = `${failure.code}: ${failure.message}`;
    step.detail = step.detail === "" ? detail : `${step.detail}; ${detail}`;
    step.status = "failed";
    step.endedAt = at;
    this.#detail = detail;
  }

  /** A wait that ended without what it waited for. */
  giveUp(id: string, at: Instant, within?: Milliseconds): void {
    const step = this.#step(id);
    if (step === undefined) return;
    step.status = "failed";
    step.endedAt = at;
    if (within !== undefined) {
      step.detail = `not within ${describeDuration(within)}; last seen: ${step.detail}`;
    }
  }

  /** A person has said to go on without a step. */
  skip(id: string, why: string, at: Instant): void {
    this.begin(id, at);
    const step = this.#step(id);
    if (step === undefined) return;
    step.status = "skipped";
    step.endedAt = at;
    step.detail = step.detail === "" ? why : `${step.detail}; ${why}`;
    this.#detail = why;
  }

  /** Something useful that could not be had; it is named in the record and stops nothing. */
  miss(id: string, failure: Failure): void {
    const step = this.#step(id);
    if (step === undefined) return;
    const detail = `not to be had (${failure.code}: ${failure.message})`;
    step.detail = step.detail === "" ? detail : `${step.detail}; ${detail}`;
  }

  get hasFindings(): boolean {
    return this.#findings.length > 0;
  }

  /** What people have to be told of the clock now, and when the next such moment comes. */
  milestone(at: Instant, told: readonly Notice[]): Milestone | undefined {
    if (!this.#isTicking) return undefined;
    return dueMilestone(
      this.#deadlines,
      this.#detectedAt,
      this.#restoredAt === undefined ? at : earlier(this.#restoredAt, at),
      told,
    );
  }

  /** Until when something may be waited for that the run can do without: half of what is left. */
  dispensableUntil(at: Instant): Instant {
    return halfUsedAt(this.#since(at).deadlines, at);
  }

  nextMilestoneAt(at: Instant): Instant | undefined {
    if (this.#restoredAt !== undefined || !this.#isTicking) return undefined;
    return nextMilestoneAt(this.#deadlines, this.#detectedAt, at);
  }

  /** What this run has lost, where it is known better than the scenario can say beforehand. Kinds of data add up. */
  loses(what: string, of: "all" | "secrets" | "blobs" | "keys" = "all"): void {
    if (of === "all") this.#losses.clear();
    this.#losses.set(of, what);
  }

  /** What a person has to do afterwards, however the run ends. */
  alsoNext(text: string): void {
    if (!this.#later.includes(text)) this.#later.push(text);
  }

  get later(): readonly string[] {
    return this.#later;
  }

  /** What was known to be amiss before the run began: it stands in the record, and makes no outcome worse. */
  warn(text: string): void {
    this.#warnings.push(text);
  }

  /** What was found once the service worked again. */
  checked(results: readonly ChecklistResult[]): void {
    this.#checklist = results;
  }

  /** How often people have said something to the run. */
  get interventions(): number {
    return this.#interventions.length;
  }

  get restoredAt(): Instant | undefined {
    return this.#restoredAt;
  }

  finding(text: string): void {
    this.#findings.push(text);
  }

  /** The first moment at which the verify step held counts; later proofs do not move it. */
  restored(at: Instant): void {
    if (this.#order.mode === "execute") this.#restoredAt ??= at;
  }

  /** What was restored has failed again. */
  lost(): void {
    this.#restoredAt = undefined;
  }

  /** What a plan would do in a step. */
  plan(id: string, detail: string, at: Instant): void {
    this.begin(id, at);
    const step = this.#step(id);
    if (step === undefined) return;
    step.status = "planned";
    step.endedAt = at;
    step.detail = step.detail === "" ? detail : `${step.detail}; ${detail}`;
    this.#detail = detail;
  }

  /** A change that a plan would make. */
  planChange(id: string, detail: string): void {
    const approval = this.approvalWords(id);
    this.#changes.push({
      step: id,
      title: this.declared(id)?.title ?? id,
      detail,
      expected: this.declared(id)?.expected ?? milliseconds(0),
      ...(approval === undefined ? {} : { approval }),
    });
  }

  /** Opens a question; the same object is answered later. */
  ask(request: ApprovalRecord): Mutable<ApprovalRecord> {
    const asked = { ...request };
    this.#approvals.push(asked);
    return asked;
  }

  askDecision(question: DecisionRecord): Mutable<DecisionRecord> {
    const asked = { ...question };
    this.#decisions.push(asked);
    return asked;
  }

  /** How far a long piece of work has come since it was begun. */
  progress(
    work: { readonly done: number; readonly total?: number | undefined; readonly unit: string },
    begunAt: Instant,
    at: Instant,
  ): void {
    const { done, total, unit } = work;
    const spent = elapsed(begunAt, at);
    const rate = spent === 0 ? 0 : done / spent;
    this.#progress = {
      done,
      unit,
      perMinute: Math.round(rate * 60_000),
      ...(total === undefined ? {} : { total }),
      ...(total === undefined || rate === 0
        ? {}
        : { forecastAt: plus(at, milliseconds((total - done) / rate)) }),
    };
    this.#detail = `${done}${total === undefined ? "" : ` of ${total}`} ${unit}`;
  }

  waitFor(what: Checkpoint["waitingFor"]): void {
    this.#waitingFor = what;
  }

  /** Takes in what a person said; the rules decide what comes of it. */
  hear(verb: Verb, now: Instant): void {
    const admission = this.#isInsulated
      ? ({ kind: "refused", detail: "what the drill has done is being undone" } as const)
      : admit(verb, this.#standing(), now);
    const late = admission.kind === "refused" ? "came too late: " : "";
    this.#interventions.push({
      verb: verb.verb,
      by: verb.by,
      at: verb.at,
      reason: scrub(verb.reason),
      effect: `${late}${admission.detail}`,
    });
    if (admission.kind === "accepted") this.#obey(verb, now);
  }

  checkpoint(at: Instant, ending?: Ending): Checkpoint {
    const current = this.#current;
    const forecastAt = this.#restoredAt ?? (ending === undefined ? this.#forecast(at) : at);
    const since = this.#since(at);
    const breach = describeBreach(since.deadlines, this.#restoredAt ?? at);
    return {
      scenario: this.scenario.id,
      title: this.scenario.title,
      environment: this.#order.environment,
      resource: this.#order.resource,
      mode: this.#order.mode,
      trigger: this.#order.trigger,
      waitingFor: this.#waitingFor,
      ...(this.#intent === undefined ? {} : { intent: this.#intent }),
      approvals: this.#approvals.slice(-shownQuestions).map((each) => ({ ...each })),
      decisions: this.#decisions
        .slice(-shownQuestions)
        .map(({ input: _changedInput, ...shown }) => shown),
      detectedAt: since.detectedAt,
      startedAt: this.startedAt,
      at,
      step: {
        id: current?.id ?? "start",
        title: current?.title ?? "Start",
        since: current?.startedAt ?? this.startedAt,
        ...this.#afterSteps,
        detail: this.#detail.slice(0, 300),
      },
      steps: this.#steps.map(({ id, status }) => ({ id, status })),
      clock: {
        elapsed: elapsed(since.detectedAt, at),
        deadlines: since.deadlines,
        forecastAt,
        basis: this.#history === undefined ? "catalogue" : `history of ${this.#history.runs} runs`,
        withinRto: withinRto(since.deadlines, forecastAt),
        ...(this.#restoredAt === undefined ? {} : { restoredAt: this.#restoredAt }),
        ...(breach === undefined ? {} : { breach }),
      },
      ...(this.#progress === undefined ? {} : { progress: this.#progress }),
      ...(ending === undefined ? {} : { outcome: ending.outcome, reason: ending.reason }),
    };
  }

  record(id: string, at: Instant, ending: Ending): RunRecord {
    const since = this.#since(at);
    return {
      version: 1,
      id,
      kind: this.scenario.kind,
      environment: this.#order.environment,
      scenario: this.scenario.id,
      title: this.scenario.title,
      resource: this.#order.resource,
      mode: this.#order.mode,
      trigger: this.#order.trigger,
      detectedAt: since.detectedAt,
      startedAt: this.startedAt,
      endedAt: at,
      ...(this.#restoredAt === undefined ? {} : { restoredAt: this.#restoredAt }),
      outcome: ending.outcome,
      reason: ending.reason,
      deadlines: since.deadlines,
      withinRto: withinRto(since.deadlines, this.#restoredAt ?? at),
      dataLoss:
        this.#losses.size === 0 ? this.scenario.dataLoss : [...this.#losses.values()].join("; "),
      nextSteps: [...ending.nextSteps],
      findings: [...this.#findings, ...this.#warnings],
      steps: this.#steps.map((step) => ({ ...step })),
      approvals: this.#approvals.map((each) => ({ ...each })),
      decisions: this.#decisions.map((each) => ({ ...each })),
      interventions: [...this.#interventions],
      ...(this.#order.mode === "plan" ? { plan: this.#plan() } : {}),
      checklist: [...this.#checklist],
      notifications: [],
      audit: [],
    };
  }

  declared(id: string): DeclaredStep | undefined {
    return this.scenario.steps[id];
  }

  /** Who has to approve a step, in words; undefined where nobody has to. */
  approvalWords(id: string): string | undefined {
    const demand = approvalDemand(
      this.#order.estate.approval,
      {
        scenario: this.scenario.id,
        id,
        asks: this.declared(id)?.destroys?.asks,
        environment: this.#order.environment,
      },
      this.#order.trigger,
    );
    if (demand === undefined) return undefined;
    return demand.requester === undefined
      ? "an approver"
      : `an approver other than ${demand.requester.name}`;
  }

  /** What the main path usually takes. */
  expectedOnMainPath(): Milliseconds {
    return this.#sum(Object.values(this.scenario.steps).filter(({ path }) => path === "main"));
  }

  /** Of the main path, and of what the plan has taken besides. */
  #expectedOnTheWay(): Milliseconds {
    const taken = new Set(this.#changes.map(({ step }) => step));
    return this.#sum(
      Object.entries<DeclaredStep>(this.scenario.steps).flatMap(([id, step]) =>
        step.path === "main" || taken.has(id) ? [step] : [],
      ),
    );
  }

  #plan(): Plan {
    const titleOf = (id: string): string => this.declared(id)?.title ?? id;
    return {
      changes: [...this.#changes],
      fallbacks: this.scenario.fallbacks.map(({ when, steps, dataLoss }) => ({
        when,
        steps: steps.map(titleOf),
        expected: this.#sum(steps.flatMap((id) => this.declared(id) ?? [])),
        dataLoss,
      })),
      expected: this.#expectedOnTheWay(),
      dataLoss: this.scenario.dataLoss,
    };
  }

  #sum(steps: readonly DeclaredStep[]): Milliseconds {
    return milliseconds(steps.reduce((sum, { expected }) => sum + expected, 0));
  }

  #standing() {
    return {
      mode: this.#order.mode,
      intent: this.#intent,
      approvals: this.#approvals,
      decisions: this.#decisions,
    };
  }

  #obey(verb: Verb, now: Instant): void {
    const answer = { by: verb.by, reason: scrub(verb.reason) };
    switch (verb.verb) {
      case "approval": {
        const status = verb.decision === "approve" ? "approved" : "denied";
        const asked = this.#approvals.find(({ nonce }) => nonce === verb.nonce);
        if (asked !== undefined) Object.assign(asked, answer, { status, answeredAt: now });
        return;
      }
      case "decision": {
        const asked = this.#decisions.findLast(({ step }) => step === verb.step);
        if (asked === undefined) return;
        Object.assign(asked, answer, { status: "decided", decidedAt: now, choice: verb.choice });
        if (verb.input !== undefined) asked.input = verb.input;
        return;
      }
      case "pause":
      case "cancel":
        this.#intent = verb.verb;
        return;
      case "resume":
        this.#intent = undefined;
        return;
    }
  }

  /** Now, plus what the current step still takes, plus the declared steps that are still to come. */
  #forecast(at: Instant): Instant {
    const current = this.#current;
    const usual = current === undefined ? 0 : this.#usual(current.id);
    const spent = current?.status === "running" ? elapsed(current.startedAt, at) : usual;
    const toCome = this.expectedAfter(current?.id);
    return plus(at, milliseconds(Math.max(0, usual - spent) + toCome));
  }

  /**
   * What the declared steps behind one usually take: those of the main path, and of the fallbacks that
   * the step itself is part of. A step that the run comes back to has done what it was counted for.
   */
  expectedAfter(id: string | undefined): Milliseconds {
    const declared = Object.entries(this.scenario.steps);
    const position = declared.findIndex(([each]) => each === id);
    const ways =
      this.declared(id ?? "")?.path === "fallback"
        ? this.scenario.fallbacks.flatMap(({ steps }) =>
            steps.some((each) => each === id) ? steps : [],
          )
        : [];
    return milliseconds(
      declared
        .slice(position + 1)
        .filter(([each, { path }]) => path === "main" || ways.some((way) => way === each))
        .filter(([each]) => this.#step(each)?.status !== "done")
        .reduce((sum, [each]) => sum + this.#usual(each), 0),
    );
  }

  /** What a step takes: as it has been, or as it is declared. */
  #usual(id: string): number {
    return this.#history?.steps[id] ?? this.declared(id)?.expected ?? 0;
  }

  #step(id: string): Mutable<StepRecord> | undefined {
    return this.#steps.findLast((step) => step.id === id && (step.round ?? 1) === this.#round);
  }
}
