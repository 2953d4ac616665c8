import { placeOf } from "../../src/domain/estate.js";
import { cacheGroups, isRecoveryCache, recoveryCacheId } from "../../src/domain/recovery-cache.js";
import { sampleEstate } from "../support/estates.js";

const estate = sampleEstate();
const { redis } = estate.environments.production!;
const run = "redis-failure-production-20261122T135830Z-ab12cd";

describe("a cache that a recovery makes", () => {
  it("stands beside the secondary, or beside the primary where there is none", () => {
    const beside = recoveryCacheId(redis, "managed", run, 1);
    const alone = recoveryCacheId({ primary: redis.primary }, "classic", run, 1);

    expect(beside).toMatch(
      /resourceGroups\/mcp-server-prod-dr\/providers\/Microsoft.Cache\/redisEnterprise\/mcp-redis-prod-dr-ab12cd$/,
    );
    expect(alone).toMatch(
      /resourceGroups\/mcp-server-prod\/providers\/Microsoft.Cache\/redis\/mcp-redis-prod-dr-ab12cd$/,
    );
    expect(cacheGroups({ primary: redis.primary })).toHaveLength(1);
  });

  it("has a name that both kinds take, whatever the original is called, and another one each round", () => {
    const long = redis.primary.replace(/[^/]+$/, `${"a-".repeat(30)}z`);
    const name = recoveryCacheId({ primary: long }, "managed", run, 12).split("/").at(-1) ?? "";

    expect(name).toMatch(/^(?!.*--)[a-z0-9-]{1,60}$/);
    expect(name).toMatch(/-dr-ab12cd-12$/);
    expect(isRecoveryCache({ primary: long }, long.replace(/[^/]+$/, name))).toBe(true);
  });

  it("is known as the environment's, without being entered in the estate", () => {
    const id = recoveryCacheId(redis, "managed", run, 2);

    expect(placeOf(estate, id.toUpperCase())).toMatchObject({
      ...{ environment: "production", kind: "redis", side: "recovery" },
    });
    expect(placeOf(estate, redis.secondary ?? "")).toMatchObject({ side: "secondary" });
  });

  it.each([
    ["another group", (id: string) => id.replace("mcp-server-prod-dr", "elsewhere")],
    ["another type", (id: string) => id.replace("redisEnterprise", "redisSomething")],
    ["another name", (id: string) => id.replace("-dr-ab12cd", "-dr-staging")],
    ["no id", () => "mcp-redis-prod-dr-ab12cd"],
  ])("is not taken for one in %s", (_what, bend) => {
    const id = bend(recoveryCacheId(redis, "managed", run, 1));

    expect(isRecoveryCache(redis, id)).toBe(false);
    expect(placeOf(estate, id)).toBeUndefined();
  });
});
