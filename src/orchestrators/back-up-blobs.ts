import * as backup from "../activities/backup.contract.js";
import * as blobs from "../activities/blob-backup.contract.js";
import { keepImages, protectAccount } from "../activities/protection.contract.js";
import {
  copyPlaceOf,
  setPrefix,
  sideKnownFact,
  slowPartsFact,
  type ItemPart,
  type SkippedItem,
} from "../domain/backup.js";
import { BackupOrder } from "../domain/backup-order.js";
import { days, hours, minutes, seconds } from "../domain/duration.js";
import type { Images } from "../domain/estate.js";
import { shortNameOf } from "../domain/resource-id.js";
import type { Durable } from "../durable/durable.js";
import type { Answer } from "../durable/activity-contract.js";
import type { Ending } from "../recovery/endings.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { blobBackup } from "../scenarios/blob-backup.js";
import { ensured } from "./ensured-settings.js";
import { estateOfUsers } from "./users-side.js";

type Steps = Recovery<keyof typeof blobBackup.steps>;

/** How many activities copy at once. */
const atATime = 4;

/** What is kept after a deletion, at the source. */
const retentionDays = 90;

/** Azure takes container names of up to this length. */
const longestContainer = 63;

/** A container with the one that takes its copies. */
interface Pair {
  readonly container: string;
  readonly target: string;
}

/** What is known of the work after the listing: numbers alone, however many blobs there are. */
interface Work {
  readonly pieces: readonly (Pair & { readonly nth: number })[];
  readonly slowPieces: readonly (Pair & { readonly nth: number })[];
  readonly count: number;
}

/**
 * Every blob of the estate's containers is copied into the backup account and each copy is proven;
 * what has not changed since the last set is taken over from there. The pointer moves only to a set
 * that is complete.
 */
export const backUpBlobs = framed(blobBackup, BackupOrder, function* (run, order) {
  const { environment, scope, kind } = order;
  const estate = yield* estateOfUsers(run, "find-active");
  const active = yield* run.step("find-active", blobs.findActiveAccount, {
    app: estate.containerApp.primary,
    standby: estate.containerApp.secondary,
    storage: { primary: estate.storage.primary, secondary: estate.storage.secondary },
  });
  if (!active.ok) return run.end("failed", describeFailure(active.failure));
  const { id: source, endpoint, region, known, detail } = active.value;
  if (known === "assumed") run.journal.finding(detail);

  const of = { kind, environment, source };
  // The set is as old as its oldest copy can be.
  const takenAt = run.now();
  const set = setPrefix(of, takenAt, run.run());
  const pairs: Pair[] = [];
  // Sorted, so that a set's items are in the order in which the next set's listing meets them.
  for (const container of [...new Set(estate.storage.containers)].sort()) {
    const target = copyPlaceOf(container, set).split("/")[0] ?? "";
    if (target.length <= longestContainer) pairs.push({ container, target });
    else
      run.journal.finding(`${container} is not backed up: its name is too long for a dated copy`);
  }
  const prepared = yield* run.step("prepare", blobs.prepareContainers, {
    containers: pairs.map(({ target }) => target),
  });
  if (!prepared.ok) return run.end("failed", describeFailure(prepared.failure));

  const base = yield* baseOf(run, of, scope);
  const work = yield* list(run, { endpoint, set, pairs, base });
  if ("outcome" in work) return work;

  const place = { endpoint, set };
  const copied = yield* run.each(
    "copy-blobs",
    blobs.copyBlobs,
    work.pieces.map((piece) => ({ ...place, ...piece, list: blobs.pieceIn(set, piece.nth) })),
    { atATime, total: work.count, unit: "blobs" },
  );
  const slow = yield* copyLarge(run, place, work);
  const parts: ItemPart[] = [];
  const skipped: SkippedItem[] = [];
  for (const answer of [...copied, ...slow]) {
    if (!answer.ok) return run.end("failed", describeFailure(answer.failure));
    parts.push(answer.value.part);
    skipped.push(...answer.value.skipped);
    for (const finding of answer.value.findings) run.journal.finding(finding);
  }
  for (const { name, reason } of skipped) run.journal.finding(`${name} was left out: ${reason}`);
  if (parts.every((part) => part.count === 0)) {
    const reason = "not one blob could be backed up; the newest set stays as it is";
    return run.end("failed", reason, ["Look in the findings for why each blob was left out"]);
  }
  const completed = yield* run.step("complete", backup.completeSet, {
    set,
    ...of,
    scope,
    region,
    takenAt,
    completedAt: run.now(),
    parts,
    skipped,
    verified: true,
    copies: pairs.map(({ container }) => copyPlaceOf(container, set)),
    facts: {
      [sideKnownFact]: known,
      ...(slow.length === 0 ? {} : { [slowPartsFact]: `${slow.length}` }),
    },
  });
  if (!completed.ok) return run.end("failed", describeFailure(completed.failure));
  yield* ensured(run, source, "the account", [
    () =>
      run.step("protect", protectAccount, {
        account: source,
        retentionDays,
        redundant: environment === "production",
      }),
  ]);
  if (scope === "full") yield* protectImages(run, estate.images);
  const reused = copied.reduce((sum, answer) => sum + (answer.ok ? answer.value.reused : 0), 0);
  return run.end(
    run.journal.hasFindings ? "passed-with-findings" : "passed",
    `${completed.value.count} blobs are backed up and verified, ${reused} of them unchanged since the last set`,
  );
});

