import { createHash } from "node:crypto";
import type { BlobCopies, ContainerPlace } from "../azure/blob-copies.js";
import type { CacheFiles } from "../azure/cache-files.js";
import { classifyError } from "../azure/classify-error.js";
import { exportsItself } from "../azure/redis-caches.js";
import type { StorageAccounts } from "../azure/storage-accounts.js";
import { seconds } from "../domain/duration.js";
import { terminal } from "../domain/failure.js";
import type { Activity } from "../durable/activity-contract.js";
import type { StateStore } from "../state/state-store.js";
import { activeCache, type CacheSources } from "./active-cache.js";
import { ensure } from "./ensure.js";
import { looksWhole } from "./export-files.js";
import { cacheAt } from "./open-cache.js";
import * as contract from "./redis-backup.contract.js";
import { storageInRegion } from "./storage-in-region.js";

/** Where caches of the Premium tier write their exports, each below a dated prefix. */
const exportContainer = "redis-backups";
/** How long the first file of an export may take to show. */
const exportSettling = seconds(60);

/** What backups and restores do with caches, apart from their keys. */
export function redisBackupActivities(
  azure: CacheSources & {
    readonly accounts: StorageAccounts;
    readonly copies: BlobCopies;
    readonly files: CacheFiles;
    readonly store: StateStore;
    /** The container of backup sets. */
    readonly sets: ContainerPlace;
  },
): readonly Activity[] {
  const { caches, accounts, copies, files, store } = azure;
  return [
    contract.findActiveCache.implementedBy(classifyError, async (wanted) => {
      const { side, known, id, view, detail } = await activeCache(azure, wanted);
      const seen = view ?? (await cacheAt(caches, id));
      const { kind, tier, location, hasIdentity } = seen;
      const way = exportsItself(seen) ? "export" : "snapshot";
      return { side, known, id, way, kind, tier, location, hasIdentity, detail };
    }),

    contract.prepareExport.implementedBy(classifyError, async (wanted, { caller }) => {
      const { storage, cache, kind, region, folder } = wanted;
      const { name } = await cacheAt(caches, cache);
      const account = await storageInRegion(accounts, storage, region);
      const endpoint = account.blobEndpoint;
      // Azure Managed Redis names its files as it likes, so they get a container of their own.
      const own = kind === "managed";
      const place = own
        ? { endpoint, container: ownContainer(folder), prefix: "", own }
        : { endpoint, container: exportContainer, prefix: `${name}/${folder}`, own };
      const made = caller.mode === "execute" && (await copies.ensureContainer(place));
      return {
        changed: made,
        place,
        detail: `into ${place.container} of ${account.name}${own ? "" : `, below ${place.prefix}`}`,
      };
    }),

    contract.startExport.implementedBy(classifyError, ({ cache, place, access }, context) =>
      ensure(store, context, contract.startExport, {
        resource: cache,
        plan: () => ({ changed: true, detail: "would have the cache export its keys" }),
        // Whatever was exported before lies below the same prefix, which is this run's own.
        onRepeat: "repeat",
        settling: exportSettling,
        observe: async () => {
          const there = await files.list(place, place.prefix);
          return there.length === 0
            ? undefined
            : { changed: true, detail: `the export has written ${there.length} files` };
        },
        act: async () => {
          const byIdentity = access === "identity";
          const container = byIdentity ? files.url(place) : await files.signedUrl(place);
          const { prefix } = place;
          return {
            changed: true,
            operation: await caches.startExport(cache, { container, prefix, byIdentity }),
            detail: `exporting ${byIdentity ? "with the cache's own identity" : "with a SAS"}`,
          };
        },
      }),
    ),

    contract.observeCacheOperation.implementedBy(classifyError, async ({ cache, operation }) => {
      const seen = await caches.operation(cache, operation);
      return {
        state: seen.state,
        ...(seen.state === "running" ? { operation: seen.token } : {}),
        detail:
          seen.state === "failed"
            ? `failed: ${seen.message}`
            : seen.state === "succeeded"
              ? "it has succeeded"
              : "it is running",
      };
    }),

    contract.observeExport.implementedBy(classifyError, async ({ place }) => {
      const found = await files.list(place, place.prefix);
      const whole = await Promise.all(found.map((file) => looksWhole(files, copies, place, file)));
      const ready = whole.filter(Boolean).length;
      return {
        files: [...found],
        whole: found.length > 0 && ready === found.length,
        detail: `${ready} of ${found.length} files are there to their end`,
      };
    }),

    contract.copyCacheFiles.implementedBy(classifyError, async (wanted) => {
      const { from = azure.sets, to = azure.sets, files: all } = wanted;
      await copies.ensureContainer(to);
      const states = await Promise.all(all.map((file) => copyState(copies, from, to, file)));
      const count = (state: string): number => states.filter((each) => each === state).length;
      const failed = states.filter((state) => state !== "done" && state !== "waiting");
      return {
        done: count("done"),
        waiting: count("waiting"),
        failed,
        detail:
          failed.length === 0
            ? `${count("done")} of ${all.length} files are copied`
            : failed.join("; "),
      };
    }),

    contract.removeCacheFiles.implementedBy(classifyError, async ({ place, whole }, { caller }) => {
      if (!place.own && place.prefix === "") {
        throw terminal("not-own", `${place.container} is not this run's alone`);
      }
      const there = await files.list(place, place.prefix);
      if (caller.mode === "execute") {
        for (const { name } of there) await copies.remove({ ...place, name });
        if (place.own && whole) await files.removeContainer(place);
      }
      return { changed: there.length > 0, detail: `removed ${there.length} files` };
    }),
  ];
}

/** A legal name that two runs do not share. */
const ownContainer = (folder: string): string => {
  const stamp = folder.slice(0, 16).toLowerCase();
  return `${exportContainer}-${stamp}-${createHash("sha256").update(folder).digest("hex").slice(0, 8)}`;
};

/** `done`, `waiting`, or what is wrong. What was not begun is begun. */
async function copyState(
  copies: BlobCopies,
  from: ContainerPlace,
  to: ContainerPlace,
  { name, target }: { readonly name: string; readonly target: string },
): Promise<string> {
  const [source, standing] = await Promise.all([
    copies.properties({ ...from, name }),
    copies.properties({ ...to, name: target }),
  ]);
  if (standing?.copy?.status === "pending") return "waiting";
  if (source === undefined) return `${name} is gone`;
  const isThere = standing?.bytes === source.bytes;
  if (isThere && (standing.copy?.status ?? "success") === "success") return "done";
  const answer = await copies.copy({
    from: { ...from, ...source },
    to: { ...to, name: target },
    over: "anything",
  });
  if (answer.kind === "copied") return "done";
  return answer.kind === "pending" ? "waiting" : `${name} cannot be copied: ${answer.why}`;
}
