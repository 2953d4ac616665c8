import { z } from "zod";
import { Milliseconds } from "./duration.js";
import { EnvironmentName } from "./environment-name.js";
import { earlier, elapsed, Instant } from "./instant.js";
import { Outcome, RunKind, type RunRecord } from "./run-record.js";

/** A blob as it was written, once and for all. */
export const WrittenFile = z.strictObject({
  blob: z.string(),
  bytes: z.int().nonnegative(),
  sha256: z.string(),
});
export type WrittenFile = z.infer<typeof WrittenFile>;

/**
 * What the index knows of a record: by which it is found, what it measured, and the hashes of the
 * record and its reports. Each is a blob of its own, so that no two runs write the same one.
 */
export const RecordEntry = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  kind: RunKind,
  environment: EnvironmentName,
  scenario: z.string(),
  mode: z.enum(["execute", "plan"]),
  detectedAt: Instant,
  startedAt: Instant,
  endedAt: Instant,
  outcome: Outcome,
  /** From the detection to the verified recovery; absent where nothing was recovered. */
  recoveryTime: Milliseconds.optional(),
  /** From the detection to the first of the two deadlines. */
  target: Milliseconds,
  record: WrittenFile,
  reports: z.array(WrittenFile),
});
export type RecordEntry = z.infer<typeof RecordEntry>;

export function entryOf(
  run: RunRecord,
  record: WrittenFile,
  reports: readonly WrittenFile[],
): RecordEntry {
  const { id, kind, environment, scenario, mode, detectedAt, startedAt, endedAt, outcome } = run;
  return {
    version: 1,
    ...{ id, kind, environment, scenario, mode, detectedAt, startedAt, endedAt, outcome },
    ...measured(run),
    record,
    reports: [...reports],
  };
}

/** How long a recovery took, and how long it might have taken. */
export function measured({
  detectedAt,
  restoredAt,
  deadlines: { scenarioAt, environmentAt },
}: Pick<RunRecord, "detectedAt" | "restoredAt" | "deadlines">) {
  return {
    target: elapsed(detectedAt, earlier(scenarioAt, environmentAt)),
    ...(restoredAt === undefined ? {} : { recoveryTime: elapsed(detectedAt, restoredAt) }),
  };
}
