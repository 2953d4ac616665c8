import { checkedContent } from "../arm/invalid-content.js";
import { withoutNulls } from "../arm/merge-patch.js";
import { isWithin, keyOf } from "../arm/resource-id.js";
import { beginOn } from "../arm/resource-operation.js";
import {
  type ArmContext,
  armHeaders,
  armJson,
  type ArmOperation,
  type ArmType,
  operationsOf,
  resourceNotFound,
} from "../arm/router.js";
import { accepted, noticed, PROVIDER, withResource } from "../redis-server/operation-routes.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { regionOf } from "../world/names.js";
import { actionOperations } from "./actions.js";
import { beginOutage, endOutage, newCache, removeCache, scheduleSaving } from "./lifecycle.js";
import {
  createLinkedServer,
  deleteLinkedServer,
  getLinkedServer,
  listLinkedServers,
} from "./linked-servers.js";
import { CACHE_TYPE, cacheResource, scheduleResource } from "./representation.js";
import {
  badRequest,
  changed,
  checkEnvelope,
  checkIdle,
  checkMayCreate,
  checkName,
} from "./rules.js";
import { CreateBody, PatchScheduleBody, UpdateBody, withoutReadOnly } from "./schema.js";
import { memoryBytes } from "./sizes.js";
import type { RedisCache } from "./state.js";

/** Published versions of Microsoft.Cache/redis; the newest is what @azure/arm-rediscache 8.2 sends. */
export const CACHE_API_VERSIONS = [
  ...["2020-06-01", "2020-12-01", "2021-06-01", "2022-05-01", "2022-06-01"],
  ...["2023-04-01", "2023-08-01", "2024-03-01", "2024-11-01"],
];
const TYPE = "Microsoft.Cache/redis";
const on = operationsOf(TYPE, CACHE_API_VERSIONS);
const subscription = "/subscriptions/{subscriptionId}";
const group = `${subscription}/resourceGroups/{resourceGroupName}`;
const one = `${group}/providers/${TYPE}/{name}`;

export const cacheTypes: readonly ArmType[] = [
  TYPE,
  `${TYPE}/linkedServers`,
  `${TYPE}/patchSchedules`,
].map((type) => ({ type, apiVersions: CACHE_API_VERSIONS }));

/** Azure Cache for Redis. */
export const cacheOperations: readonly ArmOperation[] = [
  ...[
    { name: "redis.listBySubscription", below: subscription },
    { name: "redis.listByResourceGroup", below: group },
  ].map(({ name, below }) => operation(name, "GET", `${below}/providers/${TYPE}`, "read", list)),
  operation("redis.get", "GET", one, "read", (context) =>
    armJson(context, 200, cacheResource(cacheOf(context), context.world)),
  ),
  operation("redis.create", "PUT", one, "write", put),
  operation("redis.update", "PATCH", one, "write", patch),
  operation("redis.delete", "DELETE", one, "delete", remove),
  ...actionOperations(operation, one, cacheOf),
  operation(
    "patchSchedules.list",
    "GET",
    `${one}/patchSchedules`,
    "patchSchedules/read",
    (context) => {
      const cache = cacheOf(context);
      const { patchSchedule } = cache;
      return armJson(context, 200, {
        value: patchSchedule ? [scheduleResource(cache, patchSchedule)] : [],
      });
    },
  ),
  operation(
    "patchSchedules.get",
    "GET",
    `${one}/patchSchedules/{default}`,
    "patchSchedules/read",
    getSchedule,
  ),
  operation(
    "patchSchedules.createOrUpdate",
    "PUT",
    `${one}/patchSchedules/{default}`,
    "patchSchedules/write",
    putSchedule,
  ),
  operation(
    "patchSchedules.delete",
    "DELETE",
    `${one}/patchSchedules/{default}`,
    "patchSchedules/delete",
    deleteSchedule,
  ),
  operation("linkedServer.list", "GET", `${one}/linkedServers`, "linkedServers/read", (context) =>
    listLinkedServers(context, cacheOf(context)),
  ),
  operation(
    "linkedServer.get",
    "GET",
    `${one}/linkedServers/{linkedServerName}`,
    "linkedServers/read",
    (context) => getLinkedServer(context, cacheOf(context)),
  ),
  operation(
    "linkedServer.create",
    "PUT",
    `${one}/linkedServers/{linkedServerName}`,
    "linkedServers/write",
    (context) => createLinkedServer(context, cacheOf(context)),
  ),
  operation(
    "linkedServer.delete",
    "DELETE",
    `${one}/linkedServers/{linkedServerName}`,
    "linkedServers/delete",
    (context) => deleteLinkedServer(context, cacheOf(context)),
  ),
];

