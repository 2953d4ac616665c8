import { z } from "zod";
import { BackupCheck, BackupKind } from "./backup.js";
import { describeDuration, Milliseconds } from "./duration.js";
import { Instant } from "./instant.js";

/** What a run may have to fall back on: the backups of a kind, by the sides that the estate names. */
export const FallsBackOn = z.strictObject({
  kind: BackupKind,
  primary: z.string(),
  secondary: z.string().optional(),
});
export type FallsBackOn = z.infer<typeof FallsBackOn>;

/**
 * The newest copy that could be used when the failure was detected: what a restore would have brought
 * back, whether the run needed one or not.
 */
export const RecoveryPoint = z.strictObject({
  kind: BackupKind,
  rpo: Milliseconds,
  withinRpo: z.boolean(),
  /** Absent where no copy could have been used. */
  newest: z
    .strictObject({
      set: z.string(),
      source: z.string(),
      takenAt: Instant,
      /** At the detection. */
      age: Milliseconds,
      check: BackupCheck,
    })
    .optional(),
});
export type RecoveryPoint = z.infer<typeof RecoveryPoint>;

/** How a recovery point reads in a report. */
export function describeRecoveryPoint({ newest, rpo, withinRpo }: RecoveryPoint): string {
  const objective = `RPO ${describeDuration(rpo)}: ${withinRpo ? "met" : "missed"}`;
  if (newest === undefined) return `none that could be used; ${objective}`;
  const { age, check, takenAt, set } = newest;
  return `${check.level}, ${describeDuration(age)} old when the failure was detected (${takenAt}, ${set}); ${objective}`;
}
