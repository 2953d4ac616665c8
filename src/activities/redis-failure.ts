import type { CacheChanges } from "../azure/cache-changes.js";
import { classifyError } from "../azure/classify-error.js";
import type { RedisConnections } from "../azure/redis-connection.js";
import { countKeys } from "../azure/redis-keys.js";
import { seconds } from "../domain/duration.js";
import { sameResource } from "../domain/resource-id.js";
import type { Activity } from "../durable/activity-contract.js";
import type { StateStore } from "../state/state-store.js";
import { activeCache, type CacheSources } from "./active-cache.js";
import { probeCache, type CacheProbing } from "./cache-probe.js";
import { ensure } from "./ensure.js";
import { cacheAt, withCache } from "./open-cache.js";
import { probeRegion } from "./region-probe.js";
import * as region from "./region.contract.js";
import * as contract from "./redis-failure.contract.js";

/** How long a reboot takes to begin. It leaves no trace that ARM shows. */
const rebootSettling = seconds(30);
/** ARM shows a link that is made or ended at once, or after some seconds. */
const linkSettling = seconds(30);

/** What a recovery does with caches that are there, apart from their keys and what they hold. */
export function redisFailureActivities(
  azure: CacheSources &
    CacheProbing & { readonly changes: CacheChanges; readonly store: StateStore },
  connectTo: RedisConnections,
): readonly Activity[] {
  const { caches, changes, store } = azure;
  return [
    contract.findCacheInUse.implementedBy(classifyError, async (wanted) => {
      const { side, known, id, detail } = await activeCache(azure, wanted);
      return { side, known, id, detail };
    }),

    contract.probeCache.implementedBy(classifyError, (wanted, { caller }) =>
      probeCache(azure, connectTo, wanted, caller),
    ),

    region.probeRegion.implementedBy(classifyError, (asked) =>
      probeRegion(azure, connectTo, asked),
    ),

    contract.inspectCache.implementedBy(classifyError, async ({ cache }) => {
      const [view, standing] = await Promise.all([caches.cache(cache), changes.standing(cache)]);
      if (view === undefined || standing === undefined) {
        return { kind: "missing", shards: 0, hasReplica: false, detail: `${cache} does not exist` };
      }
      const { shards, hasReplica } = standing;
      const shape = shards === 0 ? "" : `, ${shards} shards`;
      return { kind: view.kind, shards, hasReplica, detail: `${view.name}: ${view.tier}${shape}` };
    }),

    contract.rebootPrimary.implementedBy(classifyError, ({ cache, shard, hasReplica }, context) => {
      const what = shard === undefined ? "the primary node" : `the primary node of shard ${shard}`;
      return ensure(store, context, contract.rebootPrimary, {
        resource: cache,
        plan: () => ({ changed: true, detail: `would reboot ${what}` }),
        onRepeat: hasReplica ? "repeat" : "ask-operator",
        settling: rebootSettling,
        observe: () => Promise.resolve(undefined),
        act: async () => {
          await changes.rebootPrimary(cache, shard);
          return { changed: true, detail: `${what} is rebooting` };
        },
      });
    }),

    contract.inspectStandby.implementedBy(classifyError, async ({ cache, instead }) => {
      const standing = await changes.standing(cache);
      const unusable = (detail: string) =>
        ({ usable: false, link: "none", keys: 0, detail }) as const;
      if (standing === undefined) return unusable(`${cache} does not exist`);
      const links = await linksOf(changes, cache);
      const found = links.find(({ other }) => sameResource(other, instead));
      const link = found === undefined ? "none" : roles[found.role];
      try {
        return await withCache(caches, connectTo, cache, async (connection, { name }) => {
          const keys = await countKeys(connection);
          const what = {
            replica: "a geo-replica",
            member: "of the same group",
            none: "on its own",
          };
          return {
            usable: true,
            link,
            keys,
            detail: `${name} is ${what[link]}, with ${keys} keys`,
          };
        });
      } catch (error) {
        const failure = classifyError(error);
        if (failure?.code.startsWith("redis-") !== true) throw error;
        return unusable(`${standing.provisioningState}, and ${failure.message}`);
      }
    }),

    contract.startUnlink.implementedBy(
      classifyError,
      ({ primary, secondary, at, lease }, context) =>
        ensure(store, context, contract.startUnlink, {
          resource: lease,
          plan: () => ({ changed: true, detail: "would unlink the geo-replica" }),
          // Azure answers a second request about a link that has gone with success.
          onRepeat: "repeat",
          settling: linkSettling,
          observe: async () => {
            const link = (await changes.links(secondary)).find(({ other }) =>
              sameResource(other, primary),
            );
            if (link === undefined) return { changed: false, detail: "the caches are not linked" };
            return link.state === "Deleting"
              ? { changed: false, detail: "the link is being ended" }
              : undefined;
          },
          act: async () => {
            await (at === "secondary"
              ? changes.unlink(secondary, primary)
              : changes.unlink(primary, secondary));
            return { changed: true, detail: "unlinking" };
          },
        }),
    ),

    contract.stopPersistence.implementedBy(classifyError, ({ cache, lease }, context) =>
      ensure(store, context, contract.stopPersistence, {
        resource: lease,
        plan: () => ({ changed: true, detail: "would turn persistence off" }),
        onRepeat: "repeat",
        settling: linkSettling,
        observe: async () => {
          const { name, persistence } = await cacheAt(caches, cache);
          return persistence === "rdb" || persistence === "aof"
            ? undefined
            : { changed: false, detail: `${name} does not save itself` };
        },
        act: async () => {
          await changes.stopPersistence(cache);
          return { changed: true, detail: "persistence is being turned off" };
        },
      }),
    ),

    contract.startLink.implementedBy(classifyError, ({ primary, secondary, lease }, context) =>
      ensure(store, context, contract.startLink, {
        resource: lease,
        plan: () => ({ changed: true, detail: "would link the caches again" }),
        // Azure refuses to link what is linked.
        onRepeat: "repeat",
        settling: linkSettling,
        observe: async () => {
          const linked = (await changes.links(primary)).some(({ other }) =>
            sameResource(other, secondary),
          );
          return linked ? { changed: false, detail: "the caches are linked" } : undefined;
        },
        act: async () => {
          const { location } = await cacheAt(caches, secondary);
          await changes.link(primary, { id: secondary, location });
          return { changed: true, detail: "linking" };
        },
      }),
    ),

    contract.observeLinks.implementedBy(classifyError, async ({ cache }) => {
      const [links, standing] = await Promise.all([changes.links(cache), changes.standing(cache)]);
      const state = standing?.provisioningState ?? "gone";
      const linked = links.length > 0;
      const settled =
        state === "Succeeded" && links.every((link) => /^(Succeeded|Linked)$/.test(link.state));
      return { linked, settled, detail: `${linked ? "linked" : "not linked"}, ${state}` };
    }),
  ];
}

/** What a cache is to the other that it is linked with; a primary would lose the app as its replica does. */
const roles = { primary: "member", secondary: "replica", member: "member" } as const;

/** A tier that knows no links refuses to list them. */
async function linksOf(changes: CacheChanges, cache: string) {
  try {
    return await changes.links(cache);
  } catch (error) {
    if (classifyError(error)?.class === "terminal") return [];
    throw error;
  }
}
