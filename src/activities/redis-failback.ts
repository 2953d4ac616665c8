import { classifyError } from "../azure/classify-error.js";
import type { RedisConnections } from "../azure/redis-connection.js";
import { countKeys, isSameCache, removeKeys, restoreKeys, walkKeys } from "../azure/redis-keys.js";
import { seconds, type Milliseconds } from "../domain/duration.js";
import { terminal } from "../domain/failure.js";
import { sameResource } from "../domain/resource-id.js";
import type { Activity } from "../durable/activity-contract.js";
import type { ScanPosition } from "../domain/scan-position.js";
import type { StateStore } from "../state/state-store.js";
import { activeCache, type CacheSources } from "./active-cache.js";
import { covered, ensure } from "./ensure.js";
import { withCache } from "./open-cache.js";
import * as contract from "./redis-failure.contract.js";

/** What is removed is gone at once. */
const emptySettling = seconds(1);
/** As long does one activity copy keys. */
const copyingTime = seconds(25);

/** Keys go home one by one, from a cache that is in use: no export of one kind of cache fits all others. */
export function redisFailbackActivities(
  azure: CacheSources & { readonly store: StateStore },
  connectTo: RedisConnections,
  longest: Milliseconds = copyingTime,
): readonly Activity[] {
  const { caches, store } = azure;
  return [
    contract.emptyCache.implementedBy(classifyError, ({ cache, use }, context) =>
      ensure(store, context, contract.emptyCache, {
        resource: cache,
        plan: () => ({ changed: true, detail: "would remove its keys" }),
        onRepeat: "repeat",
        settling: emptySettling,
        observe: async () =>
          (await withCache(caches, connectTo, cache, countKeys)) === 0
            ? { changed: false, detail: "it is empty" }
            : undefined,
        act: async () => {
          await refuseInUse(azure, cache, use);
          await withCache(caches, connectTo, cache, removeKeys);
          return { changed: true, detail: "its keys are removed" };
        },
      }),
    ),

    contract.copyKeysAcross.implementedBy(
      classifyError,
      async ({ from, to, replace, use, position }, { caller, now }) => {
        // Looking is enough: a key that is copied twice is the same. But only while the run may, and
        // over nothing that the app has written since.
        if (caller.mode === "execute") await covered(store, caller, to, now());
        if (replace) await refuseInUse(azure, to, use);
        return withCache(caches, connectTo, from, (source) =>
          withCache(caches, connectTo, to, async (target) => {
            // Another server has taken over: its cursors are others, so the walk begins anew.
            const goesOn = position !== undefined && isSameCache(source, position);
            const begun = performance.now();
            const counts = { done: 0, restored: 0 };
            let next: ScanPosition | undefined;
            for await (const page of walkKeys(source, goesOn ? position : undefined)) {
              const { restored } = await restoreKeys(target, page.keys, replace, caller.mode);
              counts.done += page.keys.length;
              counts.restored += restored;
              if (performance.now() - begun > longest) {
                next = page.next;
                break;
              }
            }
            return {
              changed: counts.restored > 0,
              done: counts.done,
              ...(next === undefined ? {} : { next }),
              detail: `${counts.restored} of ${counts.done} keys copied`,
            };
          }),
        );
      },
    ),
  ];
}

/** People wait, and others move the app meanwhile: which cache it uses is seen right before the change. */
async function refuseInUse(
  azure: CacheSources,
  cache: string,
  use: Parameters<typeof activeCache>[1],
): Promise<void> {
  const { id, known, detail } = await activeCache(azure, use);
  if (known === "observed" && !sameResource(id, cache)) return;
  throw terminal("cache-in-use", `what it holds is not given up: ${detail}`);
}
