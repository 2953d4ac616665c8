import type { BlobStreams } from "../azure/blob-container.js";
import type { BlobCopies } from "../azure/blob-copies.js";
import type { CacheFiles } from "../azure/cache-files.js";
import { classifyError } from "../azure/classify-error.js";
import type { RedisCaches } from "../azure/redis-caches.js";
import type { RedisConnection, RedisConnections } from "../azure/redis-connection.js";
import { countKeys, restoreKeys, type DumpedKey } from "../azure/redis-keys.js";
import type { StorageAccounts } from "../azure/storage-accounts.js";
import { isWanted, namedExactly } from "../domain/backup-order.js";
import type { BackupManifest } from "../domain/backup.js";
import { seconds, type Milliseconds } from "../domain/duration.js";
import { terminal } from "../domain/failure.js";
import type { Activity } from "../durable/activity-contract.js";
import type { Backups } from "../state/backups.js";
import { readSnapshotPart, verifySnapshotPart } from "../state/snapshot-part.js";
import type { StateStore } from "../state/state-store.js";
import { wayOf, whyNotTaken } from "./cache-imports.js";
import { ensure } from "./ensure.js";
import { heldSet, provenOf } from "./held-set.js";
import { cacheAt, withCache } from "./open-cache.js";
import * as contract from "./redis-restore.contract.js";
import { storageInRegion } from "./storage-in-region.js";

/** As long does one activity put keys back. */
const restoringTime = seconds(30);
/** How long an import may take to begin: until then the mark may still be there. */
const importSettling = seconds(60);
/** How many beginnings of names a result spells out. */
const longestList = 10;

/** What a restore does with caches. Keys and SAS stay inside one activity. */
export function redisRestoreActivities(
  azure: {
    readonly caches: RedisCaches;
    readonly accounts: StorageAccounts;
    readonly copies: BlobCopies;
    readonly files: CacheFiles;
    readonly streams: BlobStreams;
    readonly sets: Backups;
    readonly store: StateStore;
  },
  connectTo: RedisConnections,
  longest: Milliseconds = restoringTime,
): readonly Activity[] {
  const { caches, accounts, copies, files, sets, streams, store } = azure;
  const manifestOf = ({ environment, source, set }: SourceOfSet, now: string) =>
    sets.usable(set, { kind: "redis", environment, source }, now);
  return [
    contract.findRestorableCache.implementedBy(classifyError, async (wanted, context) => {
      const { cache, active, items, overwrite } = wanted;
      const manifest = await heldSet(sets, wanted, "redis", context);
      const way = wayOf(manifest);
      const view = await cacheAt(caches, cache);
      if (way === "export" && items.length > 0) {
        throw terminal("whole-export", "an export is imported as a whole; leave the items out");
      }
      const whyNot = whyNotTaken(manifest, view);
      if (whyNot !== undefined) throw terminal("no-import", whyNot);
      const held = await withCache(caches, connectTo, cache, countKeys);
      const whole = items.length === 0;
      if (!overwrite && whole && (held > 0 || (way === "export" && active))) {
        const why = held > 0 ? `holds ${held} keys` : "is in use";
        throw terminal(
          "would-overwrite",
          `${view.name} ${why}: order it with overwrite and a reason, or name the keys that are missing`,
        );
      }
      const blobs: string[] = [];
      if (way === "export") {
        for await (const part of sets.items(manifest)) blobs.push(...part.map(({ blob }) => blob));
      }
      const keys = Number(manifest.facts["keys"]);
      const { environment, source } = wanted;
      const proven = await provenOf(sets, "redis", environment, [source], context.now());
      return {
        way,
        takenAt: manifest.takenAt,
        ...(Number.isInteger(keys) ? { keys } : {}),
        files: blobs,
        name: view.name,
        kind: view.kind,
        location: view.location,
        hasIdentity: view.hasIdentity,
        empty: held === 0,
        detail: `the ${way} of ${manifest.takenAt} into ${view.name}, which ${held === 0 ? "is empty" : `holds ${held} keys`}; ${proven}`,
      };
    }),

    contract.restoreSnapshot.implementedBy(classifyError, async (piece, { caller, now }) => {
      const { cache, part, skip, items, overwrite } = piece;
      const manifest = await manifestOf(piece, now());
      const [item] = await sets.stretchOf(manifest, part, part + 1);
      if (item === undefined) throw terminal("part-missing", `the set has no part ${part + 1}`);
      // Nothing of a part goes back before all of it is known to be good.
      if (skip === 0) await verifySnapshotPart(streams, item.blob, item);
      const reading = readSnapshotPart(streams, item.blob);
      const exact = new Set(namedExactly(items));
      const tally = new Tally(exact);
      const begun = performance.now();
      const work = async (connection: RedisConnection): Promise<boolean> => {
        let passed = 0;
        for await (const page of reading.pages) {
          const fresh = page.slice(Math.max(0, skip - passed));
          passed += page.length;
          if (fresh.length === 0) continue;
          const wanted = fresh.filter(({ key }) => isWanted(items, key.toString()));
          await tally.take(fresh.length, wanted, (keys) =>
            restoreKeys(connection, keys, overwrite, caller.mode),
          );
          if (performance.now() - begun > longest) return false;
        }
        return true;
      };
      const ended = await withCache(caches, connectTo, cache, work);
      const next = ended
        ? part + 1 < manifest.count
          ? { part: part + 1, skip: 0 }
          : undefined
        : { part, skip: skip + tally.done };
      return { ...tally.answer(), ...(next === undefined ? {} : { next }) };
    }),

    contract.prepareImport.implementedBy(classifyError, async ({ storage, region }, { caller }) => {
      const account = await storageInRegion(accounts, storage, region);
      const place = {
        endpoint: account.blobEndpoint,
        container: "redis-backups",
        prefix: `restores/${caller.run}/`,
        own: false,
      };
      const made = caller.mode === "execute" && (await copies.ensureContainer(place));
      return { changed: made, place, detail: `from ${place.container} of ${account.name}` };
    }),

    contract.startImport.implementedBy(classifyError, (wanted, context) => {
      const { cache, place, files: names, access } = wanted;
      const mark = markOf(context.caller.run);
      return ensure(store, context, contract.startImport, {
        resource: cache,
        plan: () => ({ changed: true, detail: `would import ${names.length} files` }),
        // The mark says whether it happened; while it happens the cache cannot be asked.
        onRepeat: "repeat",
        settling: importSettling,
        observe: async (since) => {
          if (since === undefined) return undefined;
          const marked = await withCache(caches, connectTo, cache, (connection) =>
            isMarked(connection, mark),
          );
          return marked
            ? undefined
            : { changed: true, detail: "what the cache held before is gone: it was imported" };
        },
        act: async () => {
          await withCache(caches, connectTo, cache, (connection) =>
            connection.run(() => connection.router.set(mark, context.caller.run, "EX", 86_400)),
          );
          const byIdentity = access === "identity";
          const urls: string[] = [];
          for (const name of names) {
            urls.push(byIdentity ? files.url(place, name) : await files.signedUrl(place, name));
          }
          return {
            changed: true,
            operation: await caches.startImport(cache, { files: urls, byIdentity }),
            detail: `importing ${byIdentity ? "with the cache's own identity" : "with a SAS"}`,
          };
        },
      });
    }),

    contract.observeImport.implementedBy(classifyError, ({ cache }, { caller }) =>
      withCache(caches, connectTo, cache, async (connection) => {
        const imported = !(await isMarked(connection, markOf(caller.run)));
        const keys = await countKeys(connection);
        const detail = imported ? `it serves ${keys} keys` : "it still holds what it held before";
        return { imported, keys, detail };
      }),
    ),
  ];
}

