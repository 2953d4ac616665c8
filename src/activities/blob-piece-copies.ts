import { classifyError } from "../azure/classify-error.js";
import type { BlobCopies, BlobPlace, BlobView } from "../azure/blob-copies.js";
import { folderOf, type BackupItem, type SkippedItem } from "../domain/backup.js";
import { isAfter } from "../domain/instant.js";
import type { Activity } from "../durable/activity-contract.js";
import type { Backups } from "../state/backups.js";
import { workLists, type ListedItem } from "../state/work-list.js";
import * as contract from "./blob-backup.contract.js";
import { inParallel } from "../domain/in-parallel.js";
import { itemName, listedOf } from "./listed-blob.js";
import { hashOfMd5, proofOf, verifiedCopy, type Copied, type SeenBlob } from "./verified-copy.js";

/**
 * How many copies one activity has under way. The service does the work; a few wait for it at a time,
 * so that what else this host has to answer, an alert above all, does not wait behind them.
 */
const atATime = 8;

/** Of what could not be copied, a piece names this many in a run's history. */
const longestSkipped = 50;

type Listed = ListedItem & { readonly version: string; readonly bytes: number };

type Piece = Readonly<{
  endpoint: string;
  container: string;
  target: string;
  set: string;
  list: string;
  nth: number;
}>;

/** What became of one blob of a piece. */
interface Result {
  readonly item?: BackupItem;
  readonly skipped?: SkippedItem;
  /** What a copy lacks. */
  readonly finding?: string;
  readonly reused?: boolean;
}

/** Copies blobs into the backup account, from account to account by the service itself. */
export function blobCopyActivities(
  copies: BlobCopies,
  store: Backups,
  backupAccount: string,
): readonly Activity[] {
  const lists = workLists(store.container);
  const read = async (list: string): Promise<readonly Listed[]> =>
    (await lists.read(list)).map((item) => ({
      ...item,
      version: item.version ?? "",
      bytes: item.bytes ?? 0,
    }));
  const placesOf = (piece: Piece, name: string) => ({
    from: { endpoint: piece.endpoint, container: piece.container, name },
    to: {
      endpoint: backupAccount,
      container: piece.target,
      name: `${folderOf(piece.set)}/${name}`,
    },
  });

  /** Whether an earlier copy is still where it was; a set must not rely on what somebody has removed. */
  const isThere = async ({ copied, bytes }: Listed): Promise<boolean> => {
    if (copied === undefined) return false;
    const [container = "", ...path] = copied.blob.split("/");
    const place = { endpoint: backupAccount, container, name: path.join("/") };
    return (await copies.properties(place))?.bytes === bytes;
  };

  const copyOf = async (piece: Piece, item: Listed): Promise<Result> => {
    if (item.copied !== undefined && (await isThere(item))) {
      return { reused: true, item: itemOf(piece, item.name, seenIn(piece, item), item.copied) };
    }
    const { from, to } = placesOf(piece, item.name);
    const tags = item.tagged === true ? await copies.tags(from) : undefined;
    const result = await ownCopy(copies, seenIn(piece, item), to, tags);
    if (result.kind !== "copied") {
      return { skipped: { name: itemName(piece, item.name), reason: reasonOf(result) } };
    }
    const copied = { blob: `${to.container}/${to.name}`, sha256: result.hash };
    return {
      item: itemOf(piece, item.name, result.source, copied),
      ...(item.tagged === true && tags === undefined
        ? {
            finding: `${itemName(piece, item.name)} is copied without its index tags: no right to read them`,
          }
        : {}),
    };
  };

  const completed = async (piece: Piece, results: readonly Result[]) => {
    const items = results.flatMap(({ item }) => item ?? []);
    const skipped = results.flatMap((each) => each.skipped ?? []);
    const reused = results.filter((each) => each.reused === true).length;
    const list = contract.skippedIn(piece.set, piece.nth);
    if (skipped.length > longestSkipped) {
      await lists.write(
        list,
        skipped.map(({ name, reason }) => ({ name, skip: reason })),
      );
    }
    return {
      done: results.length,
      reused,
      part: await store.writePart(piece.set, piece.nth, items),
      skipped: shortened(skipped, list),
      findings: results.flatMap(({ finding }) => finding ?? []).slice(0, longestSkipped),
      detail: `${items.length - reused} copied, ${reused} unchanged, ${results.length - items.length} left out`,
    };
  };

  return [
    contract.copyBlobs.implementedBy(classifyError, async (piece) => {
      const wanted = await read(piece.list);
      const results = await inParallel(wanted, atATime, (item) =>
        item.skip === undefined
          ? unlessAboutItAlone(itemName(piece, item.name), () => copyOf(piece, item))
          : Promise.resolve({
              skipped: { name: itemName(piece, item.name), reason: item.skip },
            }),
      );
      return completed(piece, results);
    }),

    contract.startSlowCopies.implementedBy(classifyError, async (piece) => {
      const wanted = await read(piece.list);
      const seen = await inParallel(wanted, atATime, (item) => begun(piece, item));
      // What has changed since the listing is copied as it is now, and proven against that.
      await lists.write(piece.list, seen);
      return { done: wanted.length, detail: `${wanted.length} large blobs are being copied` };
    }),

    contract.checkSlowCopies.implementedBy(classifyError, async (piece) => {
      const wanted = await read(piece.list);
      const seen = await Promise.all(
        wanted.map(({ name }) => copies.properties(placesOf(piece, name).to)),
      );
      const waiting = seen.filter((view) => view?.copy?.status === "pending").length;
      return { waiting, detail: `${waiting} of ${wanted.length} copies under way` };
    }),

    contract.proveSlowCopies.implementedBy(classifyError, async (piece) => {
      const results: Result[] = [];
      for (const item of await read(piece.list)) {
        results.push(await provenSlowCopy(piece, item));
      }
      return completed(piece, results);
    }),
  ];

  /** Begins a copy; what an earlier attempt has begun goes on. Gives the blob as it is copied. */
  async function begun(piece: Piece, item: Listed): Promise<ListedItem> {
    if (item.skip !== undefined || (await isThere(item))) return item;
    const { copied: _gone, ...listed } = item;
    const { from, to } = placesOf(piece, item.name);
    const tags = item.tagged === true ? await copies.tags(from) : undefined;
    const order = { to, over: "nothing", tags } as const;
    const answer = await copies.copy({ ...order, from: seenIn(piece, item, "slow") });
    if (answer.kind !== "refused" || answer.why !== "source-changed") return listed;
    const now = await copies.properties(from);
    if (now === undefined) return { ...listed, skip: "it was deleted before it could be copied" };
    await copies.copy({ ...order, from: { ...from, ...now, isBlockBlob: false } });
    return listedOf(now, folderOf(piece.set), undefined);
  }

  async function provenSlowCopy(piece: Piece, item: Listed): Promise<Result> {
    const name = itemName(piece, item.name);
    if (item.skip !== undefined) return { skipped: { name, reason: item.skip } };
    const seen = seenIn(piece, item, "slow");
    if (item.copied !== undefined && (await isThere(item))) {
      return { reused: true, item: itemOf(piece, item.name, seen, item.copied) };
    }
    const { to } = placesOf(piece, item.name);
    const view = await copies.properties(to);
    const left = (reason: string): Result => ({ skipped: { name, reason } });
    if (view === undefined) return left("it changed before its copy was begun");
    if (view.copy?.status !== "success") {
      return left(`its copy is ${view.copy?.status ?? "gone"}: ${view.copy?.why ?? "no reason"}`);
    }
    const proof = await proofOf(copies, seen, to, view.etag);
    if (proof.kind !== "proven") return left(proof.reason);
    const copied = { blob: `${to.container}/${to.name}`, sha256: proof.hash };
    return { item: itemOf(piece, item.name, seen, copied) };
  }
}

