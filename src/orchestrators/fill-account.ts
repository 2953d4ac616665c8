import * as backup from "../activities/backup.contract.js";
import * as restore from "../activities/blob-restore.contract.js";
import { countNewerBlobs, type Redundancy } from "../activities/storage-failure.contract.js";
import { milliseconds, minutes, type Milliseconds } from "../domain/duration.js";
import type { Instant } from "../domain/instant.js";
import { orderText } from "../domain/order-text.js";
import type { RecoveryOrder } from "../domain/recovery-order.js";
import { shortNameOf } from "../domain/resource-id.js";
import type { Durable } from "../durable/durable.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { carryOut, compareWithBlobSet } from "./bring-back-blobs.js";
import type { Stuck } from "./stuck.js";
import { bringAcross } from "./use-account.js";

/** Large blobs are copied by the service in its own time; the app does without them for longer than this. */
const largeOnes = minutes(10);
/** Every blob is newer. */
const beforeAll: Instant = "1970-01-01T00:00:00.000Z";

type Filling = Recovery<"find-set" | "compare" | "prepare" | "restore" | "bring-newer">;

interface Target {
  /** ARM id of the account whose blobs are wanted, and how it is replicated as far as that is known. */
  readonly lost: string;
  readonly redundancy: Redundancy | undefined;
  readonly target: string;
  readonly address: string;
  readonly isNew: boolean;
  /** Whether the caller has other ways to go, such as a failover that keeps the blobs. */
  readonly canBePassedOver?: boolean;
}

/** Up to when an account holds what the lost one held, and what it lacks of that; in words. */
type Filled =
  | {
      readonly upTo: Instant | undefined;
      readonly from: string;
      readonly lacks: readonly string[];
      /** How long large blobs were waited for. */
      readonly waited: Milliseconds;
    }
  | undefined;

/**
 * Brings the blobs of the lost account into another one: the newest verified set, then what is newer in
 * the lost account's copy in its other region, where that can be read. An empty account is handed to the
 * app only where there is no other way, and that is said.
 */
export function* fillAccount(
  run: Filling,
  order: RecoveryOrder,
  target: Target,
): Durable<Stuck | undefined> {
  if (run.planning && target.isNew) {
    run.journal.plan("restore", "known after apply", run.now());
    run.journal.planChange("restore", "would restore every blob of the newest verified set");
    return undefined;
  }
  const restored = yield* fromSet(run, order, target);
  const topped = yield* fromCopy(run, target, restored);
  const filled = topped ?? restored;
  if (filled === undefined) {
    if (target.isNew) {
      return { why: "no blobs can be brought back into a new account", lacksRole: false };
    }
    if (yield* isEmpty(run, target)) {
      const why = "it holds no blobs, and none can be brought back into it";
      if (target.canBePassedOver === true) return { why, lacksRole: false };
      run.journal.finding(`${shortNameOf(target.target)}: ${why}`);
    }
    run.journal.finding(
      `${shortNameOf(target.target)} is used as it stands: how old its blobs are is not known`,
    );
    run.journal.loses(
      "not known: no verified set and no readable copy of the account could be used",
      "blobs",
    );
    return undefined;
  }
  const late =
    filled.upTo === undefined
      ? `what had not reached ${filled.from}`
      : `what was written to blobs since ${filled.upTo}, which is how far ${filled.from} goes`;
  run.journal.loses([late, ...filled.lacks].join("; "), "blobs");
  return undefined;
}

/** Whether an account that stands by holds nothing at all; one that cannot be listed is taken as it is. */
function* isEmpty(run: Filling, { address: endpoint }: Target): Durable<boolean> {
  const containers = [...run.order.estate.storage.containers];
  const asked = { endpoint, containers, since: beforeAll };
  const counted = yield* run.look("compare", countNewerBlobs, asked);
  return counted.ok && counted.value.newer === 0 && counted.value.complete;
}

