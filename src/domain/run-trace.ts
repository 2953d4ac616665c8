import type { Failure } from "./failure.js";
import type { Instant } from "./instant.js";
import { runNameOf } from "./run-name.js";
import type { Outcome, RunRecord, StepRecord, Trigger } from "./run-record.js";
import type { Attributes, SpanFact, TracePlace } from "./telemetry.js";

/** The drill that a run is part of, if it is. */
function drillBehind(trigger: Trigger): string | undefined {
  return trigger.kind === "drill" || trigger.kind === "alert" ? trigger.drill : undefined;
}

/** By which what happened in earnest is told from what was practised. */
export const isPractice = ({ kind, trigger }: Pick<RunRecord, "kind" | "trigger">): boolean =>
  kind === "drill" || drillBehind(trigger) !== undefined;

const failed: ReadonlySet<Outcome> = new Set(["needs-operator", "failed"]);

/** The trace of a run as its record has it: the run, and below it each of its steps. */
export function traceOf(record: RunRecord): readonly SpanFact[] {
  const common = attributesOf(record);
  const drill = drillBehind(record.trigger);
  const { id, outcome, reason } = record;
  const root: SpanFact = {
    place: { run: id, path: [] },
    name: `run ${record.scenario}`,
    startedAt: record.startedAt,
    endedAt: record.endedAt,
    ...(failed.has(outcome) ? { failure: `${outcome}: ${reason}` } : {}),
    attributes: {
      ...common,
      ...triggerAttributes(record.trigger),
      "dr.title": record.title,
      "dr.resource": record.resource,
      "dr.outcome": outcome,
      "dr.reason": reason,
      "dr.detected_at": record.detectedAt,
      ...(record.restoredAt === undefined ? {} : { "dr.restored_at": record.restoredAt }),
      "dr.within_rto": record.withinRto.scenario && record.withinRto.environment,
      "dr.findings": record.findings.length,
    },
    ...(drill === undefined ? {} : { partOf: [drill] }),
  };
  return [root, ...record.steps.map((step) => stepSpan(record, step, common))];
}

function stepSpan({ id, endedAt }: RunRecord, step: StepRecord, common: Attributes): SpanFact {
  const { round, changed, status } = step;
  return {
    place: { run: id, path: [inRound(step.id, round)] },
    name: step.title,
    startedAt: step.startedAt,
    endedAt: step.endedAt ?? endedAt,
    ...(status === "failed" ? { failure: step.detail } : {}),
    attributes: {
      ...common,
      "dr.step.id": step.id,
      "dr.step.status": status,
      "dr.step.attempts": step.attempts,
      "dr.step.detail": step.detail,
      ...(changed === undefined ? {} : { "dr.step.changed": changed }),
      ...(round === undefined ? {} : { "dr.step.round": round }),
    },
  };
}

const attributesOf = (record: RunRecord): Attributes => ({
  "dr.run.id": record.id,
  "dr.kind": record.kind,
  "dr.scenario": record.scenario,
  "dr.environment": record.environment,
  "dr.mode": record.mode,
  "dr.drill": isPractice(record),
});

function triggerAttributes(trigger: Trigger): Attributes {
  const kind = { "dr.trigger": trigger.kind };
  switch (trigger.kind) {
    case "timer":
      return { ...kind, "dr.declared_by": trigger.schedule };
    case "alert":
      return { ...kind, "dr.declared_by": trigger.rule, "dr.severity": trigger.severity };
    case "drill":
      return { ...kind, "dr.declared_by": trigger.drill };
    case "operator":
      return { ...kind, "dr.declared_by": trigger.who };
  }
}

const inRound = (step: string, round: number | undefined): string =>
  round === undefined ? step : `${step}~round-${round}`;

/** A call of an activity, as whoever carries it out knows it. */
export interface CallFact {
  readonly activity: string;
  readonly run: string;
  /** As the caller names it: the step, with the piece of it and the round where there are such. */
  readonly step: string;
  readonly attempt: number;
  readonly mode: "execute" | "plan";
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  /** Of a foreseen failure its class; `defect` where it is one of ours. */
  readonly failure?: Pick<Failure, "code" | "message"> & {
    readonly class: Failure["class"] | "defect";
  };
}

/** What a caller's name for its act says. */
const spelled = /^([^/~]+)(?:\/(.*?))?(?:~round-(\d+))?$/;

/**
 * Where a call stands in its run's trace: below its step, or below the run itself where it belongs to no
 * step. The record tells of steps alone, and a span must not hang on one that never comes.
 */
export function placeOfCall(
  { activity, run, step, attempt }: Pick<CallFact, "activity" | "run" | "step" | "attempt">,
  isStep: (id: string) => boolean,
): TracePlace {
  const [, id = step, item = "", round] = spelled.exec(step) ?? [];
  const call = `${activity}/${item}#${attempt}`;
  const stretch = inRound(id, round === undefined ? undefined : Number(round));
  return { run, path: isStep(id) ? [stretch, call] : [`${stretch}/${call}`] };
}

/** What each line and each call of a run carries, as far as the run's id says it. */
export function callAttributes({
  run,
  step,
  mode,
}: Pick<CallFact, "run" | "step" | "mode">): Attributes {
  const name = runNameOf(run);
  const [, id = step] = spelled.exec(step) ?? [];
  return {
    "dr.run.id": run,
    "dr.step.id": id,
    "dr.mode": mode,
    ...(name === undefined
      ? {}
      : { "dr.scenario": name.scenario, "dr.environment": name.environment }),
  };
}

/** The span of a call; undefined where the caller is no run. */
export function spanOfCall(call: CallFact, isStep: (id: string) => boolean): SpanFact | undefined {
  if (runNameOf(call.run) === undefined) return undefined;
  const { failure } = call;
  return {
    place: placeOfCall(call, isStep),
    name: call.activity,
    startedAt: call.startedAt,
    endedAt: call.endedAt,
    ...(failure === undefined ? {} : { failure: `${failure.code}: ${failure.message}` }),
    attributes: {
      ...callAttributes(call),
      "dr.activity": call.activity,
      "dr.attempt": call.attempt,
      ...(failure === undefined
        ? {}
        : {
            "dr.failure.class": failure.class,
            "dr.failure.code": failure.code,
            "dr.failure.message": failure.message,
          }),
    },
  };
}
