import { countCacheKeys } from "../activities/redis-backup.contract.js";
import * as redis from "../activities/redis-failure.contract.js";
import { RunOrder } from "../domain/run-order.js";
import { parseResourceId, sameResource } from "../domain/resource-id.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { linkWait, redisFailback } from "../scenarios/redis-failback.js";
import { waits } from "../scenarios/redis-failure.js";
import { cacheInUse, findApp, moveApp, moving, probeOf, type CacheUser } from "./move-to-cache.js";
import { nameOf } from "./replace-cache.js";

type Steps = Recovery<keyof typeof redisFailback.steps>;

/** The way home: both caches by their ids. */
interface Way {
  readonly from: string;
  readonly to: string;
  readonly app: CacheUser | undefined;
  /** The vault names the original already, and the app still uses the other one. */
  readonly isHalfDone: boolean;
}

/** The original cache is well again: its keys come home from the cache in use, and then the app. */
export const failBackRedis = framed(redisFailback, RunOrder, function* (run, { estate }) {
  const to = estate.redis.primary;
  const found = yield* run.step("find-active", redis.findCacheInUse, cacheInUse(estate));
  if (!found.ok) return refused(run, describeFailure(found.failure));
  // What is copied must be what the app has; a guess could bring old keys over new ones.
  if (found.value.known !== "observed") return refused(run, found.value.detail);
  const named = found.value.id;
  const app = yield* findApp(run, "find-app", estate);
  const isHome = sameResource(named, to);
  if (isHome && !(yield* usesAnother(run, to, app))) {
    return run.end("not-needed", "the app uses its original cache");
  }
  const from = isHome ? yield* leftBehind(run, app) : named;
  if (from === undefined) return unfinished(run, to);
  const well = yield* run.until("confirm-original", redis.probeCache, probeOf(to, undefined), {
    ...waits.confirm,
    done: (seen) => ownWord(seen) === "well",
    failed: (seen) => ownWord(seen) === "failed",
    failedInARow: 3,
    inPlan: "done",
  });
  if (well !== "done") return refused(run, `${nameOf(to)} is not well`);
  const way = { from, to, app, isHalfDone: isHome };
  const ended = yield* run.holding(to, function* () {
    const inner = yield* run.holding(from, () => home(run, way));
    return inner.ok ? inner.value : refused(run, describeFailure(inner.failure));
  });
  return ended.ok ? ended.value : refused(run, describeFailure(ended.failure));
});

/** A move may have ended between the connection string and the restart: the app's word says where it is. */
function* usesAnother(run: Steps, cache: string, app: CacheUser | undefined): Durable<boolean> {
  const seen = yield* run.look("find-app", redis.probeCache, probeOf(cache, app));
  return seen.ok && seen.value.uses === "another";
}

/** The cache that the app still uses then, if it is one of the estate. */
function* leftBehind(run: Steps, app: CacheUser | undefined): Durable<string | undefined> {
  const { secondary } = run.order.estate.redis;
  if (secondary === undefined) return undefined;
  const seen = yield* run.look("find-app", redis.probeCache, probeOf(secondary, app));
  return seen.ok && seen.value.uses === "this" ? secondary : undefined;
}

function* home(run: Steps, way: Way): Durable<Ending> {
  const { from, to, app } = way;
  if (way.isHalfDone) {
    run.journal.finding(
      `an earlier move ended half-way: the vault named ${nameOf(to)}, and the app still used ${nameOf(from)}`,
    );
    // What a restart would read is the truth again, before anything is copied.
    const { vault, secret, app: user } = cacheInUse(run.order.estate);
    const back = { cache: from, key: "primary", lease: to, app: user, vault, secret } as const;
    const written = yield* run.step("write-secret", redis.writeConnection, back, "back");
    if (!written.ok) return refused(run, describeFailure(written.failure));
  }
  const asked = { cache: to, instead: from };
  const seen = yield* run.step("inspect-original", redis.inspectStandby, asked);
  if (!seen.ok) return refused(run, describeFailure(seen.failure));
  if (!seen.value.usable) return refused(run, `${nameOf(to)}: ${seen.value.detail}`);
  const { link } = seen.value;
  const why =
    link === "member"
      ? undefined
      : link === "replica"
        ? yield* unlinked(run, way)
        : yield* filled(run, way, seen.value.keys);
  if (why !== undefined) return refused(run, why);

  const moved = yield* moveApp(run, moving, { cache: to, key: "primary", lease: to }, app);
  if (moved.kind === "not-moved") {
    return run.end("needs-operator", `${nameOf(to)} has the keys, but ${moved.why}`, [
      "Look at the app's health: which of the two caches does it use?",
      "Order the failback again by POST /api/failbacks, or a recovery by POST /api/recoveries",
    ]);
  }
  // Also from a cache that the original followed: since it was unlinked they part.
  if (link !== "member") yield* copied(run, "copy-late-keys", way, false);
  yield* linkedAgain(run, way, link);
  const { secondary } = run.order.estate.redis;
  const named = secondary !== undefined && sameResource(secondary, from);
  const next = named
    ? []
    : [
        `Delete ${from} once nobody misses anything, and take it out of the estate file if it was entered`,
      ];
  return run.end("failed-back", `the app uses ${nameOf(to)} again`, next);
}

