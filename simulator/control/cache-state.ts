import { linkedTo } from "../redis/geo-link.js";
import type { RedisCache } from "../redis/state.js";
import type { ManagedCluster } from "../managed-redis/state.js";

/** Where a cache of Azure Cache for Redis stands. */
export function cacheState(cache: RedisCache): unknown {
  const linked = linkedTo(cache);
  return {
    id: cache.id,
    provisioningState: cache.provisioningState,
    shards: cache.shards.map(({ endpoint, outages }) => ({
      port: endpoint.port,
      connections: endpoint.connections,
      outages: [...outages],
    })),
    ailments: cache.ailments.map(({ kind }) => kind),
    ...(linked && { linkedTo: linked.other.id, linkState: linked.link.state }),
  };
}

/** Where a cluster of Azure Managed Redis and its database stand. */
export function clusterState({ id, provisioningState, database }: ManagedCluster): unknown {
  return {
    id,
    provisioningState,
    database: database && {
      provisioningState: database.provisioningState,
      port: database.endpoint.port,
      connections: database.endpoint.connections,
      outages: [...database.outages],
      ailments: database.ailments.map(({ kind }) => kind),
      ...(database.group && {
        group: database.group.nickname,
        members: [...database.group.members].map((member) => member.id),
      }),
    },
  };
}
