import { cacheRefused } from "../faults/refusals.js";
import { Refusal } from "../server/refusal.js";
import type { World } from "../world/world.js";
import { isClustered } from "./lifecycle.js";
import type { CacheEnvelope, CacheUpdate, RedisConfiguration, Sku } from "./schema.js";
import type { RedisCache } from "./state.js";

const FREQUENCIES = ["15", "30", "60", "360", "720", "1440"];
const TIERS = ["Basic", "Standard", "Premium"];

export function badRequest(message: string): Refusal {
  return new Refusal(400, "BadRequest", message);
}

/** Refuses a change while the provider is at another one. */
export function checkIdle(cache: RedisCache): void {
  if (cache.operation !== undefined) throw busy(cache);
}

export function busy({ id }: RedisCache): Refusal {
  return new Refusal(
    409,
    "Conflict",
    `The resource '${id}' is busy processing a previous update request or is undergoing system maintenance. As such, it is currently unable to accept the update request. Please try again later.`,
  );
}

/** The name becomes a host name, so it is everybody's. */
export function checkName(name: string, world: World): void {
  const wellFormed = /^[a-z0-9](?!.*--)[a-z0-9-]{0,61}[a-z0-9]$/i.test(name);
  if (!wellFormed) {
    throw badRequest(
      `The name '${name}' is not valid: a name has 1 to 63 letters, digits and hyphens, no two hyphens in a row, and begins and ends with a letter or digit.`,
    );
  }
  if (
    ![...world.redisCaches.values()].some(
      (cache) => cache.name.toLowerCase() === name.toLowerCase(),
    )
  ) {
    return;
  }
  throw new Refusal(
    409,
    "NameNotAvailable",
    "An error occurred when trying to reserve the DNS name for the cache. This may be a transient error, please try again.",
  );
}

/**
 * Azure Cache for Redis is being retired: tenants that have no cache of it get none any more. The words are those
 * that deployments are answered with since April 2026.
 */
export function checkMayCreate(
  subscriptionId: string,
  id: string,
  region: string,
  world: World,
): void {
  const refusal = world.conditions.cacheRefusal(id, region);
  if (refusal) throw refusal;
  const subscription = world.subscriptions.get(subscriptionId.toLowerCase());
  const tenant = [...world.subscriptions.values()]
    .filter(({ tenantId }) => tenantId === subscription?.tenantId)
    .map((one) => one.id.toLowerCase());
  const hasOne = [...world.redisCaches.values()].some((cache) =>
    tenant.includes(cache.id.split("/")[2]?.toLowerCase() ?? ""),
  );
  if (subscription?.mayCreateClassicRedis ?? hasOne) return;
  throw cacheRefused();
}

/** What must hold in a description, for a new cache and for one that is changed. */
export function checkEnvelope({ properties, identity }: CacheEnvelope): void {
  const { sku, shardCount = 0, redisConfiguration = {}, redisVersion } = properties;
  if (sku.name !== "Premium" && shardCount > 0) {
    throw badRequest("properties.shardCount is only valid for the Premium SKU.");
  }
  if (properties.enableNonSslPort === true) throw notSimulated("properties.enableNonSslPort");
  if (properties.subnetId !== undefined || properties.staticIP !== undefined) {
    throw notSimulated("properties.subnetId and staticIP");
  }
  if (redisVersion !== undefined && !/^(6(\.0(\.\d+)?)?|latest)$/.test(redisVersion)) {
    throw badRequest(`properties.redisVersion '${redisVersion}' is not supported; 6 is.`);
  }
  checkPersistence(sku, redisConfiguration, identity !== undefined && identity.type !== "None");
}

