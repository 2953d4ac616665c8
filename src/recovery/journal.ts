import type { StepOutput } from "../durable/step-output.js";
import type { Checkpoint } from "../domain/checkpoint.js";
import { describeDuration, milliseconds, type Milliseconds } from "../domain/duration.js";
import type { Failure } from "../domain/failure.js";
import { elapsed, plus, type Instant } from "../domain/instant.js";
import { deadlines, describeBreach, withinRto, type Deadlines } from "../domain/objectives.js";
import type { RecoveryOrder } from "../domain/recovery-order.js";
import type { RunRecord, StepRecord } from "../domain/run-record.js";
import type { DeclaredStep, Scenario } from "../scenarios/scenario.js";

interface Conclusion {
  readonly outcome: RunRecord["outcome"];
  readonly reason: string;
  readonly nextSteps: readonly string[];
}

type MutableStep = { -readonly [Key in keyof StepRecord]: StepRecord[Key] };

/** What a run has done so far: the source of its checkpoints and, at the end, of its record. */
export class Journal {
  readonly scenario: Scenario;
  readonly #order: RecoveryOrder;
  readonly startedAt: Instant;
  readonly #deadlines: Deadlines;
  readonly #steps: MutableStep[] = [];
  readonly #findings: string[] = [];
  #current: MutableStep | undefined;
  #detail = "starting";
  #restoredAt: Instant | undefined;

  constructor(scenario: Scenario, order: RecoveryOrder, startedAt: Instant) {
    this.scenario = scenario;
    this.#order = order;
    this.startedAt = startedAt;
    this.#deadlines = deadlines(order.estate.objectives, scenario, order.detectedAt);
  }

  begin(id: string, at: Instant): void {
    const title = this.#declared(id)?.title ?? id;
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

  /** Something useful that could not be had; it is named in the record and stops nothing. */
  miss(id: string, failure: Failure): void {
    const step = this.#step(id);
    if (step === undefined) return;
    const detail = `not to be had (${failure.code}: ${failure.message})`;
    step.detail = step.detail === "" ? detail : `${step.detail}; ${detail}`;
  }

  finding(text: string): void {
    this.#findings.push(text);
  }

  /** The first moment at which the verify step held counts; later proofs do not move it. */
  restored(at: Instant): void {
    this.#restoredAt ??= at;
  }

  /** What was restored has failed again. */
  lost(): void {
    this.#restoredAt = undefined;
  }

  checkpoint(at: Instant, ending?: Conclusion): Checkpoint {
    const current = this.#current;
    const forecastAt = this.#restoredAt ?? (ending === undefined ? this.#forecast(at) : at);
    const breach = describeBreach(this.#deadlines, this.#restoredAt ?? at);
    return {
      scenario: this.scenario.id,
      title: this.scenario.title,
      environment: this.#order.environment,
      resource: this.#order.resource,
      mode: this.#order.mode,
      trigger: this.#order.trigger,
      detectedAt: this.#order.detectedAt,
      startedAt: this.startedAt,
      at,
      step: {
        id: current?.id ?? "start",
        title: current?.title ?? "Start",
        since: current?.startedAt ?? this.startedAt,
        detail: this.#detail.slice(0, 300),
      },
      steps: this.#steps.map(({ id, status }) => ({ id, status })),
      clock: {
        elapsed: elapsed(this.#order.detectedAt, at),
        deadlines: this.#deadlines,
        forecastAt,
        withinRto: withinRto(this.#deadlines, forecastAt),
        ...(this.#restoredAt === undefined ? {} : { restoredAt: this.#restoredAt }),
        ...(breach === undefined ? {} : { breach }),
      },
      ...(ending === undefined ? {} : { outcome: ending.outcome, reason: ending.reason }),
    };
  }

  record(id: string, at: Instant, ending: Conclusion): RunRecord {
    return {
      version: 1,
      id,
      kind: "recovery",
      environment: this.#order.environment,
      scenario: this.scenario.id,
      title: this.scenario.title,
      resource: this.#order.resource,
      mode: this.#order.mode,
      trigger: this.#order.trigger,
      detectedAt: this.#order.detectedAt,
      startedAt: this.startedAt,
      endedAt: at,
      ...(this.#restoredAt === undefined ? {} : { restoredAt: this.#restoredAt }),
      outcome: ending.outcome,
      reason: ending.reason,
      deadlines: this.#deadlines,
      withinRto: withinRto(this.#deadlines, this.#restoredAt ?? at),
      dataLoss: this.scenario.dataLoss,
      nextSteps: [...ending.nextSteps],
      findings: [...this.#findings],
      steps: this.#steps.map((step) => ({ ...step })),
      approvals: [],
      decisions: [],
      checklist: [],
      notifications: [],
      audit: [],
    };
  }

  /** Now, plus what the current step still takes, plus the declared steps that are still to come. */
  #forecast(at: Instant): Instant {
    const declared = Object.entries(this.scenario.steps);
    const current = this.#current;
    const position = declared.findIndex(([id]) => id === current?.id);
    const inFallback = this.#declared(current?.id ?? "")?.path === "fallback";
    const toCome = declared
      .slice(position + 1)
      .filter(([, step]) => step.path === "main" || inFallback)
      .reduce((sum, [, step]) => sum + step.expected, 0);
    const usual = current === undefined ? 0 : (this.#declared(current.id)?.expected ?? 0);
    const spent = current?.status === "running" ? elapsed(current.startedAt, at) : usual;
    return plus(at, milliseconds(Math.max(0, usual - spent) + toCome));
  }

  #step(id: string): MutableStep | undefined {
    return this.#steps.find((step) => step.id === id);
  }

  #declared(id: string): DeclaredStep | undefined {
    return this.scenario.steps[id];
  }
}
