import type { FaultOrder } from "../../simulator/faults/catalogue.js";
import type { BackupKind } from "../../src/domain/backup.js";
import type { EnvironmentName } from "../../src/domain/environment-name.js";
import type { Environment } from "../../src/domain/estate.js";
import type { ScenarioId } from "../../src/domain/scenario-id.js";

/** What may go wrong while a scenario answers a failure, in the order of the table. */
export const faultNames = [
  "none",
  "throttle",
  "server-error",
  "lost-answer",
  "stuck-operation",
  "operation-failed",
  "role-missing",
  "cache-refused",
  "newest-set-corrupt",
  "no-set",
  "vault-read-only",
  "region-down",
] as const;
export type FaultName = (typeof faultNames)[number];

/** How a failure comes about. */
export interface Course {
  /** Where the failure happens. */
  readonly environment: EnvironmentName;
  /** What breaks before the alert. */
  readonly breaks: (environment: Environment) => readonly FaultOrder[];
  /** What has two verified sets by then. */
  readonly backups: readonly BackupKind[];
  /** Those of its changes that it certainly makes in this course, as far as no fault keeps it from them. */
  readonly certain: readonly [string, ...string[]];
}

/** What a scenario brings to a game day: how it fails, who tells of it, and what faults can strike. */
export interface Exercise extends Course {
  readonly scenario: ScenarioId;
  /** The alert that Azure Monitor would send, in the common alert schema. */
  readonly alert: (environment: Environment, firedAt: Date) => unknown;
  /** By which calls it changes Azure, in the words of the simulator's log; faults of calls strike these. */
  readonly changes: readonly string[];
  /** Those of them that begin an operation which takes its time. */
  readonly longChanges: readonly string[];
  /** Those that do no harm when they are done again after a lost answer, as the activities declare. */
  readonly repeatable: readonly string[];
  /** The steps whose changes are no requests to Azure, as what clients of Redis send is none. */
  readonly unlogged: readonly string[];
  /** Why records that users write say nothing about this failure, where that is so. */
  readonly recordless?: string;
  /** What takes away the right without which it cannot do its work. */
  readonly missingRole: (environment: Environment) => readonly FaultOrder[];
  /** Where another course is needed than usual, so that the fault has something to strike. */
  readonly courses: Readonly<Partial<Record<FaultName, Partial<Course>>>>;
  /** The faults that cannot befall it, each with the reason. */
  readonly spared: Readonly<Partial<Record<FaultName, string>>>;
}

export const courseUnder = (exercise: Exercise, fault: FaultName): Course => ({
  ...exercise,
  ...exercise.courses[fault],
});
