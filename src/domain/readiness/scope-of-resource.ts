import type { ResourceKind } from "../estate.js";
import type { RestorableKind } from "../backup.js";
import type { RecoveryScenario } from "./readiness.js";

/** The recoveries that change, read or lead to a kind of resource. */
export const scenariosOf: Readonly<Record<ResourceKind | "edge", readonly RecoveryScenario[]>> = {
  "container-app": [
    "container-app-failure",
    "redis-failure",
    "key-vault-failure",
    "storage-failure",
    "region-outage",
  ],
  redis: ["redis-failure", "region-outage"],
  "key-vault": ["key-vault-failure", "redis-failure", "region-outage"],
  storage: ["storage-failure", "region-outage"],
  "traffic-manager": ["region-outage"],
  edge: ["storage-failure", "region-outage"],
};

/** The recoveries that may need a kind of backup. */
export const scenariosOfBackup: Readonly<Record<RestorableKind, readonly RecoveryScenario[]>> = {
  "key-vault": ["key-vault-failure", "region-outage"],
  redis: ["redis-failure", "region-outage"],
  blobs: ["storage-failure", "region-outage"],
};
