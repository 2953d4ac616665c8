import type { BlobCopies, BlobPlace, BlobView, ContentHash } from "../azure/blob-copies.js";
import type { BackupItem } from "../domain/backup.js";
import type { BlobResult, RestoreDecision } from "./restore-results.js";
import { md5In, verifiedCopy, type SeenBlob } from "./verified-copy.js";

/** `container/path`, at an account. */
export function placeAt(endpoint: string, name: string): BlobPlace {
  const [container = "", ...path] = name.split("/");
  return { endpoint, container, name: path.join("/") };
}

/** Whether a blob at the target is an item. A large one without an MD5 is not read for it; it is brought again. */
export async function isSameBlob(
  copies: BlobCopies,
  item: BackupItem,
  to: BlobPlace,
  standing: BlobView,
): Promise<boolean> {
  if (standing.bytes !== item.bytes) return false;
  // ETags of two accounts are never the same: it is the very blob that was copied.
  if (standing.etag === item.sourceVersion) return true;
  const md5 = md5In(item.sha256);
  if (md5 !== undefined && standing.md5 !== undefined) return standing.md5 === md5;
  if (copies.isSlow(standing)) return false;
  return isItem(item, await copies.hash(to, standing.etag));
}

export function isItem(item: BackupItem, read: ContentHash | undefined): read is ContentHash {
  if (read === undefined) return false;
  const md5 = md5In(item.sha256);
  return md5 === undefined ? read.sha256 === item.sha256 : read.md5 === md5;
}

/**
 * Brings a blob back from its copy, over what was seen at the target and nothing else. `waiting`: the
 * service is copying a large one, or `mayProve` has no more time for reading one back; ask again.
 */
export async function restoredBlob(
  copies: BlobCopies,
  { item, etag }: RestoreDecision,
  from: BlobPlace,
  to: BlobPlace,
  mayProve: () => boolean,
): Promise<BlobResult | "waiting"> {
  const failed = (reason: string): BlobResult => ({ name: item.name, result: "failed", reason });
  const restored: BlobResult = { name: item.name, result: "restored" };
  const copy = await copies.properties(from);
  if (copy === undefined) return failed("its copy is gone");
  if (copy.bytes !== item.bytes) {
    return failed(`its copy has ${copy.bytes} bytes instead of ${item.bytes}`);
  }
  const source: SeenBlob = { ...from, ...copy, md5: md5In(item.sha256) };
  const over = etag === undefined ? "nothing" : { etag };
  const tags = copy.hasTags ? await copies.tags(from) : undefined;

  if (copies.isSlow(copy)) {
    const standing = await copies.properties(to);
    if (standing === undefined || standing.etag === etag) {
      const answer = await copies.copy({ from: source, to, over, tags });
      return answer.kind === "refused" ? failed(refusal[answer.why]) : "waiting";
    }
    if (standing.copy?.status === "pending" || !mayProve()) return "waiting";
    if (isItem(item, await copies.hash(to, standing.etag))) return restored;
    return failed(standing.copy?.why ?? "what is at the target now is not what the set holds");
  }

  if (source.md5 === undefined) {
    // The service compares MD5s alone, so the copy is read here against the set's own hash.
    const read = await copies.hash(from, copy.etag);
    if (!isItem(item, read)) return failed(damaged);
    return quickly({ ...source, md5: read.md5 });
  }
  return quickly(source);

  async function quickly(proven: SeenBlob): Promise<BlobResult> {
    const order = { from: proven, to, over, tags, ifChanged: "leave" } as const;
    const result = await verifiedCopy(copies, order);
    switch (result.kind) {
      case "copied":
        return restored;
      case "left":
        return failed(result.reason);
      case "content-differs":
        return failed(damaged);
      case "target-changed": {
        // An earlier try may have brought it, and its answer was lost.
        const standing = await copies.properties(to);
        const isThere = standing !== undefined && (await isSameBlob(copies, item, to, standing));
        return isThere ? restored : failed(refusal["target-changed"]);
      }
    }
  }
}

const damaged = "its copy is damaged: its hash is not the set's";

const refusal = {
  "source-changed": "its copy was overwritten",
  "source-gone": "its copy is gone",
  "content-differs": damaged,
  "target-changed": "it was written to after it was compared; order the restore again",
  "target-kept": "a policy or a legal hold keeps what is at the target",
} as const;
