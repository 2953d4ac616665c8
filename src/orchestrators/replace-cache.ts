import * as redis from "../activities/redis-failure.contract.js";
import { findRestorableCache } from "../activities/redis-restore.contract.js";
import { minutes } from "../domain/duration.js";
import { isAfter } from "../domain/instant.js";
import type { RecoveryOrder } from "../domain/recovery-order.js";
import { recoveryCacheId } from "../domain/recovery-cache.js";
import { parseResourceId, sameResource } from "../domain/resource-id.js";
import type { Durable } from "../durable/durable.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { waits, type ReplacementStep } from "../scenarios/redis-failure.js";
import { bringBackKeys } from "./bring-back-keys.js";
import { cacheStorageOf } from "./cache-storage.js";
import { cacheInUse } from "./move-to-cache.js";

type Steps = Recovery<ReplacementStep | "find-active">;

/** How a replacement is looked for where the cache that fails is not the only thing that does. */
export interface Circumstances {
  /** What is read to see which cache the app uses. */
  readonly use: ReturnType<typeof cacheInUse>;
  /** Which of two linked caches can be asked to part from the other. */
  readonly unlinkAt: "primary" | "secondary";
  /** Looks whether the cache that failed is well by now, where that would make a replacement needless. */
  readonly isWell?: () => Durable<boolean>;
}

const asUsual = (estate: RecoveryOrder["estate"]): Circumstances => ({
  use: cacheInUse(estate),
  unlinkAt: "primary",
});

/** A cache that can take over, and what it holds; `itself` where the one that failed is well again. */
export interface Replacement {
  readonly cache: string;
  readonly how: "member" | "replica" | "standby" | "made" | "itself";
  /** In words, for the record: where its keys are from, and so what is lost. */
  readonly data: string;
}

/** An import that takes longer is given up: an app with an empty cache is better off than one without. */
const longestImport = minutes(25);

export const nameOf = (id: string): string => parseResourceId(id)?.name ?? id;

interface Search extends Circumstances {
  readonly order: RecoveryOrder;
  readonly failing: string;
}

/** The other side where it can be used, else a new cache; undefined where neither is to be had. */
export function* replacement(
  run: Steps,
  order: RecoveryOrder,
  failing: string,
  circumstances: Partial<Circumstances> = {},
): Durable<Replacement | undefined> {
  const { primary, secondary } = order.estate.redis;
  const search = { order, failing, ...asUsual(order.estate), ...circumstances };
  for (const side of [secondary, primary]) {
    if (side === undefined || sameResource(side, failing)) continue;
    const found = yield* standby(run, search, side);
    if (found !== undefined) return found;
  }
  return (yield* madeBefore(run, search)) ?? (yield* madeAnew(run, search));
}

/** What an earlier run made and did not come to use spares the many minutes that another would take. */
function* madeBefore(run: Steps, search: Search): Durable<Replacement | undefined> {
  const { order, failing } = search;
  const { primary, secondary } = order.estate.redis;
  const asked = { redis: { primary, secondary }, failing };
  const found = yield* run.step("find-made", redis.findMadeCaches, asked);
  if (!found.ok) {
    const why = describeFailure(found.failure);
    run.journal.finding(`nobody can tell whether an earlier run made a cache: ${why}`);
    return undefined;
  }
  for (const cache of found.value.caches) {
    const usable = yield* standby(run, search, cache);
    if (usable !== undefined) return { ...usable, how: "made" };
  }
  return undefined;
}

function* standby(run: Steps, search: Search, cache: string): Durable<Replacement | undefined> {
  const { failing } = search;
  const asked = { cache, instead: failing };
  const seen = yield* run.step("find-standby", redis.inspectStandby, asked, nameOf(cache));
  if (!seen.ok) {
    run.journal.finding(
      `${nameOf(cache)} could not be looked at: ${describeFailure(seen.failure)}`,
    );
    return undefined;
  }
  const { usable, link, keys } = seen.value;
  if (!usable) {
    run.journal.finding(`${nameOf(cache)} cannot take over: ${seen.value.detail}`);
    return undefined;
  }
  if (link === "member") {
    return { cache, how: "member", data: "its keys are those of the group" };
  }
  if (link === "replica") return yield* unlinked(run, search, cache);
  const filled = yield* run.holding(cache, () =>
    fill(run, search, { cache, isEmpty: keys === 0, isNew: false }),
  );
  if (!filled.ok) {
    run.journal.finding(`${nameOf(cache)} cannot take over: ${describeFailure(filled.failure)}`);
    return undefined;
  }
  return { cache, how: "standby", data: filled.value };
}

/** A geo-replica can be written to only once it is on its own. */
function* unlinked(
  run: Steps,
  { failing, unlinkAt: at, isWell }: Search,
  cache: string,
): Durable<Replacement | undefined> {
  const askedAt = run.now();
  const approval = yield* run.approval("unlink");
  // People take their time, and a replica that parts from a cache that is well loses its copy for nothing.
  const isLate = approval === "granted" && isAfter(run.now(), askedAt);
  if (isLate && isWell !== undefined && (yield* isWell())) {
    return { cache: failing, how: "itself", data: "its own keys" };
  }
  const both = { primary: failing, secondary: cache, at, lease: failing };
  const begun = yield* run.step("unlink", redis.startUnlink, both);
  if (!begun.ok) {
    const lacks =
      begun.failure.class === "permission-lag"
        ? `; this service lacks Disaster recovery: caches at ${failing}`
        : "";
    run.journal.finding(
      `${nameOf(cache)} stays a replica: ${describeFailure(begun.failure)}${lacks}`,
    );
    return undefined;
  }
  const ended = yield* run.until(
    "await-unlink",
    redis.observeLinks,
    { cache },
    { ...waits.unlink, done: ({ linked, settled }) => !linked && settled },
  );
  if (ended === "done") return { cache, how: "replica", data: "its keys are those of the replica" };
  run.journal.finding(`${nameOf(cache)} was not unlinked in time`);
  return undefined;
}

