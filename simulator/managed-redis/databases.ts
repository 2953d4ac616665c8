import { z } from "zod";
import { checkedContent } from "../arm/invalid-content.js";
import { withoutNulls } from "../arm/merge-patch.js";
import { beginOn } from "../arm/resource-operation.js";
import { type ArmContext, armHeaders, armJson, resourceNotFound } from "../arm/router.js";
import { newKey } from "../redis-server/keys.js";
import { accepted, PROVIDER, withResource } from "../redis-server/operation-routes.js";
import { badRequest } from "../redis/rules.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { clusterOf } from "./clusters.js";
import { checkMembers, linkTo } from "./geo-replication.js";
import { newDatabase, removeDatabase } from "./lifecycle.js";
import { CLUSTER_TYPE, databaseResource, keysOfDatabase } from "./representation.js";
import { checkChange, checkDatabase, checkIdle } from "./rules.js";
import { DatabaseBody, type DatabaseProperties, evictionOf, withoutReadOnly } from "./schema.js";
import type { ManagedDatabase } from "./state.js";

const RegenerateBody = z.strictObject({ keyType: z.enum(["Primary", "Secondary"]) });
const ends = { location: "operationsResult", status: "operationsStatus" } as const;

export function listDatabases(context: ArmContext): Answer {
  const { database } = clusterOf(context);
  return armJson(context, 200, { value: database ? [databaseResource(database)] : [] });
}

export function getDatabase(context: ArmContext): Answer {
  return armJson(context, 200, databaseResource(databaseOf(context)));
}

/** Accepted while the cluster is being made, too: it waits for it. */
export function putDatabase(context: ArmContext): Answer {
  const { world, outcomes, params } = context;
  const cluster = clusterOf(context);
  if (params["databaseName"] !== "default") {
    throw badRequest("The name of a database must be 'default'.");
  }
  const body = checkedContent(DatabaseBody, withoutReadOnly(withoutNulls(context.body)));
  if (cluster.database) return change(context, cluster.database, body.properties, 200);
  if (!["Creating", "Succeeded"].includes(cluster.provisioningState)) checkIdle(cluster);
  checkDatabase(body.properties, cluster);
  const id = `${cluster.id}/databases/default`;
  const members = checkMembers(id, body.properties, world);
  const database = newDatabase(cluster, body.properties, world);
  const { geoReplication } = body.properties;
  if (geoReplication) linkTo(database, geoReplication.groupNickname, members, world);
  const { timeline, durations } = world;
  const pending = cluster.operation && world.operations.get(cluster.operation);
  const clusterReady = pending
    ? pending.startedAt + durations.managedRedisCreation
    : timeline.now();
  const operation = beginOn(database, world, {
    provider: PROVIDER,
    what: "the creation of the database",
    duration: Math.max(0, clusterReady - timeline.now()) + durations.managedRedisDatabase,
    outcomes,
    failure: new Refusal(500, "InternalServerError", "The database could not be created."),
    ended: (error) => {
      database.provisioningState = error ? "Failed" : "Succeeded";
      database.resourceState = error ? "CreateFailed" : "Running";
      for (const member of members) member.linking.delete(database.id);
      database.linking.clear();
    },
  });
  return withResource(context, 201, databaseResource(database), {
    operation,
    kind: "operationsStatus",
    effect: { kind: "managed-redis-database-created", resource: id },
  });
}

export function patchDatabase(context: ArmContext): Answer {
  const body = checkedContent(DatabaseBody, withoutReadOnly(withoutNulls(context.body)));
  return change(context, databaseOf(context), body.properties, 202);
}

