import { type ArmContext, type ArmOperation, type ArmType, operationsOf } from "../arm/router.js";
import { noticed } from "../redis-server/operation-routes.js";
import type { Answer } from "../server/exchange.js";
import { deleteCluster, getCluster, listClusters, patchCluster, putCluster } from "./clusters.js";
import {
  databaseOf,
  deleteDatabase,
  flush,
  getDatabase,
  listDatabases,
  listKeys,
  patchDatabase,
  putDatabase,
  regenerateKey,
} from "./databases.js";
import { forceLink, forceUnlink } from "./geo-replication.js";
import { CLUSTER_TYPE } from "./representation.js";
import type { ManagedDatabase } from "./state.js";
import { exportDatabase, importDatabase } from "./transfers.js";

/** Published versions of Microsoft.Cache/redisEnterprise that know Azure Managed Redis. */
export const MANAGED_API_VERSIONS = ["2024-10-01", "2025-04-01", "2025-07-01"];
const operationOn = operationsOf(CLUSTER_TYPE, MANAGED_API_VERSIONS);
const subscription = "/subscriptions/{subscriptionId}";
const group = `${subscription}/resourceGroups/{resourceGroupName}`;
const cluster = `${group}/providers/${CLUSTER_TYPE}/{clusterName}`;
const database = `${cluster}/databases/{databaseName}`;

export const managedRedisTypes: readonly ArmType[] = [
  CLUSTER_TYPE,
  `${CLUSTER_TYPE}/databases`,
].map((type) => ({ type, apiVersions: MANAGED_API_VERSIONS }));

/** Azure Managed Redis: clusters and their one database. There is no reboot. */
export const managedRedisOperations: readonly ArmOperation[] = [
  operation(
    "redisEnterprise.list",
    "GET",
    `${subscription}/providers/${CLUSTER_TYPE}`,
    "read",
    listClusters,
  ),
  operation(
    "redisEnterprise.listByResourceGroup",
    "GET",
    `${group}/providers/${CLUSTER_TYPE}`,
    "read",
    listClusters,
  ),
  operation("redisEnterprise.get", "GET", cluster, "read", getCluster),
  operation("redisEnterprise.create", "PUT", cluster, "write", putCluster),
  operation("redisEnterprise.update", "PATCH", cluster, "write", patchCluster),
  operation("redisEnterprise.delete", "DELETE", cluster, "delete", deleteCluster),
  operation(
    "databases.listByCluster",
    "GET",
    `${cluster}/databases`,
    "databases/read",
    listDatabases,
  ),
  operation("databases.get", "GET", database, "databases/read", getDatabase),
  operation("databases.create", "PUT", database, "databases/write", putDatabase),
  operation("databases.update", "PATCH", database, "databases/write", patchDatabase),
  operation("databases.delete", "DELETE", database, "databases/delete", deleteDatabase),
  { ...action("listKeys", listKeys), mutating: false, takesBody: false },
  action("regenerateKey", regenerateKey),
  action("export", on(exportDatabase)),
  action("import", on(importDatabase)),
  action("forceUnlink", on(forceUnlink)),
  action("forceLinkToReplicationGroup", on(forceLink)),
  { ...action("flush", flush), takesBody: false },
];

function action(verb: string, handle: (context: ArmContext) => Answer): ArmOperation {
  return operation(
    `databases.${verb}`,
    "POST",
    `${database}/${verb}`,
    `databases/${verb}/action`,
    handle,
  );
}

function on(
  handle: (context: ArmContext, database: ManagedDatabase) => Answer,
): (context: ArmContext) => Answer {
  return (context) => handle(context, databaseOf(context));
}

function operation(
  name: string,
  method: ArmOperation["method"],
  path: string,
  verb: string,
  handle: (context: ArmContext) => Answer,
): ArmOperation {
  return {
    ...operationOn(name, method, path, verb, method === "GET" ? handle : noticed(handle)),
    ...(method === "POST" && { takesBody: true }),
  };
}
