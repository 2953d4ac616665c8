import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { observed } from "../durable/step-output.js";
import { ItemPart, SkippedItem } from "../domain/backup.js";
import { patiently, throttled } from "../domain/patience.js";

/** What the app uses now, and where that vault is. */
export const findActiveVault = declareActivity({
  name: "findActiveVault",
  input: z.strictObject({
    app: z.string(),
    /** The app of the other side, which is asked where the first cannot be read. */
    standby: z.string().optional(),
    /** Of what the estate says of the vaults, the sides alone. */
    vault: z.object({ primary: z.string(), secondary: z.string().optional() }),
  }),
  output: z.strictObject({
    ...observed,
    side: z.enum(["primary", "secondary", "elsewhere"]),
    /** How it is known; `assumed` where the app could not be read or names another vault. */
    known: z.enum(["observed", "assumed"]),
    id: z.string(),
    uri: z.string(),
    location: z.string(),
    /** The address of the other side's vault, where there is one. */
    otherUri: z.string().optional(),
  }),
  patience: patiently,
});

/** List a vault's secrets page by page, and write the list down for the activities that follow. */
export const listSecrets = declareActivity({
  name: "listSecrets",
  input: z.strictObject({ uri: z.string(), set: z.string() }),
  output: z.strictObject({
    ...observed,
    /** Where the list is. */
    list: z.string(),
    /** How many of it are to be copied, and how many cannot be. */
    count: z.int().nonnegative(),
    skipped: z.int().nonnegative(),
  }),
  patience: throttled,
});

/** Back up a stretch of a list, and read each copy back. */
export const copySecrets = declareActivity({
  name: "copySecrets",
  input: z.strictObject({
    uri: z.string(),
    set: z.string(),
    list: z.string(),
    nth: z.int().positive(),
    begin: z.int().nonnegative(),
    end: z.int().positive(),
    /** The set whose copies of unchanged secrets are used again; absent for a full one. */
    base: z.string().optional(),
  }),
  output: z.strictObject({
    ...observed,
    done: z.int().nonnegative(),
    reused: z.int().nonnegative(),
    part: ItemPart,
    skipped: z.array(SkippedItem),
  }),
  patience: throttled,
});

/** Why a disabled secret stays where it is; every other reason means that one is missing or behind. */
export const isDisabled = "it is disabled, so that its value cannot be read";

/**
 * Write a stretch of a list into the other vault, by value, where it differs. Looking is enough, because
 * a value that is there is not written again; a vault that the app is to use is held besides.
 */
export const syncSecrets = declareActivity({
  name: "syncSecrets",
  input: z.strictObject({
    from: z.string(),
    to: z.string(),
    list: z.string(),
    begin: z.int().nonnegative(),
    end: z.int().positive(),
    /** The resource that the run has to hold; a recovery vault that nobody uses needs none. */
    lease: z.string().optional(),
  }),
  output: z.strictObject({
    ...observed,
    done: z.int().nonnegative(),
    written: z.int().nonnegative(),
    skipped: z.array(SkippedItem),
  }),
  patience: throttled,
});

/** Name what the other vault has and the source has not; a deletion is never mirrored blindly. */
export const reportDeletedSecrets = declareActivity({
  name: "reportDeletedSecrets",
  input: z.strictObject({ to: z.string(), list: z.string() }),
  output: z.strictObject({
    ...observed,
    count: z.int().nonnegative(),
    /** The first of them. */
    names: z.array(z.string()),
  }),
  patience: throttled,
});
