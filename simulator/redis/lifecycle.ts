import { keyOf } from "../arm/resource-id.js";
import { admissionOf, backendOf, type ServedCache } from "../redis-server/backend.js";
import { CLASSIC } from "../redis-server/commands.js";
import type { Admission } from "../redis-server/endpoint.js";
import { newKeys } from "../redis-server/keys.js";
import type { RunningServer } from "../redis-server/server.js";
import { DATABASES, type StoreSettings } from "../redis-server/store.js";
import { regionOf } from "../world/names.js";
import type { World } from "../world/world.js";
import { copying } from "./geo-link.js";
import type { CacheEnvelope } from "./schema.js";
import { memoryBytes } from "./sizes.js";
import type { RedisCache, Shard } from "./state.js";

const MINUTE_MS = 60_000;

/** Makes a cache with its addresses. Its redis-servers are started when they are first needed. */
export function newCache(
  id: string,
  envelope: CacheEnvelope,
  world: World,
  preload?: StoreSettings["preload"],
): RedisCache {
  const { redisServers: servers } = world;
  const { sku, shardCount = 0, redisConfiguration } = envelope.properties;
  const name = id.split("/").at(-1) ?? "";
  const shards = Array.from({ length: Math.max(1, shardCount) }, (_, index): Shard => ({
    index,
    endpoint: servers.endpoint(),
    outages: new Set(),
  }));
  const store = servers.store({
    name,
    rules: CLASSIC,
    databases: DATABASES,
    maxMemoryBytes: memoryBytes(sku),
    maxMemoryPolicy: redisConfiguration?.["maxmemory-policy"] ?? "volatile-lru",
    ...(shardCount > 0 && { clusterPorts: () => shards.map(({ endpoint }) => endpoint.port) }),
    ...(preload && { preload }),
  });
  const cache: RedisCache = {
    id,
    name,
    region: regionOf(envelope.location),
    operation: undefined,
    envelope,
    provisioningState: "Creating",
    keys: newKeys(),
    shards,
    store,
    link: undefined,
    patchSchedule: undefined,
    ailments: [],
    saved: undefined,
    savings: 0,
    rebootsMade: 0,
  };
  for (const shard of shards) shard.endpoint.serve(backendOf(served(cache, shard, world), world));
  return cache;
}

/** What the address of a shard is told about its cache. */
export function served(cache: RedisCache, shard: Shard, world: World): ServedCache {
  return {
    id: cache.id,
    name: cache.name,
    region: cache.region,
    keys: () => {
      const refused =
        cache.envelope.properties.disableAccessKeyAuthentication === true ||
        cache.ailments.some(({ kind }) => kind === "keys-refused");
      return refused ? undefined : cache.keys;
    },
    admission: () => ownAdmission(cache, shard),
    server: () => serverOf(cache, shard, world),
  };
}

/** How many nodes a shard has: a Basic cache has one, which nothing stands in for. */
export function nodesOf({ envelope }: RedisCache): number {
  const { sku, replicasPerPrimary, replicasPerMaster } = envelope.properties;
  return sku.name === "Basic" ? 1 : 1 + (replicasPerPrimary ?? replicasPerMaster ?? 1);
}

export function isClustered({ envelope }: RedisCache): boolean {
  return (envelope.properties.shardCount ?? 0) > 0;
}

export type RebootType = "PrimaryNode" | "SecondaryNode" | "AllNodes";

/**
 * Reboots nodes of all shards or of one. With a replica a primary's reboot is a short break; without one, or with all
 * nodes at once, the data in memory is lost.
 */
export function reboot(
  cache: RedisCache,
  type: RebootType,
  shard: number | undefined,
  world: World,
): void {
  const { timeline, durations } = world;
  const loses = type === "AllNodes" || nodesOf(cache) === 1;
  if (type === "SecondaryNode") return; // No client notices.
  cache.rebootsMade += 1;
  const outage = `reboot-${cache.rebootsMade}`;
  const begin = timeline.now() + durations.redisRebootBegin;
  const length = loses ? durations.redisReboot : durations.redisFailover;
  timeline.plan(begin, `${cache.name}: ${type} reboots`, () => {
    beginOutage(cache, outage, shard);
    if (loses) {
      world.redisServers.inBackground(`${cache.name} reboots`, loseMemory(cache, shard));
    }
    world.dependencies.changed();
  });
  timeline.plan(begin + length, `${cache.name}: ${type} has rebooted`, () => {
    cache.ailments = cache.ailments.filter(({ lasting }) => lasting);
    endOutage(cache, outage);
    world.dependencies.changed();
  });
}

