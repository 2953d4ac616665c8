import type { BlobCopies, BlobPlace, BlobView, CopyOrder } from "../azure/blob-copies.js";

/** A blob as it was seen, to be copied as that and as nothing else. */
export type SeenBlob = BlobPlace &
  Pick<BlobView, "etag" | "bytes" | "md5" | "isBlockBlob" | "modifiedAt">;

/** What became of the copy of one blob. Only `copied` is a copy that can be relied on. */
export type Copied =
  | {
      readonly kind: "copied";
      /** What was copied in the end: the source may have changed meanwhile. */
      readonly source: SeenBlob;
      /** As a set's item has it. */
      readonly hash: string;
    }
  | { readonly kind: "left"; readonly reason: string }
  /** Something else is at the target than the order allows to be replaced. */
  | { readonly kind: "target-changed" }
  /** The source is not what its MD5 says. */
  | { readonly kind: "content-differs" };

const turns = 3;

/**
 * Copies a blob on the server's side and proves the copy: the service compares the MD5 with what it
 * read, or, where the source has none, both sides are read. A source that changes meanwhile is copied
 * again, as it is then; one that never holds still is left and named.
 */
export async function verifiedCopy(
  copies: BlobCopies,
  order: {
    readonly from: SeenBlob;
    /** What to do with a source that is no longer what was seen. */
    readonly ifChanged: "copy-again" | "leave";
  } & Omit<CopyOrder, "from">,
): Promise<Copied> {
  let { from: source, over } = order;
  let reason = "";
  for (let turn = 1; turn <= turns; turn++) {
    const answer = await copies.copy({ from: source, to: order.to, over, tags: order.tags });
    if (answer.kind === "pending") {
      return {
        kind: "left",
        reason: "it grew too large to be copied at once; the next run has it",
      };
    }
    if (answer.kind === "copied") {
      const proof = await proofOf(copies, source, order.to, answer.etag);
      if (proof.kind === "proven") return { kind: "copied", source, hash: proof.hash };
      reason = proof.reason;
      // What may be written over now is the vain copy alone.
      over = { etag: answer.etag };
      if (proof.kind === "differs") continue;
    } else {
      switch (answer.why) {
        case "target-changed":
          return { kind: "target-changed" };
        case "content-differs":
          return { kind: "content-differs" };
        case "source-gone":
          return { kind: "left", reason: gone };
        case "target-kept":
          return { kind: "left", reason: "a policy or a legal hold keeps what is at the target" };
        case "source-changed":
          reason = unsteady;
      }
    }
    if (order.ifChanged === "leave")
      return { kind: "left", reason: "it is no longer what was seen" };
    const now = await copies.properties(source);
    if (now === undefined) return { kind: "left", reason: gone };
    source = { ...placeOf(source), ...now };
  }
  return { kind: "left", reason };
}

const gone = "it was deleted before it could be copied";
const unsteady = "it changed again and again while it was copied";

type Proof =
  | { readonly kind: "proven"; readonly hash: string }
  | { readonly kind: "differs"; readonly reason: string }
  | { readonly kind: "source-changed"; readonly reason: string };

/** Whether what lies at the target is the source; `etag` is that of the copy as it was written. */
export async function proofOf(
  copies: BlobCopies,
  source: SeenBlob,
  to: BlobPlace,
  etag: string,
): Promise<Proof> {
  const target = await copies.properties(to);
  if (target === undefined) return { kind: "differs", reason: "its copy was gone at once" };
  if (target.etag !== etag) {
    return { kind: "differs", reason: "its copy was overwritten by somebody else" };
  }
  if (target.bytes !== source.bytes) {
    const reason = `its copy has ${target.bytes} bytes instead of ${source.bytes}`;
    return { kind: "differs", reason };
  }
  // The service itself has compared it with what it read.
  if (source.md5 !== undefined && !copies.isSlow(source)) {
    return { kind: "proven", hash: hashOfMd5(source.md5) };
  }
  return comparison(copies, source, to, etag);
}

/** Reads the copy, and the source too unless the copy has the source's MD5. */
async function comparison(
  copies: BlobCopies,
  source: SeenBlob,
  to: BlobPlace,
  etag: string,
): Promise<Proof> {
  const at = await copies.hash(to, etag);
  if (at !== undefined && at.md5 === source.md5) return { kind: "proven", hash: at.sha256 };
  const of = await copies.hash(source, source.etag);
  if (of === undefined) return { kind: "source-changed", reason: unsteady };
  return at?.sha256 === of.sha256
    ? { kind: "proven", hash: at.sha256 }
    : { kind: "differs", reason: "its copy is not what it is itself" };
}

/** How an item of a set writes an MD5, beside the SHA-256 of what was read. */
export const hashOfMd5 = (md5: string): string => `md5:${md5}`;
export const md5In = (hash: string): string | undefined =>
  hash.startsWith("md5:") ? hash.slice("md5:".length) : undefined;

const placeOf = ({ endpoint, container, name }: BlobPlace): BlobPlace => ({
  endpoint,
  container,
  name,
});
