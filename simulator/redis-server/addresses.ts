import type { Seed } from "../world/seed.js";

/** How many addresses the caches of a seed have: one each, or one for each shard. */
export function addressesIn({ redisCaches, managedRedis }: Seed): number {
  const ofShards = redisCaches.reduce((sum, { shards }) => sum + (shards ?? 1), 0);
  return ofShards + managedRedis.length;
}
