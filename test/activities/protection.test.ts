import * as contract from "../../src/activities/protection.contract.js";
import { protectionActivities } from "../../src/activities/protection.js";
import type { RegistryView } from "../../src/azure/container-registries.js";
import type { DiagnosticSetting } from "../../src/azure/diagnostic-settings.js";
import type { CacheView, MaintenanceWindow, RedisCaches } from "../../src/azure/redis-caches.js";
import type { KeyVaults, VaultView } from "../../src/azure/key-vault.js";
import type { StorageAccountView } from "../../src/azure/storage-accounts.js";
import type { Answer, Caller } from "../../src/durable/activity-contract.js";
import { instantOf } from "../../src/domain/instant.js";
import { stateStore } from "../../src/state/state-store.js";
import { answerOf } from "../support/activity-call.js";
import { MemoryContainer, restError } from "../support/memory-container.js";

const id = (type: string, name: string): string =>
  `/subscriptions/s/resourceGroups/g/providers/${type}/${name}`;
const vault = id("Microsoft.KeyVault/vaults", "kv");
const account = id("Microsoft.Storage/storageAccounts", "prod");
const cache = id("Microsoft.Cache/redis", "mine");
const registry = id("Microsoft.ContainerRegistry/registries", "images");
const workspace = id("Microsoft.OperationalInsights/workspaces", "logs");

/** Resources in memory that lack what a backup ensures, and count what is sent to them. */
function world() {
  const seen = {
    vault: {
      id: vault,
      name: "kv",
      rolesDecide: true,
      retentionDays: 90,
      purgeProtection: false,
    } as unknown as VaultView,
    settings: [] as DiagnosticSetting[],
    account: {
      id: account,
      name: "prod",
      sku: "Standard_LRS",
      primaryLocation: "eastus",
      blobEndpoint: "https://prod.blob.core.windows.net",
      conversionInProgress: false,
    } as unknown as StorageAccountView | undefined,
    protection: { versioning: false, blobRetentionDays: 7, containerRetentionDays: 0 },
    cache: {
      id: cache,
      name: "mine",
      kind: "classic",
      tier: "Premium",
      location: "eastus",
      hasIdentity: true,
      linked: false,
      persistence: "none",
    } as unknown as CacheView,
    windows: [] as MaintenanceWindow[] | undefined,
    registry: { id: registry, name: "images", retentionDays: 7 } as unknown as
      RegistryView | undefined,
  };
  const requests: string[] = [];
  /** What becomes of the next request that changes something. */
  let next: "lost" | "refused" | undefined;
  const change = async (what: string, act: () => void): Promise<void> => {
    requests.push(what);
    const end = next;
    next = undefined;
    if (end === "refused") throw restError(429, "TooManyRequests");
    act();
    if (end === "lost") throw restError(503, "ServiceUnavailable");
    return Promise.resolve();
  };
  const store = stateStore(new MemoryContainer());
  const activities = protectionActivities({
    store,
    vaults: {
      vault: (wanted: string) => Promise.resolve(wanted === vault ? seen.vault : undefined),
      change: async () => {
        await change("vault", () => (seen.vault = { ...seen.vault, purgeProtection: true }));
        return seen.vault;
      },
    } as unknown as KeyVaults,
    diagnostics: {
      of: () => Promise.resolve(seen.settings),
      put: (_id, setting) => change("audit", () => seen.settings.push(setting)),
    },
    accounts: {
      account: (wanted) => Promise.resolve(wanted === account ? seen.account : undefined),
      accountAt: () => Promise.resolve(undefined),
      dataProtection: () => Promise.resolve(seen.protection),
      protect: async (_id, days) => {
        await change("account", () => {
          seen.protection = {
            versioning: true,
            blobRetentionDays: days,
            containerRetentionDays: days,
          };
        });
        return seen.protection;
      },
    },
    caches: {
      cache: () => Promise.resolve(seen.cache),
      windows: () => Promise.resolve(seen.windows),
      setWindows: (_id: string, windows: MaintenanceWindow[]) =>
        change("windows", () => (seen.windows = windows)),
      startPersistence: async (_id: string, endpoint: string) => {
        await change(`persistence into ${endpoint}`, () => {
          seen.cache = { ...seen.cache, persistence: "rdb" };
        });
        return "poll";
      },
    } as unknown as RedisCaches,
    registries: {
      registry: (wanted) => Promise.resolve(wanted === registry ? seen.registry : undefined),
      digest: () => Promise.resolve(undefined),
      setRetention: (_id, days) =>
        change("retention", () => (seen.registry = { ...seen.registry!, retentionDays: days })),
    },
  });
  const ask: <Input, Output>(
    wanted: Parameters<typeof answerOf<Input, Output>>[1],
    input: Input,
    caller?: Partial<Caller>,
  ) => Promise<Answer<Output>> = (wanted, input, caller) =>
    answerOf(activities, wanted, input, caller);
  return {
    seen,
    requests,
    ask,
    fail: (how: "lost" | "refused") => (next = how),
    async holding(resource: string): Promise<Partial<Caller>> {
      const wanted = { resource, run: "run-1", scenario: "key-vault-backup" } as const;
      const claimed = await store.leases.claim(wanted, instantOf(new Date()));
      if (claimed.kind !== "take") throw new Error("no lease");
      return { leases: [{ resource, fencing: claimed.lease.fencing }] };
    },
  };
}
type World = ReturnType<typeof world>;

