import * as redis from "../../src/activities/redis-failure.contract.js";
import { probeRegion } from "../../src/activities/region.contract.js";
import { takeLease } from "../../src/activities/run.contract.js";
import type { Answer, Caller } from "../../src/durable/activity-contract.js";
import { recoveryCacheId } from "../../src/domain/recovery-cache.js";
import { cacheInUse } from "../../src/orchestrators/move-to-cache.js";
import { withRedis } from "../simulator/caches.js";
import type { AzurePorts } from "../support/azure-ports.js";
import { sampleEstate } from "../support/estates.js";
import {
  simulatedAzure,
  type ActivityRunner,
  type SimulatedAzure,
} from "../support/simulated-azure.js";

const production = sampleEstate().environments.production!;
const { primary } = production.redis;
const secondary = production.redis.secondary ?? "";
const run = "redis-failure-production-20261122T140000Z-ab12cd";
const managed = recoveryCacheId(production.redis, "managed", run, 1);
const classic = recoveryCacheId(production.redis, "classic", run, 1);
const use = cacheInUse(production);
const { app, vault, secret } = use;
const pair = { primary, secondary, lease: primary };
const fresh = { region: "westus", replaces: primary, lease: primary };
const connection = {
  cache: secondary,
  app,
  vault,
  secret,
  key: "primary",
  lease: primary,
} as const;
const managedSize = "Balanced_B5";

let azure: SimulatedAzure;
let ports: AzurePorts;
let runner: ActivityRunner;

beforeAll(async () => {
  azure = await simulatedAzure();
  ports = await azure.ports();
  runner = await azure.runner();
});
afterAll(() => azure.stop());

interface Change {
  /** The request that Azure gets. */
  readonly operation: string;
  /** Whether a repeat, after the answer was lost, finds what it did; or acts again, which does no harm. */
  readonly finds: "own-act" | "nothing";
  readonly prepare?: () => Promise<void>;
  readonly perform: (
    runner: ActivityRunner,
    caller: Caller,
  ) => Promise<Answer<{ changed: boolean }>>;
}

const unlink = async (): Promise<void> => {
  await ports.cacheChanges.unlink(primary, secondary);
  await azure.control.advance(600);
};
let before = "";

const changes: Record<string, Change> = {
  rebootPrimary: {
    operation: "redis.forceReboot",
    finds: "nothing",
    perform: (by, caller) =>
      by.run(redis.rebootPrimary, caller, { cache: primary, hasReplica: true }),
  },
  startUnlink: {
    operation: "linkedServer.delete",
    finds: "own-act",
    perform: (by, caller) => by.run(redis.startUnlink, caller, pair),
  },
  startLink: {
    operation: "linkedServer.create",
    finds: "own-act",
    prepare: unlink,
    perform: (by, caller) => by.run(redis.startLink, caller, pair),
  },
  stopPersistence: {
    operation: "redis.update",
    finds: "own-act",
    prepare: async () => {
      await unlink();
      await ports.redisCaches.startPersistence(
        secondary,
        "https://mcpstorageproddr.blob.core.windows.net",
      );
      await azure.control.advance(600);
    },
    perform: (by, caller) =>
      by.run(redis.stopPersistence, caller, { cache: secondary, lease: primary }),
  },
  "startCreation of an Azure Managed Redis": {
    operation: "redisEnterprise.create",
    finds: "own-act",
    perform: (by, caller) =>
      by.run(redis.startCreation, caller, { cache: managed, size: managedSize, ...fresh }),
  },
  "startCreation of an Azure Cache for Redis": {
    operation: "redis.create",
    finds: "own-act",
    perform: (by, caller) =>
      by.run(redis.startCreation, caller, { cache: classic, size: "Premium_P1", ...fresh }),
  },
  startDatabase: {
    operation: "databases.create",
    finds: "own-act",
    prepare: async () => {
      await ports.cacheChanges.create(managed, { location: "westus", tags: {}, size: managedSize });
      await azure.control.advance(600);
    },
    perform: (by, caller) =>
      by.run(redis.startDatabase, caller, { cache: managed, lease: primary }),
  },
  writeConnection: {
    operation: "secrets.set",
    finds: "own-act",
    prepare: unlink,
    perform: (by, caller) => by.run(redis.writeConnection, caller, connection),
  },
  regenerateKey: {
    operation: "redis.regenerateKey",
    finds: "own-act",
    prepare: async () => {
      const wanted = { cache: primary, key: "primary" } as const;
      const answer = await runner.run(redis.fingerprintKey, callerOf("fingerprint"), wanted);
      before = answer.ok ? answer.value.sha256 : "";
      await giveSecondaryKey();
    },
    perform: (by, caller) =>
      by.run(redis.regenerateKey, caller, { cache: primary, key: "primary", before, use }),
  },
};

