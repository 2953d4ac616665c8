import { checkedContent } from "../arm/invalid-content.js";
import { withoutNulls } from "../arm/merge-patch.js";
import { isWithin, keyOf } from "../arm/resource-id.js";
import { beginOn } from "../arm/resource-operation.js";
import { type ArmContext, armHeaders, armJson, resourceNotFound } from "../arm/router.js";
import { accepted, PROVIDER, withResource } from "../redis-server/operation-routes.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { regionOf } from "../world/names.js";
import { newCluster, removeCluster } from "./lifecycle.js";
import { CLUSTER_TYPE, clusterResource } from "./representation.js";
import { checkIdle, checkName, checkSku } from "./rules.js";
import { ClusterBody, ClusterUpdateBody, memoryBytesOf, withoutReadOnly } from "./schema.js";
import type { ManagedCluster } from "./state.js";

export function listClusters(context: ArmContext): Answer {
  const scope = context.id.slice(0, context.id.toLowerCase().indexOf("/providers/"));
  const clusters = [...context.world.managedRedis.values()].filter(({ id }) => isWithin(id, scope));
  return armJson(context, 200, { value: clusters.map(clusterResource) });
}

export function getCluster(context: ArmContext): Answer {
  return armJson(context, 200, clusterResource(clusterOf(context)));
}

export function putCluster(context: ArmContext): Answer {
  const { world, id, params, outcomes } = context;
  const envelope = checkedContent(ClusterBody, withoutReadOnly(withoutNulls(context.body)));
  const existing = world.managedRedis.get(keyOf(id));
  if (existing) {
    const { location: _location, zones: _zones, ...update } = envelope;
    return change(context, existing, update, 200);
  }
  checkName(params["clusterName"] ?? "", world);
  checkSku(envelope.sku.name);
  const refusal = world.conditions.cacheRefusal(id, regionOf(envelope.location));
  if (refusal) throw refusal;
  const cluster = newCluster(id, envelope);
  world.managedRedis.set(keyOf(id), cluster);
  const operation = beginOn(cluster, world, {
    provider: PROVIDER,
    what: "the creation",
    duration: world.durations.managedRedisCreation,
    outcomes,
    failure: new Refusal(500, "InternalServerError", "The cluster could not be created."),
    ended: (error) => {
      cluster.provisioningState = error ? "Failed" : "Succeeded";
      cluster.resourceState = error ? "CreateFailed" : "Running";
    },
  });
  return withResource(context, 201, clusterResource(cluster), {
    operation,
    kind: "operationsStatus",
    effect: { kind: "managed-redis-created", resource: id },
  });
}

export function patchCluster(context: ArmContext): Answer {
  const cluster = clusterOf(context);
  const update = checkedContent(ClusterUpdateBody, withoutReadOnly(withoutNulls(context.body)));
  return change(context, cluster, update, 202);
}

function change(
  context: ArmContext,
  cluster: ManagedCluster,
  { tags, identity, sku, properties }: ReturnType<typeof ClusterUpdateBody.parse>,
  status: number,
): Answer {
  const { world, outcomes } = context;
  checkIdle(cluster);
  if (sku) checkSku(sku.name);
  const before = cluster.envelope;
  const scales = sku !== undefined && sku.name !== before.sku.name;
  cluster.envelope = {
    ...before,
    ...(tags && { tags }),
    ...(identity && { identity }),
    ...(sku && { sku }),
    properties: {
      ...before.properties,
      ...properties,
      publicNetworkAccess: properties?.publicNetworkAccess ?? before.properties.publicNetworkAccess,
    },
  };
  if (cluster.envelope.properties.publicNetworkAccess === "Disabled")
    cluster.database?.endpoint.cut();
  cluster.provisioningState = "Updating";
  cluster.resourceState = scales ? "Scaling" : "Updating";
  const operation = beginOn(cluster, world, {
    provider: PROVIDER,
    what: scales ? "scaling" : "the update",
    duration: scales ? world.durations.redisScaling : world.durations.redisUpdate,
    outcomes,
    failure: new Refusal(500, "InternalServerError", "The cluster could not be updated."),
    ended: (error) => {
      cluster.provisioningState = error ? "Failed" : "Succeeded";
      cluster.resourceState = "Running";
      const memory = String(memoryBytesOf(cluster.envelope.sku.name));
      const work = cluster.database?.store.configure("maxmemory", memory);
      if (work) world.redisServers.inBackground(`${cluster.name} takes its settings`, work);
    },
  });
  return withResource(context, status, clusterResource(cluster), {
    operation,
    kind: "operationsStatus",
    effect: { kind: "managed-redis-updated", resource: cluster.id },
  });
}

export function deleteCluster(context: ArmContext): Answer {
  const { world, outcomes, id } = context;
  const cluster = world.managedRedis.get(keyOf(id));
  if (cluster === undefined) return { status: 204, headers: armHeaders(context.request) };
  checkIdle(cluster);
  cluster.provisioningState = "Deleting";
  cluster.resourceState = "Deleting";
  if (cluster.database) {
    cluster.database.resourceState = "Deleting";
    cluster.database.endpoint.cut();
  }
  const operation = beginOn(cluster, world, {
    provider: PROVIDER,
    what: "the deletion",
    duration: world.durations.redisDeletion,
    outcomes,
    failure: new Refusal(500, "InternalServerError", "The cluster could not be deleted."),
    ended: (error) => {
      if (error) cluster.provisioningState = "Failed";
      else removeCluster(cluster, world);
    },
  });
  const effect = { kind: "managed-redis-deleted", resource: id };
  return accepted(context, operation, effect, {
    location: "operationsResult",
    status: "operationsStatus",
  });
}

export function clusterOf(context: ArmContext): ManagedCluster {
  const key = keyOf(context.id).split("/").slice(0, 9).join("/");
  const found = context.world.managedRedis.get(key);
  if (found) return found;
  throw resourceNotFound(context, CLUSTER_TYPE, context.params["clusterName"] ?? "");
}
