import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";
import { Comparison } from "../domain/backup-proof.js";
import { BackupKind } from "../domain/backup.js";
import { minutes, seconds } from "../domain/duration.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { Instant } from "../domain/instant.js";
import type { Patience } from "../domain/patience.js";
import { KindOfSources } from "./backup.contract.js";

/** A proof has all night; what is throttled or away is waited for. */
export const nightly: Patience = {
  transient: { first: seconds(10), longest: minutes(5), within: minutes(60) },
  busy: { first: seconds(10), longest: minutes(5), within: minutes(60) },
  "permission-lag": { first: seconds(15), longest: minutes(1), within: minutes(10) },
};

export const SetToProve = z.strictObject({
  environment: EnvironmentName,
  source: z.string(),
  set: z.string(),
});

/** The newest set that can be used, and one of the older ones, which the run's id chooses. */
export const chooseProofSets = declareActivity({
  name: "chooseProofSets",
  input: KindOfSources,
  output: z.strictObject({
    ...observed,
    chosen: z.array(z.strictObject({ set: z.string(), source: z.string(), takenAt: Instant })),
    /** Newer sets that cannot be used, and why. */
    problems: z.array(z.string()),
  }),
  patience: nightly,
});

/** Write what was found beside the manifest, and let the set go. The same, however often it is done. */
export const recordProof = declareActivity({
  name: "recordProof",
  input: SetToProve.extend({
    kind: BackupKind,
    /** Given, so that a repeat writes the same bytes. */
    at: Instant,
    comparison: Comparison,
  }),
  output: z.strictObject({
    ...mutated,
    result: z.enum(["proven", "failed"]),
    /** Other sets that use the copies that failed; they have failed with it. */
    sharing: z.array(z.string()),
  }),
  patience: nightly,
});

/** Let a set go that could not be proven. */
export const releaseProvenSet = declareActivity({
  name: "releaseProvenSet",
  input: SetToProve.extend({ kind: BackupKind }),
  output: z.strictObject({ ...observed }),
  patience: nightly,
});
