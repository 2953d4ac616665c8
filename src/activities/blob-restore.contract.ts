import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";
import { SkippedItem } from "../domain/backup.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { Instant } from "../domain/instant.js";
import { throttled } from "../domain/patience.js";

/** What is to be done with one blob. */
export const BlobAction = z.enum([
  /** There is no such blob at the target. */
  "restore",
  /** It is another one, and not newer than the set. */
  "replace",
  /** It is the same. */
  "same",
  /** It is another one and newer than the set; only an order to overwrite touches it. */
  "keep-newer",
  /** It is another one and newer, and the order is to overwrite it. */
  "overwrite",
  /** The copy is gone from the backup account, or is not as long as the set says. */
  "no-copy",
]);
export type BlobAction = z.infer<typeof BlobAction>;

/** Each action in words, after a count. */
export const describeAction: Record<BlobAction, string> = {
  restore: "to restore",
  replace: "to put in the place of older ones",
  same: "are the same",
  "keep-newer": "left as they are: newer than the copy",
  overwrite: "to put in the place of newer ones",
  "no-copy": "whose copies are gone or damaged",
};

const SourceOfSet = z.strictObject({
  environment: EnvironmentName,
  source: z.string(),
  set: z.string(),
});

/** Read the set's manifest and look at the target account. */
export const findRestorableAccount = declareActivity({
  name: "findRestorableAccount",
  input: SourceOfSet.extend({ account: z.string(), items: z.array(z.string()) }),
  output: z.strictObject({
    ...observed,
    /** Where the target's blobs are. */
    endpoint: z.string(),
    /** Between which positions of the set the wanted blobs are, and how many they are. */
    begin: z.int().nonnegative(),
    end: z.int().nonnegative(),
    wanted: z.int().positive(),
    /** The containers that they are in. */
    containers: z.array(z.string()),
    takenAt: Instant,
  }),
  patience: throttled,
});

/** Make the containers that are missing at the target, without public access. */
export const prepareTarget = declareActivity({
  name: "prepareTarget",
  input: z.strictObject({ endpoint: z.string(), containers: z.array(z.string()) }),
  output: z.strictObject({ ...mutated, made: z.array(z.string()) }),
  patience: throttled,
});

/** Decide about a stretch of the set's blobs, and write the decisions down unless this is a plan. */
export const compareBlobs = declareActivity({
  name: "compareBlobs",
  input: SourceOfSet.extend({
    endpoint: z.string(),
    begin: z.int().nonnegative(),
    end: z.int().positive(),
    items: z.array(z.string()),
    overwrite: z.boolean(),
  }),
  output: z.strictObject({
    ...observed,
    /** Blobs of the stretch that are wanted. */
    done: z.int().nonnegative(),
    /** Where the decisions stand. */
    decisions: z.string(),
    counts: z.record(BlobAction, z.int().nonnegative()),
    /** The first of those that are newer than the set, and of those that have no good copy. */
    newer: z.array(z.string()),
    damaged: z.array(z.string()),
  }),
  patience: throttled,
});

/** Carry out the decisions of a stretch; each blob is proven, and its result written down. */
export const copyBlobsBack = declareActivity({
  name: "copyBlobsBack",
  input: z.strictObject({
    endpoint: z.string(),
    decisions: z.string(),
    actions: z.array(BlobAction),
  }),
  output: z.strictObject({
    ...mutated,
    /** Blobs that have a result. */
    done: z.int().nonnegative(),
    restored: z.int().nonnegative(),
    /** Large ones that the service is still copying. */
    waiting: z.int().nonnegative(),
    /** The first of those that could not be restored, and why. */
    failed: z.array(SkippedItem),
  }),
  patience: throttled,
});
