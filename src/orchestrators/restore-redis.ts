import * as backup from "../activities/redis-backup.contract.js";
import * as restore from "../activities/redis-restore.contract.js";
import { RestoreOrder } from "../domain/backup-order.js";
import { sameResource } from "../domain/resource-id.js";
import { framed } from "../recovery/framed.js";
import { describeFailure } from "../recovery/recovery.js";
import { redisRestore } from "../scenarios/redis-restore.js";
import { bringBackKeys } from "./bring-back-keys.js";

/**
 * A snapshot goes back key by key: what is there stays, unless the order is to overwrite it. An export
 * is imported whole, which deletes what the cache holds; into one in use or not empty only on order.
 */
export const restoreRedis = framed(redisRestore, RestoreOrder, function* (run, order) {
  const { environment, estate, source, set, items, overwrite, resource } = order;
  const active = yield* run.step("find-active", backup.findActiveCache, {
    app: estate.containerApp.primary,
    vault: estate.keyVault,
    redis: { primary: estate.redis.primary, secondary: estate.redis.secondary },
    secret: estate.redis.connectionSecret,
  });
  // A cache of which nobody can say whether it is in use is handled as one that is.
  const isActive = !active.ok || sameResource(active.value.id, resource);
  const found = yield* run.step("find-set", restore.findRestorableCache, {
    environment,
    source,
    set,
    cache: resource,
    active: isActive,
    items,
    overwrite,
  });
  if (!found.ok) return run.end("failed", describeFailure(found.failure));
  const { storage } = estate;
  const wanted = { environment, source, set, cache: resource, items, overwrite, storage };
  const held = yield* run.holding(resource, () => bringBackKeys(run, wanted, found.value));
  return held.ok ? held.value : run.end("failed", describeFailure(held.failure));
});
