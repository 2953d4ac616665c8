import type { BlobContainer } from "../azure/blob-container.js";
import type { BlobCopies, BlobPlace } from "../azure/blob-copies.js";
import { classifyError } from "../azure/classify-error.js";
import type { ProofFailure } from "../domain/backup-proof.js";
import { BackupItem } from "../domain/backup.js";
import { seriesOf } from "../domain/backup-schedule.js";
import { ClassifiedError, terminal } from "../domain/failure.js";
import { inParallel } from "../domain/in-parallel.js";
import type { Activity } from "../durable/activity-contract.js";
import type { Backups } from "../state/backups.js";
import { sha256 } from "../state/hash.js";
import * as contract from "./blob-proof.contract.js";
import { heldSet } from "./held-set.js";
import { isItem, placeAt, restoredBlob } from "./restored-blob.js";
import { Sample } from "./sample.js";

/** As many as in a restore, for the same reason. */
const atATime = 8;
/** As many blobs as one activity removes well within its time. */
const atOnce = 2_000;

/** A container of the backup account that holds what proofs restore, for as long as they compare it. */
export interface ScratchContainer {
  readonly endpoint: string;
  readonly container: string;
  readonly blobs: BlobContainer;
}

/** What a proof does with sets of blobs. */
export function blobProofActivities(
  copies: BlobCopies,
  store: Backups,
  backupAccount: string,
  scratch: ScratchContainer,
): readonly Activity[] {
  const { container } = store;
  return [
    contract.sampleBlobs.implementedBy(classifyError, async (wanted, context) => {
      const { set, count, bytes, smallCount, smallBytes } = wanted;
      const { run } = context.caller;
      const manifest = await heldSet(store, wanted, "blobs", context);
      const small = new Sample<BackupItem>(run, smallCount);
      const others = new Sample<BackupItem>(run, count);
      for await (const part of store.items(manifest)) {
        for (const item of part) {
          if (item.bytes <= smallBytes) small.offer(item.name, item);
          // What is only begun to be copied would outlast the proof.
          else if (!copies.isSlow({ bytes: item.bytes, isBlockBlob: true })) {
            others.offer(item.name, item);
          }
        }
      }
      let room = bytes;
      const chosen = others.items().filter((item) => {
        if (item.bytes > room) return false;
        room -= item.bytes;
        return true;
      });
      const sample = [...small.items(), ...chosen];
      const list = `proofs/${run}/${sha256(set).slice(0, 12)}.json`;
      await container.put(list, JSON.stringify(sample));
      const detail = `${sample.length} of ${manifest.count} blobs`;
      return { list, items: sample.length, of: manifest.count, detail };
    }),

    contract.compareBlobSample.implementedBy(
      classifyError,
      async ({ list, begin, end }, { caller: { run } }) => {
        const text = (await container.read(list))?.text;
        if (text === undefined) throw terminal("sample-missing", `${list} is gone`);
        const items = BackupItem.array().parse(JSON.parse(text)).slice(begin, end);
        await copies.ensureContainer(scratch);
        const found = await inParallel(items, atATime, (item) =>
          failureOf(copies, item, placeAt(backupAccount, item.blob), {
            endpoint: scratch.endpoint,
            container: scratch.container,
            name: `${run}/${sha256(item.blob)}`,
          }),
        );
        const failures = found.flatMap((each) => each ?? []);
        const good = items.filter((_, index) => found[index] === undefined);
        return {
          changed: good.length > 0,
          done: items.length,
          bytes: good.reduce((sum, each) => sum + each.bytes, 0),
          failures,
          detail: `${good.length} as the set says, ${failures.length} not`,
        };
      },
    ),

    contract.clearScratchContainer.implementedBy(classifyError, async (_, { caller }) => {
      // Of a kind and an environment one proof runs at a time; another environment's stays.
      const names = await scratch.blobs.list(seriesOf(caller.run), atOnce + 1);
      const results = await inParallel(names.slice(0, atOnce), 16, ({ name }) =>
        scratch.blobs.remove(name),
      );
      const kept = results.filter((result) => result === "kept").length;
      const removed = results.length - kept;
      const detail = `${removed} blobs removed${kept === 0 ? "" : `; ${kept} are kept by a policy or a hold`}`;
      return { changed: removed > 0, left: names.length > atOnce && kept === 0, kept, detail };
    }),
  ];
}

/** Restores one blob as a restore does, then reads it back. What fails is looked at again at its copy. */
async function failureOf(
  copies: BlobCopies,
  item: BackupItem,
  from: BlobPlace,
  to: BlobPlace,
): Promise<ProofFailure | undefined> {
  const result = await restoredBlob(copies, { item, action: "restore" }, from, to, () => true);
  const standing = await copies.properties(to);
  const read = standing && (await copies.hash(to, standing.etag));
  const restored = result !== "waiting" && result.result === "restored";
  if (restored && standing?.bytes === item.bytes && isItem(item, read)) return undefined;
  const why = await faultIn(copies, item, from);
  if (why !== undefined) return { name: item.name, blob: item.blob, reason: why };
  // The copy is good: somebody else has been at the scratch container, or something was slow.
  await copies.remove(to);
  throw new ClassifiedError({
    class: "transient",
    code: "scratch-disturbed",
    message: `${item.name} did not arrive in the scratch container as its copy is`,
  });
}

/** What is wrong with a copy itself, if anything is. */
async function faultIn(
  copies: BlobCopies,
  item: BackupItem,
  from: BlobPlace,
): Promise<string | undefined> {
  const copy = await copies.properties(from);
  if (copy === undefined) return "its copy is gone";
  if (copy.bytes !== item.bytes) {
    return `its copy has ${copy.bytes} bytes instead of ${item.bytes}`;
  }
  const read = await copies.hash(from, copy.etag);
  // Somebody writes there just now; the next look sees what becomes of it.
  if (read === undefined) return undefined;
  return isItem(item, read) ? undefined : "its copy is damaged: its hash is not the set's";
}
