import { z } from "zod";
import { BackupKind } from "../domain/backup.js";
import { minutes, seconds, Milliseconds } from "../domain/duration.js";
import { EnvironmentName } from "../domain/environment-name.js";
import type { Patience } from "../domain/patience.js";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";

/** There is a day's time for it. */
const unhurried: Patience = {
  transient: { first: seconds(10), longest: minutes(5), within: minutes(60) },
  busy: { first: seconds(30), longest: minutes(5), within: minutes(60) },
};

/** Whose sets are looked through. */
export const PrunedSource = z.strictObject({
  kind: BackupKind,
  source: z.string(),
  retention: Milliseconds,
  /** For blobs: the containers whose copies lie in dated containers of their own. */
  containers: z.array(z.string()),
});
export type PrunedSource = z.infer<typeof PrunedSource>;

/** Decide of every set whether it goes, and why; the plan is written down before anything is done. */
export const planPruning = declareActivity({
  name: "planPruning",
  input: z.strictObject({ environment: EnvironmentName, sources: z.array(PrunedSource) }),
  output: z.strictObject({
    ...observed,
    /** Where the plan is. */
    plan: z.string(),
    prune: z.int().nonnegative(),
    keep: z.int().nonnegative(),
    /** Sets that nobody can read, to be looked at by a person. */
    unreadable: z.array(z.string()),
  }),
  patience: unhurried,
});

/** Remove one set of the plan, or as much of it as one activity can. */
export const pruneSet = declareActivity({
  name: "pruneSet",
  input: z.strictObject({
    environment: EnvironmentName,
    plan: z.string(),
    nth: z.int().nonnegative(),
  }),
  output: z.strictObject({
    ...mutated,
    set: z.string(),
    /** Whether more of it is left to be removed. */
    left: z.boolean(),
    /** What a policy of immutability or a legal hold keeps. */
    kept: z.int().nonnegative(),
    done: z.int().nonnegative(),
  }),
  patience: unhurried,
});

/** Forget the records of old backups and proofs, and what proofs and prunings have written down. */
export const forgetOldRuns = declareActivity({
  name: "forgetOldRuns",
  input: z.strictObject({ environment: EnvironmentName, olderThan: Milliseconds }),
  output: z.strictObject({
    ...mutated,
    forgotten: z.int().nonnegative(),
    /** Whether more are left for the next time. */
    left: z.boolean(),
  }),
  patience: unhurried,
});