function operation(
  name: string,
  method: ArmOperation["method"],
  path: string,
  action: string,
  handle: (context: ArmContext) => Answer,
): ArmOperation {
  return {
    ...on(name, method, path, action, method === "GET" ? handle : noticed(handle)),
    ...(method === "POST" && { takesBody: !/\/(listKeys|flush)$/.test(path) }),
  };
}
function list(context: ArmContext): Answer {
  const scope = context.id.slice(0, context.id.toLowerCase().indexOf("/providers/"));
  const caches = [...context.world.redisCaches.values()].filter(({ id }) => isWithin(id, scope));
  return armJson(context, 200, {
    value: caches.map((cache) => cacheResource(cache, context.world)),
  });
}

function put(context: ArmContext): Answer {
  const { world, id, params, outcomes } = context;
  const envelope = checkedContent(CreateBody, withoutReadOnly(withoutNulls(context.body)));
  const existing = world.redisCaches.get(keyOf(id));
  if (existing) {
    if (regionOf(envelope.location) !== existing.region) {
      throw new Refusal(
        409,
        "InvalidResourceLocation",
        `The resource '${existing.name}' already exists in location '${existing.region}'. A resource with the same name cannot be created in location '${envelope.location}'.`,
      );
    }
    return change(context, existing, UpdateBody.parse(withoutSubnet(envelope)), 200);
  }
  checkEnvelope(envelope);
  const name = params["name"] ?? "";
  checkName(name, world);
  checkMayCreate(params["subscriptionId"] ?? "", id, regionOf(envelope.location), world);
  const cache = newCache(id, envelope, world);
  world.redisCaches.set(keyOf(id), cache);
  const begun = beginOn(cache, world, {
    provider: PROVIDER,
    what: "the creation",
    duration: world.durations.redisCreation,
    outcomes,
    failure: new Refusal(500, "InternalServerError", "The cache could not be created."),
    ended: (error) => {
      cache.provisioningState = error ? "Failed" : "Succeeded";
      if (error === undefined) scheduleSaving(cache, world);
    },
  });
  return withResource(context, 201, cacheResource(cache, world, true), {
    operation: begun,
    kind: "asyncOperations",
    effect: { kind: "redis-created", resource: id },
  });
}

function patch(context: ArmContext): Answer {
  const cache = cacheOf(context);
  const update = checkedContent(UpdateBody, withoutReadOnly(withoutNulls(context.body)));
  return change(context, cache, update, 202);
}

function change(
  context: ArmContext,
  cache: RedisCache,
  update: ReturnType<typeof UpdateBody.parse>,
  status: number,
): Answer {
  const { world, outcomes } = context;
  checkIdle(cache);
  const { envelope, scales, onlyTags } = changed(cache, update);
  const effect = { kind: "redis-updated", resource: cache.id };
  if (onlyTags) {
    cache.envelope = envelope;
    return armJson(context, 200, cacheResource(cache, world, true), { effect });
  }
  const before = cache.envelope.properties.sku;
  cache.envelope = envelope;
  cache.provisioningState = scales ? "Scaling" : "Updating";
  // A Basic cache has no node that could stand in while the other size is prepared.
  const restarts = scales && before.name === "Basic" && envelope.properties.sku.name === "Basic";
  if (restarts) {
    beginOutage(cache, "scaling");
    world.redisServers.inBackground(`${cache.name} scales`, cache.store.empty());
  }
  const begun = beginOn(cache, world, {
    provider: PROVIDER,
    what: scales ? "scaling" : "the update",
    duration: scales ? world.durations.redisScaling : world.durations.redisUpdate,
    outcomes,
    failure: new Refusal(500, "InternalServerError", "The cache could not be updated."),
    ended: (error) => {
      cache.provisioningState = error ? "Failed" : "Succeeded";
      endOutage(cache, "scaling");
      settle(cache, context);
    },
  });
  settle(cache, context);
  return withResource(context, status, cacheResource(cache, world, true), {
    operation: begun,
    kind: "asyncOperations",
    effect,
  });
}

