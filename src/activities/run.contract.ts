import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { observed } from "../durable/step-output.js";
import { Milliseconds } from "../domain/duration.js";
import { Instant } from "../domain/instant.js";
import { patiently, persistently } from "../domain/patience.js";
import { FallsBackOn } from "../domain/recovery-point.js";
import { Outcome, RunRecord } from "../domain/run-record.js";
import { RunbookId } from "../domain/scenario-id.js";
import { StepHistory } from "../domain/step-history.js";

/**
 * Whether this run is the one its incident was opened for. A platform that starts an ended instance
 * again would otherwise recover something a second time.
 */
export const confirmMandate = declareActivity({
  name: "confirmMandate",
  input: z.strictObject({ incident: z.string() }),
  output: z.strictObject({
    ...observed,
    mandated: z.boolean(),
    /** What was known of readiness when the run began; it warns, and locks nobody out. */
    readiness: z.array(z.string()).optional(),
    /** What the steps took in earlier runs; absent while those are too few. */
    history: StepHistory.optional(),
  }),
  patience: persistently,
});

/** Take or renew the lease on a resource. */
export const takeLease = declareActivity({
  name: "takeLease",
  input: z.strictObject({ resource: z.string(), scenario: RunbookId }),
  output: z.discriminatedUnion("kind", [
    z.strictObject({
      ...observed,
      kind: z.literal("taken"),
      fencing: z.int().positive(),
      expiresAt: Instant,
    }),
    z.strictObject({ ...observed, kind: z.literal("held") }),
  ]),
  patience: persistently,
});

/** Give a lease back. */
export const releaseLease = declareActivity({
  name: "releaseLease",
  input: z.strictObject({ resource: z.string() }),
  output: z.strictObject({ ...observed }),
  patience: persistently,
});

/** How the last run of a series, such as an environment's backups of a kind, came out before this one. */
export const findPreviousOutcome = declareActivity({
  name: "findPreviousOutcome",
  input: z.strictObject({
    /** What the ids of the series begin with. */
    series: z.string(),
  }),
  output: z.strictObject({ ...observed, outcome: Outcome.optional() }),
  patience: patiently,
});

export const RecordToSave = z.strictObject({
  record: RunRecord,
  /** The backups whose age at the detection belongs into the record, and how old they may be. */
  fallsBackOn: z.strictObject({ rpo: Milliseconds, backups: z.array(FallsBackOn) }).optional(),
  /** What is known while the recovery checklist is under way; the record itself is written once, at the end. */
  isDraft: z.boolean().optional(),
});
export type RecordToSave = z.infer<typeof RecordToSave>;

/** Write the record and the reports rendered from it. */
export const saveRecord = declareActivity({
  name: "saveRecord",
  input: RecordToSave,
  output: z.strictObject({ ...observed }),
  patience: persistently,
});

/** Close the incident; the run's last step. */
export const closeIncident = declareActivity({
  name: "closeIncident",
  input: z.strictObject({ incident: z.string(), outcome: Outcome, at: Instant }),
  output: z.strictObject({ ...observed }),
  patience: persistently,
});
