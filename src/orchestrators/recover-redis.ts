import * as redis from "../activities/redis-failure.contract.js";
import type { Failure } from "../domain/failure.js";
import { isAfter } from "../domain/instant.js";
import { RecoveryOrder } from "../domain/recovery-order.js";
import { orderText } from "../domain/order-text.js";
import { sameResource } from "../domain/resource-id.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { redisFailure, waits } from "../scenarios/redis-failure.js";
import {
  cacheInUse,
  findApp,
  isWell,
  moveApp,
  moving,
  probeOf,
  verified,
  type CacheUser,
} from "./move-to-cache.js";
import { regionDown } from "./region-down.js";
import { nameOf, replacement, type Replacement } from "./replace-cache.js";
import { onUsersSide, wayBack } from "./users-side.js";

type Steps = Recovery<keyof typeof redisFailure.steps>;

/** The cache in use fails: reboot its primary node, else take the other side, else make a new cache and fill it. */
export const recoverRedis = framed(
  redisFailure,
  RecoveryOrder,
  onUsersSide("find-active", function* (run: Steps, order: RecoveryOrder) {
    const { estate, resource, trigger } = order;
    const found = yield* run.step("find-active", redis.findCacheInUse, cacheInUse(estate));
    const observed = found.ok && found.value.known === "observed";
    const cache = observed ? found.value.id : resource;
    if (!observed) {
      const why = found.ok ? found.value.detail : describeFailure(found.failure);
      run.journal.finding(`it is not known which cache the app uses (${why})`);
    }
    const app = yield* findApp(run, "find-app", estate);
    const isElsewhere = observed && !sameResource(cache, resource);
    if (trigger.kind === "alert" && isElsewhere && !(yield* isNotLetIn(run, cache, app))) {
      return run.end("not-needed", `the app uses ${nameOf(cache)}, not ${nameOf(resource)}`, [
        `Look at ${nameOf(resource)}: a cache that is not in use has failed, and cannot take over`,
      ]);
    }
    const probe = probeOf(cache, app);
    const confirmed = yield* run.until("confirm", redis.probeCache, probe, {
      ...waits.confirm,
      done: ({ verdict }) => verdict === "well",
      failed: ({ verdict }) => verdict === "failed",
      eitherWay: true,
      inPlan: "failed",
    });
    const seen = yield* run.look("confirm", redis.probeCache, probe);
    const looks = seen.ok ? seen.value.sources : [];
    if (confirmed === "done") {
      if (looks.some(({ kind, says }) => kind === "own-probe" && says === "failed")) {
        run.journal.finding(`this service alone cannot use ${nameOf(cache)}: ${detailOf(seen)}`);
      }
      return run.end("not-needed", "the app is well with its cache; nothing was changed");
    }
    const held = run.unconfirmed(looks);
    if (held !== undefined) return held;

    const recovered = yield* run.holding(cache, function* () {
      if (yield* healedItself(run, cache, app)) {
        return wellAgain(run);
      }
      if (seen.ok && seen.value.appAlone && !run.planning) return yield* letIn(run, cache, app);
      return (yield* rebooted(run, cache, app)) ?? (yield* replaced(run, order, cache, app));
    });
    return recovered.ok ? recovered.value : stuck(run, describeFailure(recovered.failure));
  }),
);

/**
 * A move may have ended between the connection string and the restart: the app is still with the cache
 * that failed then, and not well, while the one that the vault names waits for it.
 */
function* isNotLetIn(run: Steps, cache: string, app: CacheUser | undefined): Durable<boolean> {
  const seen = yield* run.look("find-app", redis.probeCache, probeOf(cache, app));
  return seen.ok && seen.value.appAlone;
}

const wellAgain = (run: Steps): Ending =>
  run.end("not-needed", "the cache became well by itself; nothing was changed");

/** The last look before the first change: nothing that is well is touched. */
function* healedItself(run: Steps, cache: string, app: CacheUser | undefined): Durable<boolean> {
  const waited = yield* run.until("recheck", redis.probeCache, probeOf(cache, app), {
    ...waits.recheck,
    // Whoever is affected has the word here too: that this service alone cannot connect reboots nothing.
    done: ({ verdict }) => verdict === "well",
    failed: ({ verdict }) => verdict !== "well",
    eitherWay: true,
    inPlan: "failed",
  });
  return waited === "done";
}

/** The cache is well and the app is not let in: somebody has made a key anew, or pointed the app elsewhere. */
function* letIn(run: Steps, cache: string, app: CacheUser | undefined): Durable<Ending> {
  const moved = yield* moveApp(run, moving, { cache, key: "primary", lease: cache }, app);
  return moved.kind === "moved"
    ? run.end("restored", `the app has the key of ${nameOf(cache)} again`)
    : stuck(run, `${nameOf(cache)} answers, but not the app: ${moved.why}`);
}

