import { registerDependencies } from "../../simulator/application/dependency-checks.js";
import { healthReport } from "../../simulator/application/health.js";
import { keyOf } from "../../simulator/arm/resource-id.js";
import type { Backend, ContainerApp } from "../../simulator/container-apps/state.js";
import type { FaultOrder } from "../../simulator/faults/catalogue.js";
import { FaultRegistry } from "../../simulator/faults/registry.js";
import { readSecret } from "../../simulator/key-vault/readable.js";
import { calm } from "../../simulator/profiles/calm.js";
import { durationsOf } from "../../simulator/profiles/profile.js";
import { RedisServers } from "../../simulator/redis-server/redis-servers.js";
import { reboot } from "../../simulator/redis/lifecycle.js";
import { smallSeed } from "../../simulator/seeds/small.js";
import { parseSeed } from "../../simulator/world/seed.js";
import { Timeline } from "../../simulator/world/timeline.js";
import { createWorld, type World } from "../../simulator/world/world.js";
import { cacheId, clusterId } from "./caches.js";
import { APP_ID, GROUP, SUBSCRIPTION } from "./names.js";

const [IDENTITY] = smallSeed.identities;
const [SEEDED] = smallSeed.containerApps ?? [];
const provider = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers`;
const VAULT = `${provider}/Microsoft.KeyVault/vaults/mcp-server-prod-kv`;
const ACCOUNT = `${provider}/Microsoft.Storage/storageAccounts/mcpstorage`;
const CACHE = cacheId("mcp-redis");
const MANAGED = clusterId("mcp-managed");
const SECRET = "redis-connection-string";

let now: number;
let world: World;
let faults: FaultRegistry;
let servers: RedisServers | undefined;

afterEach(async () => {
  await servers?.close();
  servers = undefined;
});

/** An app with a vault, an account and a cache, all of them well. */
async function start(secret: object = { connectionStringOf: CACHE }): Promise<void> {
  now = Date.parse("2026-11-25T10:00:00Z");
  const variables = {
    AZURE_CLIENT_ID: IDENTITY?.clientId ?? "",
    KEY_VAULT_URL: "https://mcp-server-prod-kv.vault.azure.net",
    STORAGE_ACCOUNT_URL: "https://mcpstorage.blob.core.windows.net/branding",
    REDIS_CONNECTION_SECRET: SECRET,
  };
  const env = Object.entries(variables).map(([name, value]) => ({ name, value }));
  const seed = parseSeed(
    {
      ...smallSeed,
      containerApps: [
        {
          ...SEEDED!,
          identity: { userAssigned: [IDENTITY!.resourceId] },
          containers: SEEDED!.containers.map((container) => ({ ...container, env })),
        },
      ],
      roleAssignments: [
        ...smallSeed.roleAssignments,
        {
          roleDefinitionId: "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
          principalId: IDENTITY!.principalId,
          scope: ACCOUNT,
        },
      ],
      storageAccounts: [
        {
          id: ACCOUNT,
          location: "eastus",
          sku: "Standard_ZRS",
          containers: [{ name: "branding" }],
        },
      ],
      redisCaches: [{ id: CACHE, location: "eastus", sku: "Standard_C1" }],
      managedRedis: [{ id: MANAGED, location: "westus", sku: "Balanced_B5" }],
      keyVaults: [{ id: VAULT, location: "eastus", secrets: [{ name: SECRET, ...secret }] }],
    },
    "of the test",
  );
  const timeline = new Timeline(() => now);
  servers = new RedisServers(timeline);
  await servers.prepare(2);
  world = createWorld(seed, timeline, durationsOf(calm, 1), servers);
  registerDependencies(world);
  world.settle();
  faults = new FaultRegistry(world);
}

const app = () => world.containerApps.get(keyOf(APP_ID))!;
const cache = () => world.redisCaches.get(keyOf(CACHE))!;
const health = () => {
  const revision = app().revisions.find(({ active }) => active)!;
  return healthReport(app(), revision, revision.replicas[0]!, world);
};
/** The checks that are unhealthy, with what they say. */
const ills = (): unknown =>
  Object.fromEntries(
    Object.entries(health().checks)
      .filter(([, { status }]) => status === "unhealthy")
      .map(([name, { detail }]) => [name, detail]),
  );
const backendsOf = (phase: ContainerApp["phases"][number] | undefined): readonly Backend[] =>
  (phase?.shares ?? []).flatMap(({ backends }) => backends);
const advance = (seconds: number): void => {
  now += seconds * 1000;
  world.timeline.settle();
};
const restart = (): void => {
  const revision = app().revisions.find(({ active }) => active)!;
  world.lifecycle.restart(app(), revision);
  advance(600);
};
const secretValue = (): string => {
  const vaultUri = "https://mcp-server-prod-kv.vault.azure.net";
  const result = readSecret(world, {
    vaultUri,
    principalId: IDENTITY!.principalId,
    secret: SECRET,
  });
  return (result.readable ? result.value : undefined) ?? "";
};
const keepSecret = (value: string): void => {
  const secret = world.vaults.get("mcp-server-prod-kv")!.secrets.get(SECRET)!;
  const last = secret.versions.at(-1);
  secret.versions.push({ ...last!, id: "later", value, createdAt: now, updatedAt: now });
  world.vaults.changed();
};

it("an app whose dependencies are well is healthy", async () => {
  await start();

  expect(health()).toEqual({
    status: "healthy",
    checks: {
      server: { status: "healthy", detail: "ok" },
      keyVault: { status: "healthy", detail: "ok" },
      storage: { status: "healthy", detail: "ok" },
      redis: {
        status: "healthy",
        detail: expect.stringMatching(/^ok at localhost:\d+$/) as string,
      },
    },
  });
});

it("an app that names no dependency has none", async () => {
  await start();
  const revision = app().revisions.find(({ active }) => active)!;
  const bare = { ...revision.replicas[0]!, env: new Map<string, string>() };

  expect(Object.keys(healthReport(app(), revision, bare, world).checks)).toEqual(["server"]);
});

it("the seed's connection string has the format of the runbook and the real key", async () => {
  await start();
  const { keys, shards } = cache();

  expect(secretValue()).toBe(
    `localhost:${shards[0]!.endpoint.port},password=${keys.primary},ssl=True,abortConnect=False`,
  );
});

it.each<[string, FaultOrder, unknown]>([
  [
    "a cache that is down",
    { name: "redis-down", resource: CACHE },
    { redis: "mcp-redis resets connections" },
  ],
  [
    "a cache that hangs",
    { name: "redis-down", resource: CACHE, mode: "hang" },
    { redis: "mcp-redis does not answer" },
  ],
  [
    "keys that are refused",
    { name: "redis-auth-failed", resource: CACHE },
    { redis: "mcp-redis answers WRONGPASS" },
  ],
  [
    "a vault that cannot be reached",
    { name: "vault-unavailable", resource: VAULT },
    { keyVault: "mcp-server-prod-kv does not answer" },
  ],
  [
    "storage that is busy",
    { name: "storage-unavailable", resource: ACCOUNT },
    { storage: "mcpstorage.blob.core.windows.net answers 503 ServerBusy" },
  ],
])(
  "/health tells %s from the rest, and users meet it from that instant on",
  async (_, order, told) => {
    await start();

    const { id } = faults.add(order);
    const during = ills();
    const phase = app().phases.at(-1);
    faults.remove(id);

    expect(during).toEqual(told);
    expect(phase).toMatchObject({ from: now });
    expect(backendsOf(phase).some(({ ailment }) => ailment !== undefined)).toBe(true);
    expect(ills()).toEqual({});
    expect(backendsOf(app().phases.at(-1)).every(({ ailment }) => ailment === undefined)).toBe(
      true,
    );
  },
);

it("a reboot is an outage of some seconds", async () => {
  await start();
  reboot(cache(), "PrimaryNode", undefined, world);
  const before = ills();
  advance(6);
  const during = ills();
  advance(30);

  expect([before, during, ills()]).toEqual([{}, { redis: "mcp-redis resets connections" }, {}]);
});

it("a key that is made anew locks the app out until it has read the new one at a restart", async () => {
  await start();
  const before = secretValue();
  cache().keys.primary = "another";
  const locked = ills();
  restart();
  const stale = ills();
  keepSecret(before.replace(/password=[^,]*/, "password=another"));
  const written = ills();
  restart();

  const wrong = { redis: "mcp-redis answers WRONGPASS" };
  expect([locked, stale, written, ills()]).toEqual([wrong, wrong, wrong, {}]);
});

it("a connection string that was read once serves while the vault is away", async () => {
  await start();
  const fault = faults.add({ name: "vault-unavailable", resource: VAULT });
  const running = ills();
  restart();
  const restarted = ills();
  faults.remove(fault.id);

  const vault = "mcp-server-prod-kv does not answer";
  expect(running).toEqual({ keyVault: vault });
  expect(restarted).toEqual({ keyVault: vault, redis: `no connection string: ${vault}` });
  expect(ills()).toEqual({});
});

it.each([
  ["no connection string at all", "simulated", "the connection string is not one"],
  [
    "an address that nobody has",
    "localhost:1,password=a,ssl=True",
    "nobody answers at localhost:1",
  ],
  ["another host", "a.example:6380,password=a,ssl=True", "nobody answers at a.example:6380"],
])("/health says of %s what it is", async (_, value, detail) => {
  await start({ value });

  expect(ills()).toEqual({ redis: detail });
});

it("a connection without TLS is refused, and Azure Managed Redis serves as well", async () => {
  await start({ connectionStringOf: MANAGED });
  const well = ills();
  const value = secretValue();
  keepSecret(value.replace("ssl=True", "ssl=False"));
  restart();

  expect(well).toEqual({});
  expect(ills()).toEqual({ redis: "mcp-managed takes connections with TLS only" });
});

it("a seed whose secret names no cache of the seed is refused", async () => {
  await expect(start({ connectionStringOf: cacheId("none") })).rejects.toThrow(
    "keyVaults.0.secrets.0.connectionStringOf: names no cache of the seed",
  );
});

it("no health page and no user's error shows a key", async () => {
  await start();
  cache().keys.primary = "another";

  expect(JSON.stringify(health())).not.toContain("password");
});