function change(
  context: ArmContext,
  database: ManagedDatabase,
  properties: DatabaseProperties,
  status: number,
): Answer {
  const { world, outcomes } = context;
  checkIdle(database);
  // Where it listens is not up to whoever changes it.
  const { port: _port, ...wanted } = { ...database.properties, ...properties };
  checkChange(database, wanted);
  database.properties = wanted;
  if (wanted.accessKeysAuthentication !== "Enabled") database.endpoint.cut();
  database.provisioningState = database.resourceState = "Updating";
  const policy = database.store.configure("maxmemory-policy", evictionOf(wanted));
  const operation = beginOn(database, world, {
    provider: PROVIDER,
    what: "the update of the database",
    duration: world.durations.redisUpdate,
    outcomes,
    work: world.redisServers.track(policy),
    failure: new Refusal(500, "InternalServerError", "The database could not be updated."),
    ended: (error) => {
      database.provisioningState = error ? "Failed" : "Succeeded";
      database.resourceState = "Running";
    },
  });
  return withResource(context, status, databaseResource(database), {
    operation,
    kind: "operationsStatus",
    effect: { kind: "managed-redis-database-updated", resource: database.id },
  });
}

export function deleteDatabase(context: ArmContext): Answer {
  const { world, outcomes } = context;
  const { database } = clusterOf(context);
  if (database === undefined) return { status: 204, headers: armHeaders(context.request) };
  checkIdle(database);
  database.provisioningState = "Deleting";
  database.resourceState = "Deleting";
  database.endpoint.cut();
  const operation = beginOn(database, world, {
    provider: PROVIDER,
    what: "the deletion of the database",
    duration: world.durations.redisUpdate,
    outcomes,
    failure: new Refusal(500, "InternalServerError", "The database could not be deleted."),
    ended: (error) => {
      if (error) database.provisioningState = "Failed";
      else removeDatabase(database, world);
    },
  });
  const effect = { kind: "managed-redis-database-deleted", resource: database.id };
  return accepted(context, operation, effect, ends);
}

export function listKeys(context: ArmContext): Answer {
  const database = databaseOf(context);
  checkKeysEnabled(database);
  return armJson(context, 200, keysOfDatabase(database));
}

/** Whoever came with the old key is disconnected and cannot come back with it. */
export function regenerateKey(context: ArmContext): Answer {
  const { world, outcomes } = context;
  const database = databaseOf(context);
  const { keyType } = checkedContent(RegenerateBody, context.body);
  checkIdle(database);
  checkKeysEnabled(database);
  const name = keyType === "Primary" ? "primary" : "secondary";
  database.keys[name] = newKey();
  database.endpoint.cut(name);
  database.ailments = database.ailments.filter(
    ({ kind, lasting }) => kind !== "keys-refused" || lasting,
  );
  const operation = beginOn(database, world, {
    provider: PROVIDER,
    what: "the regeneration of a key",
    duration: world.durations.managedRedisKey,
    outcomes,
    failure: new Refusal(500, "InternalServerError", "The key could not be regenerated."),
    ended: () => undefined,
    result: () => keysOfDatabase(database),
  });
  const effect = { kind: "managed-redis-key-regenerated", resource: database.id, detail: name };
  return accepted(context, operation, effect, ends);
}

/** Deletes everything in the database and in those that it is linked to. */
export function flush(context: ArmContext): Answer {
  const { world, outcomes } = context;
  const database = databaseOf(context);
  checkIdle(database);
  const operation = beginOn(database, world, {
    provider: PROVIDER,
    what: "the flush",
    duration: world.durations.redisUpdate,
    outcomes,
    work: world.redisServers.track(database.store.empty()),
    failure: new Refusal(500, "InternalServerError", "The database could not be flushed."),
    ended: () => undefined,
  });
  const effect = { kind: "managed-redis-flushed", resource: database.id };
  return accepted(context, operation, effect, ends);
}

export function databaseOf(context: ArmContext): ManagedDatabase {
  const { database } = clusterOf(context);
  const name = context.params["databaseName"] ?? "";
  if (database && name.toLowerCase() === "default") return database;
  throw resourceNotFound(context, `${CLUSTER_TYPE}/databases`, name);
}

function checkKeysEnabled({ properties }: ManagedDatabase): void {
  if (properties.accessKeysAuthentication === "Enabled") return;
  throw badRequest("Access keys authentication is disabled for the database.");
}
