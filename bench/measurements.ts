import type { Measurement } from "./measurement.js";
import { blobBackup } from "./rows/blob-backup.js";
import { coldStart } from "./rows/cold-start.js";
import { containerAppFailure } from "./rows/container-app-failure.js";
import { keyVaultFailure } from "./rows/key-vault-failure.js";
import { redisBackup } from "./rows/redis-backup.js";
import { redisFailure } from "./rows/redis-failure.js";
import { regionOutage } from "./rows/region-outage.js";
import { host } from "./rows/host.js";
import { keyVaultBackup } from "./rows/key-vault-backup.js";
import { storageFailure } from "./rows/storage-failure.js";
import { telemetryBackup } from "./rows/telemetry-backup.js";

/** Everything that is measured, in the order of the table. */
export const measurements: readonly Measurement[] = [
  ...host,
  ...containerAppFailure,
  ...redisFailure,
  ...keyVaultFailure,
  ...storageFailure,
  ...regionOutage,
  ...keyVaultBackup,
  ...redisBackup,
  ...blobBackup,
  ...telemetryBackup,
  ...coldStart,
];
