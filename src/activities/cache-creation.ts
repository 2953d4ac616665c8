import type { CacheChanges } from "../azure/cache-changes.js";
import { classifyError } from "../azure/classify-error.js";
import type { RedisCaches } from "../azure/redis-caches.js";
import { takenAtOf } from "../domain/backup.js";
import { seconds } from "../domain/duration.js";
import { ClassifiedError, terminal } from "../domain/failure.js";
import { cacheGroups, isRecoveryCache } from "../domain/recovery-cache.js";
import { parseResourceId, sameResource } from "../domain/resource-id.js";
import type { Activity } from "../durable/activity-contract.js";
import type { Backups } from "../state/backups.js";
import type { StateStore } from "../state/state-store.js";
import { wayOf, whyNotTaken } from "./cache-imports.js";
import { ensure } from "./ensure.js";
import { provenOf } from "./held-set.js";
import { cacheAt } from "./open-cache.js";
import * as contract from "./redis-failure.contract.js";

/** Tells whose work a cache is. */
const runTag = "mcp-dr-run";
/** What was accepted can be seen at once; a list may show it later. */
const creationSettling = seconds(15);
/** How many sets are looked through for one that can be used. */
const longestSearch = 20;

/** What a recovery does to make a cache, and to find what it is filled with. */
export function cacheCreationActivities(azure: {
  readonly caches: RedisCaches;
  readonly changes: CacheChanges;
  readonly sets: Backups;
  readonly store: StateStore;
}): readonly Activity[] {
  const { caches, changes, sets, store } = azure;
  return [
    contract.startCreation.implementedBy(
      classifyError,
      ({ cache, region, size, replaces, lease }, context) => {
        const name = nameOf(cache);
        return refusalNamed(() =>
          ensure(store, context, contract.startCreation, {
            resource: lease,
            plan: () => ({ changed: true, detail: `would make ${name} (${size}) in ${region}` }),
            onRepeat: "repeat",
            settling: creationSettling,
            observe: async () => {
              const standing = await changes.standing(cache);
              if (standing === undefined) return undefined;
              if (standing.tags[runTag] !== context.caller.run) {
                throw terminal("creation-refused", `${name} exists, and is not this run's`);
              }
              return { changed: true, detail: `${name} is ${standing.provisioningState}` };
            },
            act: async () => {
              const tags = { [runTag]: context.caller.run, "mcp-dr-replaces": nameOf(replaces) };
              await changes.create(cache, { location: region, size, tags });
              return { changed: true, detail: `${name} (${size}) is being made in ${region}` };
            },
          }),
        );
      },
    ),

    contract.startDatabase.implementedBy(classifyError, ({ cache, lease }, context) =>
      refusalNamed(() =>
        ensure(store, context, contract.startDatabase, {
          resource: lease,
          plan: () => ({ changed: true, detail: "would make its database" }),
          onRepeat: "repeat",
          settling: creationSettling,
          observe: async () =>
            (await changes.standing(cache))?.database === "there"
              ? { changed: true, detail: "its database is there" }
              : undefined,
          act: async () => {
            await changes.createDatabase(cache);
            return { changed: true, detail: "its database is being made" };
          },
        }),
      ),
    ),

    contract.observeCreation.implementedBy(classifyError, async ({ cache }) => {
      const standing = await changes.standing(cache);
      if (standing === undefined) {
        return { state: "under-way", database: "none", detail: "it does not show yet" };
      }
      const { provisioningState: detail, database } = standing;
      const state =
        detail === "Succeeded"
          ? "ready"
          : ["Failed", "Canceled", "Deleting"].includes(detail)
            ? "failed"
            : "under-way";
      return { state, database, detail };
    }),

    contract.findMadeCaches.implementedBy(classifyError, async ({ redis, failing }) => {
      const listed = await Promise.all(cacheGroups(redis).map((group) => changes.inGroup(group)));
      const made = listed
        .flat()
        .filter((id) => isRecoveryCache(redis, id) && !sameResource(id, failing));
      const ready: string[] = [];
      for (const id of made) {
        const standing = await changes.standing(id);
        if (standing?.provisioningState !== "Succeeded" || standing.database === "missing")
          continue;
        // Another environment may have its caches in this group, and name them alike.
        if (runTag in standing.tags) ready.push(id);
      }
      const detail = ready.length === 0 ? "there is none" : ready.map(nameOf).join(", ");
      return { caches: ready, detail };
    }),

    contract.chooseCacheSet.implementedBy(
      classifyError,
      async ({ cache, environment, failing, redis }, { now }) => {
        const view = await cacheAt(caches, cache);
        const { primary, secondary = primary } = redis;
        const made = await sets.madeInRecovery(redis);
        const sources = [...new Set([failing, primary, secondary, ...made])];
        const all = await Promise.all(
          sources.map(async (source) =>
            (await sets.sets({ kind: "redis", environment, source })).flatMap((set) => {
              const takenAt = takenAtOf(set);
              return takenAt === undefined ? [] : [{ source, set, takenAt }];
            }),
          ),
        );
        const newestFirst = all
          .flat()
          .sort((one, other) => other.takenAt.localeCompare(one.takenAt));
        let why = "there is none";
        const passedOver: string[] = [];
        for (const { source, set, takenAt } of newestFirst.slice(0, longestSearch)) {
          const found = await sets.judge(set, { kind: "redis", environment, source }, now());
          if (found.kind === "usable" && found.doubt === undefined) {
            const whyNot = whyNotTaken(found.manifest, view);
            if (whyNot === undefined) {
              const proven = await provenOf(sets, "redis", environment, sources, now());
              const detail = `the ${wayOf(found.manifest)} of ${takenAt}; ${proven}`;
              return { kind: "found", set, source, takenAt, passedOver, detail };
            }
            why = whyNot;
            continue;
          }
          why = `${set} ${found.kind === "unusable" ? `is ${found.problem}` : doubtWords[found.doubt ?? "unverified"]}`;
          passedOver.push(why);
        }
        return { kind: "none", detail: `no set can be used: ${why}` };
      },
    ),
  ];
}

const doubtWords = { unverified: "was never verified", "proof-failed": "has failed a proof" };

const nameOf = (id: string): string => parseResourceId(id)?.name ?? id;

/** That Azure makes no such cache is an outcome with a name: another kind may still be had. */
async function refusalNamed<T>(make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof ClassifiedError) throw error;
    const failure = classifyError(error);
    if (failure?.class !== "terminal" && failure?.class !== "permission-lag") throw error;
    throw terminal("creation-refused", `${failure.code}: ${failure.message}`);
  }
}
