import type { BlobCopies, BlobPlace, BlobView } from "../azure/blob-copies.js";
import { classifyError } from "../azure/classify-error.js";
import { inParallel } from "../domain/in-parallel.js";
import { isAfter, type Instant } from "../domain/instant.js";
import type { Activity } from "../durable/activity-contract.js";
import type { StateStore } from "../state/state-store.js";
import { covered } from "./ensure.js";
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
  /** A large one that the service is copying there by itself. */
  | { readonly kind: "under-way" }
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
export function accountCopyActivities({
  copies,
  store,
}: {
  readonly copies: BlobCopies;
  readonly store: Pick<StateStore, "leases">;
}): readonly Activity[] {
  return [
    contract.compareAccounts.implementedBy(classifyError, async (wanted) => {
      const { related, ...common } = await relate(copies, wanted);
      const toBring = related.flatMap(({ blob, relation }) =>
        relation.kind === "to-bring" ? [{ blob, isMissing: relation.over === undefined }] : [],
      );
      const waiting = underWay(related);
      const first = (some: readonly { readonly blob: BlobView }[]): string[] =>
        some.slice(0, longestList).map(({ blob }) => `${wanted.container}/${blob.name}`);
      return {
        ...common,
        toBring: toBring.length + waiting,
        missing: first(toBring.filter(({ isMissing }) => isMissing)),
        newerHere: first(toBring.filter(({ isMissing }) => !isMissing)),
        detail: `${toBring.length + waiting} of ${related.length} blobs of ${wanted.container} to bring`,
      };
    }),

    contract.bringBlobs.implementedBy(
      classifyError,
      async ({ lease, ...wanted }, { caller, now }) => {
        const { from, to, container } = wanted;
        // Looking is enough: a blob that is brought twice is the same. But only while the run may.
        if (caller.mode === "execute") await covered(store, caller, lease, now());
        const { related, ...common } = await relate(copies, wanted);
        const toBring = related.flatMap(({ blob, relation }) =>
          relation.kind === "to-bring" ? [{ blob, over: relation.over }] : [],
        );
        if (caller.mode === "plan") {
          const detail = `would bring ${toBring.length} blobs of ${container}`;
          const nothing = { brought: 0, waiting: 0, failed: [] };
          return { changed: toBring.length > 0, ...common, ...nothing, detail };
        }
        if (toBring.length > 0) await copies.ensureContainer({ endpoint: to, container });
        const results = await inParallel(toBring, atATime, async ({ blob, over }) => ({
          name: `${container}/${blob.name}`,
          outcome: await bring(
            copies,
            { endpoint: from, container, name: blob.name },
            { endpoint: to, container, name: blob.name },
            blob,
            over,
          ),
        }));
        const failed = results.flatMap(({ name, outcome }) =>
          typeof outcome === "string" ? [] : [{ name, reason: outcome.reason }],
        );
        const count = (what: "brought" | "waiting"): number =>
          results.filter(({ outcome }) => outcome === what).length;
        const [brought, begun] = [count("brought"), count("waiting")];
        const waiting = begun + underWay(related);
        return {
          changed: brought + begun > 0,
          ...common,
          brought,
          waiting,
          failed: failed.slice(0, longestList),
          detail: `${brought} blobs of ${container} brought, ${failed.length} failed${waiting === 0 ? "" : `, ${waiting} under way`}`,
        };
      },
    ),
  ];
}

const underWay = (related: readonly { readonly relation: Relation }[]): number =>
  related.filter(({ relation }) => relation.kind === "under-way").length;

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
  const named = (kind: Relation["kind"]): string[] =>
    related
      .flatMap(({ blob, relation }) =>
        relation.kind === kind ? [`${container}/${blob.name}`] : [],
      )
      .slice(0, longestList);
  return {
    related,
    done: related.length,
    newerThere: named("newer-there"),
    keptThere: named("older-copy"),
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
  if (there.copy?.status === "pending") return { kind: "under-way" };
  // What a copy that did not end has left there is nobody's, however new it is.
  const isRemains = there.copy?.status === "failed" || there.copy?.status === "aborted";
  if (isRemains) return { kind: "to-bring", over: there };
  if (await isSame(copies, blob, from, there, to)) return { kind: "same" };
  if (newerThan !== undefined && there.copy !== undefined) return { kind: "to-bring", over: there };
  // Only a look at the blob itself tells whether it is a copy; what the app writes over one is none.
  const here = newerThan === undefined ? await copies.properties(from) : undefined;
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
  // A large one is not read for it: it is the same where it was copied since it was written last.
  if (copies.isSlow(here)) {
    return there.copy?.status === "success" && isAfter(there.modifiedAt, here.modifiedAt);
  }
  const [one, other] = await Promise.all([
    copies.hash(from, here.etag),
    copies.hash(to, there.etag),
  ]);
  return one !== undefined && one.sha256 === other?.sha256;
}

/** What became of one blob. `waiting`: the service goes on with it by itself. */
async function bring(
  copies: BlobCopies,
  from: BlobPlace,
  to: BlobPlace,
  blob: BlobView,
  over: BlobView | undefined,
): Promise<"brought" | "waiting" | { readonly reason: string }> {
  if (blob.isArchived) return { reason: "it is archived; rehydrate it first" };
  const tags = blob.hasTags ? await copies.tags(from) : undefined;
  const seen = over === undefined ? ("nothing" as const) : { etag: over.etag };
  if (copies.isSlow(blob)) {
    const answer = await copies.copy({ from: { ...from, ...blob }, to, over: seen, tags });
    if (answer.kind !== "refused") return "waiting";
    // An earlier try may have begun it, and its answer was lost.
    const standing = answer.why === "target-changed" ? await copies.properties(to) : undefined;
    return standing?.copy?.status === "pending" ? "waiting" : { reason: refusal[answer.why] };
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
      return "brought";
    case "left":
      return { reason: result.reason };
    case "content-differs":
      return { reason: refusal["content-differs"] };
    case "target-changed": {
      // An earlier try may have brought it, and its answer was lost.
      const there = await copies.properties(to);
      const isThere = there !== undefined && (await isSame(copies, blob, from, there, to));
      return isThere ? "brought" : { reason: refusal["target-changed"] };
    }
  }
}

const refusal = {
  "source-changed": "it changed before it could be copied",
  "source-gone": "it was deleted before it could be copied",
  "content-differs": "it is not what its MD5 says",
  "target-changed": "it was written to at the target meanwhile",
  "target-kept": "a policy or a legal hold keeps what is at the target",
} as const;
