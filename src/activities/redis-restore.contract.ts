import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { Instant } from "../domain/instant.js";
import { once, patiently } from "../domain/patience.js";
import { CacheStorage, FilePlace, unhurried } from "./redis-backup.contract.js";

const SourceOfSet = z.strictObject({
  environment: EnvironmentName,
  source: z.string(),
  set: z.string(),
});

/** Read the set's manifest and look at the target: whether one can be restored into the other. */
export const findRestorableCache = declareActivity({
  name: "findRestorableCache",
  input: SourceOfSet.extend({
    cache: z.string(),
    /** Whether the app uses the target now, as far as that can be told. */
    active: z.boolean(),
    items: z.array(z.string()),
    overwrite: z.boolean(),
  }),
  output: z.strictObject({
    ...observed,
    /** A portable snapshot goes back key by key, an export as a whole. */
    way: z.enum(["snapshot", "export"]),
    takenAt: Instant,
    /** How many keys the set holds, where it tells. */
    keys: z.int().nonnegative().optional(),
    /** The files of an export, as they lie in the container of the sets. */
    files: z.array(z.string()),
    name: z.string(),
    kind: z.enum(["classic", "managed"]),
    location: z.string(),
    hasIdentity: z.boolean(),
    /** Whether the target holds no keys. */
    empty: z.boolean(),
  }),
  patience: unhurried,
});

/** Put keys of a snapshot back, as many as some time allows. */
export const restoreSnapshot = declareActivity({
  name: "restoreSnapshot",
  input: SourceOfSet.extend({
    cache: z.string(),
    items: z.array(z.string()),
    overwrite: z.boolean(),
    /** Which part, by position, and how many of its keys have been dealt with. */
    part: z.int().nonnegative(),
    skip: z.int().nonnegative(),
  }),
  output: z.strictObject({
    ...mutated,
    /** Keys of the set that were looked at. */
    done: z.int().nonnegative(),
    restored: z.int().nonnegative(),
    /** They were there already, as they are in the set. */
    same: z.int().nonnegative(),
    /** They are there with another content, and were left as they are. */
    left: z.int().nonnegative(),
    /** Their time was over. */
    expired: z.int().nonnegative(),
    /** What the names of those that were left begin with; whole names may be secrets. */
    leftBelow: z.array(z.string()),
    /** Which of the names that stand for one key were among them. */
    found: z.array(z.string()),
    next: z.strictObject({ part: z.int().nonnegative(), skip: z.int().nonnegative() }).optional(),
  }),
  patience: unhurried,
});

/** Choose where the files lie that the cache imports: an account of the environment in its region. */
export const prepareImport = declareActivity({
  name: "prepareImport",
  input: z.strictObject({
    storage: CacheStorage,
    region: z.string(),
  }),
  output: z.strictObject({ ...mutated, place: FilePlace }),
  patience: patiently,
});

/** Have the cache delete all its keys and load those of files. */
export const startImport = declareActivity({
  name: "startImport",
  input: z.strictObject({
    cache: z.string(),
    place: FilePlace,
    files: z.array(z.string()).min(1),
    access: z.enum(["identity", "sas"]),
  }),
  output: z.strictObject({ ...mutated, operation: z.string().optional() }),
  patience: unhurried,
});

/** See that the cache serves again, and what it holds. */
export const observeImport = declareActivity({
  name: "observeImport",
  input: z.strictObject({ cache: z.string() }),
  output: z.strictObject({
    ...observed,
    /** Whether what it held before is gone: the mark of this run with it. */
    imported: z.boolean(),
    keys: z.int().nonnegative(),
  }),
  patience: once,
});
