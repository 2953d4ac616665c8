import * as redis from "../activities/redis-failure.contract.js";
import * as contract from "../activities/drill.contract.js";
import { lossOfAllNodes, whyNoExport } from "../domain/all-nodes.js";
import { DrillOrder, type CacheExport } from "../domain/drill.js";
import { minutes, seconds } from "../domain/duration.js";
import type { Instant } from "../domain/instant.js";
import type { Durable } from "../durable/durable.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { redisDrill } from "../scenarios/redis-drill.js";
import { cacheInUse } from "./move-to-cache.js";
import { drilled, recoveredByScenario, stopRecovery, type Exercise } from "./run-drill.js";

type Steps = Recovery<keyof typeof redisDrill.steps>;

/** How the drill waits for nodes to go down, for the replica to take over, or for all nodes to be back. */
const goingDown = { within: minutes(2), first: seconds(3), longest: seconds(5) };
const takeover = { inARow: 3, within: minutes(3), first: seconds(3), longest: seconds(10) };
const comingBack = { ...takeover, within: minutes(8) };

/** Nodes are rebooted; a replica takes over or Azure brings them up, or else the ordinary recovery answers. */
export const drillRedis = framed(redisDrill, DrillOrder, function* (run, order) {
  const not = (why: string) => run.end("canceled", `not carried out, nothing was broken: ${why}`);
  const isOfAll = order.nodes === "all";
  if (isOfAll && order.trigger.kind !== "operator") {
    return not("all nodes are rebooted by order of a person alone");
  }
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
    ...(isOfAll ? allNodes(run, order, cache) : primaryNode(cache)),
    *practise(brokenAt) {
      let healedAt: Instant | undefined;
      const look = ({ steady }: { steady: boolean }): boolean => {
        healedAt = steady ? (healedAt ?? run.now()) : undefined;
        return steady;
      };
      // A look before the node is down would take it for recovered.
      yield* run.until("await-down", contract.observeDrilled, exercise.state, {
        ...goingDown,
        eitherWay: true,
        done: (seen) => !look(seen),
      });
      const [step, wait] = isOfAll
        ? (["await-nodes", comingBack] as const)
        : (["await-service", takeover] as const);
      const waited = yield* run.until(step, contract.observeDrilled, exercise.state, {
        ...wait,
        eitherWay: true,
        done: look,
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

type Breaking = Pick<Exercise, "admits" | "injecting" | "breaks">;

const primaryNode = (cache: string): Breaking => ({
  breaks: () => ({ fault: { kind: "reboot-primary", cache }, undo: { kind: "none" } }),
});

/** What the cache holds is lost with its nodes, so a person approves it, and a set of the last hour is restored. */
function allNodes(run: Steps, { environment, estate }: DrillOrder, cache: string): Breaking {
  let chosen: CacheExport | undefined;
  const set = (): CacheExport => {
    if (chosen === undefined) throw new Error("no set was found to restore from");
    return chosen;
  };
  return {
    *admits(item): Durable<string | undefined> {
      const wanted = { environment, cache };
      const answer = yield* run.step("find-export", contract.findCacheExport, wanted, item);
      if (!answer.ok) return describeFailure(answer.failure);
      const { found, linked } = answer.value;
      chosen = found;
      return linked
        ? "not applicable: a cache that is linked with one of another region takes no import"
        : whyNoExport(found, run.now(), environment, estate);
    },
    injecting: {
      approval: () => run.approval("inject-all", lossOfAllNodes(set())),
      inject: (injection) => run.step("inject-all", contract.injectFault, injection),
    },
    breaks: () => ({
      fault: { kind: "reboot-all", cache },
      undo: { kind: "restore-cache", ...set() },
    }),
  };
}
