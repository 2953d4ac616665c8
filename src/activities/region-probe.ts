import type { RedisConnections } from "../azure/redis-connection.js";
import type { CacheSources } from "./active-cache.js";
import type { CacheProbing } from "./cache-probe.js";
import type { AskedRegion } from "./region.contract.js";
import { askApp, askCache, askVault, seenOf } from "./region-silence.js";

/** Whether the app of a region and another service beside it are silent. */
export async function probeRegion(
  azure: CacheSources & CacheProbing,
  connectTo: RedisConnections,
  { region, app, user, beside }: AskedRegion,
) {
  const looks = await Promise.all([
    seenOf(async () => {
      if (user !== undefined) return askApp(azure.health, user);
      await azure.apps.app(app);
      return undefined;
    }),
    seenOf(() =>
      beside.kind === "redis"
        ? askCache(azure.caches, connectTo, region, beside.id)
        : askVault(azure, region, beside.id),
    ),
  ]);
  const services = ["the app", beside.kind === "redis" ? "its cache" : "its vault"];
  const silent = services.filter((_service, nth) => looks[nth] === "silent");
  return {
    down: silent.length === 2,
    detail:
      silent.length === 0
        ? `other services of ${region} answer`
        : `no answer from ${silent.join(" and ")} in ${region}`,
  };
}
