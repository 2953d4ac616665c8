import { probeCache } from "../../src/activities/cache-probe.js";
import type { CacheView } from "../../src/azure/redis-caches.js";
import { milliseconds } from "../../src/domain/duration.js";
import { ClassifiedError, terminal, type Failure } from "../../src/domain/failure.js";
import { HealthRule } from "../../src/domain/estate.js";

const view: CacheView = {
  ...{ id: "/cache", name: "mcp-redis", kind: "classic", tier: "Premium", location: "eastus" },
  ...{ provisioningState: "Succeeded", host: "mcp-redis.redis.cache.windows.net", port: 6380 },
  ...{ hasIdentity: true, linked: false, persistence: "none" },
};
const caller = { run: "run-1", mode: "execute" } as const;
const app = { fqdn: "app.example", rule: HealthRule.parse({}), check: "redis" };

/** Looks with fakes: all is well unless a field says otherwise. */
function look(is: {
  readonly cache?: CacheView | Error | undefined;
  readonly connection?: ClassifiedError;
  readonly check?: { readonly well: boolean; readonly detail: string } | undefined;
  readonly asked?: boolean;
}) {
  const cache = "cache" in is ? is.cache : view;
  const check = "check" in is ? is.check : { well: true, detail: "ok" };
  const caches = {
    cache: () => (cache instanceof Error ? Promise.reject(cache) : Promise.resolve(cache)),
    key: () => Promise.resolve("key"),
  };
  let kept = "";
  const router = {
    set: (_key: string, value: string) => Promise.resolve((kept = value)),
    get: () => Promise.resolve(kept),
    del: () => Promise.resolve(1),
  };
  const connection = {
    ...{ servers: [], router, clustered: false },
    run: <T>(act: () => Promise<T>) => act(),
    close: () => undefined,
  };
  const health = {
    probe: () =>
      Promise.resolve({
        ...{ healthy: true, status: 200, latency: milliseconds(1), detail: "HTTP 200" },
        checks: check === undefined ? {} : { redis: check },
      }),
  };
  return probeCache(
    { caches, health } as never,
    () => (is.connection ? Promise.reject(is.connection) : Promise.resolve(connection as never)),
    { cache: "/cache", ...(is.asked === false ? {} : { app }) },
    caller,
  );
}

const transient = (code: string): ClassifiedError =>
  new ClassifiedError({ class: "transient", code, message: "no" } satisfies Failure);
const lost = transient("redis-connection");
const ill = { well: false, detail: "connection refused" };

describe("a look at a cache", () => {
  it.each([
    ["all is well", {}, "well"],
    ["the app is not", { check: ill, connection: lost }, "failed"],
    ["the app alone is not", { check: ill }, "failed"],
    ["this service alone cannot connect", { connection: lost }, "well"],
    [
      "the app does not tell and we cannot connect",
      { check: undefined, connection: lost },
      "failed",
    ],
    ["nobody is asked and we can connect", { asked: false }, "well"],
    ["the cache is gone", { cache: undefined, asked: false }, "failed"],
    ["ARM cannot be reached", { cache: transient("http-503"), asked: false }, "unknown"],
    [
      "the password is refused",
      { asked: false, connection: terminal("redis-password", "no") },
      "failed",
    ],
  ] as const)("says when %s", async (_what, is, verdict) => {
    expect(await look(is)).toMatchObject({ verdict });
  });

  it("says that the app alone is not let in", async () => {
    expect(await look({ check: ill })).toMatchObject({ appAlone: true });
    expect(await look({ check: ill, connection: lost })).toMatchObject({ appAlone: false });
  });

  it.each([
    ["ok at mcp-redis.redis.cache.windows.net:6380", "this"],
    ["connected to MCP-REDIS.redis.cache.windows.net:6380 (primary)", "this"],
    ["ok at mcp-redis-dr.redis.cache.windows.net:6380", "another"],
    ["ok at mcp-redis.redis.cache.windows.net:6379", "another"],
    ["ok", "untold"],
    ["ok since 2026-11-30T12:30:45Z", "untold"],
    ["ok at 10.0.0.5:6380", "untold"],
  ])("takes %p for a word about which cache it is", async (detail, uses) => {
    expect(await look({ check: { well: true, detail } })).toMatchObject({ uses });
  });

  it("takes a cache that Azure is removing for a failed one", async () => {
    const state = { ...view, provisioningState: "Deleting" };

    const { sources } = await look({ cache: state });
    expect(sources.find(({ kind }) => kind === "arm-state")?.says).toBe("failed");
  });
});
