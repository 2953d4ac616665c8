import { z } from "zod";
import { checkedContent } from "../arm/invalid-content.js";
import { beginOn } from "../arm/resource-operation.js";
import { type ArmContext, armHeaders, armJson, type ArmOperation } from "../arm/router.js";
import { newKey } from "../redis-server/keys.js";
import { accepted, PROVIDER } from "../redis-server/operation-routes.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { linkedTo } from "./geo-link.js";
import { nodesOf, reboot } from "./lifecycle.js";
import { keysResource } from "./representation.js";
import { badRequest, checkIdle, checkShard } from "./rules.js";
import type { RedisCache } from "./state.js";
import { exportData, importData } from "./transfers.js";

const RegenerateBody = z.strictObject({ keyType: z.enum(["Primary", "Secondary"]) });
const RebootBody = z.strictObject({
  rebootType: z.enum(["PrimaryNode", "SecondaryNode", "AllNodes"]),
  shardId: z.int().min(0).nullish(),
  ports: z.array(z.int()).nullish(),
});
const AvailabilityBody = z.strictObject({ name: z.string().min(1), type: z.string().min(1) });

type Make = (
  name: string,
  method: ArmOperation["method"],
  path: string,
  action: string,
  handle: (context: ArmContext) => Answer,
) => ArmOperation;

/** What can be done to a cache, beside describing it. */
export function actionOperations(
  operation: Make,
  one: string,
  cacheOf: (context: ArmContext) => RedisCache,
): readonly ArmOperation[] {
  const action = (
    name: string,
    verb: string,
    handle: (context: ArmContext, cache: RedisCache) => Answer,
  ): ArmOperation =>
    operation(`redis.${name}`, "POST", `${one}/${verb}`, `${verb}/action`, (context) =>
      handle(context, cacheOf(context)),
    );
  return [
    {
      ...operation(
        "redis.checkNameAvailability",
        "POST",
        `/subscriptions/{subscriptionId}/providers/${PROVIDER}/CheckNameAvailability`,
        "read",
        checkNameAvailability,
      ),
      action: `${PROVIDER}/checknameavailability/action`,
      mutating: false,
    },
    {
      ...action("listKeys", "listKeys", (context, cache) =>
        armJson(context, 200, keysResource(cache)),
      ),
      mutating: false,
    },
    action("regenerateKey", "regenerateKey", regenerateKey),
    action("forceReboot", "forceReboot", forceReboot),
    action("flushCache", "flush", flush),
    action("exportData", "export", exportData),
    action("importData", "import", importData),
  ];
}

function checkNameAvailability(context: ArmContext): Answer {
  const { name, type } = checkedContent(AvailabilityBody, context.body);
  if (!/^Microsoft\.Cache\/redis(Enterprise)?$/i.test(type)) {
    throw badRequest(`The type '${type}' is not one whose names can be checked.`);
  }
  const { redisCaches, managedRedis } = context.world;
  const taken = [...redisCaches.values(), ...managedRedis.values()].some(
    (cache) => cache.name.toLowerCase() === name.toLowerCase(),
  );
  if (!taken) return { status: 200, headers: armHeaders(context.request) };
  throw new Refusal(409, "NameNotAvailable", "The specified name is not available.");
}

/** Whoever came with the old key is disconnected and cannot come back with it. */
function regenerateKey(context: ArmContext, cache: RedisCache): Answer {
  const { keyType } = checkedContent(RegenerateBody, context.body);
  if (cache.provisioningState === "Creating") checkIdle(cache);
  const name = keyType === "Primary" ? "primary" : "secondary";
  cache.keys[name] = newKey();
  for (const { endpoint } of cache.shards) endpoint.cut(name);
  cache.ailments = cache.ailments.filter(({ kind, lasting }) => kind !== "keys-refused" || lasting);
  return armJson(context, 200, keysResource(cache), {
    effect: { kind: "redis-key-regenerated", resource: cache.id, detail: name },
  });
}

function forceReboot(context: ArmContext, cache: RedisCache): Answer {
  const { rebootType, shardId, ports } = checkedContent(RebootBody, context.body);
  checkIdle(cache);
  if (ports && ports.length > 0) {
    throw new Refusal(501, "NotSimulated", "A reboot by ports is not simulated: use shardId.");
  }
  if (rebootType === "SecondaryNode" && nodesOf(cache) === 1) {
    throw badRequest("A Basic cache has no secondary node.");
  }
  const shard = checkShard(cache, shardId ?? undefined);
  reboot(cache, rebootType, shard, context.world);
  return armJson(
    context,
    200,
    {
      message: `The requested reboot operation for '${cache.name}' has been successfully scheduled and should be executed shortly.`,
    },
    { effect: { kind: "redis-rebooted", resource: cache.id, detail: rebootType } },
  );
}

function flush(context: ArmContext, cache: RedisCache): Answer {
  const { world, outcomes } = context;
  checkIdle(cache);
  if (linkedTo(cache)?.role === "Primary") {
    throw badRequest("The secondary cache of a geo-replication link cannot be flushed.");
  }
  const operation = beginOn(cache, world, {
    provider: PROVIDER,
    what: "the flush",
    duration: world.durations.redisUpdate,
    outcomes,
    work: world.redisServers.track(cache.store.empty()),
    failure: new Refusal(500, "InternalServerError", "The cache could not be flushed."),
    ended: () => undefined,
  });
  const effect = { kind: "redis-flushed", resource: cache.id };
  return accepted(context, operation, effect, {
    location: "operationresults",
    status: "asyncOperations",
  });
}
