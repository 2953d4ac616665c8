import * as redis from "../activities/redis-failure.contract.js";
import { RecoveryOrder } from "../domain/recovery-order.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { waits } from "../scenarios/redis-failure.js";
import { redisKeyRotation } from "../scenarios/redis-key-rotation.js";
import { cacheInUse, findApp, isWell, moveApp, probeOf, type CacheUser } from "./move-to-cache.js";

type Steps = Recovery<keyof typeof redisKeyRotation.steps>;

const toSecondary = {
  write: "use-secondary-key",
  restart: "restart-with-secondary",
  await: "await-secondary",
  verify: "verify-secondary",
} as const;
const toPrimary = {
  write: "use-primary-key",
  restart: "restart-with-primary",
  await: "await-primary",
  verify: "verify-primary",
} as const;

/** The primary key is to be another one: the app goes to the secondary key first, so that nobody is locked out. */
export const rotateRedisKey = framed(redisKeyRotation, RecoveryOrder, function* (run, order) {
  const { estate } = order;
  const found = yield* run.step("find-active", redis.findCacheInUse, cacheInUse(estate));
  if (!found.ok) return untouched(run, describeFailure(found.failure));
  if (found.value.known !== "observed") return untouched(run, found.value.detail);
  const cache = found.value.id;
  const app = yield* findApp(run, "find-app", estate);
  if (app === undefined) return untouched(run, "the app cannot be asked whether it is well");
  const confirmed = yield* run.until("confirm-well", redis.probeCache, probeOf(cache, app), {
    ...waits.confirm,
    done: isWell,
    inPlan: "done",
  });
  if (confirmed !== "done") {
    return untouched(run, "the app is not well with its cache: that comes first");
  }
  const rotated = yield* run.holding(cache, () => rotate(run, cache, app));
  return rotated.ok ? rotated.value : untouched(run, describeFailure(rotated.failure));
});

function* rotate(run: Steps, cache: string, app: CacheUser): Durable<Ending> {
  // A person is asked before the app is moved, so that nothing has to be taken back.
  const approval = yield* run.approval("regenerate-key");
  if (approval !== "granted") return untouched(run, `the rotation was not approved: ${approval}`);
  const away = yield* moveApp(run, toSecondary, { cache, key: "secondary", lease: cache }, app);
  if (away.kind === "not-moved") {
    return halfWay(run, `on the way to the secondary key: ${away.why}`, bothGood);
  }
  const key = "primary";
  const before = yield* run.step("fingerprint-key", redis.fingerprintKey, { cache, key });
  if (!before.ok) return halfWay(run, describeFailure(before.failure), onSecondary);
  const use = cacheInUse(run.order.estate);
  const wanted = { cache, key, before: before.value.sha256, use } as const;
  const made = yield* run.insist("regenerate-key", redis.regenerateKey, wanted);
  if (made.kind !== "done") {
    const why = made.kind === "failed" ? describeFailure(made.failure) : "it was skipped";
    return halfWay(run, `the primary key is the old one: ${why}`, onSecondary);
  }
  const back = yield* moveApp(run, toPrimary, { cache, key, lease: cache }, app);
  if (back.kind === "not-moved") return halfWay(run, `on the way back: ${back.why}`, madeAnew);
  return run.end("restored", "the app uses a primary key that nobody has seen", [
    "Tell whoever else uses the cache to read its primary key anew",
  ]);
}

const untouched = (run: Steps, why: string): Ending =>
  run.end("needs-operator", `nothing was changed: ${why}`, [
    "Mend that first, then order the rotation again by POST /api/recoveries",
  ]);

const bothGood = "Both keys are still good: whichever the app reads, it is let in";
const onSecondary =
  "The secondary key, which the app was moved to, is still good: see that the vault names it";
const madeAnew =
  "The primary key is a new one; a replica that still has the secondary key is let in as well";

const halfWay = (run: Steps, why: string, stands: string): Ending =>
  run.end("needs-operator", why, [
    stands,
    "Order the rotation again by POST /api/recoveries: it goes on from where things are",
  ]);
