import { systemPrincipalOf } from "../redis-server/archive.js";
import { displayNameOf } from "../world/region-names.js";
import type { World } from "../world/world.js";
import { linkedTo } from "./geo-link.js";
import { isClustered, nodesOf } from "./lifecycle.js";
import type { Identity, RedisConfiguration, ScheduleEntry } from "./schema.js";
import { sizeOf } from "./sizes.js";
import type { RedisCache } from "./state.js";

export const CACHE_TYPE = "Microsoft.Cache/Redis";

/** A cache as its provider shows it. Keys come with the answers to changes alone. */
export function cacheResource(cache: RedisCache, world: World, withKeys = false): unknown {
  const { envelope, name, provisioningState, shards, region } = cache;
  const { sku, redisConfiguration, ...properties } = envelope.properties;
  return {
    id: shownId(cache),
    location: displayNameOf(region),
    name,
    type: CACHE_TYPE,
    tags: envelope.tags ?? {},
    ...(envelope.zones && { zones: envelope.zones }),
    ...(envelope.identity && { identity: identityResource(cache, envelope.identity, world) }),
    properties: {
      provisioningState,
      ...properties,
      redisVersion: "6.0",
      sku,
      enableNonSslPort: false,
      instances: instancesOf(cache),
      publicNetworkAccess: properties.publicNetworkAccess ?? "Enabled",
      minimumTlsVersion: properties.minimumTlsVersion ?? "1.2",
      tenantSettings: properties.tenantSettings ?? {},
      redisConfiguration: {
        maxclients: String(sizeOf(sku).connections),
        ...shownConfiguration(redisConfiguration ?? {}),
      },
      accessKeys: withKeys ? keysResource(cache) : null,
      hostName: "localhost",
      port: 6379,
      sslPort: shards[0]?.endpoint.port,
      linkedServers: cache.link ? [{ id: linkedServerId(cache) }] : [],
      updateChannel: properties.updateChannel ?? "Stable",
      zonalAllocationPolicy: properties.zonalAllocationPolicy ?? "Automatic",
      disableAccessKeyAuthentication: properties.disableAccessKeyAuthentication ?? false,
    },
  };
}

export function keysResource({ keys }: RedisCache): unknown {
  return { primaryKey: keys.primary, secondaryKey: keys.secondary };
}

export function scheduleResource(cache: RedisCache, entries: readonly ScheduleEntry[]): unknown {
  return {
    id: `${shownId(cache)}/patchSchedules/default`,
    location: displayNameOf(cache.region),
    name: `${cache.name}/default`,
    type: `${CACHE_TYPE}/PatchSchedules`,
    properties: {
      scheduleEntries: entries.map((entry) => ({ maintenanceWindow: "PT5H", ...entry })),
    },
  };
}

/** The other side of a link, as this side shows it. */
export function linkedServerResource(cache: RedisCache): unknown {
  const linked = linkedTo(cache);
  if (linked === undefined) return undefined;
  const { other, role, link } = linked;
  return {
    id: linkedServerId(cache),
    name: other.name,
    type: `${CACHE_TYPE}/linkedServers`,
    properties: {
      linkedRedisCacheId: shownId(other),
      linkedRedisCacheLocation: displayNameOf(other.region),
      serverRole: role,
      provisioningState: link.state,
    },
  };
}

/** Azure writes the type in its ids in another way than it is asked for. */
function shownId({ id }: RedisCache): string {
  return id.replace(/\/providers\/Microsoft\.Cache\/redis\//i, `/providers/${CACHE_TYPE}/`);
}

function linkedServerId(cache: RedisCache): string {
  return `${shownId(cache)}/linkedServers/${linkedTo(cache)?.other.name ?? ""}`;
}

/** Replicas have no address of their own here, so none is shown. */
function instancesOf(cache: RedisCache): unknown[] {
  const exists = cache.provisioningState !== "Creating";
  return cache.shards.flatMap(({ index, endpoint }) =>
    Array.from({ length: nodesOf(cache) }, (_, node) => {
      const isPrimary = exists && node === 0;
      return {
        ...(node === 0 && { sslPort: endpoint.port }),
        ...(isClustered(cache) && { shardId: index }),
        isMaster: isPrimary,
        isPrimary,
      };
    }),
  );
}

function shownConfiguration(configuration: RedisConfiguration): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(configuration).map(([name, value]) => [
      name,
      name.includes("connection-string")
        ? value?.replace(/AccountKey=[^;]*/i, "AccountKey=[key hidden]")
        : value,
    ]),
  );
}

function identityResource(
  cache: { readonly id: string },
  { type, userAssignedIdentities }: Identity,
  world: World,
): unknown {
  const assigned = Object.keys(userAssignedIdentities ?? {}).map((id) => {
    const known = world.identities.find(
      ({ resourceId }) => resourceId.toLowerCase() === id.toLowerCase(),
    );
    return [id, { principalId: known?.principalId, clientId: known?.clientId }];
  });
  return {
    type,
    ...(type.includes("SystemAssigned") && {
      principalId: systemPrincipalOf(cache),
      tenantId: world.tenantId(),
    }),
    ...(assigned.length > 0 && {
      userAssignedIdentities: Object.fromEntries(assigned) as Record<string, unknown>,
    }),
  };
}
