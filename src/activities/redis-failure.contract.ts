import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";
import { minutes, seconds } from "../domain/duration.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { HealthRule } from "../domain/estate.js";
import { Instant } from "../domain/instant.js";
import { once, patiently, type Patience } from "../domain/patience.js";
import { ScanPosition } from "../domain/scan-position.js";

/** Azure works on one change of a cache at a time, for minutes. */
const whileBusy: Patience = {
  ...patiently,
  busy: { first: seconds(15), longest: seconds(30), within: minutes(10) },
};

/** For looks that a whole branch of a recovery hangs on: one answer that is lost must not decide it. */
const briefly: Patience = {
  ...patiently,
  transient: { first: seconds(5), longest: seconds(15), within: minutes(1) },
};

const CacheRef = z.strictObject({ cache: z.string() });
const Sides = z.strictObject({ primary: z.string(), secondary: z.string().optional() });
/** What is changed stands under the lease of the cache that the run is about. */
const underLease = { lease: z.string() };

/** What is read to find the cache in use. */
const CacheUse = z.strictObject({
  app: z.string(),
  vault: Sides,
  redis: Sides,
  secret: z.string(),
});

/** The cache that the app uses now, or is taken to use; a recovery has less time than a backup. */
export const findCacheInUse = declareActivity({
  name: "findCacheInUse",
  input: CacheUse,
  output: z.strictObject({
    ...observed,
    side: z.enum(["primary", "secondary", "recovery"]),
    known: z.enum(["observed", "assumed"]),
    id: z.string(),
  }),
  patience: briefly,
});

const Says = z.enum(["failed", "well", "unknown"]);

/**
 * One look at a cache from every place: ARM, a write and a read of our own over TLS, and what the app
 * says of it. What cannot be looked at says `unknown`.
 */
export const probeCache = declareActivity({
  name: "probeCache",
  input: CacheRef.extend({
    app: z.strictObject({ fqdn: z.string(), rule: HealthRule, check: z.string() }).optional(),
  }),
  output: z.strictObject({
    ...observed,
    sources: z.array(
      z.strictObject({
        kind: z.enum(["own-probe", "arm-state", "app-health"]),
        says: Says,
        detail: z.string(),
      }),
    ),
    /** What all of it comes to. The app's word counts most: it is the one who needs the cache. */
    verdict: Says,
    /** Only the app is not let in: the cache itself is well. */
    appAlone: z.boolean(),
    /** Which cache the app says it uses; most apps do not tell. */
    uses: z.enum(["this", "another", "untold"]),
  }),
  patience: once,
});

/** What can be done to a cache: how many shards it has, and whether a node stands in for the primary one. */
export const inspectCache = declareActivity({
  name: "inspectCache",
  input: CacheRef,
  output: z.strictObject({
    ...observed,
    kind: z.enum(["classic", "managed", "missing"]),
    shards: z.int().nonnegative(),
    hasReplica: z.boolean(),
  }),
  patience: briefly,
});

/** Reboot the primary node. With a replica a second one does no harm; without, nobody can tell. */
export const rebootPrimary = declareActivity({
  name: "rebootPrimary",
  input: CacheRef.extend({ shard: z.int().nonnegative().optional(), hasReplica: z.boolean() }),
  output: z.strictObject({ ...mutated }),
  patience: whileBusy,
});

/** Look at a cache that could take over. */
export const inspectStandby = declareActivity({
  name: "inspectStandby",
  input: CacheRef.extend({ instead: z.string() }),
  output: z.strictObject({
    ...observed,
    /** Whether it answers. */
    usable: z.boolean(),
    /** `replica`: of the other, and read-only; `member`: of one group with it; `none`: on its own. */
    link: z.enum(["replica", "member", "none"]),
    keys: z.int().nonnegative(),
  }),
  patience: briefly,
});

/** The caches that earlier runs made for the estate and nobody has removed; ready, whatever they hold. */
export const findMadeCaches = declareActivity({
  name: "findMadeCaches",
  input: z.strictObject({ redis: Sides, failing: z.string() }),
  output: z.strictObject({ ...observed, caches: z.array(z.string()) }),
  patience: briefly,
});

/** Begin to end a geo-link. Its trace is a link that goes, or has gone. */
export const startUnlink = declareActivity({
  name: "startUnlink",
  input: z.strictObject({
    primary: z.string(),
    secondary: z.string(),
    /** Which of the two is asked: not one whose region is down. By default the primary. */
    at: z.enum(["primary", "secondary"]).optional(),
    ...underLease,
  }),
  output: z.strictObject({ ...mutated }),
  patience: whileBusy,
});

