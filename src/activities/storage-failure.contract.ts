import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";
import { accountConditions } from "../domain/account-condition.js";
import { minutes, seconds } from "../domain/duration.js";
import { HealthRule } from "../domain/estate.js";
import { Instant } from "../domain/instant.js";
import { once, patiently, throttled, type Patience } from "../domain/patience.js";
import { Source } from "../domain/sources.js";

/** A role given in this run takes up to ten minutes to be felt. */
const untilRolesAreFelt: Patience = {
  ...throttled,
  "permission-lag": { first: seconds(15), longest: seconds(30), within: minutes(12) },
};

const Sides = z.strictObject({ primary: z.string(), secondary: z.string().optional() });

const AccountPlace = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** `elsewhere`: the app uses one that the estate does not name; a recovery may have made it. */
  side: z.enum(["primary", "secondary", "elsewhere"]),
  /** Whether the app says that it uses it, or that is assumed. */
  known: z.enum(["observed", "assumed"]),
  /** The address of its blobs, as Resource Manager names it or as the app does. */
  address: z.string(),
});
export type AccountPlace = z.infer<typeof AccountPlace>;

/** How an account is replicated, and what of it Resource Manager says. */
const Redundancy = z.strictObject({
  sku: z.string(),
  /** Where blobs are written now. */
  primaryLocation: z.string(),
  secondaryLocation: z.string().optional(),
  /** Where the copy in the other region can be read. */
  secondaryEndpoint: z.string().optional(),
  geo: z
    .strictObject({
      status: z.enum(["Live", "Bootstrap", "Unavailable"]),
      /** Everything written before is in the other region. */
      lastSyncAt: Instant.optional(),
      canFailover: z.boolean(),
      canPlannedFailover: z.boolean(),
    })
    .optional(),
});
export type Redundancy = z.infer<typeof Redundancy>;

/** Find out how the storage account that the app uses is, and what is wrong with it. */
export const diagnoseStorage = declareActivity({
  name: "diagnoseStorage",
  input: z.strictObject({
    app: z.string(),
    standby: z.string().optional(),
    sides: Sides,
    container: z.string(),
    health: HealthRule,
    /** The check in the app's health that speaks of its storage. */
    check: z.string(),
  }),
  output: z.strictObject({
    ...observed,
    account: AccountPlace,
    condition: z.enum(accountConditions),
    sources: z.array(Source),
    /** Absent where Resource Manager does not show the account. */
    redundancy: Redundancy.optional(),
    /** Where the app answers; absent without ingress. */
    fqdn: z.string().optional(),
    /** Whether this service can use the account itself. */
    usable: z.boolean(),
  }),
  patience: patiently,
});

/** Whether an account stands, how it is replicated, and whether this service can use it. */
export const observeAccount = declareActivity({
  name: "observeAccount",
  input: z.strictObject({ account: z.string() }),
  output: z.strictObject({
    ...observed,
    state: z.enum(["ready", "coming", "failing-over", "absent"]),
    usable: z.boolean(),
    endpoint: z.string().optional(),
    redundancy: Redundancy.optional(),
  }),
  patience: patiently,
});

/** Count what is newer than an instant where a copy of the account can be read. */
export const countNewerBlobs = declareActivity({
  name: "countNewerBlobs",
  input: z.strictObject({ endpoint: z.string(), containers: z.array(z.string()), since: Instant }),
  output: z.strictObject({
    ...observed,
    newer: z.int().nonnegative(),
    /** The first of them, as container/path. */
    names: z.array(z.string()),
    /** Whether every blob was looked at. */
    complete: z.boolean(),
  }),
  patience: once,
});

/** Choose the account to go on with: the other side where it stands, else a name for a new one. */
export const chooseAccount = declareActivity({
  name: "chooseAccount",
  input: z.strictObject({
    sides: Sides,
    /** The account that is lost. */
    lost: z.string(),
    reservedName: z.string().optional(),
  }),
  output: z.strictObject({
    ...observed,
    /** The account of the other side, or one that an earlier run has made. */
    standby: z.string().optional(),
    /** Where a new one could be made; absent where no name is to be had. */
    free: z.string().optional(),
  }),
  patience: patiently,
});

const Started = z.strictObject({
  ...mutated,
  /** The SDK's serialized poller; absent if the goal already held. */
  operation: z.string().optional(),
});

/** Begin to make an account: no public access, TLS 1.2, the tag of the run. */
export const startAccountCreation = declareActivity({
  name: "startAccountCreation",
  input: z.strictObject({
    account: z.string(),
    location: z.string(),
    sku: z.string(),
    /** What this run holds the lease of; nobody knows the new account yet. */
    lease: z.string(),
  }),
  output: Started,
  patience: patiently,
});

