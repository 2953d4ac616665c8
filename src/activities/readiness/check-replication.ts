import type { CacheChanges } from "../../azure/cache-changes.js";
import type { ContainerApps } from "../../azure/container-apps.js";
import type { RedisCaches } from "../../azure/redis-caches.js";
import type { StorageAccounts } from "../../azure/storage-accounts.js";
import type { Environment } from "../../domain/estate.js";
import type { Instant } from "../../domain/instant.js";
import type { CheckResult } from "../../domain/readiness/readiness.js";
import { geoLagFinding, geoLinkFinding } from "../../domain/readiness/replication-findings.js";
import { sameResource } from "../../domain/resource-id.js";
import { accountInUse } from "../account-in-use.js";
import { checked } from "./checked.js";

/** What the checks of replication look with. */
export interface ReplicationPorts {
  readonly apps: ContainerApps;
  readonly accounts: StorageAccounts;
  readonly caches: RedisCaches;
  readonly changes: Pick<CacheChanges, "links">;
}

/** How far what Azure itself copies to the other region is behind. */
export async function checkReplication(
  { apps, accounts, caches, changes }: ReplicationPorts,
  estate: Environment,
  now: Instant,
): Promise<readonly CheckResult[]> {
  const { containerApp, storage, redis, objectives } = estate;
  const results = await Promise.all([
    checked(["storage-geo-lag"], async () => {
      const sides = { app: containerApp.primary, standby: containerApp.secondary };
      const { id, view } = await accountInUse(apps, accounts, sides, storage);
      const geo = view?.geo;
      if (geo === undefined) return [geoLagFinding(undefined, now)];
      const { status, lastSyncAt } = geo;
      const preferred = storage.recovery.prefer === "data";
      const facts = { account: id, status, lastSyncAt, rpo: objectives.rpo, preferred };
      return [geoLagFinding(facts, now)];
    }),
    checked(["redis-geo-link"], async () => {
      const { primary, secondary } = redis;
      if (secondary === undefined) return [geoLinkFinding(undefined)];
      const both = await Promise.all([primary, secondary].map((id) => caches.cache(id)));
      const linkable = both.every(
        (cache) => cache?.tier === "Premium" || (cache?.kind === "managed" && cache.linked),
      );
      if (!linkable) return [geoLinkFinding(undefined)];
      const link = (await changes.links(primary)).find(({ other }) =>
        sameResource(other, secondary),
      );
      return [geoLinkFinding({ primary, secondary, state: link?.state })];
    }),
  ]);
  return results.flat();
}