/** Begin to turn persistence off: caches that save themselves cannot be linked. */
export const stopPersistence = declareActivity({
  name: "stopPersistence",
  input: CacheRef.extend(underLease),
  output: z.strictObject({ ...mutated }),
  patience: whileBusy,
});

/** Begin to make one cache the copy of another; what it holds is lost. */
export const startLink = declareActivity({
  name: "startLink",
  input: z.strictObject({ primary: z.string(), secondary: z.string(), ...underLease }),
  output: z.strictObject({ ...mutated }),
  patience: whileBusy,
});

/** Whether a cache is linked, and settled. */
export const observeLinks = declareActivity({
  name: "observeLinks",
  input: CacheRef,
  output: z.strictObject({ ...observed, linked: z.boolean(), settled: z.boolean() }),
  patience: once,
});

/** Begin to make a cache. Its trace is a cache of that name with the run's tag. */
export const startCreation = declareActivity({
  name: "startCreation",
  input: CacheRef.extend({
    region: z.string(),
    size: z.string(),
    replaces: z.string(),
    ...underLease,
  }),
  output: z.strictObject({ ...mutated }),
  patience: patiently,
});

/** Begin to make the database of a cache of Azure Managed Redis. */
export const startDatabase = declareActivity({
  name: "startDatabase",
  input: CacheRef.extend(underLease),
  output: z.strictObject({ ...mutated }),
  patience: whileBusy,
});

/** How far the making of a cache has come, as the cache itself shows it. */
export const observeCreation = declareActivity({
  name: "observeCreation",
  input: CacheRef,
  output: z.strictObject({
    ...observed,
    state: z.enum(["under-way", "ready", "failed"]),
    database: z.enum(["none", "missing", "there"]),
  }),
  patience: once,
});

/** The newest verified set, of any cache of the environment, that a cache can take. */
export const chooseCacheSet = declareActivity({
  name: "chooseCacheSet",
  input: CacheRef.extend({
    environment: EnvironmentName,
    failing: z.string(),
    /** The caches that the estate names; those that recoveries made are looked through besides. */
    redis: Sides,
  }),
  output: z.discriminatedUnion("kind", [
    z.strictObject({
      ...observed,
      kind: z.literal("found"),
      set: z.string(),
      source: z.string(),
      takenAt: Instant,
      /** Newer sets that cannot be trusted, each with the reason. */
      passedOver: z.array(z.string()),
    }),
    z.strictObject({ ...observed, kind: z.literal("none") }),
  ]),
  patience: patiently,
});

/** Make the connection string in the vault in use that of a cache, by a new version, if it differs. */
export const writeConnection = declareActivity({
  name: "writeConnection",
  input: CacheRef.extend({
    app: z.string(),
    vault: Sides,
    secret: z.string(),
    key: z.enum(["primary", "secondary"]),
    ...underLease,
  }),
  output: z.strictObject({ ...mutated }),
  patience: {
    ...patiently,
    // A vault that the platform has failed over can be read only, for minutes.
    busy: { first: seconds(15), longest: seconds(60), within: minutes(25) },
    "permission-lag": { first: seconds(10), longest: seconds(30), within: minutes(3) },
  },
});

/** The hash of a key: tells later whether it is still the same. */
export const fingerprintKey = declareActivity({
  name: "fingerprintKey",
  input: CacheRef.extend({ key: z.enum(["primary", "secondary"]) }),
  output: z.strictObject({ ...observed, sha256: z.string() }),
  patience: patiently,
});

/**
 * Make a key anew; refused where the vault in use holds it, or nobody can tell. Its trace is a key with
 * another hash than before.
 */
export const regenerateKey = declareActivity({
  name: "regenerateKey",
  input: CacheRef.extend({
    key: z.enum(["primary", "secondary"]),
    before: z.string(),
    use: CacheUse,
  }),
  output: z.strictObject({ ...mutated }),
  patience: whileBusy,
});

/** Remove all keys of a cache; refused where the app uses it by now, or nobody can tell. */
export const emptyCache = declareActivity({
  name: "emptyCache",
  input: CacheRef.extend({ use: CacheUse }),
  output: z.strictObject({ ...mutated }),
  patience: whileBusy,
});

/**
 * Copy keys from one cache into another, as many as some time allows. What is there gives way only
 * where that is wanted and the app uses the cache that is copied from.
 */
export const copyKeysAcross = declareActivity({
  name: "copyKeysAcross",
  input: z.strictObject({
    from: z.string(),
    to: z.string(),
    replace: z.boolean(),
    use: CacheUse,
    position: ScanPosition.optional(),
  }),
  output: z.strictObject({
    ...mutated,
    done: z.int().nonnegative(),
    next: ScanPosition.optional(),
  }),
  patience: whileBusy,
});
