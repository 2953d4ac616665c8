import type { CacheView, RedisCaches } from "../azure/redis-caches.js";
import type { RedisConnection, RedisConnections } from "../azure/redis-connection.js";
import { terminal } from "../domain/failure.js";

/** A cache by its id; that there is none is a failure for good. */
export async function cacheAt(caches: RedisCaches, id: string): Promise<CacheView> {
  const view = await caches.cache(id);
  if (view === undefined) throw terminal("cache-missing", `${id} does not exist`);
  return view;
}

/** Does something over a connection to a cache; its key and the connection do not outlive it. */
export async function withCache<T>(
  caches: RedisCaches,
  connectTo: RedisConnections,
  id: string,
  act: (connection: RedisConnection, view: CacheView) => Promise<T>,
): Promise<T> {
  const view = await cacheAt(caches, id);
  const password = await caches.key(id);
  const connection = await connectTo({ host: view.host, port: view.port, password, tls: true });
  try {
    return await act(connection, view);
  } finally {
    connection.close();
  }
}