/**
 * Begin to fail an account over to its other region. Never twice: a failover that is under way, or has
 * been since this run began it, is found and followed.
 */
export const startStorageFailover = declareActivity({
  name: "startStorageFailover",
  input: z.strictObject({
    account: z.string(),
    /** Where the blobs were written when it was decided; elsewhere, the failover is done. */
    from: z.string(),
    kind: z.enum(["unplanned", "planned"]),
  }),
  output: Started,
  patience: patiently,
});

/** Change how an account is replicated, as far as that is a setting. */
export const setRedundancy = declareActivity({
  name: "setRedundancy",
  input: z.strictObject({ account: z.string(), sku: z.string() }),
  output: z.strictObject({ ...mutated }),
  patience: patiently,
});

/** One look at a long operation on an account. */
export const pollAccountOperation = declareActivity({
  name: "pollAccountOperation",
  input: z.strictObject({ account: z.string(), operation: z.string() }),
  output: z.strictObject({
    ...observed,
    state: z.enum(["running", "succeeded", "failed"]),
    operation: z.string().optional(),
  }),
  patience: once,
});

const BlobRole = z.enum(["Storage Blob Data Contributor", "Storage Blob Data Reader"]);
export type BlobRole = z.infer<typeof BlobRole>;

/**
 * Who needs a role at an account that takes over: the app and this service, and whoever has one at the
 * account that it replaces, such as the edge.
 */
export const findStorageUsers = declareActivity({
  name: "findStorageUsers",
  input: z.strictObject({
    app: z.string(),
    instead: z.string(),
    /** The region of the other account is known to be away: nobody waits for its answer. */
    away: z.boolean().optional(),
  }),
  output: z.strictObject({
    ...observed,
    users: z.array(z.strictObject({ principalId: z.string(), name: z.string(), role: BlobRole })),
    /** Whether the app has an identity at all. */
    appHasIdentity: z.boolean(),
  }),
  patience: patiently,
});

/** Give a role at an account; one that is there already, or above, is left as it is. */
export const grantStorageRole = declareActivity({
  name: "grantStorageRole",
  input: z.strictObject({
    account: z.string(),
    principalId: z.string(),
    name: z.string(),
    role: BlobRole,
    lease: z.string(),
  }),
  output: z.strictObject({ ...mutated }),
  patience: patiently,
});

/** Begin to tell the app to use another account: one new revision; the suffix makes it repeatable. */
export const startStorageMove = declareActivity({
  name: "startStorageMove",
  input: z.strictObject({ app: z.string(), to: z.string(), suffix: z.string() }),
  output: Started.extend({ revision: z.string() }),
  patience: patiently,
});

const Stretch = z.strictObject({
  from: z.string(),
  to: z.string(),
  container: z.string(),
  /** Where the listing goes on; absent at its beginning. */
  token: z.string().optional(),
  /** Only blobs that were written later; they replace what a copy has brought, whenever it did. */
  newerThan: Instant.optional(),
});

const Compared = {
  /** Blobs looked at. */
  done: z.int().nonnegative(),
  /** Where to go on, unless this was all. */
  token: z.string().optional(),
  /** The first of those that both have, written at the target later than at the source. */
  newerThere: z.array(z.string()),
  /** How many the source has only as the copy of a backup, while the target has another version. */
  olderCopies: z.int().nonnegative(),
  /** The first of those, as container/path. */
  keptThere: z.array(z.string()),
};

/** Compare a stretch of a container with the same container of another account. */
export const compareAccounts = declareActivity({
  name: "compareAccounts",
  input: Stretch,
  output: z.strictObject({
    ...observed,
    ...Compared,
    /** To be written at the target: it has them not, or in an older version. */
    toBring: z.int().nonnegative(),
    /** The first of those that the target has not at all, as container/path. */
    missing: z.array(z.string()),
    /** The first of those that it has in an older version. */
    newerHere: z.array(z.string()),
  }),
  patience: untilRolesAreFelt,
});

/** Bring a stretch of a container to another account, on the server's side; what is the same stays. */
export const bringBlobs = declareActivity({
  name: "bringBlobs",
  input: Stretch.extend({ lease: z.string() }),
  output: z.strictObject({
    ...mutated,
    ...Compared,
    brought: z.int().nonnegative(),
    /** Large ones that the service is still copying; ask again. */
    waiting: z.int().nonnegative(),
    /** The first of those that could not be brought, and why. */
    failed: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  }),
  patience: untilRolesAreFelt,
});
