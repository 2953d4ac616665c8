import { accountCopyActivities } from "./activities/account-copies.js";
import { accountDiagnosisActivities } from "./activities/account-diagnosis.js";
import { backupActivities } from "./activities/backup.js";
import { backupPruningActivities } from "./activities/backup-pruning.js";
import { blobBackupActivities } from "./activities/blob-backup.js";
import { blobCopyActivities } from "./activities/blob-piece-copies.js";
import { blobProofActivities } from "./activities/blob-proof.js";
import { blobRestoreActivities } from "./activities/blob-restore.js";
import { cacheConnectionActivities } from "./activities/cache-connection.js";
import { cacheCreationActivities } from "./activities/cache-creation.js";
import { checklistActivities } from "./activities/checklist.js";
import { containerAppActivities } from "./activities/container-app.js";
import { drillActivities } from "./activities/drill.js";
import { drillExportActivities } from "./activities/drill-export.js";
import { drillStateActivities } from "./activities/drill-state.js";
import { edgeActivities } from "./activities/edge.js";
import { evidenceActivities } from "./activities/evidence.js";
import { keyVaultBackupActivities } from "./activities/key-vault-backup.js";
import { keyVaultProofActivities } from "./activities/key-vault-proof.js";
import { keyVaultRestoreActivities } from "./activities/key-vault-restore.js";
import { deliveryActivities } from "./activities/notices.js";
import { proofActivities } from "./activities/proof.js";
import { protectionActivities } from "./activities/protection.js";
import { readinessActivities } from "./activities/readiness/readiness.js";
import { redisBackupActivities } from "./activities/redis-backup.js";
import { redisFailbackActivities } from "./activities/redis-failback.js";
import { redisFailureActivities } from "./activities/redis-failure.js";
import { redisCopyActivities } from "./activities/redis-copies.js";
import { redisProofActivities } from "./activities/redis-proof.js";
import { redisRestoreActivities } from "./activities/redis-restore.js";
import { compareVaultsActivity } from "./activities/compare-vaults.js";
import { keyVaultFailureActivities } from "./activities/key-vault-failure.js";
import { runActivities } from "./activities/run.js";
import { standbyActivities } from "./activities/standby.js";
import { storageFailureActivities } from "./activities/storage-failure.js";
import { vaultDiagnosisActivities } from "./activities/vault-diagnosis.js";
import { telemetryBackupActivities } from "./activities/telemetry-backup.js";
import { telemetryProtectionActivities } from "./activities/telemetry-protection.js";
import { trafficActivities } from "./activities/traffic.js";
import type { Activity } from "./durable/activity-contract.js";
import type { Ports } from "./ports.js";

/** Every activity but those that start runs, whose functions take a second input. */
export const activitiesOf = (ports: Ports): readonly Activity[] => {
  const { apps, caches, connectTo, copies, health, placeOfSets, secrets } = ports;
  const { sets, store, streams, vaults } = ports;
  return [
    ...containerAppActivities(apps, health, store),
    ...keyVaultFailureActivities(apps, vaults, ports.roles, store),
    ...vaultDiagnosisActivities(ports),
    compareVaultsActivity(secrets, sets, store),
    ...evidenceActivities(apps, ports.logs, store),
    ...runActivities(store, sets, ports.telemetry),
    ...checklistActivities(ports),
    ...backupActivities(sets),
    ...keyVaultBackupActivities(apps, vaults, secrets, sets, store),
    ...keyVaultRestoreActivities(vaults, secrets, sets),
    ...protectionActivities(ports),
    ...trafficActivities(ports),
    ...redisBackupActivities({ ...ports, sets: placeOfSets }),
    ...redisFailureActivities(ports, connectTo),
    ...cacheCreationActivities(ports),
    ...cacheConnectionActivities(ports),
    ...redisFailbackActivities(ports, connectTo),
    ...redisCopyActivities(caches, connectTo, sets, { place: placeOfSets, streams }, ports),
    ...redisRestoreActivities(ports, connectTo),
    ...blobBackupActivities(apps, ports.accounts, copies, sets, placeOfSets.endpoint),
    ...blobCopyActivities(copies, sets, placeOfSets.endpoint),
    ...blobRestoreActivities(ports.accounts, copies, sets, placeOfSets.endpoint),
    ...accountDiagnosisActivities(ports),
    ...accountCopyActivities(ports),
    ...storageFailureActivities(ports),
    ...edgeActivities(ports),
    ...standbyActivities(ports),
    ...telemetryBackupActivities(ports.logs, sets, streams),
    ...telemetryProtectionActivities(ports),
    ...proofActivities(sets),
    ...keyVaultProofActivities(vaults, secrets, ports.purges, sets),
    ...redisProofActivities(ports, connectTo),
    ...blobProofActivities(copies, sets, placeOfSets.endpoint, ports.scratch),
    ...backupPruningActivities(sets, store.runs),
    ...deliveryActivities(store, ports.channels),
    ...readinessActivities(ports),
    ...drillActivities(ports, store),
    ...drillStateActivities(ports, connectTo, store),
    ...drillExportActivities(ports, connectTo),
  ];
};