/** The app is to read the key that is not made anew. */
async function giveSecondaryKey(): Promise<void> {
  const keys = await ports.cacheChanges.keys(primary);
  const uri = (await ports.keyVaults.vault(vault.primary))?.uri ?? "";
  const current = await ports.secrets.value(uri, secret);
  if (current === undefined) throw new Error("no connection string");
  const value = current.value.replace(keys.primary, keys.secondary);
  await ports.secrets.set(uri, secret, value, current);
}

const callerOf = (step: string): Caller => ({
  ...{ run, step, attempt: 1, leases: [], mode: "execute" as const },
});

async function begin({ prepare }: Partial<Change> = {}): Promise<Caller> {
  await azure.control.reset();
  await prepare?.();
  const wanted = { resource: primary, scenario: "redis-failure" as const };
  const lease = await runner.run(takeLease, callerOf("step"), wanted);
  if (!lease.ok || lease.value.kind !== "taken") throw new Error("no lease");
  return { ...callerOf("step"), leases: [{ resource: primary, fencing: lease.value.fencing }] };
}

/** Requests for the act since the test began; what prepared it is not counted. */
async function counted(operation: string): Promise<() => Promise<number>> {
  const count = async () =>
    (await azure.control.log()).filter((entry) => entry.operation === operation && entry.mutating)
      .length;
  const earlier = await count();
  return async () => (await count()) - earlier;
}

describe.each(Object.entries(changes))("%s", (_name, subject) => {
  const { operation, finds, perform } = subject;

  withRedis("changes once when it is run twice", async () => {
    const caller = await begin(subject);
    const requests = await counted(operation);
    const first = await perform(runner, caller);
    const again = await perform(runner, { ...caller, attempt: 2 });

    expect(first).toMatchObject({ ok: true, value: { changed: true } });
    expect(again).toEqual(first);
    expect(await requests()).toBe(1);
  });

  withRedis("sends one request, and acts again after a clear refusal", async () => {
    const caller = await begin(subject);
    const requests = await counted(operation);
    await azure.control.fault({ name: "throttle", times: 1, match: { operation } });
    const refused = await perform(runner, caller);
    const after = await requests();
    const again = await perform(runner, { ...caller, attempt: 2 });

    expect(refused).toMatchObject({ ok: false, failure: { class: "transient" } });
    expect(after).toBe(1);
    expect(again).toMatchObject({ ok: true, value: { changed: true } });
  });

  withRedis("knows what it did when the answer was lost", async () => {
    const caller = await begin(subject);
    const requests = await counted(operation);
    await azure.control.fault({ name: "lost-answer", times: 1, match: { operation } });
    const lost = await perform(runner, caller);
    const early = await perform(runner, { ...caller, attempt: 2 });
    await azure.control.advance(70);
    const later = await perform(runner, { ...caller, attempt: 3 });

    expect(lost).toMatchObject({ ok: false, failure: { class: "transient" } });
    if (finds === "nothing") expect(early).toMatchObject({ failure: { class: "busy" } });
    else expect(early).toMatchObject({ ok: true, value: { changed: true } });
    expect(later).toMatchObject({ ok: true, value: { changed: true } });
    expect(await requests()).toBe(finds === "nothing" ? 2 : 1);
  });

  withRedis("is taken up by another process that finds the act of a killed one", async () => {
    const caller = await begin(subject);
    const requests = await counted(operation);
    await azure.control.fault({ name: "hold-answer", times: 1, match: { operation } });
    const doomed = await azure.runner();
    const never = perform(doomed, caller).catch(() => undefined);
    const [held] = await azure.control.held(20_000);
    await doomed.kill();
    await never;
    expect(held?.entry.operation).toBe(operation);
    await azure.control.advance(70);
    const taken = await perform(runner, { ...caller, attempt: 2 });

    expect(taken).toMatchObject({ ok: true, value: { changed: true } });
    expect(await requests()).toBe(finds === "nothing" ? 2 : 1);
  });

  withRedis("changes nothing without the lease, nor in a plan", async () => {
    const caller = await begin(subject);
    const requests = await counted(operation);
    const none = await perform(runner, { ...caller, leases: [] });
    const plan = await perform(runner, { ...caller, step: "other", mode: "plan" });

    expect(none).toMatchObject({ ok: false, failure: { code: "lease-lost" } });
    expect(plan).toMatchObject({ ok: true, value: { changed: true } });
    expect(await requests()).toBe(0);
  });
});