/** Brings the servers and the addresses in line with the settings. */
function settle(cache: RedisCache, { world }: ArmContext): void {
  const { sku, redisConfiguration, publicNetworkAccess } = cache.envelope.properties;
  if (publicNetworkAccess === "Disabled") for (const { endpoint } of cache.shards) endpoint.cut();
  const policy = redisConfiguration?.["maxmemory-policy"] ?? "volatile-lru";
  const work = Promise.all([
    cache.store.configure("maxmemory", String(memoryBytes(sku))),
    cache.store.configure("maxmemory-policy", policy),
  ]);
  world.redisServers.inBackground(`${cache.name} takes its settings`, work);
  scheduleSaving(cache, world);
}

function remove(context: ArmContext): Answer {
  const { world, outcomes, id } = context;
  const cache = world.redisCaches.get(keyOf(id));
  if (cache === undefined) return { status: 204, headers: armHeaders(context.request) };
  checkIdle(cache);
  if (cache.link) {
    throw badRequest(`The cache '${cache.name}' is linked for geo-replication; unlink it first.`);
  }
  cache.provisioningState = "Deleting";
  for (const { endpoint } of cache.shards) endpoint.cut();
  const begun = beginOn(cache, world, {
    provider: PROVIDER,
    what: "the deletion",
    duration: world.durations.redisDeletion,
    outcomes,
    failure: new Refusal(500, "InternalServerError", "The cache could not be deleted."),
    ended: (error) => {
      if (error) cache.provisioningState = "Failed";
      else removeCache(cache, world);
    },
  });
  const effect = { kind: "redis-deleted", resource: id };
  return accepted(context, begun, effect, { location: "operationresults" });
}

function getSchedule(context: ArmContext): Answer {
  const cache = scheduledCacheOf(context);
  if (cache.patchSchedule)
    return armJson(context, 200, scheduleResource(cache, cache.patchSchedule));
  throw resourceNotFound(context, `${CACHE_TYPE}/patchSchedules`, `${cache.name}/default`);
}

function putSchedule(context: ArmContext): Answer {
  const cache = scheduledCacheOf(context);
  const body = checkedContent(PatchScheduleBody, withoutReadOnly(withoutNulls(context.body)));
  const { scheduleEntries } = body.properties;
  const short = scheduleEntries.find(
    ({ maintenanceWindow = "PT5H" }) => hoursOf(maintenanceWindow) < 5,
  );
  if (short) {
    throw badRequest(
      `maintenanceWindow '${short.maintenanceWindow ?? ""}' is not valid: it must be five hours at least.`,
    );
  }
  const status = cache.patchSchedule ? 200 : 201;
  cache.patchSchedule = scheduleEntries;
  return armJson(context, status, scheduleResource(cache, scheduleEntries), {
    effect: { kind: "redis-schedule-set", resource: cache.id },
  });
}

function deleteSchedule(context: ArmContext): Answer {
  const cache = scheduledCacheOf(context);
  const headers = armHeaders(context.request);
  if (cache.patchSchedule === undefined) return { status: 204, headers };
  cache.patchSchedule = undefined;
  return { status: 200, headers, effect: { kind: "redis-schedule-deleted", resource: cache.id } };
}

function scheduledCacheOf(context: ArmContext): RedisCache {
  if (context.params["default"]?.toLowerCase() === "default") return cacheOf(context);
  throw badRequest("The name of a patch schedule must be 'default'.");
}

function hoursOf(duration: string): number {
  const [, days = 0, hours = 0, minutes = 0] =
    /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:\d+S)?)?$/.exec(duration) ?? [];
  return Number(days) * 24 + Number(hours) + Number(minutes) / 60;
}

function withoutSubnet(envelope: ReturnType<typeof CreateBody.parse>): unknown {
  const { subnetId: _subnetId, staticIP: _staticIP, ...properties } = envelope.properties;
  return { ...envelope, properties };
}

function cacheOf(context: ArmContext): RedisCache {
  const key = keyOf(context.id).split("/").slice(0, 9).join("/");
  const found = context.world.redisCaches.get(key);
  if (found) return found;
  throw resourceNotFound(context, CACHE_TYPE, context.params["name"] ?? "");
}
