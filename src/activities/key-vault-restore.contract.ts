import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";
import { minutes, seconds } from "../domain/duration.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { Instant } from "../domain/instant.js";
import { throttled, type Patience } from "../domain/patience.js";

/** A recovered secret takes some seconds to appear, and a role of the service's some minutes to work. */
const recovering: Patience = {
  ...throttled,
  busy: { first: seconds(5), longest: seconds(60), within: minutes(10) },
  "permission-lag": { first: seconds(15), longest: seconds(60), within: minutes(10) },
};

/** What is to be done with one secret. */
export const SecretAction = z.enum([
  /** The name is free: the backup opens there. */
  "restore",
  /** It is in soft deletion, which keeps the name: it comes back as it was when it was deleted. */
  "recover",
  /** It is there and has not changed since the set was taken. */
  "keep",
  /** Another vault than the set's has it already; whether the value is the same cannot be told. */
  "keep-existing",
  /** Another vault has it, last written before what the set holds: its value is an older one. */
  "keep-older",
  /** It is there and newer than the set; only an order to overwrite touches it. */
  "keep-newer",
  /** It is there and newer, and the order is to set it back. */
  "overwrite",
]);
export type SecretAction = z.infer<typeof SecretAction>;

/** Where the counting of actions begins. */
export const noActions: Readonly<Record<SecretAction, number>> = {
  restore: 0,
  recover: 0,
  keep: 0,
  "keep-existing": 0,
  "keep-older": 0,
  "keep-newer": 0,
  overwrite: 0,
};

/** Each action in words, after a count. */
export const describeAction: Record<SecretAction, string> = {
  restore: "to restore",
  recover: "to recover from soft deletion",
  keep: "unchanged",
  "keep-existing": "in the vault already",
  "keep-older": "in the vault already, but older than the copy",
  "keep-newer": "left as they are: newer than the copy",
  overwrite: "to set back",
};

const SourceOfSet = z.strictObject({
  environment: EnvironmentName,
  source: z.string(),
  set: z.string(),
});

/** A stretch of a set's secrets, by position. */
const Stretch = SourceOfSet.extend({
  target: z.string(),
  begin: z.int().nonnegative(),
  end: z.int().positive(),
});

/** Read the set's manifest and look at the target: whether one can be restored into the other. */
export const findRestorableVault = declareActivity({
  name: "findRestorableVault",
  input: SourceOfSet.extend({ vault: z.string(), items: z.array(z.string()) }),
  output: z.strictObject({
    ...observed,
    /** The target's address. */
    uri: z.string(),
    /** All secrets of the set, and how many of them are wanted. */
    count: z.int().nonnegative(),
    wanted: z.int().nonnegative(),
    takenAt: Instant,
  }),
  patience: recovering,
});

/** Decide about a stretch of the set's secrets, and write the decisions down unless this is a plan. */
export const compareSecrets = declareActivity({
  name: "compareSecrets",
  input: Stretch.extend({
    /** Whether the target is the vault that the set was taken of. */
    isSource: z.boolean(),
    items: z.array(z.string()),
    overwrite: z.boolean(),
  }),
  output: z.strictObject({
    ...observed,
    /** Secrets looked at. */
    done: z.int().nonnegative(),
    /** Where the decisions stand. */
    actions: z.string(),
    counts: z.record(SecretAction, z.int().nonnegative()),
    /** The first of those that are newer than the set. */
    newer: z.array(z.string()),
    /** The first of those that another vault has in an older version. */
    older: z.array(z.string()),
  }),
  patience: recovering,
});

/** Bring back the secrets of a stretch that are missing. */
export const restoreSecrets = declareActivity({
  name: "restoreSecrets",
  input: z.strictObject({ target: z.string(), actions: z.string() }),
  output: z.strictObject({
    ...mutated,
    done: z.int().nonnegative(),
    /** How many were brought back, and how many are refused for good. */
    brought: z.int().nonnegative(),
    failed: z.int().nonnegative(),
    /** The first of those, and why. */
    refused: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  }),
  patience: recovering,
});

/** Set the secrets of a stretch that are newer back to the value they had when the set was taken. */
export const overwriteSecrets = declareActivity({
  name: "overwriteSecrets",
  input: z.strictObject({ target: z.string(), actions: z.string(), takenAt: Instant }),
  output: z.strictObject({
    ...mutated,
    done: z.int().nonnegative(),
    brought: z.int().nonnegative(),
    failed: z.int().nonnegative(),
    refused: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  }),
  patience: recovering,
});

/** See that each secret of a stretch is in the target. */
export const verifySecrets = declareActivity({
  name: "verifySecrets",
  input: z.strictObject({ target: z.string(), actions: z.string() }),
  output: z.strictObject({
    ...observed,
    done: z.int().nonnegative(),
    missing: z.array(z.string()),
  }),
  patience: recovering,
});