const sides = { primary: account };
const subjects: readonly {
  readonly name: string;
  readonly resource: string;
  readonly perform: (of: World, caller?: Partial<Caller>) => Promise<Answer<{ changed: boolean }>>;
}[] = [
  {
    name: "protectVault",
    resource: vault,
    perform: ({ ask }, caller) =>
      ask(contract.protectVault, { vault, purgeProtection: true, retentionDays: 90 }, caller),
  },
  {
    name: "auditVault",
    resource: vault,
    perform: ({ ask }, caller) => ask(contract.auditVault, { vault, workspace }, caller),
  },
  {
    name: "protectAccount",
    resource: account,
    perform: ({ ask }, caller) =>
      ask(contract.protectAccount, { account, retentionDays: 90, redundant: true }, caller),
  },
  {
    name: "protectCache",
    resource: cache,
    perform: ({ ask }, caller) =>
      ask(contract.protectCache, { cache, windowHours: 5, storage: sides }, caller),
  },
  {
    name: "keepImages",
    resource: registry,
    perform: ({ ask }, caller) =>
      ask(contract.keepImages, { registry, retentionDays: 180 }, caller),
  },
  {
    name: "persistCache",
    resource: cache,
    perform: ({ ask }, caller) => ask(contract.persistCache, { cache, storage: sides }, caller),
  },
];

describe.each(subjects)("$name", ({ resource, perform }) => {
  it("changes once when it is run twice, and says each time what it has done", async () => {
    const of = world();
    const caller = await of.holding(resource);
    const first = await perform(of, caller);
    const again = await perform(of, caller);
    const later = await perform(of, { ...caller, run: "run-2" });

    expect(first).toMatchObject({ ok: true, value: { changed: true } });
    expect(again).toEqual(first);
    expect(later).toMatchObject({ ok: true, value: { changed: false } });
    expect(of.requests).toHaveLength(1);
  });

  it("finds its own act where the answer was lost, or where it was killed after it", async () => {
    const of = world();
    const caller = await of.holding(resource);
    of.fail("lost");
    const lost = await perform(of, caller);
    const again = await perform(of, caller);

    expect(lost).toMatchObject({ ok: false, failure: { class: "transient" } });
    expect(again).toMatchObject({ ok: true, value: { changed: true } });
    expect(of.requests).toHaveLength(1);
  });

  it("acts again after a clear refusal", async () => {
    const of = world();
    const caller = await of.holding(resource);
    of.fail("refused");
    await perform(of, caller);

    expect(await perform(of, caller)).toMatchObject({ ok: true, value: { changed: true } });
    expect(of.requests).toHaveLength(2);
  });

  it("changes nothing without the lease, nor in a plan", async () => {
    const of = world();
    const none = await perform(of);
    const plan = await perform(of, { mode: "plan" });

    expect(none).toMatchObject({ ok: false, failure: { code: "lease-lost" } });
    expect(plan).toMatchObject({ ok: true, value: { changed: true } });
    expect(of.requests).toEqual([]);
  });
});

