import { createHash, randomUUID } from "node:crypto";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { BlobStreams } from "../azure/blob-container.js";
import type { BlobCopies, BlobPlace, ContainerPlace } from "../azure/blob-copies.js";
import type { CacheFiles } from "../azure/cache-files.js";
import { classifyError } from "../azure/classify-error.js";
import type { RedisCaches } from "../azure/redis-caches.js";
import type { RedisConnections } from "../azure/redis-connection.js";
import {
  countKeys,
  holdsStill,
  isSameCache,
  walkKeys,
  type DumpedKey,
} from "../azure/redis-keys.js";
import { seconds, type Milliseconds } from "../domain/duration.js";
import { ClassifiedError, terminal } from "../domain/failure.js";
import type { ScanPosition } from "../domain/scan-position.js";
import type { Activity } from "../durable/activity-contract.js";
import type { Backups } from "../state/backups.js";
import { RdbVerifier, type RdbEnd } from "../state/rdb-file.js";
import { verifySnapshotPart, writeSnapshotPart } from "../state/snapshot-part.js";
import { isCompressed } from "./export-files.js";
import { withCache } from "./open-cache.js";
import * as contract from "./redis-backup.contract.js";

/** How long one activity does a thing, so that it ends within a minute. */
interface TimeLimits {
  /** Copying keys; reading them back takes less. */
  readonly copying: Milliseconds;
  /** Reading a file, which another activity goes on with. */
  readonly reading: Milliseconds;
  /** Unpacking one: nobody can go on with that, so it is done in one go or not at all. */
  readonly unpacking: Milliseconds;
}
const withinAMinute: TimeLimits = {
  copying: seconds(25),
  reading: seconds(30),
  unpacking: seconds(50),
};

/** What a backup does with the content of caches: it copies keys, or proves what a cache has written. */
export function redisCopyActivities(
  caches: RedisCaches,
  connectTo: RedisConnections,
  store: Backups,
  sets: { readonly place: ContainerPlace; readonly streams: BlobStreams },
  azure: { readonly files: CacheFiles; readonly copies: BlobCopies },
  limits: TimeLimits = withinAMinute,
): readonly Activity[] {
  return [
    contract.countCacheKeys.implementedBy(classifyError, ({ cache }) =>
      withCache(caches, connectTo, cache, async (connection) => {
        const count = await countKeys(connection);
        return { count, detail: `${count} keys` };
      }),
    ),

    contract.copyKeys.implementedBy(classifyError, ({ cache, set, nth, from }) =>
      withCache(caches, connectTo, cache, async (connection) => {
        const goesOn = from !== undefined && isSameCache(connection, from);
        const walk = new Stretch(walkKeys(connection, goesOn ? from : undefined), limits.copying);
        // Where it runs twice at once, neither writes over what the other has answered with.
        const ours = randomUUID().slice(0, 8);
        const blob = `${set}part-${String(nth).padStart(5, "0")}-${ours}.rsnap.gz`;
        const written = await writeSnapshotPart(sets.streams, blob, walk.pages());
        // Its cursors mean nothing to a server that has taken over in the meantime.
        if (!(await holdsStill(connection))) {
          throw new ClassifiedError({
            class: "transient",
            code: "redis-failover",
            message: "another server has taken over while keys were copied",
          });
        }
        await verifySnapshotPart(sets.streams, blob, written);
        const { count, bytes, sha256 } = written;
        const name = blob.slice(set.length);
        const part = await store.writePart(set, nth, [{ name, blob, bytes, sha256 }]);
        return {
          done: count,
          fresh: !goesOn,
          part,
          ...(walk.next === undefined ? {} : { next: walk.next }),
          detail: `${count} keys copied and read back, ${bytes} bytes`,
        };
      }),
    ),

    contract.verifyExport.implementedBy(classifyError, async ({ set, nth, name, blob, from }) => {
      const at: BlobPlace = { ...sets.place, name: blob };
      const view = await azure.copies.properties(at);
      if (view === undefined) throw terminal("copy-missing", `${blob} is gone`);
      const { bytes, etag } = view;
      const finished = async (sha256: string, done: number, doubt?: string) => ({
        done,
        part: await store.writePart(set, nth, [{ name, blob, bytes, sha256 }]),
        proven: doubt === undefined,
        detail: `${name} ${doubt ?? `is whole, ${bytes} bytes`}`,
      });
      const hash = createHash("sha256");
      const begun = performance.now();
      const isLate = (limit: Milliseconds): boolean => performance.now() - begun > limit;

      if (isCompressed(name)) {
        const verifier = new RdbVerifier(name);
        async function* compressed(): AsyncGenerator<Buffer> {
          for await (const chunk of azure.files.read(at, etag, 0, bytes)) {
            hash.update(chunk);
            yield chunk;
          }
        }
        const gunzip = createGunzip();
        pipeline(Readable.from(compressed()), gunzip, () => undefined);
        try {
          for await (const chunk of gunzip as AsyncIterable<Buffer>) {
            verifier.update(chunk);
            if (isLate(limits.unpacking)) {
              return await finished(
                "unread",
                bytes,
                "is too long to be unpacked within one activity: it is as long as the cache wrote it, and no more is known",
              );
            }
          }
        } catch (error) {
          if (!String((error as { code?: unknown }).code).startsWith("Z_")) throw error;
          throw terminal("export-damaged", `${name} cannot be unpacked`);
        } finally {
          gunzip.destroy();
        }
        return finished(hash.digest("hex"), bytes, doubtOf(verifier.end()));
      }

      const verifier = new RdbVerifier(name, from);
      const first = from?.read ?? 0;
      for await (const chunk of azure.files.read(at, etag, first, bytes)) {
        hash.update(chunk);
        verifier.update(chunk);
        if (isLate(limits.reading)) {
          const next = verifier.pause();
          const detail = `${next.read} of ${bytes} bytes of ${name} read`;
          if (next.read > first) return { done: next.read - first, next, proven: true, detail };
        }
      }
      const end = verifier.end();
      const whole = first === 0 ? hash.digest("hex") : `crc64:${end.checksum}`;
      return finished(whole, bytes - first, doubtOf(end));
    }),
  ];
}

const doubtOf = ({ proven }: RdbEnd): string | undefined =>
  proven ? undefined : "carries no checksum; only its beginning and its end were seen";

/** As many pages of a walk as some time allows, and where it stopped. */
class Stretch {
  readonly #walk: AsyncIterable<{ keys: readonly DumpedKey[]; next: ScanPosition }>;
  readonly #longest: Milliseconds;
  /** Where to go on; undefined when the walk has come to its end. */
  next: ScanPosition | undefined;

  constructor(
    walk: AsyncIterable<{ keys: readonly DumpedKey[]; next: ScanPosition }>,
    longest: Milliseconds,
  ) {
    this.#walk = walk;
    this.#longest = longest;
  }

  async *pages(): AsyncGenerator<readonly DumpedKey[]> {
    const begun = performance.now();
    for await (const { keys, next } of this.#walk) {
      yield keys;
      this.next = next;
      if (performance.now() - begun > this.#longest) return;
    }
    this.next = undefined;
  }
}
