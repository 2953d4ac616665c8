import type { BlobStreams } from "../azure/blob-container.js";
import type { BlobCopies, ContainerPlace } from "../azure/blob-copies.js";
import { classifyError } from "../azure/classify-error.js";
import type { RedisCaches } from "../azure/redis-caches.js";
import type { RedisConnections } from "../azure/redis-connection.js";
import { countKeys, removeKeys, type DumpedKey } from "../azure/redis-keys.js";
import { sampleKeys } from "../azure/redis-samples.js";
import type { ProofFailure } from "../domain/backup-proof.js";
import type { BackupItem, BackupManifest, BackupSource } from "../domain/backup.js";
import { terminal } from "../domain/failure.js";
import { sameResource } from "../domain/resource-id.js";
import type { Activity } from "../durable/activity-contract.js";
import type { Backups } from "../state/backups.js";
import { Crc64 } from "../state/crc64.js";
import { scratchNotes } from "../state/scratch-notes.js";
import { readSnapshotPart } from "../state/snapshot-part.js";
import { wayOf, whyNotTaken } from "./cache-imports.js";
import { heldSet } from "./held-set.js";
import { cacheAt, withCache } from "./open-cache.js";
import * as contract from "./redis-proof.contract.js";
import { rankOf, Sample } from "./sample.js";

/** Below this lie the keys of proofs, for minutes. */
const reservedPrefix = "mcp-dr:proof:";
/** What may be in the memory of an activity at most while it draws a sample. */
const longestSample = 64 * 2 ** 20;

/** What a proof does with caches. Keys and what they hold stay inside one activity. */
export function redisProofActivities(
  azure: {
    readonly caches: RedisCaches;
    readonly copies: BlobCopies;
    readonly streams: BlobStreams;
    readonly sets: Backups;
    readonly placeOfSets: ContainerPlace;
  },
  connectTo: RedisConnections,
): readonly Activity[] {
  const { caches, copies, sets, streams } = azure;
  const notes = scratchNotes(sets.container);
  /** The scratch cache holds what proofs put there; never is it one that an app may use. */
  const checkScratch = ({ cache, estate }: { cache: string; estate: readonly string[] }): void => {
    if (!estate.some((id) => sameResource(id, cache))) return;
    throw terminal("no-scratch-cache", `${cache} is a cache of the estate`);
  };

  return [
    contract.findProofPlace.implementedBy(classifyError, async (wanted, context) => {
      const { scratch, active, estate } = wanted;
      const none = (detail: string) => ({ kind: "none" as const, detail });
      const manifest = await heldSet(sets, wanted, "redis", context);
      const way = wayOf(manifest);
      const cache = scratch ?? (way === "snapshot" ? active : undefined);
      if (cache === undefined) {
        return none(
          way === "snapshot"
            ? "the cache in use cannot be seen, and the estate names no proof.scratchCache"
            : "an export is proven by importing all of it, and the estate names no proof.scratchCache",
        );
      }
      if (scratch !== undefined) checkScratch({ cache, estate });
      const view = await cacheAt(caches, cache);
      if (way === "snapshot") {
        const which = scratch === undefined ? "in use" : "of the estate for this";
        const detail = `a sample of keys passes through ${view.name}, the cache ${which}`;
        return { kind: "sample", cache, detail };
      }
      const whyNot = whyNotTaken(manifest, view);
      if (whyNot !== undefined) return none(whyNot);
      const held = await withCache(caches, connectTo, cache, countKeys);
      if (held > 0 && (await notes.read(cache)) === undefined) {
        return none(
          `${view.name} holds ${held} keys that no proof has put there; a scratch cache holds nothing else`,
        );
      }
      const files: string[] = [];
      for await (const part of sets.items(manifest)) files.push(...part.map(({ blob }) => blob));
      const keys = keysOf(manifest);
      return {
        kind: "import",
        cache,
        ...(keys === undefined ? {} : { keys }),
        files,
        name: view.name,
        location: view.location,
        hasIdentity: view.hasIdentity,
        empty: held === 0,
        detail: `${files.length} files are imported into ${view.name}`,
      };
    }),

    contract.proveKeys.implementedBy(classifyError, async (wanted, { caller, now }) => {
      const { cache, count } = wanted;
      const manifest = await sets.usable(wanted.set, ofRedis(wanted), now());
      const part = Number.parseInt(rankOf(caller.run, wanted.set).slice(0, 8), 16) % manifest.count;
      const [item] = await sets.stretchOf(manifest, part, part + 1);
      if (item === undefined) throw terminal("part-missing", `the set has no part ${part + 1}`);
      const of = keysOf(manifest) ?? 0;
      const compared = (items: number, bytes: number, failures: readonly ProofFailure[]) => ({
        kind: "compared" as const,
        changed: items > failures.length,
        comparison: {
          items,
          of: Math.max(of, items),
          bytes,
          withSource: 0,
          failures: [...failures],
        },
        detail: `${items} keys of part ${part + 1} of ${manifest.count}, ${failures.length} failures`,
      });
      const drawn = await sampleOf(streams, item, caller.run, count);
      if ("failure" in drawn) return compared(1, 0, [drawn.failure]);
      const { keys } = drawn;
      if (keys.length === 0) {
        const detail = `part ${part + 1} of ${manifest.count} holds no key that is short enough for a sample`;
        return { kind: "none", detail };
      }
      const found = await withCache(caches, connectTo, cache, (connection) =>
        sampleKeys(connection, `${reservedPrefix}${caller.run}:`, keys),
      );
      // A payload is right by its own checksum; then it is the server that is too old for it.
      const isTooNew = found.some(
        (each, index) => each === "refused" && hasOwnChecksum(keys[index]?.payload),
      );
      if (isTooNew) {
        return { kind: "none", detail: `${cache} is of an older version than the copies of keys` };
      }
      const bad = found.filter((each) => each === "refused" || each === "differs").length;
      const failures =
        bad === 0
          ? []
          : // Names of keys may be secrets.
            [
              {
                name: item.name,
                blob: item.blob,
                reason: `${bad} of its keys do not come back as they were copied`,
              },
            ];
      const bytes = keys.reduce((sum, { payload }) => sum + payload.byteLength, 0);
      return compared(keys.length, bytes, failures);
    }),

    contract.beginScratchImport.implementedBy(classifyError, async (wanted, { caller, now }) => {
      checkScratch(wanted);
      await notes.write(wanted.cache, {
        version: 1,
        run: caller.run,
        at: now(),
        names: { "*": "restoring" },
      });
      return { changed: true, detail: "written down whose keys will be there" };
    }),

    contract.compareImport.implementedBy(classifyError, async (wanted, { now }) => {
      const manifest = await sets.usable(wanted.set, ofRedis(wanted), now());
      const files: BackupItem[] = [];
      for await (const part of sets.items(manifest)) files.push(...part);
      const of = keysOf(manifest);
      const failures: ProofFailure[] = [];
      let items = 0;
      if (wanted.imported) {
        items = await withCache(caches, connectTo, wanted.cache, countKeys);
        if (items === 0 && of !== 0) {
          return {
            detail: "it was imported, and no key came back: the time of all of them may be over",
          };
        }
      } else {
        for (const file of files) failures.push(...(await faultIn(file)));
      }
      const comparison = {
        items,
        of: Math.max(of ?? 0, items),
        bytes: manifest.bytes,
        withSource: 0,
        failures,
      };
      const detail = wanted.imported
        ? `${items} keys came back of ${of ?? "an unknown number of"} keys; those whose time is over since do not`
        : `${failures.length} of ${files.length} files are not what the set says`;
      return { comparison, detail };
    }),

    contract.emptyScratchCache.implementedBy(classifyError, async (wanted) => {
      checkScratch(wanted);
      const note = await notes.read(wanted.cache);
      if (note === undefined) return { changed: false, detail: "no proof has put anything there" };
      await withCache(caches, connectTo, wanted.cache, removeKeys);
      return { changed: true, detail: "its keys are removed" };
    }),
  ];

  /** What is wrong with a file of an export itself; one that takes long to be read is looked at alone. */
  async function faultIn({ name, blob, bytes, sha256 }: BackupItem): Promise<ProofFailure[]> {
    const place = { ...azure.placeOfSets, name: blob };
    const copy = await copies.properties(place);
    if (copy === undefined) return [{ name, blob, reason: "its copy is gone" }];
    if (copy.bytes !== bytes) {
      const reason = `its copy has ${copy.bytes} bytes instead of ${bytes}`;
      return [{ name, blob, reason }];
    }
    if (copies.isSlow({ bytes, isBlockBlob: true })) return [];
    const read = await copies.hash(place, copy.etag);
    if (read === undefined || read.sha256 === sha256) return [];
    return [{ name, blob, reason: "its copy is not what the manifest says" }];
  }
}

