import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";
import { minutes, seconds } from "../domain/duration.js";
import { HealthRule, VaultRules } from "../domain/estate.js";
import { once, patiently, type Patience } from "../domain/patience.js";
import { Source } from "../domain/sources.js";

/** A role given in this run takes up to ten minutes to be felt. */
const untilRolesAreFelt: Patience = {
  ...patiently,
  "permission-lag": { first: seconds(15), longest: seconds(30), within: minutes(12) },
};

/** The app, its vaults as the estate names them, and where those may be. */
const Place = z.strictObject({
  app: z.string(),
  standby: z.string().optional(),
  sides: z.strictObject({ primary: z.string(), secondary: z.string().optional() }),
  /** Regions in which a deleted vault is looked for: Azure wants to be told. */
  locations: z.array(z.string()),
});

const VaultPlace = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** `elsewhere`: the app uses one that the estate does not name; a recovery may have made it. */
  side: z.enum(["primary", "secondary", "elsewhere"]),
  /** Whether the app says that it uses it, or that is assumed. */
  known: z.enum(["observed", "assumed"]),
  /** As the app names it, or as ARM does. */
  address: z.string(),
  location: z.string().optional(),
});
export type VaultPlace = z.infer<typeof VaultPlace>;

/** Find out how the vault that the app uses is, and what is wrong with it. */
export const diagnoseVault = declareActivity({
  name: "diagnoseVault",
  input: Place.extend({
    health: HealthRule,
    /** The check in the app's health that speaks of its vault. */
    check: z.string(),
    rules: VaultRules.optional(),
  }),
  output: z.strictObject({
    ...observed,
    vault: VaultPlace,
    condition: z.enum([
      "healthy",
      "firewall",
      "role-missing",
      "unavailable",
      "soft-deleted",
      "gone",
      "unexplained",
    ]),
    sources: z.array(Source),
    /** Where the app answers; absent without ingress. */
    fqdn: z.string().optional(),
    /** Whether this service can use the vault itself. */
    usable: z.boolean(),
  }),
  patience: patiently,
});

/** Whether a vault stands, and whether this service can use its secrets. */
export const observeVault = declareActivity({
  name: "observeVault",
  /** With a location, one that is not there is looked for among the deleted ones. */
  input: z.strictObject({ vault: z.string(), location: z.string().optional() }),
  output: z.strictObject({
    ...observed,
    state: z.enum(["ready", "coming", "deleted", "absent"]),
    usable: z.boolean(),
    /** Whether it is known to hold no secret. */
    empty: z.boolean(),
    address: z.string().optional(),
    location: z.string().optional(),
  }),
  patience: patiently,
});

/** Whom the app reads secrets as, and who this service is. */
export const findVaultUsers = declareActivity({
  name: "findVaultUsers",
  input: z.strictObject({ app: z.string() }),
  output: z.strictObject({
    ...observed,
    readers: z.array(z.strictObject({ principalId: z.string(), name: z.string() })),
    service: z.string(),
  }),
  patience: patiently,
});

/** Give a role at a vault; one that is there already, or above, is left as it is. */
export const grantVaultRole = declareActivity({
  name: "grantVaultRole",
  input: z.strictObject({
    vault: z.string(),
    principalId: z.string(),
    name: z.string(),
    role: z.enum(["Key Vault Secrets User", "Key Vault Secrets Officer"]),
  }),
  output: z.strictObject({ ...mutated }),
  patience: patiently,
});

/** Set a vault's network rules to what the estate wants. */
export const setVaultNetwork = declareActivity({
  name: "setVaultNetwork",
  input: z.strictObject({ vault: z.string(), rules: VaultRules }),
  output: z.strictObject({ ...mutated }),
  patience: patiently,
});

const Started = z.strictObject({
  ...mutated,
  /** The SDK's serialized poller; absent if the goal already held. */
  operation: z.string().optional(),
});

/** Begin to bring a vault back from soft deletion. */
export const startVaultRecovery = declareActivity({
  name: "startVaultRecovery",
  input: z.strictObject({ vault: z.string(), location: z.string() }),
  output: Started,
  patience: patiently,
});

/** Choose the vault to go on with: the other side where it stands, else a name for a new one. */
export const chooseVault = declareActivity({
  name: "chooseVault",
  input: z.strictObject({
    sides: Place.shape.sides,
    /** The vault that is lost. */
    lost: z.string(),
    reservedName: z.string().optional(),
  }),
  output: z.discriminatedUnion("kind", [
    z.strictObject({ ...observed, kind: z.literal("standby"), vault: z.string() }),
    z.strictObject({ ...observed, kind: z.literal("new"), vault: z.string() }),
  ]),
  patience: patiently,
});

/** Begin to make a vault: roles decide, purge protection is on, deleted secrets are kept for 90 days. */
export const startVaultCreation = declareActivity({
  name: "startVaultCreation",
  input: z.strictObject({
    vault: z.string(),
    location: z.string(),
    rules: VaultRules.optional(),
  }),
  output: Started,
  patience: patiently,
});

/** One look at a long operation on a vault. */
export const pollVaultOperation = declareActivity({
  name: "pollVaultOperation",
  input: z.strictObject({ vault: z.string(), operation: z.string() }),
  output: z.strictObject({
    ...observed,
    state: z.enum(["running", "succeeded", "failed"]),
    operation: z.string().optional(),
  }),
  patience: once,
});

/** Begin to tell the app to use another vault: one new revision; the suffix makes it repeatable. */
export const startVaultMove = declareActivity({
  name: "startVaultMove",
  input: z.strictObject({
    app: z.string(),
    from: z.string(),
    to: z.string(),
    suffix: z.string(),
  }),
  output: Started.extend({ revision: z.string() }),
  patience: untilRolesAreFelt,
});

/**
 * Compare a stretch of the secrets that are listed with those of another vault. Values stay inside; the
 * evidence names what differs.
 */
export const compareVaults = declareActivity({
  name: "compareVaults",
  input: z.strictObject({
    from: z.string(),
    to: z.string(),
    list: z.string(),
    begin: z.int().nonnegative(),
    end: z.int().nonnegative(),
  }),
  output: z.strictObject({
    ...observed,
    done: z.int().nonnegative(),
    /** To be written at the target: it has them not, or an older value. */
    toBring: z.int().nonnegative(),
    /** Those that are newer at the target, and another value. */
    newerThere: z.array(z.string()),
    /** Those that cannot be brought, and why. */
    left: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  }),
  patience: untilRolesAreFelt,
});
