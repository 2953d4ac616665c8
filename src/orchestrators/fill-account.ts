import * as backup from "../activities/backup.contract.js";
import * as restore from "../activities/blob-restore.contract.js";
import type { Redundancy } from "../activities/storage-failure.contract.js";
import { minutes } from "../domain/duration.js";
import type { Instant } from "../domain/instant.js";
import type { RecoveryOrder } from "../domain/recovery-order.js";
import { shortNameOf } from "../domain/resource-id.js";
import type { Durable } from "../durable/durable.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { carryOut, compareWithBlobSet } from "./bring-back-blobs.js";
import type { Stuck } from "./stuck.js";
import { bringAcross } from "./use-account.js";

/** Large blobs are copied by the service in its own time; the app does without them for longer than this. */
const largeOnes = minutes(10);

type Filling = Recovery<"find-set" | "compare" | "prepare" | "restore" | "bring-newer">;

interface Target {
  /** ARM id of the account whose blobs are wanted, and how it is replicated as far as that is known. */
  readonly lost: string;
  readonly redundancy: Redundancy | undefined;
  readonly target: string;
  readonly address: string;
  readonly isNew: boolean;
}

/** Up to when an account holds what the lost one held. */
type Filled = { readonly upTo: Instant | undefined; readonly from: string } | undefined;

/**
 * Brings the blobs of the lost account into another one: the newest verified set, then what is newer in
 * the lost account's copy in its other region, where that can be read. An empty account is never handed
 * to the app.
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
  const topped = yield* fromCopy(run, target, restored?.upTo);
  const filled = topped ?? restored;
  if (filled === undefined) {
    if (target.isNew) {
      return { why: "no blobs can be brought back into a new account", lacksRole: false };
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
  run.journal.loses(
    filled.upTo === undefined
      ? `what had not reached ${filled.from}`
      : `what was written to blobs since ${filled.upTo}, which is how far ${filled.from} goes`,
    "blobs",
  );
  return undefined;
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
  const { found, problems } = looked.value;
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
    if (run.planning) {
      run.journal.planChange("restore", `${missing} of ${count} blobs to bring back`);
    } else if (missing > 0) {
      const place = { endpoint, containers: [...containers] };
      const prepared = yield* run.step("prepare", restore.prepareTarget, place);
      if (!prepared.ok) return without(run, describeFailure(prepared.failure));
      const actions = ["restore", "replace"] as const;
      const all = { ...compared.value, actions, count: missing };
      const done = yield* carryOut(run, "restore", all);
      if ("failure" in done) return without(run, describeFailure(done.failure));
      if (done.restored < missing) {
        run.journal.finding(
          `${missing - done.restored} of ${count} blobs could not be brought back`,
        );
      }
      if (done.restored === 0 && counts.same === 0) return without(run, "not one blob came back");
    }
    return { upTo: takenAt, from: "the newest verified set" };
  }
  return found.length === 0 ? without(run, "there is no verified set of blobs") : undefined;
}

/** The lost account's copy in its other region goes further than a set, where it can be read. */
function* fromCopy(
  run: Filling,
  { redundancy, target, address }: Target,
  newerThan: Instant | undefined,
): Durable<Filled> {
  const from = redundancy?.secondaryEndpoint;
  if (from === undefined) return undefined;
  const between = { from, to: address, ...(newerThan === undefined ? {} : { newerThan }) };
  const passed = yield* bringAcross(run, "bring-newer", between, largeOnes, target);
  if (!passed.ok) {
    run.journal.finding(`the account's copy could not be read: ${describeFailure(passed.failure)}`);
    return undefined;
  }
  const { failed, looked, waiting, newerThere } = passed.value;
  for (const name of newerThere) {
    run.journal.finding(`${name} was left as it is: newer than in the account's copy`);
  }
  if (waiting > 0) {
    run.journal.finding(`${waiting} large blobs were still being copied when the app was told`);
  }
  for (const { name, reason } of failed) run.journal.finding(`${name} was not brought: ${reason}`);
  if (looked === 0 && newerThan === undefined) return undefined;
  return { upTo: redundancy?.geo?.lastSyncAt, from: "the account's copy in its other region" };
}

function without(run: Filling, why: string): Filled {
  run.journal.finding(`no set was used: ${why}`);
  return undefined;
}
