import * as redis from "../activities/redis-failure.contract.js";
import * as contract from "../activities/drill.contract.js";
import { DrillOrder } from "../domain/drill.js";
import { minutes, seconds } from "../domain/duration.js";
import type { Instant } from "../domain/instant.js";
import { framed } from "../recovery/framed.js";
import { describeFailure } from "../recovery/recovery.js";
import { redisDrill } from "../scenarios/redis-drill.js";
import { cacheInUse } from "./move-to-cache.js";
import { drilled, recoveredByScenario, stopRecovery } from "./run-drill.js";

/** How the drill waits for the replica to take over. */
const takeover = { inARow: 3, within: minutes(3), first: seconds(3), longest: seconds(10) };

/** The primary node is rebooted; its replica takes over, or the ordinary recovery brings the cache back. */
export const drillRedis = framed(redisDrill, DrillOrder, function* (run, order) {
  const not = (why: string) => run.end("canceled", `not carried out, nothing was broken: ${why}`);
  const found = yield* run.step("find-cache", redis.findCacheInUse, cacheInUse(order.estate));
  if (!found.ok) return not(describeFailure(found.failure));
  const cache = found.value.id;
  const shape = yield* run.step("find-cache", redis.inspectCache, { cache }, "shape");
  if (!shape.ok) return not(describeFailure(shape.failure));
  const { kind, hasReplica, shards } = shape.value;
  if (kind === "managed") {
    return not(
      "not applicable: Azure gives no way to reboot a node of Azure Managed Redis; its other side is practised by the drill of the region",
    );
  }
  if (!hasReplica) return not("not applicable: no node stands in for the only one of this cache");
  if (shards > 1)
    return not("not applicable: the nodes of a cluster are not rebooted for practice");
  const exercise = {
    scenario: "redis-failure",
    resource: cache,
    state: { what: "cache", cache },
  } as const;
  return yield* drilled(run, order, {
    ...exercise,
    breaks: () => ({ fault: { kind: "reboot-primary", cache }, undo: { kind: "none" } }),
    *practise(brokenAt) {
      let healedAt: Instant | undefined;
      const waited = yield* run.until("await-service", contract.observeDrilled, exercise.state, {
        ...takeover,
        eitherWay: true,
        done: ({ steady }) => {
          healedAt = steady ? (healedAt ?? run.now()) : undefined;
          return steady;
        },
      });
      return yield* recoveredByScenario(
        run,
        order,
        exercise,
        brokenAt,
        waited === "done" ? healedAt : undefined,
      );
    },
    stop: () => stopRecovery(run, order),
  });
});