interface SourceOfSet {
  readonly environment: BackupManifest["environment"];
  readonly source: string;
  readonly set: string;
}

/** A key that an import deletes with all others. */
const markOf = (run: string): string => `mcp-dr:import:${run}`;

const isMarked = async ({ run, router }: RedisConnection, mark: string): Promise<boolean> =>
  (await run(() => router.exists(mark))) === 1;

/** What became of the keys of a stretch. */
class Tally {
  readonly #exact: ReadonlySet<string>;
  readonly #counts = { restored: 0, same: 0, left: 0, expired: 0 };
  readonly #leftBelow = new Set<string>();
  readonly #found = new Set<string>();
  done = 0;

  constructor(exact: ReadonlySet<string>) {
    this.#exact = exact;
  }

  async take(
    passed: number,
    wanted: readonly DumpedKey[],
    restore: (keys: readonly DumpedKey[]) => ReturnType<typeof restoreKeys>,
  ): Promise<void> {
    for (let at = 0; at < wanted.length; at += atOnce) {
      const { left, ...counts } = await restore(wanted.slice(at, at + atOnce));
      this.#counts.restored += counts.restored;
      this.#counts.same += counts.same;
      this.#counts.expired += counts.expired;
      this.#counts.left += left.length;
      for (const name of left) this.#leftBelow.add(beginningOf(name.toString()));
    }
    if (this.#exact.size > 0) {
      for (const { key } of wanted) {
        const name = key.toString();
        if (this.#exact.has(name)) this.#found.add(name);
      }
    }
    this.done += passed;
  }

  answer() {
    const { restored, same, left, expired } = this.#counts;
    return {
      changed: restored > 0,
      done: this.done,
      ...this.#counts,
      leftBelow: [...this.#leftBelow].slice(0, longestList),
      found: [...this.#found],
      detail: `${restored} restored, ${same} the same, ${left} left as they are, ${expired} expired since`,
    };
  }
}

/** Keys that are on their way at the same time. */
const atOnce = 500;

/** A key's name up to its first colon: what follows is often a token. */
function beginningOf(name: string): string {
  const colon = name.indexOf(":");
  return colon === -1 ? `${name.slice(0, 3)}…` : name.slice(0, colon + 1);
}