describe("a failing cache", () => {
  withRedis("of the Basic tier is not rebooted twice without asking", async () => {
    const caller = await begin();
    const wanted = { cache: primary, hasReplica: false };
    const operation = "redis.forceReboot";
    await azure.control.fault({ name: "lost-answer", times: 1, match: { operation } });
    await runner.run(redis.rebootPrimary, caller, wanted);
    await azure.control.advance(70);
    const again = await runner.run(redis.rebootPrimary, { ...caller, attempt: 2 }, wanted);

    expect(again).toMatchObject({ ok: false, failure: { code: "outcome-unknown" } });
  });

  withRedis("is looked at from every place", async () => {
    const caller = await begin();
    const { fqdn } = await azure.control.app(app);
    const user = { fqdn, rule: production.containerApp.health, check: "redis" };
    const look = () => runner.run(redis.probeCache, caller, { cache: primary, app: user });
    const well = await look();
    await azure.control.fault({ name: "redis-down", resource: primary });
    const down = await look();
    const missing = await runner.run(redis.probeCache, caller, { cache: managed });

    const said = (answer: typeof well) =>
      answer.ok ? answer.value.sources.map(({ says }) => says) : answer.failure;
    expect(said(well)).toEqual(["well", "well", "well"]);
    expect(well).toMatchObject({ value: { verdict: "well", uses: "this", appAlone: false } });
    expect(said(down)).toEqual(["failed", "well", "failed"]);
    expect(down).toMatchObject({ value: { verdict: "failed" } });
    expect(said(missing)).toEqual(["failed", "failed", "unknown"]);
  });

  it("is found on the side in use while the region of the other one is down", async () => {
    const caller = await begin();
    const { host, port } = (await ports.redisCaches.cache(secondary))!;
    const vaultUri = "https://mcp-server-prod-kv-dr.vault.azure.net/";
    await ports.secrets.set(vaultUri, secret, `${host}:${port},password=x`, {
      ...{ contentType: undefined, enabled: true, notBeforeAt: undefined, expiresAt: undefined },
      tags: {},
    });
    await azure.control.fault({ name: "region-down", region: "eastus" });
    await azure.control.advance(60);

    const found = await runner.run(redis.findCacheInUse, caller, {
      ...{ app: production.containerApp.secondary ?? "", secret },
      vault: { primary: vault.secondary ?? "", secondary: vault.primary },
      redis: { primary: secondary, secondary: primary },
    });

    expect(found).toMatchObject({
      ok: true,
      value: {
        ...{ side: "primary", id: secondary, known: "observed" },
        detail: expect.stringContaining("the other side was not seen: ") as string,
      },
    });
  });

  it("is told from a region that is down, where neither the app nor the vault answers", async () => {
    const caller = await begin();
    const { fqdn } = await azure.control.app(app);
    const user = { fqdn, rule: production.containerApp.health };
    const beside = { kind: "key-vault", id: vault.primary } as const;
    const asked = { region: "eastus", app, user, beside };
    const look = () => runner.run(probeRegion, caller, asked);
    const well = await look();
    await azure.control.fault({ name: "vault-unavailable", region: "eastus" });
    const half = await look();
    await azure.control.fault({ name: "region-down", region: "eastus", planes: ["data"] });
    const down = await look();
    await azure.control.fault({ name: "region-down", region: "eastus" });
    const unreachable = await runner.run(probeRegion, caller, {
      region: "eastus",
      app,
      beside: { kind: "redis", id: primary },
    });

    expect(well).toMatchObject({ ok: true, value: { down: false } });
    expect(half).toMatchObject({ ok: true, value: { down: false } });
    expect(down).toMatchObject({ ok: true, value: { down: true } });
    expect(unreachable).toMatchObject({ ok: true, value: { down: true } });
  }, 90_000);

  withRedis("leaves no key of a probe behind", async () => {
    const caller = await begin();
    const count = async () => {
      const asked = { cache: primary, instead: secondary };
      const seen = await runner.run(redis.inspectStandby, caller, asked);
      return seen.ok ? seen.value.keys : seen.failure;
    };
    const earlier = await count();
    await runner.run(redis.probeCache, caller, { cache: primary });

    expect(await count()).toBe(earlier);
  });

  withRedis(
    "leaves the rest of a connection string alone, and no secret in its answer",
    async () => {
      const caller = await begin({ prepare: unlink });
      const { uri } = (await ports.keyVaults.vault(vault.primary))!;
      const old = await ports.secrets.value(uri, secret);
      await ports.secrets.set(uri, secret, `${old?.value},connectTimeout=9000`, old!);
      const answer = await runner.run(redis.writeConnection, caller, connection);
      const now = await ports.secrets.value(uri, secret);
      const key = await ports.redisCaches.key(secondary);

      expect(now?.value).toMatch(
        /^localhost:\d+,password=[^,]+,ssl=True,abortConnect=False,connectTimeout=9000$/,
      );
      expect(now?.tags).toMatchObject({ "mcp-dr-run": run });
      expect(now?.value).toContain(key);
      expect(JSON.stringify(answer)).not.toContain(key);
    },
  );

  withRedis("keeps a key that the vault in use holds", async () => {
    const caller = await begin();
    const requests = await counted("redis.regenerateKey");
    const wanted = { cache: primary, key: "primary" } as const;
    const seen = await runner.run(redis.fingerprintKey, callerOf("fingerprint"), wanted);
    const answer = await runner.run(redis.regenerateKey, caller, {
      ...{ ...wanted, use },
      before: seen.ok ? seen.value.sha256 : "",
    });

    expect(answer).toMatchObject({ ok: false, failure: { code: "key-in-use" } });
    expect(await requests()).toBe(0);
  });

  withRedis("is not pointed to by a new version where the present one does", async () => {
    const caller = await begin();
    const requests = await counted("secrets.set");
    const answer = await runner.run(redis.writeConnection, caller, {
      ...connection,
      cache: primary,
    });

    expect(answer).toMatchObject({ ok: true, value: { changed: false } });
    expect(await requests()).toBe(0);
  });

  withRedis(
    "is refused a replacement by a name: by policy, by quota, or because it exists",
    async () => {
      for (const code of ["BadRequest", "QuotaExceeded", "RequestDisallowedByPolicy"]) {
        const caller = await begin();
        await azure.control.fault({ name: "cache-refused", region: "westus", code });
        const answer = await runner.run(redis.startCreation, caller, {
          ...{ cache: managed, size: managedSize },
          ...fresh,
        });
        expect(answer).toMatchObject({ ok: false, failure: { code: "creation-refused" } });
      }
      const caller = await begin();
      const others = { ...fresh, cache: secondary, size: "Premium_P1" };
      expect(await runner.run(redis.startCreation, caller, others)).toMatchObject({
        ok: false,
        failure: { code: "creation-refused" },
      });
    },
  );
});

