import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";
import { ProofFailure } from "../domain/backup-proof.js";
import { nightly, SetToProve } from "./proof.contract.js";

/** Hold the set, and draw a sample of its blobs: many small ones, and some of any length. */
export const sampleBlobs = declareActivity({
  name: "sampleBlobs",
  input: SetToProve.extend({
    count: z.int().positive(),
    bytes: z.int().positive(),
    smallCount: z.int().nonnegative(),
    smallBytes: z.int().nonnegative(),
  }),
  output: z.strictObject({
    ...observed,
    /** Where the sample is written down. */
    list: z.string(),
    items: z.int().nonnegative(),
    of: z.int().nonnegative(),
  }),
  patience: nightly,
});

/** Restore a stretch of the sample into the scratch container, read it back and compare. */
export const compareBlobSample = declareActivity({
  name: "compareBlobSample",
  input: z.strictObject({
    list: z.string(),
    begin: z.int().nonnegative(),
    end: z.int().positive(),
  }),
  output: z.strictObject({
    ...mutated,
    /** Blobs that were compared. */
    done: z.int().nonnegative(),
    bytes: z.int().nonnegative(),
    failures: z.array(ProofFailure),
  }),
  patience: nightly,
});

/** Remove from the scratch container what proofs of this environment have put there. */
export const clearScratchContainer = declareActivity({
  name: "clearScratchContainer",
  input: z.strictObject({}),
  output: z.strictObject({
    ...mutated,
    /** Whether there is more to be removed. */
    left: z.boolean(),
    /** What a policy of immutability or a legal hold keeps. */
    kept: z.int().nonnegative(),
  }),
  patience: nightly,
});
