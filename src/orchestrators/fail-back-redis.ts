import * as redis from "../activities/redis-failure.contract.js";
import { RunOrder } from "../domain/run-order.js";
import { sameResource } from "../domain/resource-id.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { redisFailback } from "../scenarios/redis-failback.js";
import { waits } from "../scenarios/redis-failure.js";
import { cacheInUse, findApp, moveApp, moving, probeOf, type CacheUser } from "./move-to-cache.js";
import { keysHome, lateKeysHome, linkedAgain, type WayOfKeys } from "./keys-home.js";
import { nameOf } from "./replace-cache.js";
import { usersLeft } from "./users-side.js";

type Steps = Recovery<keyof typeof redisFailback.steps>;

/** The way home: both caches by their ids. */
interface Way extends WayOfKeys {
  readonly app: CacheUser | undefined;
  /** The vault names the original already, and the app still uses the other one. */
  readonly isHalfDone: boolean;
}

/** The original cache is well again: its keys come home from the cache in use, and then the app. */
export const failBackRedis = framed(redisFailback, RunOrder, function* (run, { estate }) {
  const to = estate.redis.primary;
  const left = yield* usersLeft(run, "find-active");
  if (left !== undefined) return run.end("needs-operator", left.why, [left.first]);
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
  const way = { from, to, app, use: cacheInUse(estate), isHalfDone: isHome };
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
  const brought = yield* keysHome(run, way);
  if ("why" in brought) return refused(run, brought.why);
  const { link } = brought;

  const moved = yield* moveApp(run, moving, { cache: to, key: "primary", lease: to }, app);
  if (moved.kind === "not-moved") {
    return run.end("needs-operator", `${nameOf(to)} has the keys, but ${moved.why}`, [
      "Look at the app's health: which of the two caches does it use?",
      "Order the failback again by POST /api/failbacks, or a recovery by POST /api/recoveries",
    ]);
  }
  // Also from a cache that the original followed: since it was unlinked they part.
  if (link !== "member") yield* lateKeysHome(run, way);
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