function* fromSet(
  run: Filling,
  { environment, estate }: RecoveryOrder,
  { lost, target }: Target,
): Durable<Filled> {
  const { primary, secondary } = estate.storage;
  const sources = [...new Set([lost, primary, ...(secondary === undefined ? [] : [secondary])])];
  const wanted = { kind: "blobs" as const, environment, sources };
  const looked = yield* run.step("find-set", backup.findVerifiedSets, wanted);
  if (!looked.ok) return without(run, describeFailure(looked.failure));
  const { found, problems, proven } = looked.value;
  for (const problem of problems) run.journal.finding(`a set was passed over: ${problem}`);
  for (const { set, source, takenAt } of found) {
    const of = { environment, source, set };
    const look = { ...of, account: target, items: [] };
    const opens = yield* run.step("find-set", restore.findRestorableAccount, look, set);
    if (!opens.ok) {
      run.journal.finding(`${set} was passed over: ${describeFailure(opens.failure)}`);
      continue;
    }
    const { endpoint, begin, end, wanted: count, containers } = opens.value;
    const pieces = { of, endpoint, items: [], overwrite: false, begin, end, wanted: count };
    const compared = yield* compareWithBlobSet(run, pieces);
    if (!compared.ok) return without(run, describeFailure(compared.failure));
    const { counts } = compared.value;
    const missing = counts.restore + counts.replace;
    const lacks =
      counts["no-copy"] > 0 ? [`${counts["no-copy"]} of ${count} blobs have no good copy`] : [];
    let waited = milliseconds(0);
    if (run.planning) {
      run.journal.planChange("restore", `${missing} of ${count} blobs to bring back`);
    } else if (missing > 0) {
      const place = { endpoint, containers: [...containers] };
      const prepared = yield* run.step("prepare", restore.prepareTarget, place);
      if (!prepared.ok) return without(run, describeFailure(prepared.failure));
      const actions = ["restore", "replace"] as const;
      const all = { ...compared.value, actions, count: missing };
      const done = yield* carryOut(run, "restore", { ...all, within: largeOnes });
      if ("failure" in done) return without(run, describeFailure(done.failure));
      const failed = missing - done.restored - done.waiting;
      if (failed > 0)
        lacks.push(`${failed} of ${count} blobs of the set could not be brought back`);
      if (done.waiting > 0) lacks.push(underWay(done.waiting));
      for (const lack of lacks) run.journal.finding(lack);
      if (done.waiting > 0) run.journal.alsoNext(bringTheRest({ environment, source, set }));
      ({ waited } = done);
      if (done.restored + done.waiting === 0 && counts.same === 0) {
        return without(run, "not one blob came back");
      }
    }
    const trust = proven === undefined ? "" : ` (${proven})`;
    return { upTo: takenAt, from: `the newest verified set${trust}`, lacks, waited };
  }
  return found.length === 0 ? without(run, "there is no verified set of blobs") : undefined;
}

/** The lost account's copy in its other region goes further than a set, where it can be read. */
function* fromCopy(
  run: Filling,
  { redundancy, target, address }: Target,
  restored: Filled,
): Durable<Filled> {
  const from = redundancy?.secondaryEndpoint;
  if (from === undefined) return undefined;
  const newerThan = restored?.upTo;
  const between = { from, to: address, ...(newerThan === undefined ? {} : { newerThan }) };
  const left = milliseconds(Math.max(0, largeOnes - (restored?.waited ?? 0)));
  const how = { lease: target, together: true };
  const passed = yield* bringAcross(run, "bring-newer", between, left, how);
  if (!passed.ok) {
    run.journal.finding(`the account's copy could not be read: ${describeFailure(passed.failure)}`);
    return undefined;
  }
  const { failed, looked, waiting, newerThere } = passed.value;
  for (const name of newerThere) {
    run.journal.finding(`${name} was left as it is: newer than in the account's copy`);
  }
  const lacks = [...(restored?.lacks ?? [])];
  if (waiting > 0) {
    lacks.push(underWay(waiting));
    run.journal.finding(underWay(waiting));
    run.journal.alsoNext(seeTheRest(target));
  }
  if (failed.length > 0) lacks.push(`${failed.length} newer blobs were not brought`);
  for (const { name, reason } of failed) run.journal.finding(`${name} was not brought: ${reason}`);
  if (looked === 0 && newerThan === undefined) return undefined;
  return {
    upTo: redundancy?.geo?.lastSyncAt,
    from: "the account's copy in its other region",
    lacks,
    waited: left,
  };
}

const underWay = (blobs: number): string =>
  `${blobs} large blobs were still being copied when the app was told`;

/** The service goes on with what it has begun; an order once more brings what it did not end. */
const bringTheRest = (of: {
  readonly environment: string;
  readonly source: string;
  readonly set: string;
}): string =>
  `Bring back what large blobs are missing when the service has ended: ${orderText("restores", { ...of, kind: "blobs" })}`;

const seeTheRest = (target: string): string =>
  `See that the large blobs of the account's copy have arrived at ${shortNameOf(target)}: their copy status says so`;

function without(run: Filling, why: string): Filled {
  run.journal.finding(`no set was used: ${why}`);
  return undefined;
}
