import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";
import { BackupKind, ItemPart, SkippedItem } from "../domain/backup.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { Instant } from "../domain/instant.js";
import { patiently } from "../domain/patience.js";

/** The newest usable set of a resource, by the pointer; what is wrong with it is said in words. */
export const findLatestSet = declareActivity({
  name: "findLatestSet",
  input: z.strictObject({ kind: BackupKind, environment: EnvironmentName, source: z.string() }),
  output: z.strictObject({
    ...observed,
    set: z.string().optional(),
    takenAt: Instant.optional(),
    problem: z.string().optional(),
    /** What the set says of itself. */
    facts: z.record(z.string(), z.string()).optional(),
  }),
  patience: patiently,
});

/** Backups of a kind, by the ARM ids of what they were taken of. */
export const KindOfSources = z.strictObject({
  kind: BackupKind,
  environment: EnvironmentName,
  sources: z.array(z.string()),
});

/** The newest verified set of each of these resources, and what is wrong with newer ones. */
export const findVerifiedSets = declareActivity({
  name: "findVerifiedSets",
  input: KindOfSources,
  output: z.strictObject({
    ...observed,
    /** The newest first. */
    found: z.array(z.strictObject({ set: z.string(), source: z.string(), takenAt: Instant })),
    problems: z.array(z.string()),
    /** How old the newest proven set is, in words. */
    proven: z.string().optional(),
  }),
  patience: patiently,
});

/** Write a set's manifest, then the pointer. The same, however often it is done. */
export const completeSet = declareActivity({
  name: "completeSet",
  input: z.strictObject({
    set: z.string(),
    kind: BackupKind,
    environment: EnvironmentName,
    scope: z.enum(["full", "interval"]),
    source: z.string(),
    region: z.string(),
    takenAt: Instant,
    /** Given, so that a repeat writes the same bytes. */
    completedAt: Instant,
    parts: z.array(ItemPart),
    skipped: z.array(SkippedItem),
    /** A list in the set whose entries say themselves that they were skipped, and why. */
    skippedIn: z.string().optional(),
    /** Whether every item was read back and found right. */
    verified: z.boolean(),
    /** Where copies lie outside of the set's prefix, as `container/prefix/`. */
    copies: z.array(z.string()).default([]),
    facts: z.record(z.string(), z.string()).default({}),
  }),
  output: z.strictObject({
    ...mutated,
    count: z.int().nonnegative(),
    bytes: z.int().nonnegative(),
    latest: z.boolean(),
  }),
  patience: patiently,
});
