import { keyOf } from "../arm/resource-id.js";
import { beginStuckOn, type Operable } from "../arm/resource-operation.js";
import { reconsiderDatabase } from "../managed-redis/lifecycle.js";
import type { ManagedDatabase } from "../managed-redis/state.js";
import { PROVIDER } from "../redis-server/operation-routes.js";
import { reconsiderConnections } from "../redis/lifecycle.js";
import type { CacheAilment, RedisCache } from "../redis/state.js";
import { Refusal } from "../server/refusal.js";
import type { World } from "../world/world.js";
import type { CacheFault } from "./catalogue.js";

/** Puts a fault into a cache and breaks the connections that it does not let in any more. */
export function injectCacheFault(order: CacheFault, id: string, world: World): void {
  const cache = cacheAt(order.resource, world);
  if (cache === undefined) {
    throw new Refusal(
      400,
      "InvalidFault",
      `resource: there is no cache ${order.resource}; it must be the id of one of either kind`,
    );
  }
  cache.ailments = [...cache.ailments, ailmentOf(order, id)];
  if (order.name === "redis-auth-failed") cutAll(cache);
  else reconsider(cache, world);
  world.dependencies.changed();
}

/** Takes whatever a fault left in any cache out again. */
export function withdrawCacheFault(id: string, world: World): void {
  for (const cache of everyCache(world)) {
    cache.ailments = cache.ailments.filter(({ fault }) => fault !== id);
    // Whoever hangs is to try again.
    reconsider(cache, world);
  }
  world.dependencies.changed();
}

export function isFeltByCache(id: string, world: World): boolean {
  return everyCache(world).some(({ ailments }) => ailments.some(({ fault }) => fault === id));
}

/** Somebody else's operation on a cache; false where the id is none's. */
export function occupyCache(resource: string, fault: string, world: World): boolean {
  const cache: (Operable & { provisioningState: string }) | undefined = cacheAt(resource, world);
  if (cache === undefined) return false;
  if (cache.operation !== undefined) {
    throw new Refusal(400, "InvalidFault", "resource: an operation is under way on it already");
  }
  const before = cache.provisioningState;
  cache.provisioningState = "Updating";
  beginStuckOn(cache, world, fault, {
    provider: PROVIDER,
    ended: () => {
      cache.provisioningState = before;
    },
  });
  return true;
}

function ailmentOf(order: CacheFault, fault: string): CacheAilment {
  if (order.name === "redis-auth-failed") {
    return { fault, kind: "keys-refused", mode: "refuse", lasting: false };
  }
  return {
    fault,
    kind: "down",
    mode: order.mode ?? "refuse",
    lasting: order.name === "redis-reboot-does-not-help",
  };
}

function everyCache(world: World): (RedisCache | ManagedDatabase)[] {
  const databases = [...world.managedRedis.values()].flatMap(({ database }) => database ?? []);
  return [...world.redisCaches.values(), ...databases];
}

/** A cluster of Azure Managed Redis is as well as its database. */
function cacheAt(resource: string, world: World): RedisCache | ManagedDatabase | undefined {
  const key = keyOf(resource).replace(/\/databases\/default$/, "");
  return world.redisCaches.get(key) ?? world.managedRedis.get(key)?.database;
}

function reconsider(cache: RedisCache | ManagedDatabase, world: World): void {
  if ("shards" in cache) reconsiderConnections(cache, world);
  else reconsiderDatabase(cache, world);
}

function cutAll(cache: RedisCache | ManagedDatabase): void {
  const endpoints =
    "shards" in cache ? cache.shards.map(({ endpoint }) => endpoint) : [cache.endpoint];
  for (const endpoint of endpoints) endpoint.cut();
}
