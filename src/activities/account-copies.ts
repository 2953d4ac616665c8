import type { BlobCopies, BlobPlace, BlobView } from "../azure/blob-copies.js";
import { classifyError } from "../azure/classify-error.js";
import { inParallel } from "../domain/in-parallel.js";
import { isAfter, type Instant } from "../domain/instant.js";
import type { Activity } from "../durable/activity-contract.js";
import * as contract from "./storage-failure.contract.js";
import { verifiedCopy } from "./verified-copy.js";

/** Blobs that one activity takes, so that it ends well within a minute. */
const stretch = 500;
const atATime = 8;
/** How many names a result spells out. */
const longestList = 20;

/** What a blob of one account is to the blob of its name in another. */
type Relation =
  | { readonly kind: "same" | "not-wanted" }
  | { readonly kind: "to-bring"; readonly over: BlobView | undefined }
  /** Both were written since; the target's is the later one. */
  | { readonly kind: "newer-there" }
  /** The source has only what a backup brought back; what the target has was not in the backup. */
  | { readonly kind: "older-copy" };

interface Stretch {
  readonly from: string;
  readonly to: string;
  readonly container: string;
  readonly token?: string | undefined;
  readonly newerThan?: Instant | undefined;
}

/** Blobs between two accounts of the application, compared and brought over on the server's side. */
export function accountCopyActivities(copies: BlobCopies): readonly Activity[] {
  return [
    contract.compareAccounts.implementedBy(classifyError, async (wanted) => {
      const { related, ...common } = await relate(copies, wanted);
      const toBring = related.flatMap(({ blob, relation }) =>
        relation.kind === "to-bring" ? [{ blob, isMissing: relation.over === undefined }] : [],
      );
      return {
        ...common,
        toBring: toBring.length,
        missing: toBring
          .flatMap(({ blob, isMissing }) => (isMissing ? [`${wanted.container}/${blob.name}`] : []))
          .slice(0, longestList),
        detail: `${toBring.length} of ${related.length} blobs of ${wanted.container} to bring`,
      };
    }),

    contract.bringBlobs.implementedBy(classifyError, async (wanted, { caller }) => {
      const { from, to, container } = wanted;
      const { related, ...common } = await relate(copies, wanted);
      const toBring = related.flatMap(({ blob, relation }) =>
        relation.kind === "to-bring" ? [{ blob, over: relation.over }] : [],
      );
      if (caller.mode === "plan") {
        const detail = `would bring ${toBring.length} blobs of ${container}`;
        return { changed: toBring.length > 0, ...common, brought: 0, failed: [], detail };
      }
      if (toBring.length > 0) await copies.ensureContainer({ endpoint: to, container });
      const results = await inParallel(toBring, atATime, async ({ blob, over }) => ({
        name: `${container}/${blob.name}`,
        reason: await bring(
          copies,
          { endpoint: from, container, name: blob.name },
          { endpoint: to, container, name: blob.name },
          blob,
          over,
        ),
      }));
      const failed = results.flatMap(({ name, reason }) =>
        reason === undefined ? [] : [{ name, reason }],
      );
      const brought = results.length - failed.length;
      return {
        changed: brought > 0,
        ...common,
        brought,
        failed: failed.slice(0, longestList),
        detail: `${brought} blobs of ${container} brought, ${failed.length} failed`,
      };
    }),
  ];
}

/** Looks at a stretch of the source, and at what the target has of each name. */
async function relate(copies: BlobCopies, wanted: Stretch) {
  const { from, to, container, token } = wanted;
  const page = await copies.page({ endpoint: from, container }, token, stretch);
  const related = await inParallel(page?.blobs ?? [], atATime, async (blob) => ({
    blob,
    relation: await relationOf(copies, wanted, blob, {
      from: { endpoint: from, container, name: blob.name },
      to: { endpoint: to, container, name: blob.name },
    }),
  }));
  return {
    related,
    done: related.length,
    newerThere: related
      .flatMap(({ blob, relation }) =>
        relation.kind === "newer-there" ? [`${container}/${blob.name}`] : [],
      )
      .slice(0, longestList),
    olderCopies: related.filter(({ relation }) => relation.kind === "older-copy").length,
    ...(page?.next === undefined ? {} : { token: page.next }),
  };
}

async function relationOf(
  copies: BlobCopies,
  { newerThan }: Stretch,
  blob: BlobView,
  { from, to }: { readonly from: BlobPlace; readonly to: BlobPlace },
): Promise<Relation> {
  if (newerThan !== undefined && !isAfter(blob.modifiedAt, newerThan)) {
    return { kind: "not-wanted" };
  }
  const there = await copies.properties(to);
  if (there === undefined) return { kind: "to-bring", over: undefined };
  if (await isSame(copies, blob, from, there, to)) return { kind: "same" };
  if (newerThan !== undefined) return { kind: "to-bring", over: there };
  // Only a look at the blob itself tells whether it is a copy; what the app writes over one is none.
  const here = await copies.properties(from);
  if (here?.copy !== undefined) return { kind: "older-copy" };
  return isAfter(there.modifiedAt, blob.modifiedAt)
    ? { kind: "newer-there" }
    : { kind: "to-bring", over: there };
}

async function isSame(
  copies: BlobCopies,
  here: BlobView,
  from: BlobPlace,
  there: BlobView,
  to: BlobPlace,
): Promise<boolean> {
  if (here.bytes !== there.bytes) return false;
  if (here.md5 !== undefined && there.md5 !== undefined) return here.md5 === there.md5;
  if (copies.isSlow(here)) return false;
  const [one, other] = await Promise.all([
    copies.hash(from, here.etag),
    copies.hash(to, there.etag),
  ]);
  return one !== undefined && one.sha256 === other?.sha256;
}

/** Undefined once the target has it; else why not. */
async function bring(
  copies: BlobCopies,
  from: BlobPlace,
  to: BlobPlace,
  blob: BlobView,
  over: BlobView | undefined,
): Promise<string | undefined> {
  if (blob.isArchived) return "it is archived; rehydrate it first";
  const tags = blob.hasTags ? await copies.tags(from) : undefined;
  const seen = over === undefined ? ("nothing" as const) : { etag: over.etag };
  if (copies.isSlow(blob)) {
    const answer = await copies.copy({ from: { ...from, ...blob }, to, over: seen, tags });
    return answer.kind === "refused" && answer.why !== "target-changed" ? answer.why : undefined;
  }
  const result = await verifiedCopy(copies, {
    from: { ...from, ...blob },
    to,
    over: seen,
    tags,
    ifChanged: "copy-again",
  });
  switch (result.kind) {
    case "copied":
      return undefined;
    case "left":
      return result.reason;
    case "content-differs":
      return "it is not what its MD5 says";
    case "target-changed": {
      // An earlier try may have brought it, and its answer was lost.
      const there = await copies.properties(to);
      const isThere = there !== undefined && (await isSame(copies, blob, from, there, to));
      return isThere ? undefined : "it was written to at the target meanwhile";
    }
  }
}
