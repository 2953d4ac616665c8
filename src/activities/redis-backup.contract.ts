import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";
import { ItemPart } from "../domain/backup.js";
import { minutes, seconds } from "../domain/duration.js";
import { once, patiently, type Patience } from "../domain/patience.js";
import { ScanPosition } from "../domain/scan-position.js";

/** A cache fails over in some minutes, and works on one change at a time; a backup has time. */
const unhurried: Patience = {
  transient: { first: seconds(5), longest: seconds(60), within: minutes(15) },
  busy: { first: seconds(15), longest: minutes(2), within: minutes(30) },
  "permission-lag": { first: seconds(15), longest: seconds(60), within: minutes(10) },
};

/** Of what the estate says of a resource, the sides alone. */
const Sides = z.object({ primary: z.string(), secondary: z.string().optional() });

/** A container of an account, and what of it belongs to this run. */
export const FilePlace = z.strictObject({
  endpoint: z.string(),
  container: z.string(),
  prefix: z.string(),
  /** Whether the container was made for this run alone. */
  own: z.boolean(),
});
export type FilePlace = z.infer<typeof FilePlace>;

const CacheFile = z.strictObject({ name: z.string(), bytes: z.int().nonnegative() });

/** What the app uses now, by the connection string in the vault that it uses, and what kind it is. */
export const findActiveCache = declareActivity({
  name: "findActiveCache",
  input: z.strictObject({
    app: z.string(),
    vault: Sides,
    redis: Sides,
    /** The secret with the connection string; only the host in it is looked at. */
    secret: z.string(),
  }),
  output: z.strictObject({
    ...observed,
    /** `recovery`: a recovery made it, and the estate does not name it yet. */
    side: z.enum(["primary", "secondary", "recovery"]),
    /** How it is known; `assumed` where the secret could not be read or names another cache. */
    known: z.enum(["observed", "assumed"]),
    id: z.string(),
    /** `exports` for those that can write all their keys into files by themselves. */
    way: z.enum(["export", "snapshot"]),
    kind: z.enum(["classic", "managed"]),
    tier: z.string(),
    location: z.string(),
    hasIdentity: z.boolean(),
  }),
  patience: unhurried,
});

/** Count the keys, for the progress of what follows and because an emptied cache is no backup. */
export const countCacheKeys = declareActivity({
  name: "countCacheKeys",
  input: z.strictObject({ cache: z.string() }),
  output: z.strictObject({ ...observed, count: z.int().nonnegative() }),
  patience: patiently,
});

/** Copy as many keys as some time allows into one part of a portable snapshot, and read it back. */
export const copyKeys = declareActivity({
  name: "copyKeys",
  input: z.strictObject({
    cache: z.string(),
    set: z.string(),
    nth: z.int().positive(),
    /** Where the part before this one ended; absent for the first. */
    from: ScanPosition.optional(),
  }),
  output: z.strictObject({
    ...observed,
    done: z.int().nonnegative(),
    /** Another server has taken over, so it began anew: the parts before this one do not count. */
    fresh: z.boolean(),
    part: ItemPart,
    /** Where the next part begins; absent after the last. */
    next: ScanPosition.optional(),
  }),
  patience: unhurried,
});

/** Choose where the cache exports to: an account of the environment in the cache's own region. */
export const prepareExport = declareActivity({
  name: "prepareExport",
  input: z.strictObject({
    storage: Sides,
    cache: z.string(),
    kind: z.enum(["classic", "managed"]),
    region: z.string(),
    /** Names this run's files. */
    folder: z.string(),
  }),
  output: z.strictObject({ ...mutated, place: FilePlace }),
  patience: patiently,
});

/** Have the cache write all keys into files. */
export const startExport = declareActivity({
  name: "startExport",
  input: z.strictObject({
    cache: z.string(),
    place: FilePlace,
    /** How the cache reaches the account: with its own identity, or with a SAS that is made for it. */
    access: z.enum(["identity", "sas"]),
  }),
  output: z.strictObject({ ...mutated, operation: z.string().optional() }),
  patience: unhurried,
});

/** How an export, an import or a change of a cache stands. */
export const observeCacheOperation = declareActivity({
  name: "observeCacheOperation",
  input: z.strictObject({ cache: z.string(), operation: z.string() }),
  output: z.strictObject({
    ...observed,
    state: z.enum(["running", "succeeded", "failed"]),
    operation: z.string().optional(),
  }),
  patience: once,
});

/** Look at the files of an export: whether they are there and end as such files do. */
export const observeExport = declareActivity({
  name: "observeExport",
  input: z.strictObject({ place: FilePlace }),
  output: z.strictObject({ ...observed, files: z.array(CacheFile), whole: z.boolean() }),
  patience: once,
});

/** Have the service copy files from one account into another; a look begins what was not begun. */
export const copyCacheFiles = declareActivity({
  name: "copyCacheFiles",
  input: z.strictObject({
    /** Each absent for the container of the sets. */
    from: z.strictObject({ endpoint: z.string(), container: z.string() }).optional(),
    to: z.strictObject({ endpoint: z.string(), container: z.string() }).optional(),
    files: z.array(z.strictObject({ name: z.string(), target: z.string() })),
  }),
  output: z.strictObject({
    ...observed,
    done: z.int().nonnegative(),
    waiting: z.int().nonnegative(),
    failed: z.array(z.string()),
  }),
  patience: once,
});

/** Read a copied file, or as much of it as some time allows, and prove that it is a whole export. */
export const verifyExport = declareActivity({
  name: "verifyExport",
  input: z.strictObject({
    set: z.string(),
    nth: z.int().positive(),
    /** What the cache called it, and where its copy lies. */
    name: z.string(),
    blob: z.string(),
    from: z.strictObject({ read: z.int().nonnegative(), crc: z.string() }).optional(),
  }),
  output: z.strictObject({
    ...observed,
    /** Bytes read. */
    done: z.int().nonnegative(),
    /** Where to go on; absent when the file has been read. */
    next: z.strictObject({ read: z.int().nonnegative(), crc: z.string() }).optional(),
    part: ItemPart.optional(),
    /** False for a compressed file that is too long to be read in one go, and one without a checksum. */
    proven: z.boolean(),
  }),
  patience: unhurried,
});

/** Remove files that a cache wrote or was given; they have done their service. */
export const removeCacheFiles = declareActivity({
  name: "removeCacheFiles",
  /** `whole`: with the container, where it was made for this run alone. */
  input: z.strictObject({ place: FilePlace, whole: z.boolean() }),
  output: z.strictObject(mutated),
  patience: patiently,
});

/** Ensure a maintenance window and persistence, and report what cannot be had. */
export const protectCache = declareActivity({
  name: "protectCache",
  input: z.strictObject({
    cache: z.string(),
    windowHours: z.int().min(5),
    /** The environment's accounts: persistence writes into the one of the cache's region. */
    storage: Sides,
  }),
  output: z.strictObject({
    ...mutated,
    drift: z.array(z.string()),
    /** Turning persistence on, which takes some minutes. */
    operation: z.string().optional(),
  }),
  patience: patiently,
});