describe("a cache that an earlier run made", () => {
  const leftBy = async (failing: string) => {
    const { primary, secondary } = production.redis;
    const asked = { redis: { primary, secondary }, failing };
    const answer = await runner.run(redis.findMadeCaches, callerOf("find"), asked);
    return answer.ok ? answer.value.caches.map((id) => id.toLowerCase()) : answer.failure;
  };

  withRedis("is found once it is ready, by any run, and not where it fails itself", async () => {
    const caller = await begin();
    const wanted = { cache: classic, size: "Premium_P1", ...fresh };
    const none = await leftBy(primary);
    await runner.run(redis.startCreation, caller, wanted);
    const early = await leftBy(primary);
    await azure.control.advance(1_300);

    expect([none, early]).toEqual([[], []]);
    expect(await leftBy(primary)).toEqual([classic.toLowerCase()]);
    expect(await leftBy(classic)).toEqual([]);
  });

  withRedis("is not one that bears such a name alone, nor one without its database", async () => {
    const caller = await begin();
    const [stranger, own] = [
      { location: "westus", tags: {} },
      { cache: managed, ...fresh },
    ];
    await ports.cacheChanges.create(classic, { ...stranger, size: "Premium_P1" });
    await runner.run(redis.startCreation, caller, { ...own, size: managedSize });
    await azure.control.advance(1_300);

    expect(await leftBy(primary)).toEqual([]);
  });
});

