import type { Milliseconds } from "./duration.js";
import type { EnvironmentName } from "./environment-name.js";
import { elapsed, isAfter, type Instant } from "./instant.js";
import type { BackupFacts } from "./readiness/backup-findings.js";
import type { ReadinessRecord, Verdict } from "./readiness/readiness.js";
import type { RunRecord } from "./run-record.js";
import { isPractice } from "./run-trace.js";
import type { Measure } from "./telemetry.js";

const inSeconds = (duration: Milliseconds): number => duration / 1_000;

/** How long after `from` is `to`; below zero where it is before. */
const margin = (from: Instant, to: Instant): number =>
  isAfter(from, to) ? -inSeconds(elapsed(to, from)) : inSeconds(elapsed(from, to));

/** What a run has measured: its recovery time, what that left of the objectives, and how old its backups were. */
export function measuresOf(record: RunRecord): readonly Measure[] {
  const { restoredAt, detectedAt, deadlines } = record;
  if (record.mode === "plan") return [];
  // With the run's id a repetition of the record is known for what it is.
  const attributes = {
    "dr.run.id": record.id,
    "dr.kind": record.kind,
    "dr.scenario": record.scenario,
    "dr.environment": record.environment,
    "dr.drill": isPractice(record),
    "dr.outcome": record.outcome,
  };
  const points = (record.recoveryPoints ?? []).flatMap(({ kind, newest }): Measure[] =>
    newest === undefined
      ? []
      : [
          {
            instrument: "dr.recovery.point_age",
            value: inSeconds(newest.age),
            attributes: { ...attributes, "dr.backup.kind": kind },
          },
        ],
  );
  if (restoredAt === undefined) return points;
  const left = (objective: "scenario" | "environment", deadline: Instant): Measure => ({
    instrument: "dr.recovery.rto_margin",
    value: margin(restoredAt, deadline),
    attributes: { ...attributes, "dr.objective": objective },
  });
  return [
    {
      instrument: "dr.recovery.duration",
      value: inSeconds(elapsed(detectedAt, restoredAt)),
      attributes,
    },
    left("scenario", deadlines.scenarioAt),
    left("environment", deadlines.environmentAt),
    ...points,
  ];
}

/** How old the newest verified backup of each kind is; nothing is said of a kind that has none. */
export const backupAges = (
  environment: EnvironmentName,
  facts: readonly Pick<BackupFacts, "kind" | "newest">[],
  now: Instant,
): readonly Measure[] =>
  facts.flatMap(({ kind, newest }) => {
    if (newest === undefined) return [];
    const [, resource = ""] = newest.set.split("/");
    return [
      {
        instrument: "dr.backup.age",
        value: inSeconds(elapsed(newest.takenAt, now)),
        attributes: {
          "dr.environment": environment,
          "dr.backup.kind": kind,
          "dr.resource": resource,
        },
      },
    ];
  });

const degrees: Readonly<Partial<Record<Verdict, number>>> = {
  ready: 2,
  degraded: 1,
  "not-ready": 0,
};

/** What an evaluation has concluded of each scenario; nothing is said of one that is not applicable. */
export const readinessMeasures = ({
  environment,
  verdicts,
}: Pick<ReadinessRecord, "environment" | "verdicts">): readonly Measure[] =>
  verdicts.flatMap(({ scenario, verdict }) => {
    const value = degrees[verdict];
    return value === undefined
      ? []
      : [
          {
            instrument: "dr.readiness",
            value,
            attributes: {
              "dr.environment": environment,
              "dr.scenario": scenario,
              "dr.verdict": verdict,
            },
          },
        ];
  });