/** The primary node of each shard in turn, until the cache is well. Never a second node. */
function* rebooted(
  run: Steps,
  cache: string,
  app: CacheUser | undefined,
): Durable<Ending | undefined> {
  const shape = yield* run.quietly("inspect-cache", redis.inspectCache, { cache });
  if (!shape.ok || shape.value.kind !== "classic") return undefined;
  const { shards, hasReplica } = shape.value;
  const all = shards === 0 ? [undefined] : Array.from({ length: shards }, (_, shard) => shard);
  const step = hasReplica ? "reboot-primary" : "reboot-only-node";
  const askedAt = run.now();
  const isLate = (yield* run.approval(step)) === "granted" && isAfter(run.now(), askedAt);
  if (isLate && (yield* healedItself(run, cache, app))) return wellAgain(run);
  for (const shard of all) {
    const node = { cache, hasReplica, ...(shard === undefined ? {} : { shard }) };
    const item = shard === undefined ? undefined : `shard-${shard}`;
    const reboot = yield* run.step(step, redis.rebootPrimary, node, item);
    if (!reboot.ok) {
      run.journal.finding(`no reboot: ${describeFailure(reboot.failure)}`);
      return undefined;
    }
    const waited = yield* run.until("await-reboot", redis.probeCache, probeOf(cache, app), {
      ...(shards > 1 ? waits.rebootOfShard : waits.reboot),
      done: isWell,
    });
    if (waited === "done") {
      const isBack = (yield* verified(run, "verify", cache, app)).kind === "moved";
      return isBack ? broughtBack(run, cache, hasReplica) : undefined;
    }
  }
  return undefined;
}

function broughtBack(run: Steps, cache: string, hasReplica: boolean): Ending {
  const reason = `a reboot of the primary node brought ${nameOf(cache)} back`;
  if (hasReplica) return run.end("restored", reason);
  run.journal.loses("every key that it held: a Basic cache has no other node");
  const { environment, detectedAt } = run.order;
  const order = orderText("restores", { environment, kind: "redis", at: detectedAt });
  return run.end("restored", `${reason}, without its keys`, [`If the app misses them: ${order}`]);
}

function* replaced(
  run: Steps,
  order: RecoveryOrder,
  failing: string,
  app: CacheUser | undefined,
): Durable<Ending> {
  if (sameResource(failing, order.estate.redis.primary)) {
    const beside = { kind: "key-vault", id: order.estate.keyVault.primary } as const;
    const down = yield* regionDown(run, beside, app);
    if (down !== undefined) return down;
  }
  const isWell = () => healedItself(run, failing, app);
  const found = yield* replacement(run, order, failing, { isWell });
  if (found?.how === "itself") return wellAgain(run);
  if (found === undefined) {
    return stuck(run, "neither a reboot, nor the other side, nor a new cache is to be had");
  }
  const { cache, data } = found;
  const to = { cache, key: "primary", lease: failing } as const;
  if (run.planning && found.how === "made") {
    return run.end("failed-over", `${nameOf(cache)} would take over`);
  }
  const moved = yield* moveApp(run, moving, to, app);
  if (moved.kind === "not-moved") return stuck(run, `${nameOf(cache)} is ready, but ${moved.why}`);
  if (!moved.told) {
    run.journal.finding(
      app === undefined
        ? "the app could not be asked: its revisions were restarted, and nobody has seen whether it uses the cache"
        : "the app does not tell which cache it uses; all of its replicas are younger than the connection string",
    );
  }
  run.journal.loses(data);
  return run.end(
    "failed-over",
    `the app uses ${nameOf(cache)}; ${data}`,
    next(run, failing, found),
  );
}

/** What a person has to do afterwards, in daylight. */
function next(run: Steps, failing: string, { cache, how }: Replacement): string[] {
  const back = `When ${nameOf(failing)} is well again: ${wayBack(run, "redis")}`;
  switch (how) {
    case "made":
      return [
        `Enter ${cache} as redis.secondary of ${run.order.environment} in the estate file, or fail back before the next deployment`,
        back,
      ];
    case "member":
      return [
        `If ${nameOf(failing)} stays away, force-unlink it from its group: until then the others keep for it what it misses`,
        back,
      ];
    case "replica":
      return [`${nameOf(cache)} has no replica until it is failed back or linked anew`, back];
    case "standby":
      return [back];
    case "itself":
      return [];
  }
}

const stuck = (run: Steps, why: string): Ending => {
  const { redis: sides, containerApp } = run.order.estate;
  const caches = [sides.primary, sides.secondary].flatMap((id) => id ?? []);
  return run.end("needs-operator", why, [
    `Look at ${caches.join(" and ")} in the portal: state, keys, network rules, the region's health`,
    `Make or choose a cache that works, and write its connection string into the app's vault, as ${sides.connectionSecret}`,
    `Restart the serving revision of ${containerApp.primary}, and start the recovery again by POST /api/recoveries`,
  ]);
};

const detailOf = (
  seen:
    | { readonly ok: true; readonly value: { readonly detail: string } }
    | { readonly ok: false; readonly failure: Failure },
): string => (seen.ok ? seen.value.detail : describeFailure(seen.failure));
