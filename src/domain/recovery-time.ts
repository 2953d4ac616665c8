import { z } from "zod";
import { Milliseconds } from "./duration.js";
import { Instant } from "./instant.js";
import type { RecordEntry } from "./record-entry.js";

/** What one run of a scenario took from detection to the verified recovery, beside its target. */
export const RecoveryTime = z.strictObject({
  run: z.string(),
  detectedAt: Instant,
  took: Milliseconds,
  target: Milliseconds,
});
export type RecoveryTime = z.infer<typeof RecoveryTime>;

/** As many as a chart shows. */
const longestSeries = 24;

/** What runs have measured, the latest last; plans measure nothing. */
export function recoveryTimes(entries: readonly RecordEntry[]): RecoveryTime[] {
  return entries
    .flatMap(({ id, mode, detectedAt, recoveryTime, target }) =>
      mode === "plan" || recoveryTime === undefined
        ? []
        : [{ run: id, detectedAt, took: recoveryTime, target }],
    )
    .sort((one, other) => one.detectedAt.localeCompare(other.detectedAt))
    .slice(-longestSeries);
}