/** What the app is made from is not copied, but kept where it is; once a night is enough for a setting. */
function* protectImages(run: Steps, images: Images | undefined): Durable<void> {
  if (images === undefined) return;
  const { registry, recoveryRegistry, retention } = images;
  const retentionDays = Math.ceil(retention / days(1));
  for (const one of recoveryRegistry === undefined ? [registry] : [registry, recoveryRegistry]) {
    yield* ensured(run, one, "the registry", [
      () => run.step("keep-images", keepImages, { registry: one, retentionDays }, shortNameOf(one)),
    ]);
  }
}

/** Between the nightly full sets only what has changed is copied; the rest is taken from the last set. */
function* baseOf(
  run: Steps,
  source: Parameters<typeof setPrefix>[0],
  scope: BackupOrder["scope"],
): Durable<Base | undefined> {
  if (scope === "full") return undefined;
  const latest = yield* run.quietly("find-base", backup.findLatestSet, { ...source });
  if (!latest.ok || latest.value.set === undefined) return undefined;
  return { ...source, set: latest.value.set, part: 0 };
}

type Base = Parameters<typeof setPrefix>[0] & { readonly set: string; readonly part: number };

/** Lists every container, some pages at a time. A container that is gone is named; without any, the run ends. */
function* list(
  run: Steps,
  wanted: {
    readonly endpoint: string;
    readonly set: string;
    readonly pairs: readonly Pair[];
    readonly base: Base | undefined;
  },
): Durable<Work | Ending> {
  const { endpoint, set, pairs } = wanted;
  const pieces: (Pair & { nth: number })[] = [];
  const slowPieces: (Pair & { nth: number })[] = [];
  let [count, base] = [0, wanted.base];
  for (const pair of pairs) {
    let token: string | undefined;
    do {
      const item = `${pair.container}/${pieces.length + 1}`;
      const answer: Answer<Listing> = yield* run.step(
        "list",
        blobs.listBlobs,
        {
          endpoint,
          container: pair.container,
          set,
          piece: pieces.length + 1,
          slowPiece: slowPieces.length + 1,
          ...(token === undefined ? {} : { token }),
          ...(base === undefined ? {} : { base }),
        },
        item,
      );
      if (!answer.ok) return run.end("failed", describeFailure(answer.failure));
      const listing = answer.value;
      if (!listing.exists) run.journal.finding(`nothing of ${pair.container}: ${listing.detail}`);
      pieces.push(...numbered(pair, pieces.length, listing.pieces));
      slowPieces.push(...numbered(pair, slowPieces.length, listing.slowPieces));
      count += listing.count;
      token = listing.token;
      if (base !== undefined) base = { ...base, part: listing.basePart ?? base.part };
    } while (token !== undefined);
  }
  if (count === 0) {
    return run.end("failed", "there is no blob to be backed up; the newest set stays as it is", [
      "Look whether the containers were emptied by mistake: soft deletion keeps what was in them",
    ]);
  }
  return { pieces, slowPieces, count };
}

type Listing = NonNullable<ReturnType<typeof blobs.listBlobs.parseOutput>>;

const numbered = (pair: Pair, before: number, more: number): (Pair & { nth: number })[] =>
  Array.from({ length: more }, (_, index) => ({ ...pair, nth: before + index + 1 }));

/** Large blobs are copied by the service in its own time, and proven when it says that it is done. */
function* copyLarge(
  run: Steps,
  place: { readonly endpoint: string; readonly set: string },
  { pieces, slowPieces }: Work,
): Durable<readonly Answer<ReturnType<typeof blobs.proveSlowCopies.parseOutput>>[]> {
  if (slowPieces.length === 0) return [];
  const work = { atATime, total: slowPieces.length, unit: "large blobs" };
  const wanted = slowPieces.map(({ nth, ...pair }) => ({
    ...place,
    ...pair,
    list: blobs.slowPieceIn(place.set, nth),
    nth: pieces.length + nth,
  }));
  const begun = yield* run.each("copy-large", blobs.startSlowCopies, wanted, work);
  const failed = begun.find((answer) => !answer.ok);
  if (failed !== undefined) return [failed];
  for (const piece of wanted) {
    yield* run.until("copy-large", blobs.checkSlowCopies, piece, {
      done: ({ waiting }) => waiting === 0,
      within: hours(2),
      first: seconds(10),
      longest: minutes(5),
    });
  }
  return yield* run.each("copy-large", blobs.proveSlowCopies, wanted, work);
}
