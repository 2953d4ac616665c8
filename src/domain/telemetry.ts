import type { Instant } from "./instant.js";

/** What is said of a fact, under names with points as OpenTelemetry has them. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/**
 * Where something stands in the trace of a run: below the run itself, the names on the way to it. The same
 * place has the same id, whoever tells of it, on whatever instance, and however often.
 */
export interface TracePlace {
  readonly run: string;
  readonly path: readonly string[];
}

/** A piece of a run that has ended: the run, one of its steps, a call of an activity. */
export interface SpanFact {
  readonly place: TracePlace;
  readonly name: string;
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  /** Why it failed, in words; absent where it did not. */
  readonly failure?: string;
  readonly attributes: Attributes;
  /** The runs that this one is part of. */
  readonly partOf?: readonly string[];
}

/** A line of the log of a run. */
export interface LogFact {
  readonly place: TracePlace;
  readonly at: Instant;
  readonly level: "info" | "warning";
  readonly message: string;
  readonly attributes: Attributes;
}

/** What is measured. A duration is a histogram; what may fall below zero, or is a state, a gauge. */
export const instruments = {
  "dr.recovery.duration": {
    kind: "histogram",
    unit: "s",
    description: "From the detection of the failure to the verified recovery",
  },
  "dr.recovery.rto_margin": {
    kind: "gauge",
    unit: "s",
    description: "What was left of the recovery time objective; below zero where it was missed",
  },
  "dr.recovery.point_age": {
    kind: "gauge",
    unit: "s",
    description: "How old the newest usable backup was when the failure was detected",
  },
  "dr.backup.age": {
    kind: "gauge",
    unit: "s",
    description: "How old the newest verified backup is",
  },
  "dr.readiness": {
    kind: "gauge",
    unit: "1",
    description: "Whether a recovery would work: 2 ready, 1 degraded, 0 not ready",
  },
} as const satisfies Readonly<
  Record<string, { kind: "histogram" | "gauge"; unit: string; description: string }>
>;
export type InstrumentName = keyof typeof instruments;

export interface Measure {
  readonly instrument: InstrumentName;
  readonly value: number;
  readonly attributes: Attributes;
}

/** What could not be sent since it was said last, and why the last of it was not. */
export interface TelemetryLoss {
  readonly class: string;
  readonly code: string;
  readonly message: string;
  readonly lost: number;
}

/**
 * Tells Azure Monitor of runs. It holds up nobody and fails nobody: what cannot be sent is lost, counted,
 * and said once.
 */
export interface RunTelemetry {
  span(fact: SpanFact): void;
  log(fact: LogFact): void;
  measure(measure: Measure): void;
  /** Sends what there is, in a short time or not at all: the instance may be gone after the activity. */
  flush(): Promise<void>;
  /** What was lost, each time that sending begins to fail. */
  loss(): TelemetryLoss | undefined;
}

/** Where there is nobody to tell. */
export const noTelemetry: RunTelemetry = {
  span: () => undefined,
  log: () => undefined,
  measure: () => undefined,
  flush: () => Promise.resolve(),
  loss: () => undefined,
};
