import { classifyError } from "../azure/classify-error.js";
import { shortRegion } from "../azure/redis-caches.js";
import type { RedisConnections } from "../azure/redis-connection.js";
import type { CacheSources } from "./active-cache.js";
import type { CacheProbing } from "./cache-probe.js";
import { withCache } from "./open-cache.js";
import type { AskedRegion } from "./region.contract.js";

/**
 * Whether the app of a region and another service beside it are silent. An error that somebody took the
 * trouble to answer is an answer, a throttled request as well; that Resource Manager cannot reach what
 * stands there is none.
 */
export async function probeRegion(
  azure: CacheSources & CacheProbing,
  connectTo: RedisConnections,
  { region, app, user, beside }: AskedRegion,
) {
  const isHere = (location: string): boolean => shortRegion(location) === region;
  const [appIsSilent, besideIsSilent] = await Promise.all([
    isSilent(async () => {
      if (user === undefined) {
        await azure.apps.app(app);
        return;
      }
      const { status } = await azure.health.probe(user.fqdn, user.rule);
      if (status === undefined) throw noAnswer;
    }),
    isSilent(async () => {
      if (beside.kind === "redis") {
        const cache = await azure.caches.cache(beside.id);
        if (cache === undefined || !isHere(cache.location)) return;
        await withCache(azure.caches, connectTo, beside.id, (connection) =>
          connection.run(() => connection.router.ping()),
        );
        return;
      }
      const vault = await azure.vaults.vault(beside.id);
      if (vault === undefined || !isHere(vault.location)) return;
      for await (const _page of azure.secrets.pages(vault.uri)) break;
    }),
  ]);
  const service = beside.kind === "redis" ? "its cache" : "its vault";
  const silent = [...(appIsSilent ? ["the app"] : []), ...(besideIsSilent ? [service] : [])];
  return {
    down: silent.length === 2,
    detail:
      silent.length === 0
        ? `other services of ${region} answer`
        : `no answer from ${silent.join(" and ")} in ${region}`,
  };
}

const noAnswer = Object.assign(new Error("no answer"), { code: "ECONNREFUSED" });

async function isSilent(ask: () => Promise<void>): Promise<boolean> {
  try {
    await ask();
    return false;
  } catch (error) {
    const failure = classifyError(error);
    if (failure === null) throw error;
    if (failure.code.startsWith("redis-")) return failure.code === "redis-connection";
    return failure.class === "transient" && !/429|thrott|too.?many/i.test(failure.code);
  }
}
