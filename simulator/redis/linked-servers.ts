import { isAllowed } from "../access/authorize.js";
import { checkedContent } from "../arm/invalid-content.js";
import { beginOn } from "../arm/resource-operation.js";
import { keyOf } from "../arm/resource-id.js";
import { type ArmContext, armHeaders, armJson, resourceNotFound } from "../arm/router.js";
import { accepted, PROVIDER } from "../redis-server/operation-routes.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { regionOf } from "../world/names.js";
import { copying, linkedTo, newLink, separate } from "./geo-link.js";
import { isClustered } from "./lifecycle.js";
import { linkedServerResource } from "./representation.js";
import { badRequest, busy, checkIdle } from "./rules.js";
import { LinkedServerBody } from "./schema.js";
import type { RedisCache } from "./state.js";

export function listLinkedServers(context: ArmContext, cache: RedisCache): Answer {
  return armJson(context, 200, { value: cache.link ? [linkedServerResource(cache)] : [] });
}

export function getLinkedServer(context: ArmContext, cache: RedisCache): Answer {
  if (named(context, cache)) return armJson(context, 200, linkedServerResource(cache));
  throw resourceNotFound(
    context,
    "Microsoft.Cache/Redis/linkedServers",
    context.params["linkedServerName"] ?? "",
  );
}

/** Makes another cache a copy of this one, or this one a copy of the other; what the copy held is gone. */
export function createLinkedServer(context: ArmContext, cache: RedisCache): Answer {
  const { world, outcomes } = context;
  const { properties } = checkedContent(LinkedServerBody, context.body);
  const { linkedRedisCacheId, linkedRedisCacheLocation, serverRole } = properties;
  const other = world.redisCaches.get(keyOf(linkedRedisCacheId));
  if (other === undefined || other === cache) {
    throw badRequest(`The linked cache '${linkedRedisCacheId}' was not found.`);
  }
  if (regionOf(linkedRedisCacheLocation) !== other.region) {
    throw badRequest(`The linked cache is not in '${linkedRedisCacheLocation}'.`);
  }
  checkMayWrite(context, other);
  const [primary, secondary] = serverRole === "Secondary" ? [cache, other] : [other, cache];
  checkPair(primary, secondary);
  const link = newLink(primary, secondary, world);
  primary.provisioningState = secondary.provisioningState = "Linking";
  const half = world.durations.redisLinking / 2;
  world.timeline.plan(world.timeline.now() + half, `${secondary.name} is being copied to`, () => {
    if (link.state === "Creating") link.state = "Syncing";
  });
  beginOn(primary, world, {
    provider: PROVIDER,
    what: "linking",
    duration: world.durations.redisLinking,
    outcomes,
    // Without a redis-server there is nothing to copy.
    work: world.redisServers.available ? copying(link, world) : undefined,
    failure: new Refusal(500, "InternalServerError", "The caches could not be linked."),
    ended: (error) => {
      link.state = "Succeeded";
      primary.provisioningState = secondary.provisioningState = "Succeeded";
      if (error) {
        primary.link = secondary.link = undefined;
        world.redisServers.inBackground("unlinking", separate(link, world));
      }
    },
  });
  return armJson(context, 201, linkedServerResource(cache), {
    effect: {
      kind: "redis-linked",
      resource: cache.id,
      detail: `${secondary.name} copies ${primary.name}`,
    },
  });
}

/** Ends the link: the secondary becomes a cache of its own with what it has by then, and can be written to. */
export function deleteLinkedServer(context: ArmContext, cache: RedisCache): Answer {
  const { world, outcomes } = context;
  const found = named(context, cache);
  if (found === undefined) return { status: 204, headers: armHeaders(context.request) };
  const { link } = found;
  if (link.state !== "Succeeded") throw busy(cache);
  checkIdle(cache);
  const { primary, secondary } = link;
  link.state = "Deleting";
  primary.provisioningState = secondary.provisioningState = "Unlinking";
  const operation = beginOn(cache, world, {
    provider: PROVIDER,
    what: "unlinking",
    duration: world.durations.redisUnlinking,
    outcomes,
    lastWork: () =>
      world.redisServers.available
        ? world.redisServers.track(separate(link, world))
        : Promise.resolve(),
    failure: new Refusal(500, "InternalServerError", "The caches could not be unlinked."),
    ended: (error) => {
      primary.provisioningState = secondary.provisioningState = "Succeeded";
      link.state = "Succeeded";
      if (error === undefined) primary.link = secondary.link = undefined;
    },
  });
  return accepted(
    context,
    operation,
    { kind: "redis-unlinked", resource: cache.id, detail: found.other.name },
    { location: "operationresults" },
  );
}

function named(context: ArmContext, cache: RedisCache): ReturnType<typeof linkedTo> {
  const linked = linkedTo(cache);
  const name = context.params["linkedServerName"] ?? "";
  return linked?.other.name.toLowerCase() === name.toLowerCase() ? linked : undefined;
}

// "Configure geo-replication for Premium Azure Cache for Redis instances", prerequisites.
function checkPair(primary: RedisCache, secondary: RedisCache): void {
  const of = ({ envelope }: RedisCache) => envelope.properties;
  for (const cache of [primary, secondary]) {
    checkIdle(cache);
    const { sku, redisConfiguration } = of(cache);
    if (sku.name !== "Premium") throw badRequest("Only Premium caches can be linked.");
    if (cache.link) throw badRequest(`The cache '${cache.name}' is linked already.`);
    const persists =
      redisConfiguration?.["rdb-backup-enabled"] === "true" ||
      redisConfiguration?.["aof-backup-enabled"] === "true";
    if (persists) throw badRequest("Caches with persistence cannot be linked.");
    if (isClustered(cache)) {
      throw new Refusal(501, "NotSimulated", "Links between clustered caches are not simulated.");
    }
  }
  if (of(secondary).sku.capacity < of(primary).sku.capacity) {
    throw badRequest("The secondary cache must be as large as the primary or larger.");
  }
  if (keyOf(primary.id).split("/")[2] !== keyOf(secondary.id).split("/")[2]) {
    throw badRequest("Caches of different subscriptions cannot be linked.");
  }
}

function checkMayWrite({ world, caller }: ArmContext, other: RedisCache): void {
  const action = "Microsoft.Cache/redis/write";
  const { principalId, clientId } = caller;
  const at = world.timeline.now();
  if (isAllowed(world, { principalId, scope: other.id, action, plane: "control", at })) return;
  throw new Refusal(
    403,
    "LinkedAuthorizationFailed",
    `The client '${clientId}' has permission to perform the action on the scope; however, it does not have permission to perform action '${action}' on the linked scope '${other.id}'.`,
  );
}