/** What is slow is copied as what is no block blob is: by the service in its own time. */
const seenIn = (piece: Piece, item: Listed, speed: "quick" | "slow" = "quick"): SeenBlob => ({
  endpoint: piece.endpoint,
  container: piece.container,
  name: item.name,
  etag: item.version,
  bytes: item.bytes,
  md5: item.md5,
  isBlockBlob: speed === "quick",
  modifiedAt: item.updatedAt ?? "1970-01-01T00:00:00.000Z",
});

const itemOf = (
  piece: Piece,
  name: string,
  source: SeenBlob,
  copied: { readonly blob: string; readonly sha256: string },
): BackupItem => ({
  name: itemName(piece, name),
  ...copied,
  bytes: source.bytes,
  sourceVersion: source.etag,
  sourceUpdatedAt: source.modifiedAt,
});

/** A copy into a place that only this set writes to: what is there already is an earlier attempt's. */
async function ownCopy(
  copies: BlobCopies,
  seen: SeenBlob,
  to: BlobPlace,
  tags: Readonly<Record<string, string>> | undefined,
): Promise<Copied> {
  let from = seen;
  let over: "nothing" | "anything" = "nothing";
  for (let turn = 1; ; turn++) {
    const result = await verifiedCopy(copies, { from, to, over, tags, ifChanged: "copy-again" });
    if (result.kind === "target-changed" && turn < 3) {
      const standing = await copies.properties(to);
      if (standing !== undefined && wasMadeOf(from, standing)) {
        return { kind: "copied", source: from, hash: hashOfMd5(from.md5 ?? "") };
      }
      over = "anything";
    } else if (result.kind === "content-differs" && turn < 3) {
      // The MD5 that is stored with it is not its content's; the copy is proven by reading both.
      from = { ...from, md5: undefined };
    } else {
      return result;
    }
  }
}

/** Whether a copy was made after the source's last change; its MD5 was compared by the service then. */
const wasMadeOf = (source: SeenBlob, copy: BlobView): boolean =>
  source.md5 !== undefined &&
  copy.md5 === source.md5 &&
  copy.bytes === source.bytes &&
  isAfter(copy.modifiedAt, source.modifiedAt);

function reasonOf(result: Exclude<Copied, { kind: "copied" }>): string {
  switch (result.kind) {
    case "left":
      return result.reason;
    case "target-changed":
      return "somebody else writes to the place of its copy";
    case "content-differs":
      return "its content is not what the service reads";
  }
}

/** One blob that Azure refuses for good does not hold up the others. What is about the account does. */
async function unlessAboutItAlone(name: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    const failure = classifyError(error);
    const { statusCode } = error as { statusCode?: unknown };
    const ofTheBlob = statusCode === 400 || statusCode === 409 || statusCode === 412;
    if (failure?.class !== "terminal" || !ofTheBlob) throw error;
    return { skipped: { name, reason: `${failure.code}: ${failure.message}`.slice(0, 200) } };
  }
}

/** A run's history must not grow with what is wrong with an account; `list` has them all. */
function shortened(skipped: readonly SkippedItem[], list: string): SkippedItem[] {
  const [first] = skipped;
  if (skipped.length <= longestSkipped || first === undefined) return [...skipped];
  const more = skipped.length - longestSkipped;
  return [
    ...skipped.slice(0, longestSkipped),
    { name: `and ${more} more`, reason: `${list} in the backup account has them all` },
  ];
}