/** From now on the cache serves nobody, on all shards or on one. */
export function beginOutage(cache: RedisCache, why: string, shard?: number): void {
  for (const one of cache.shards) {
    if (shard !== undefined && one.index !== shard) continue;
    one.outages.add(why);
    one.endpoint.cut();
  }
}

export function endOutage(cache: RedisCache, why: string): void {
  for (const { outages } of cache.shards) outages.delete(why);
}

/** Breaks connections that would not be let in now, and replications that cannot go on. */
export function reconsiderConnections(cache: RedisCache, world: World): void {
  for (const shard of cache.shards) {
    const admission = admissionOf(served(cache, shard, world), world);
    if (admission.kind !== "open") shard.endpoint.cut();
  }
  cache.link?.replication.reconsider();
}

/** Starts, changes or ends the regular saving of RDB persistence, as the settings have it. */
export function scheduleSaving(cache: RedisCache, world: World): void {
  cache.savings += 1;
  const course = cache.savings;
  const configuration = cache.envelope.properties.redisConfiguration;
  if (configuration?.["rdb-backup-enabled"] !== "true" || !world.redisServers.available) return;
  const every = Number(configuration["rdb-backup-frequency"] ?? "60") * MINUTE_MS;
  const save = (): void => {
    if (cache.savings !== course) return;
    const saving = cache.store.snapshot().then((files) => (cache.saved = files));
    world.redisServers.inBackground(`${cache.name} saves its data`, saving);
    world.timeline.plan(world.timeline.now() + every, `${cache.name} saves its data`, save);
  };
  world.timeline.plan(world.timeline.now() + every, `${cache.name} saves its data`, save);
}

/** Takes a cache with everything that belongs to it out of the world. */
export function removeCache(cache: RedisCache, world: World): void {
  cache.savings += 1;
  world.redisCaches.delete(keyOf(cache.id));
  world.redisServers.discard(cache.store, ...cache.shards.map(({ endpoint }) => endpoint));
}

function ownAdmission(cache: RedisCache, shard: Shard): Admission {
  const { provisioningState, envelope, ailments } = cache;
  if (["Creating", "Deleting", "Failed"].includes(provisioningState)) {
    return { kind: "refused", why: `it is ${provisioningState}` };
  }
  if (envelope.properties.publicNetworkAccess === "Disabled") {
    return { kind: "refused", why: "public network access is disabled" };
  }
  const [outage] = shard.outages;
  if (outage !== undefined) return { kind: "refused", why: outage };
  const ailment = ailments.find(({ kind }) => kind === "down");
  if (ailment === undefined) return { kind: "open" };
  return { kind: ailment.mode === "hang" ? "hanging" : "refused", why: ailment.fault };
}

async function serverOf(cache: RedisCache, shard: Shard, world: World): Promise<RunningServer> {
  if (cache.link) await copying(cache.link, world);
  const server = (await cache.store.start())[shard.index];
  if (server === undefined) throw new Error(`${cache.name} has no shard ${shard.index}`);
  return server;
}

/** What was in memory alone is gone; persistence brings back what it has. */
async function loseMemory(cache: RedisCache, shard: number | undefined): Promise<void> {
  const configuration = cache.envelope.properties.redisConfiguration;
  if (configuration?.["aof-backup-enabled"] === "true") return;
  if (cache.link?.secondary === cache) return; // It copies what the primary has once more.
  await cache.store.empty(shard);
  const saved = shard === undefined ? cache.saved : cache.saved?.slice(shard, shard + 1);
  if (saved) await cache.store.load(saved);
}
