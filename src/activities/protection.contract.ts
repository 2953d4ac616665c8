import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated } from "../durable/step-output.js";
import { patiently } from "../domain/patience.js";
import { CacheStorage } from "./redis-backup.contract.js";

/*
 * What a backup ensures about the settings of what it backs up: one request a setting, by whoever
 * holds the resource. What cannot be had is reported as drift, and fails nothing.
 */

const Sides = z.strictObject({ primary: z.string(), secondary: z.string().optional() });
const drift = z.array(z.string());

/** Turn a vault's purge protection on where it is wanted, and report what cannot be changed. */
export const protectVault = declareActivity({
  name: "protectVault",
  input: z.strictObject({
    vault: z.string(),
    purgeProtection: z.boolean(),
    retentionDays: z.int(),
  }),
  output: z.strictObject({ ...mutated, drift }),
  patience: patiently,
});

/** Have a vault's audit log flow into a workspace. */
export const auditVault = declareActivity({
  name: "auditVault",
  input: z.strictObject({
    vault: z.string(),
    /** ARM id of the workspace. */
    workspace: z.string(),
  }),
  output: z.strictObject(mutated),
  patience: patiently,
});

/** Ensure what keeps blobs from being lost by a mistake, and report what takes longer than a backup. */
export const protectAccount = declareActivity({
  name: "protectAccount",
  input: z.strictObject({
    account: z.string(),
    retentionDays: z.int().positive(),
    /** Whether its blobs are to outlive a zone and the region. */
    redundant: z.boolean(),
  }),
  output: z.strictObject({ ...mutated, drift }),
  patience: patiently,
});

/** Ensure a cache's maintenance window, and report where its exports are kept after their removal. */
export const protectCache = declareActivity({
  name: "protectCache",
  input: z.strictObject({
    cache: z.string(),
    windowHours: z.int().min(5),
    /** Exports pass through one of them. */
    storage: CacheStorage,
  }),
  output: z.strictObject({ ...mutated, drift }),
  patience: patiently,
});

/** Ensure how long a registry keeps images that have lost their tag. One without the policy keeps all. */
export const keepImages = declareActivity({
  name: "keepImages",
  input: z.strictObject({ registry: z.string(), retentionDays: z.int().min(1).max(365) }),
  output: z.strictObject(mutated),
  patience: patiently,
});

/** Turn a cache's persistence on, where its tier has it. */
export const persistCache = declareActivity({
  name: "persistCache",
  input: z.strictObject({ cache: z.string(), storage: Sides }),
  output: z.strictObject({
    ...mutated,
    drift,
    /** It takes some minutes. */
    operation: z.string().optional(),
  }),
  patience: patiently,
});