/** Settings of RDB and AOF persistence. */
function checkPersistence(sku: Sku, configuration: RedisConfiguration, hasIdentity: boolean): void {
  const given = Object.keys(configuration).filter((name) => /^(rdb|aof)-/.test(name));
  if (given.length > 0 && sku.name !== "Premium") {
    throw badRequest(`${given.join(", ")} can only be set for the Premium SKU.`);
  }
  const rdb = configuration["rdb-backup-enabled"] === "true";
  const aof = configuration["aof-backup-enabled"] === "true";
  if (rdb && aof) throw badRequest("RDB and AOF persistence cannot both be enabled.");
  const frequency = configuration["rdb-backup-frequency"];
  if (frequency !== undefined && !FREQUENCIES.includes(frequency)) {
    throw badRequest(`rdb-backup-frequency must be one of ${FREQUENCIES.join(", ")}.`);
  }
  const byIdentity =
    configuration["preferred-data-persistence-auth-method"] === "ManagedIdentity" && hasIdentity;
  if (rdb && configuration["rdb-storage-connection-string"] === undefined && !byIdentity) {
    throw badRequest("rdb-storage-connection-string is required when RDB persistence is enabled.");
  }
  if (aof && configuration["aof-storage-connection-string-0"] === undefined && !byIdentity) {
    throw badRequest(
      "aof-storage-connection-string-0 is required when AOF persistence is enabled.",
    );
  }
}

/** The description after a change, and whether its size is another. */
export function changed(
  cache: RedisCache,
  { tags, zones, identity, properties }: CacheUpdate,
): { readonly envelope: CacheEnvelope; readonly scales: boolean; readonly onlyTags: boolean } {
  const { envelope } = cache;
  const before = envelope.properties;
  const next: CacheEnvelope = {
    location: envelope.location,
    ...((tags ?? envelope.tags) && { tags: tags ?? envelope.tags }),
    ...((zones ?? envelope.zones) && { zones: zones ?? envelope.zones }),
    ...((identity ?? envelope.identity) && { identity: identity ?? envelope.identity }),
    properties: {
      ...before,
      ...properties,
      sku: properties.sku ?? before.sku,
      ...((before.redisConfiguration ?? properties.redisConfiguration) && {
        redisConfiguration: { ...before.redisConfiguration, ...properties.redisConfiguration },
      }),
    },
  };
  checkEnvelope(next);
  checkScaling(cache, next.properties.sku);
  if ((next.properties.shardCount ?? 0) !== (before.shardCount ?? 0)) {
    throw notSimulated("a change of properties.shardCount");
  }
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  return {
    envelope: next,
    scales: !same(next.properties.sku, before.sku),
    onlyTags: same({ ...next, tags: undefined }, { ...envelope, tags: undefined }),
  };
}

// "Scale an Azure Cache for Redis instance", limitations.
function checkScaling(cache: RedisCache, to: Sku): void {
  const from = cache.envelope.properties.sku;
  if (from.name === to.name && from.capacity === to.capacity) return;
  if (cache.link) throw badRequest("A cache that is linked for geo-replication cannot be scaled.");
  const step = TIERS.indexOf(to.name) - TIERS.indexOf(from.name);
  if (step < 0) throw badRequest(`Scaling from ${from.name} to ${to.name} is not supported.`);
  if (step > 1) throw badRequest("Scaling from Basic to Premium goes through Standard.");
  if (to.family === "C" && to.capacity === 0 && from.capacity > 0) {
    throw badRequest(`Scaling from C${from.capacity} to C0 is not supported.`);
  }
}

/** The shard that a reboot means; undefined for a cache that has one alone. */
export function checkShard(cache: RedisCache, shardId: number | undefined): number | undefined {
  if (!isClustered(cache)) {
    if (shardId === undefined || shardId === 0) return undefined;
    throw badRequest(`properties.shardId ${shardId} is not valid: the cache is not clustered.`);
  }
  if (shardId === undefined) throw badRequest("shardId is required to reboot a clustered cache.");
  if (shardId >= 0 && shardId < cache.shards.length) return shardId;
  throw badRequest(`shardId must be between 0 and ${cache.shards.length - 1}.`);
}

function notSimulated(what: string): Refusal {
  return new Refusal(501, "NotSimulated", `${what} is not simulated.`);
}
