import { servedDatabase } from "../managed-redis/lifecycle.js";
import { regionAdmission, type ServedCache } from "../redis-server/backend.js";
import { parseConnectionString } from "../redis-server/connection-string.js";
import { keyNamed } from "../redis-server/keys.js";
import { served } from "../redis/lifecycle.js";
import type { World } from "../world/world.js";

export type Reachability =
  | { readonly reachable: true }
  /** `detail` is one sentence without a credential, for the app's own health page. */
  | { readonly reachable: false; readonly detail: string };

/**
 * Whether a PING with a connection string would be answered at this moment, by what the simulator knows of its caches.
 * It needs no redis-server, so that an application is as well where this machine has none.
 */
export function redisReachable(world: World, connectionString: string): Reachability {
  const connection = parseConnectionString(connectionString);
  if (connection === undefined) return unreachable("the connection string is not one");
  const { host, port, password, ssl } = connection;
  const [cache] = serversAt(host, port, world);
  if (cache === undefined) return unreachable(`nobody answers at ${host}:${port}`);
  const { name } = cache;
  const admission = regionAdmission(cache, world);
  if (admission.kind === "refused") return unreachable(`${name} resets connections`);
  if (admission.kind === "hanging") return unreachable(`${name} does not answer`);
  if (!ssl) return unreachable(`${name} takes connections with TLS only`);
  const keys = cache.keys();
  if (keys === undefined || keyNamed(keys, password) === undefined) {
    return unreachable(`${name} answers WRONGPASS`);
  }
  return { reachable: true };
}

/** The cache that has an address, and behind it all of its shards; none where nobody has the address. */
export function serversAt(host: string, port: number, world: World): readonly ServedCache[] {
  if (host !== "localhost" && host !== "127.0.0.1") return [];
  for (const cache of world.redisCaches.values()) {
    const addressed = cache.shards.find(({ endpoint }) => endpoint.port === port);
    if (addressed === undefined) continue;
    const others = cache.shards.filter((shard) => shard !== addressed);
    return [addressed, ...others].map((shard) => served(cache, shard, world));
  }
  for (const { database } of world.managedRedis.values()) {
    if (database?.endpoint.port === port) return [servedDatabase(database)];
  }
  return [];
}

function unreachable(detail: string): Reachability {
  return { reachable: false, detail };
}