const ofRedis = ({ environment, source }: Omit<BackupSource, "kind">): BackupSource => ({
  kind: "redis",
  environment,
  source,
});

function keysOf({ facts }: BackupManifest): number | undefined {
  const keys = Number(facts["keys"]);
  return Number.isInteger(keys) ? keys : undefined;
}

/** A sample has some more in hand than it keeps in the end. */
const longestKey = (count: number): number => longestSample / (2 * count + 64);

/** Reads a part to its end, which proves it, and keeps a sample of its keys. */
async function sampleOf(
  streams: BlobStreams,
  { name, blob, bytes, sha256 }: BackupItem,
  run: string,
  count: number,
): Promise<{ readonly keys: readonly DumpedKey[] } | { readonly failure: ProofFailure }> {
  const failure = (reason: string) => ({ failure: { name, blob, reason } });
  const reading = readSnapshotPart(streams, blob);
  const drawn = new Sample<DumpedKey>(run, count);
  try {
    for await (const page of reading.pages) {
      for (const each of page) {
        if (each.payload.byteLength > longestKey(count)) continue;
        // What a page is cut from would stay in memory as long as a key of it.
        const [key, payload] = [Buffer.from(each.key), Buffer.from(each.payload)];
        drawn.offer(each.key, { ...each, key, payload });
      }
    }
  } catch (error) {
    const known = classifyError(error);
    // The part itself is damaged, or gone; anything else is trouble on the way.
    if (known?.class === "terminal" && /^snapshot-(?!future)|^BlobNotFound$/.test(known.code)) {
      return failure(known.code);
    }
    throw error;
  }
  const stored = reading.stored();
  if (stored.bytes !== bytes || stored.sha256 !== sha256) return failure("snapshot-altered");
  return { keys: drawn.items() };
}

/** Whether a payload of DUMP ends in the checksum of all before it. */
function hasOwnChecksum(payload: Buffer | undefined): boolean {
  if (payload === undefined || payload.byteLength < 10) return false;
  const crc = new Crc64();
  crc.update(payload.subarray(0, -8));
  return crc.toString() === Buffer.from(payload.subarray(-8)).reverse().toString("hex");
}