/** One kind of cache, or the other where Azure refuses the first: tenants get no more of one of them. */
function* madeAnew(run: Steps, search: Search): Durable<Replacement | undefined> {
  const { order, failing } = search;
  const { redis: sides, recoveryRegion: region } = order.estate;
  const { first, managedSize, classicSize } = sides.recovery;
  const kinds =
    first === "managed" ? (["managed", "classic"] as const) : (["classic", "managed"] as const);
  for (const kind of kinds) {
    const cache = recoveryCacheId(sides, kind, run.run(), run.journal.round);
    const size = kind === "managed" ? managedSize : classicSize;
    const wanted = { cache, region, size, replaces: failing, lease: failing };
    const begun = yield* run.step("create-cache", redis.startCreation, wanted, kind);
    if (!begun.ok) {
      run.journal.finding(`no ${kind} cache: ${describeFailure(begun.failure)}`);
      continue;
    }
    if (!(yield* ready(run, cache, kind, failing))) {
      run.journal.finding(
        `${nameOf(cache)} was begun and did not become ready: delete it, or order again once it is`,
      );
      continue;
    }
    // What a cache that is still to be made can take is known after apply.
    if (run.planning) return { cache, how: "made", data: "known after apply" };
    const filled = yield* run.holding(cache, () =>
      fill(run, search, { cache, isEmpty: true, isNew: true }),
    );
    const data = filled.ok ? filled.value : `empty: ${describeFailure(filled.failure)}`;
    return { cache, how: "made", data };
  }
  return undefined;
}

function* ready(
  run: Steps,
  cache: string,
  kind: "classic" | "managed",
  lease: string,
): Durable<boolean> {
  const made = yield* run.until(
    "await-cache",
    redis.observeCreation,
    { cache },
    {
      ...(kind === "managed" ? waits.creationOfManaged : waits.creation),
      done: ({ state }) => state === "ready",
      failed: ({ state }) => state === "failed",
      failedInARow: 2,
    },
  );
  if (made !== "done" || kind === "classic") return made === "done";
  const begun = yield* run.step("create-database", redis.startDatabase, { cache, lease });
  if (!begun.ok) return false;
  const there = yield* run.until(
    "await-database",
    redis.observeCreation,
    { cache },
    {
      ...waits.database,
      done: ({ state, database }) => state === "ready" && database === "there",
      failed: ({ state }) => state === "failed",
      failedInARow: 2,
    },
  );
  return there === "done";
}

interface Fillable {
  readonly cache: string;
  readonly isEmpty: boolean;
  /** This run has just made it, so nobody uses it. */
  readonly isNew: boolean;
}

/** People wait, and others move the app meanwhile: which cache it uses is seen right before the change. */
function* isUnused(run: Steps, use: Circumstances["use"], cache: string): Durable<boolean> {
  const used = yield* run.step("find-active", redis.findCacheInUse, use, "again");
  return used.ok && used.value.known === "observed" && !sameResource(used.value.id, cache);
}

/**
 * Brings the newest verified keys into a cache that is not in use. Over keys that it holds only with
 * approval; without it, it is used with what it holds. In words, what it holds then.
 */
function* fill(
  run: Steps,
  { order: { environment, estate }, failing, use }: Search,
  { cache, isEmpty, isNew }: Fillable,
): Durable<string> {
  const begins = isEmpty ? "it begins empty" : "it holds keys of unknown age";
  const without = (why: string): string => {
    run.journal.finding(`${nameOf(cache)}: ${begins}, because ${why}`);
    return begins;
  };
  if (!isEmpty && (yield* run.approval("import-over")) !== "granted") {
    return without("nobody approved that its keys give way to those of a backup");
  }
  if (!isNew && !(yield* isUnused(run, use, cache))) {
    return without("it cannot be ruled out that the app uses it");
  }
  const { primary, secondary } = estate.redis;
  const chosen = yield* run.step("choose-set", redis.chooseCacheSet, {
    cache,
    environment,
    failing,
    redis: { primary, secondary },
  });
  if (!chosen.ok) return without(describeFailure(chosen.failure));
  if (chosen.value.kind === "none") return without(chosen.value.detail);
  const { set, source, takenAt, passedOver } = chosen.value;
  for (const other of passedOver) run.journal.finding(`a newer set was passed over: ${other}`);
  const wanted = { environment, source, set, cache, items: [], overwrite: !isEmpty };
  const found = yield* run.step("find-set", findRestorableCache, { ...wanted, active: false });
  if (!found.ok) return without(describeFailure(found.failure));
  const whole = { ...wanted, storage: cacheStorageOf(estate), within: longestImport };
  const ending = yield* bringBackKeys(run, whole, found.value);
  if (ending.outcome !== "passed" && ending.outcome !== "passed-with-findings") {
    if (run.planning) return "its keys come from a backup";
    return without(`the keys of ${takenAt} could not be brought back: ${ending.reason}`);
  }
  return `its keys are those of ${takenAt}, and what was written since is lost`;
}