describe("keys on their way home", () => {
  /** The caller of a step, with the leases of both caches. */
  async function apart(): Promise<(step: string) => Caller> {
    const caller = await begin({ prepare: unlink });
    const wanted = { resource: secondary, scenario: "redis-failback" as const };
    const lease = await runner.run(takeLease, caller, wanted);
    if (!lease.ok || lease.value.kind !== "taken") throw new Error("no lease");
    const leases = [...caller.leases, { resource: secondary, fencing: lease.value.fencing }];
    return (step) => ({ ...callerOf(step), leases });
  }
  const keysOf = async (cache: string) => {
    const seen = await runner.run(redis.inspectStandby, callerOf("look"), {
      ...{ cache, instead: cache },
    });
    return seen.ok ? seen.value.keys : seen.failure;
  };
  const across = { from: primary, to: secondary, replace: true, use };

  withRedis("come in all databases, once those that were there are removed", async () => {
    const by = await apart();
    const emptied = await runner.run(redis.emptyCache, by("empty"), { cache: secondary, use });
    const plan = await runner.run(
      redis.copyKeysAcross,
      { ...callerOf("copy"), mode: "plan" },
      across,
    );
    const still = await keysOf(secondary);
    const copied = await runner.run(redis.copyKeysAcross, by("copy"), across);
    const late = { ...across, replace: false };
    const again = await runner.run(redis.copyKeysAcross, by("late"), late);

    expect(emptied).toMatchObject({ ok: true, value: { changed: true } });
    expect(plan).toMatchObject({ ok: true, value: { done: 2_000 } });
    expect(still).toBe(0);
    expect(copied).toMatchObject({ ok: true, value: { done: 2_000, changed: true } });
    expect(again).toMatchObject({ ok: true, value: { changed: false } });
    expect(await keysOf(secondary)).toBe(2_000);
  });

  withRedis("are not removed by a removal that is run again after they came", async () => {
    const by = await apart();
    const first = await runner.run(redis.emptyCache, by("empty"), { cache: secondary, use });
    await runner.run(redis.copyKeysAcross, by("copy"), across);
    const again = await runner.run(redis.emptyCache, by("empty"), { cache: secondary, use });

    expect(again).toEqual(first);
    expect(await keysOf(secondary)).toBe(2_000);
  });

  withRedis("go nowhere that the app uses, or may use for all that can be told", async () => {
    const by = await apart();
    const wanted = { cache: primary, use };
    const back = { ...across, from: secondary, to: primary };
    const emptied = await runner.run(redis.emptyCache, by("empty"), wanted);
    const copied = await runner.run(redis.copyKeysAcross, by("copy"), back);
    const { uri } = (await ports.keyVaults.vault(vault.primary))!;
    const told = await ports.secrets.value(uri, secret);
    await ports.secrets.set(uri, secret, "elsewhere:6380,password=x", told!);
    const other = { cache: secondary, use };
    const unknown = await runner.run(redis.emptyCache, by("other"), other);

    for (const answer of [emptied, copied, unknown]) {
      expect(answer).toMatchObject({ ok: false, failure: { code: "cache-in-use" } });
    }
    expect([await keysOf(primary), await keysOf(secondary)]).toEqual([2_000, 2_000]);
  });

  withRedis("stay where they are without the lease of the cache that is changed", async () => {
    const by = await apart();
    const leases = by("any").leases.filter(({ resource }) => resource !== secondary);
    const bare = { ...by("any"), leases };
    const emptied = await runner.run(redis.emptyCache, bare, { cache: secondary, use });
    const copied = await runner.run(redis.copyKeysAcross, bare, across);

    for (const answer of [emptied, copied]) {
      expect(answer).toMatchObject({ ok: false, failure: { code: "lease-lost" } });
    }
    expect(await keysOf(secondary)).toBe(2_000);
  });
});
