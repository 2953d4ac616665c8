import { randomUUID } from "node:crypto";
import { classifyError } from "../azure/classify-error.js";
import type { HealthProbe } from "../azure/health-probe.js";
import type { CacheView, RedisCaches } from "../azure/redis-caches.js";
import type { RedisConnection, RedisConnections } from "../azure/redis-connection.js";
import { terminal } from "../domain/failure.js";
import type { HealthRule } from "../domain/estate.js";
import type { Source } from "../domain/sources.js";
import { withCache } from "./open-cache.js";

export interface CacheProbing {
  readonly caches: RedisCaches;
  readonly health: HealthProbe;
}

type Says = Source["says"];
type Look<Kind extends Source["kind"]> = Omit<Source, "kind"> & { readonly kind: Kind };

/** For how long the key of a probe stays if nobody can remove it. */
const probeSeconds = 60;

const brokenStates = new Set(["Failed", "Disabled", "Deleting", "Unprovisioning", "CreateFailed"]);

/** Looks at a cache from every place at once. A place that cannot look says so; none of them throws. */
export async function probeCache(
  { caches, health }: CacheProbing,
  connectTo: RedisConnections,
  wanted: {
    readonly cache: string;
    readonly app?:
      { readonly fqdn: string; readonly rule: HealthRule; readonly check: string } | undefined;
  },
  caller: { readonly run: string; readonly mode: "execute" | "plan" },
) {
  const { cache, app } = wanted;
  const [{ view, ...arm }, own, probe] = await Promise.all([
    armState(caches, cache),
    ownProbe(caches, connectTo, cache, caller),
    app === undefined ? undefined : health.probe(app.fqdn, app.rule),
  ]);
  const check = app === undefined ? undefined : probe?.checks[app.check];
  const said: Look<"app-health"> = {
    kind: "app-health",
    says: check === undefined ? "unknown" : check.well ? "well" : "failed",
    detail: check?.detail ?? probe?.detail ?? "not asked",
  };
  const sources = [own, arm, said];
  return {
    sources,
    verdict: verdictOf(own.says, arm.says, said.says),
    appAlone: own.says === "well" && said.says === "failed",
    uses: usedBy(view, check),
    detail: sources.map(({ kind, says, detail }) => `${kind} ${says}: ${detail}`).join("; "),
  };
}

/** The app is the one who needs the cache, so its word counts; that this service alone cannot connect is no failure. */
function verdictOf(own: Says, arm: Says, app: Says): Says {
  if (app !== "unknown") return app;
  if (own !== "unknown") return own;
  return arm === "failed" ? "failed" : "unknown";
}

async function armState(
  caches: RedisCaches,
  cache: string,
): Promise<Look<"arm-state"> & { readonly view?: CacheView }> {
  const kind = "arm-state";
  try {
    const view = await caches.cache(cache);
    if (view === undefined) return { kind, says: "failed", detail: "it does not exist" };
    const { provisioningState: detail } = view;
    const says = brokenStates.has(detail) ? "failed" : detail === "Succeeded" ? "well" : "unknown";
    return { kind, says, detail, view };
  } catch (error) {
    return { kind, says: "unknown", detail: reasonOf(error) };
  }
}

/** What a client of its own meets. Without the address or the key nothing is known. */
async function ownProbe(
  caches: RedisCaches,
  connectTo: RedisConnections,
  cache: string,
  { run, mode }: { readonly run: string; readonly mode: "execute" | "plan" },
): Promise<Look<"own-probe">> {
  const kind = "own-probe";
  try {
    const detail = await withCache(caches, connectTo, cache, async (connection) => {
      if (mode === "plan") {
        await connection.run(() => connection.router.ping());
        return "it answers";
      }
      await writeAndRead(connection, `mcp-dr:probe:${run}`);
      return "a key was written and read";
    });
    return { kind, says: "well", detail };
  } catch (error) {
    const failure = classifyError(error);
    if (failure === null) throw error;
    const met = failure.code.startsWith("redis-") || failure.code === "cache-missing";
    return { kind, says: met ? "failed" : "unknown", detail: reasonOf(error) };
  }
}

async function writeAndRead({ run, router }: RedisConnection, key: string): Promise<void> {
  const value = randomUUID();
  const read = await run(async () => {
    await router.set(key, value, "EX", probeSeconds);
    const found = await router.get(key);
    await router.del(key);
    return found;
  });
  if (read !== value) throw terminal("redis-lost-write", "what was written could not be read");
}

/** A host name with a port; a time of day and an IP address are none. */
const addressLike =
  /(?<![\w.-])(?=[\w.-]*[a-z])(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+):\d{4,5}\b/i;

/** An application may name the cache that it is connected with; then nothing has to be concluded. */
function usedBy(
  view: CacheView | undefined,
  check: { readonly detail: string } | undefined,
): "this" | "another" | "untold" {
  const named = addressLike.exec(check?.detail ?? "")?.[0];
  if (view === undefined || named === undefined) return "untold";
  return named.toLowerCase() === `${view.host}:${view.port}`.toLowerCase() ? "this" : "another";
}

function reasonOf(error: unknown): string {
  const failure = classifyError(error);
  if (failure === null) throw error;
  return `${failure.code}: ${failure.message}`.slice(0, 120);
}