/** The original follows the cache in use already; unlinking makes it a cache of its own. */
function* unlinked(run: Steps, { from, to }: Way): Durable<string | undefined> {
  const both = { primary: from, secondary: to, lease: to };
  const begun = yield* run.step("unlink", redis.startUnlink, both);
  if (!begun.ok) return describeFailure(begun.failure);
  const ended = yield* run.until(
    "await-unlink",
    redis.observeLinks,
    { cache: to },
    { ...waits.unlink, done: ({ linked, settled }) => !linked && settled },
  );
  return ended === "done" ? undefined : `${nameOf(to)} was not unlinked in time`;
}

/** Keys that were removed since the failure must not come back, so the original is emptied first. */
function* filled(run: Steps, way: Way, stale: number): Durable<string | undefined> {
  if (stale > 0) {
    const original = { cache: way.to, use: cacheInUse(run.order.estate) };
    const emptied = yield* run.step("empty-original", redis.emptyCache, original);
    if (!emptied.ok) return describeFailure(emptied.failure);
  }
  const failure = yield* copied(run, "copy-keys", way, true);
  if (failure !== undefined || run.planning) return failure;
  const away = yield* run.quietly("count-away", countCacheKeys, { cache: way.from });
  const home = yield* run.quietly("count-home", countCacheKeys, { cache: way.to });
  if (!away.ok || !home.ok) return "the keys of both caches could not be counted";
  const missing = away.value.count - home.value.count;
  // Some expire while others are counted.
  return missing > Math.max(10, away.value.count / 20)
    ? `it would lose data: ${missing} of ${away.value.count} keys did not arrive`
    : undefined;
}

/** Undefined once all keys are copied, or why they are not. */
function* copied(
  run: Steps,
  step: "copy-keys" | "copy-late-keys",
  { from, to }: Way,
  replace: boolean,
): Durable<string | undefined> {
  const piece = { from, to, replace, use: cacheInUse(run.order.estate) };
  const answers = yield* run.onward(
    step,
    redis.copyKeysAcross,
    piece,
    ({ next }) => next && { ...piece, position: next },
    { unit: "keys" },
  );
  if (answers.ok) return undefined;
  if (!replace) run.journal.finding(`keys written meanwhile: ${describeFailure(answers.failure)}`);
  return describeFailure(answers.failure);
}

/** As it was before the failure: the secondary of a Premium pair follows the primary. */
function* linkedAgain(run: Steps, { from, to }: Way, link: string): Durable<void> {
  const { tier, secondary } = run.order.estate.redis;
  const pair =
    tier === "Premium" && secondary !== undefined && isClassic(secondary) && isClassic(to);
  if (!pair || link === "member") return;
  // A person is asked before anything is prepared.
  const approval = yield* run.approval("link");
  if (approval !== "granted") {
    run.journal.finding(`${nameOf(secondary)} is no replica again: not approved`);
    return;
  }
  for (const cache of [to, secondary]) {
    const both = { cache, lease: to };
    const stopped = yield* run.step("stop-persistence", redis.stopPersistence, both, nameOf(cache));
    if (!stopped.ok || !stopped.value.changed) continue;
    yield* run.until("stop-persistence", redis.observeLinks, { cache }, settling);
  }
  const begun = yield* run.step("link", redis.startLink, { primary: to, secondary, lease: to });
  if (!begun.ok) {
    run.journal.finding(
      `${nameOf(secondary)} is no replica again: ${describeFailure(begun.failure)}${sameResource(from, secondary) ? "" : "; look whether it is well"}`,
    );
    return;
  }
  const waited = yield* run.until(
    "await-link",
    redis.observeLinks,
    { cache: to },
    { ...linkWait, done: ({ linked, settled }) => linked && settled },
  );
  if (waited !== "done") run.journal.finding(`${nameOf(secondary)} is not in step yet`);
}

/** What our own write and read met. An original that follows the cache in use refuses writes, and is well. */
function ownWord({
  sources,
}: {
  readonly sources: readonly {
    readonly kind: string;
    readonly says: string;
    readonly detail: string;
  }[];
}): string | undefined {
  const own = sources.find(({ kind }) => kind === "own-probe");
  return own?.detail.startsWith("redis-read-only") === true ? "well" : own?.says;
}

const settling = {
  ...linkWait,
  done: ({ settled }: { readonly settled: boolean }) => settled,
} as const;

const isClassic = (id: string): boolean => parseResourceId(id)?.type === "microsoft.cache/redis";

const unfinished = (run: Steps, to: string): Ending =>
  run.end(
    "needs-operator",
    `the vault names ${nameOf(to)}, and the app still uses a cache that the estate does not name`,
    [
      "Read in the app's health which cache it uses, and enter that as redis.secondary in the estate file; then order the failback again by POST /api/failbacks",
      `Or, if what that cache holds may be lost, restart the serving revision: the app uses ${nameOf(to)} then`,
    ],
  );

const refused = (run: Steps, why: string): Ending =>
  run.end("needs-operator", `the app stays where it is: ${why}`, [
    "Mend that, and order the failback again by POST /api/failbacks",
  ]);