describe("the settings of what is backed up", () => {
  it("are reported where they cannot be changed, and are no failure", async () => {
    const of = world();
    of.seen.vault = { ...of.seen.vault, rolesDecide: false, retentionDays: 7 };
    of.seen.cache = { ...of.seen.cache, hasIdentity: false };
    const ofVault = { vault, purgeProtection: false, retentionDays: 90 };

    expect(await of.ask(contract.protectVault, ofVault)).toMatchObject({
      ok: true,
      value: {
        changed: false,
        drift: [
          "access policies decide instead of roles",
          "deleted secrets are kept for 7 days; that cannot be changed for a vault that exists",
        ],
      },
    });
    expect(await of.ask(contract.persistCache, { cache, storage: sides })).toMatchObject({
      ok: true,
      value: { changed: false, drift: [expect.stringMatching(/^persistence is off/) as string] },
    });
    const ofAccount = { account, retentionDays: 90, redundant: true };
    expect(await of.ask(contract.protectAccount, ofAccount, { mode: "plan" })).toMatchObject({
      ok: true,
      value: {
        drift: [expect.stringContaining("two steps") as string],
        detail: expect.stringContaining("soft deletion of containers for 90 days") as string,
      },
    });
    expect(of.requests).toEqual([]);
  });

  it("are left alone where they are better, and where the tier has none", async () => {
    const of = world();
    const caller = await of.holding(cache);
    of.seen.windows = [
      { day: "Monday", startHour: 3, hours: 8 },
      { day: "Friday", startHour: 3, hours: 5 },
    ];
    const wanted = { cache, windowHours: 6, storage: sides };
    await of.ask(contract.protectCache, wanted, caller);
    const longer = of.seen.windows;
    of.seen.windows = undefined;
    of.seen.cache = { ...of.seen.cache, linked: true, tier: "Standard" };

    expect(longer.map(({ hours }) => hours)).toEqual([8, 6]);
    const run = { ...caller, run: "run-2" };
    expect(await of.ask(contract.protectCache, wanted, run)).toMatchObject({
      ok: true,
      value: { changed: false, drift: [] },
    });
    expect(await of.ask(contract.persistCache, { cache, storage: sides }, run)).toMatchObject({
      ok: true,
      value: { changed: false, drift: [] },
    });
    expect(of.requests).toEqual(["windows"]);
  });

  it("of a registry that keeps everything are left alone", async () => {
    const of = world();
    const caller = await of.holding(registry);
    of.seen.registry = { ...of.seen.registry!, retentionDays: undefined };

    expect(
      await of.ask(contract.keepImages, { registry, retentionDays: 180 }, caller),
    ).toMatchObject({ ok: true, value: { changed: false } });
    of.seen.registry = undefined;
    expect(
      await of.ask(contract.keepImages, { registry, retentionDays: 180 }, { run: "run-2" }),
    ).toMatchObject({ failure: { code: "registry-missing" } });
    expect(of.requests).toEqual([]);
  });

  it("say that soft deletion keeps what a cache exported: of containers too for a managed one", async () => {
    const of = world();
    of.seen.protection = { versioning: true, blobRetentionDays: 7, containerRetentionDays: 30 };
    const wanted = { cache, windowHours: 5, storage: sides };
    const plan = { mode: "plan" } as const;

    const classic = await of.ask(contract.protectCache, wanted, plan);
    of.seen.cache = { ...of.seen.cache, kind: "managed" };
    const managed = await of.ask(contract.protectCache, wanted, plan);

    for (const [answer, days] of [
      [classic, 7],
      [managed, 30],
    ] as const) {
      const drift = [expect.stringContaining(`deleted for ${days} days`) as string];
      expect(answer).toMatchObject({ ok: true, value: { drift } });
    }
  });

  it("of something that is gone are a failure for good", async () => {
    const of = world();
    of.seen.account = undefined;
    const ofVault = { vault: `${vault}-other`, purgeProtection: true, retentionDays: 90 };
    const ofAccount = { account, retentionDays: 90, redundant: false };

    expect(await of.ask(contract.protectVault, ofVault)).toMatchObject({
      failure: { code: "vault-missing" },
    });
    expect(await of.ask(contract.protectAccount, ofAccount)).toMatchObject({
      failure: { code: "account-missing" },
    });
    const ofCache = { cache, windowHours: 5, storage: sides };
    expect(await of.ask(contract.protectCache, ofCache)).toMatchObject({
      failure: { code: "no-storage-in-region" },
    });
  });
});
