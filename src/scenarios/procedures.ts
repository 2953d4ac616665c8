import type { BackupKind, RestorableKind } from "../domain/backup.js";
import type { FailbackResource } from "../domain/failback.js";
import type { ProcedureId } from "../domain/scenario-id.js";
import type { DrillId } from "../domain/drill.js";
import { blobBackup } from "./blob-backup.js";
import { blobProof } from "./blob-proof.js";
import { blobRestore } from "./blob-restore.js";
import { containerAppDrill } from "./container-app-drill.js";
import { keyVaultBackup } from "./key-vault-backup.js";
import { keyVaultDrill } from "./key-vault-drill.js";
import { keyVaultFailback } from "./key-vault-failback.js";
import { keyVaultProof } from "./key-vault-proof.js";
import { keyVaultRestore } from "./key-vault-restore.js";
import { redisBackup } from "./redis-backup.js";
import { redisDrill } from "./redis-drill.js";
import { redisFailback } from "./redis-failback.js";
import { redisProof } from "./redis-proof.js";
import { redisRestore } from "./redis-restore.js";
import { regionDrill } from "./region-drill.js";
import { regionFailback } from "./region-failback.js";
import { storageFailback } from "./storage-failback.js";
import { telemetryBackup } from "./telemetry-backup.js";
import type { Scenario } from "./scenario.js";

/** What is run besides the answers to failures. */
export type Procedure = Scenario<string, ProcedureId>;

/** The backup of each kind; a kind that is missing here has none in this version. */
export const backupProcedures: Partial<Record<BackupKind, Procedure>> = {
  "key-vault": keyVaultBackup,
  redis: redisBackup,
  blobs: blobBackup,
  "application-insights": telemetryBackup,
};

/** The restore of each kind; telemetry has none: Azure Monitor takes no requests of the past. */
export const restoreProcedures: Partial<Record<BackupKind, Procedure>> = {
  "key-vault": keyVaultRestore,
  redis: redisRestore,
  blobs: blobRestore,
};

/** The proof of each kind: some of a set is restored into a scratch place, compared and removed. */
export const proofProcedures: Readonly<Record<RestorableKind, Procedure>> = {
  "key-vault": keyVaultProof,
  redis: redisProof,
  blobs: blobProof,
};

/** The failback of each resource: back to the original side, with what is newer brought home. */
export const failbackProcedures: Readonly<Record<FailbackResource, Procedure>> = {
  redis: redisFailback,
  "key-vault": keyVaultFailback,
  storage: storageFailback,
  region: regionFailback,
};

/** The drill of each quarter. */
export const drillProcedures: Readonly<Record<DrillId, Procedure>> = {
  q1: containerAppDrill,
  q2: keyVaultDrill,
  q3: redisDrill,
  q4: regionDrill,
};

export const failbackOf = (id: ProcedureId): Procedure | undefined =>
  Object.values(failbackProcedures).find((procedure) => procedure.id === id);
