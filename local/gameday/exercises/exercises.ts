import type { Exercise } from "../exercise.js";
import { containerAppFailure } from "./container-app-failure.js";
import { keyVaultFailure } from "./key-vault-failure.js";
import { redisFailure } from "./redis-failure.js";
import { regionOutage } from "./region-outage.js";
import { storageFailure } from "./storage-failure.js";

/** The scenarios that a game day knows, in the order of the table. */
export const exercises: readonly Exercise[] = [
  containerAppFailure,
  redisFailure,
  keyVaultFailure,
  storageFailure,
  regionOutage,
];
