import { classifyError } from "../azure/classify-error.js";
import type { RedisCaches } from "../azure/redis-caches.js";
import type { RedisConnections } from "../azure/redis-connection.js";
import { countKeys } from "../azure/redis-keys.js";
import type { Activity } from "../durable/activity-contract.js";
import type { Backups } from "../state/backups.js";
import { wayOf } from "./cache-imports.js";
import * as contract from "./drill.contract.js";
import { cacheAt, withCache } from "./open-cache.js";

/** What a drill that empties a cache looks at before: what there is to bring back. */
export function drillExportActivities(
  { caches, sets }: { readonly caches: RedisCaches; readonly sets: Backups },
  connectTo: RedisConnections,
): readonly Activity[] {
  return [
    contract.findCacheExport.implementedBy(
      classifyError,
      async ({ environment, cache }, { now }) => {
        const { linked, persistence } = await cacheAt(caches, cache);
        const wanted = { kind: "redis", environment, source: cache } as const;
        const { found } = await sets.newestVerified(wanted, now());
        if (found === undefined) return { linked, detail: "there is no verified set" };
        const held = await withCache(caches, connectTo, cache, countKeys);
        const { set, manifest } = found;
        const { takenAt } = manifest;
        const way = wayOf(manifest);
        const persistent = persistence === "rdb" || persistence === "aof";
        return {
          linked,
          found: { cache, set, takenAt, way, held, persistent },
          detail: `${held} keys, persistence ${persistence}; the ${way} of ${takenAt}: ${set}`,
        };
      },
    ),
  ];
}
