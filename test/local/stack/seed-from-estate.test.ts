import { Redis } from "ioredis";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { Resolver } from "node:dns/promises";
import path from "node:path";
import { seedFromEstate } from "../../../local/stack/seed-from-estate.js";
import { guidOfRole } from "../../../local/stack/seeded-grants.js";
import { parseSeed } from "../../../simulator/world/seed.js";
import { withRedis } from "../../simulator/caches.js";
import { type SimulatorProcess, startSimulatorProcess } from "../../simulator/simulator-process.js";
import { sampleEstate } from "../../support/estates.js";

const estate = sampleEstate();
const production = estate.environments.production!;
const standby = Object.values(estate.environments).flatMap(
  ({ containerApp }) => containerApp.secondary ?? [],
);
const VERSION = "2024-11-01";

let azure: SimulatorProcess;
let folder: string;
let ca: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "seed-from-estate-"));
  const file = path.join(folder, "seed.json");
  await writeFile(file, JSON.stringify(seedFromEstate(estate)));
  azure = await startSimulatorProcess(["--seed", file]);
  ca = await readFile(azure.env["NODE_EXTRA_CA_CERTS"] ?? "", "utf8");
});

afterAll(async () => {
  await azure.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Health {
  readonly status: string;
  readonly checks: Record<string, { readonly status: string; readonly detail: string }>;
}
interface App {
  readonly id: string;
  readonly fqdn: string;
}

const apps = async (): Promise<readonly App[]> =>
  (await azure.steer("GET", "/state")).json<{ containerApps: App[] }>().containerApps;
const healthOf = async ({ fqdn }: App): Promise<Health> =>
  (await azure.call("GET", `https://${fqdn}/health`)).json<Health>();
const arm = async <T>(method: string, id: string): Promise<T> => {
  const token = await azure.tokenFor("https://management.azure.com");
  const url = `https://management.azure.com${id}?api-version=${VERSION}`;
  return (await azure.call(method, url, { token })).json<T & Record<string, unknown>>();
};
/** The connection string that the vault of production holds. */
const connectionString = async (): Promise<string> => {
  const { primary } = production.keyVault;
  const token = await azure.tokenFor("https://vault.azure.net");
  const host = `https://${path.basename(primary)}.vault.azure.net`;
  const url = `${host}/secrets/redis-connection-string?api-version=7.4`;
  return (await azure.call("GET", url, { token })).json<{ value: string }>().value;
};

async function connect(port: number, password: string): Promise<Redis> {
  const redis = new Redis({
    host: "localhost",
    port,
    password,
    tls: { ca, servername: "localhost" },
    lazyConnect: true,
    retryStrategy: () => null,
  });
  redis.on("error", () => undefined);
  await redis.connect();
  return redis;
}

/** The checks of an application's /health, and those of them that fail. */
const ailmentsOf = async (app: App) => {
  const { checks } = await healthOf(app);
  const ill = Object.entries(checks).filter(([, { status }]) => status !== "healthy");
  return { checks: Object.keys(checks).sort(), ill: ill.map(([name]) => name) };
};

it("every application in use is well, with all that it uses", async () => {
  const all = await apps();
  const inUse = all.filter(({ id }) => !standby.includes(id));

  expect([all.length, inUse.length]).toEqual([5, 3]);
  for (const app of inUse) {
    expect(await ailmentsOf(app)).toEqual({
      checks: ["keyVault", "redis", "server", "storage"],
      ill: [],
    });
  }
});

it("a standby knows no cache before its own vault has been given the secrets", async () => {
  for (const app of (await apps()).filter(({ id }) => standby.includes(id))) {
    expect((await ailmentsOf(app)).ill).toEqual(["redis"]);
  }
});

it("the vault's secret leads to the active cache with its real key, as Resource Manager has them", async () => {
  const { primary } = production.redis;
  const { properties } = await arm<{ properties: { hostName: string; sslPort: number } }>(
    "GET",
    primary,
  );
  const { primaryKey } = await arm<{ primaryKey: string }>("POST", `${primary}/listKeys`);

  expect(await connectionString()).toBe(
    `${properties.hostName}:${properties.sslPort},password=${primaryKey},ssl=True,abortConnect=False`,
  );
});

it("caches have the tier of the estate, and Premium ones a linked secondary", () => {
  const seed = parseSeed(seedFromEstate(estate), "of the test");
  const of = (environment: "development" | "staging" | "production") => {
    const { primary, secondary } = estate.environments[environment]!.redis;
    return seed.redisCaches
      .filter(({ id }) => id === primary || id === secondary)
      .map(({ sku, location, copyOf }) => [sku, location, copyOf]);
  };

  expect(of("development")).toEqual([["Standard_C1", "eastus", undefined]]);
  expect(of("staging")).toEqual([
    ["Standard_C1", "eastus", undefined],
    ["Standard_C1", "westus", undefined],
  ]);
  expect(of("production")).toEqual([
    ["Premium_P1", "eastus", undefined],
    ["Premium_P1", "westus", production.redis.primary],
  ]);
});

it("the service may make accounts and give roles for data in the group of each recovery account", () => {
  const { roleAssignments, identities } = parseSeed(seedFromEstate(estate), "of the test");
  const service = identities[0]?.principalId;
  const rolesAt = (id: string) =>
    roleAssignments.filter(
      ({ scope, principalId }) => id.startsWith(`${scope}/`) && principalId === service,
    );

  for (const { storage } of Object.values(estate.environments)) {
    const group = (storage.secondary ?? storage.primary).replace(/\/providers\/.*/, "");
    const roles = rolesAt(`${group}/providers/Microsoft.Storage/storageAccounts/new`);

    expect(roles.map(({ roleDefinitionId }) => roleDefinitionId)).toEqual(
      expect.arrayContaining([guidOfRole("accounts"), guidOfRole("data-access")]),
    );
    const giving = roles.filter((one) => one.roleDefinitionId === guidOfRole("data-access"));
    for (const { assigns } of giving) expect(assigns).toHaveLength(4);
  }
});

it("an environment of Azure Managed Redis has two linked databases", () => {
  const managed = (id: string | undefined): string =>
    (id ?? "").replace("/redis/", "/redisEnterprise/");
  const { primary, secondary } = production.redis;
  const redis = {
    ...production.redis,
    primary: managed(primary),
    secondary: managed(secondary),
    tier: "Managed" as const,
  };
  const seed = parseSeed(
    seedFromEstate({
      ...estate,
      environments: { ...estate.environments, production: { ...production, redis } },
    }),
    "of the test",
  );

  expect(seed.managedRedis).toMatchObject([
    { id: managed(primary), location: "eastus", group: "mcp", data: { keys: 2000 } },
    { id: managed(secondary), location: "westus", group: "mcp" },
  ]);
});

it("the edge of an environment serves the branding of its primary account, and can be led to the other", async () => {
  const { profile, originGroup } = production.frontDoor!;
  const host = `https://${path.basename(profile)}.azurefd.net`;
  const logo = (): Promise<{ status: number; text: string }> =>
    azure.call("GET", `${host}/branding/contoso/logo.svg`);
  const origin = `${profile}/originGroups/${originGroup!}/origins/storage`;
  const secondary = `${path.basename(production.storage.secondary!)}.blob.core.windows.net`;
  const token = await azure.tokenFor("https://management.azure.com");

  const before = await logo();
  const update = await azure.call(
    "PATCH",
    `https://management.azure.com${origin}?api-version=2024-02-01`,
    { token, body: { properties: { hostName: secondary, originHostHeader: secondary } } },
  );
  await azure.advance(140);
  const after = await azure.call("GET", `${host}/branding/contoso/theme.css`);

  expect([before.status, before.text]).toEqual([200, expect.stringContaining("<svg")]);
  expect(update.status).toBe(202);
  // It is let in, and the recovery account begins empty.
  expect([after.status, after.headers["x-ms-error-code"]]).toEqual([404, "BlobNotFound"]);
});

it("users are led to the primary application alone, and the standby can be switched on", async () => {
  const { profile } = production.trafficManager!;
  const token = await azure.tokenFor("https://management.azure.com");
  const at = (id: string): string => `https://management.azure.com${id}?api-version=2022-04-01`;
  const fqdnOf = async (id: string | undefined): Promise<string | undefined> =>
    (await apps()).find((app) => app.id === id)?.fqdn;
  const endpoints = async () =>
    (await azure.call("GET", at(profile), { token }))
      .json<{ properties: { endpoints: { name: string; properties: object }[] } }>()
      .properties.endpoints.map(({ name, properties }) => ({ name, ...properties }));
  const authority = new Resolver();
  authority.setServers((azure.env["DNS_AUTHORITATIVE"] ?? "").split(","));
  const resolver = new Resolver();
  resolver.setServers((azure.env["DNS_RESOLVERS"] ?? "").split(",").slice(0, 1));
  const [primary, secondary] = [
    await fqdnOf(production.containerApp.primary),
    await fqdnOf(production.containerApp.secondary),
  ];

  const before = await endpoints();
  const own = await resolver.resolveCname("mcp.example.com");
  const led = await authority.resolveCname(own[0] ?? "");
  const enabled = await azure.call("PATCH", at(`${profile}/ExternalEndpoints/westus`), {
    token,
    body: { properties: { endpointStatus: "Enabled" } },
  });

  expect(before).toMatchObject([
    { name: "eastus", target: primary, endpointMonitorStatus: "Online", priority: 1 },
    { name: "westus", target: secondary, endpointMonitorStatus: "Disabled", priority: 2 },
  ]);
  expect([own, led]).toEqual([["mcp-traffic-prod.trafficmanager.net"], [primary]]);
  expect(enabled.status).toBe(200);
});

it("/health of the application tells that its cache is down", async () => {
  const app = (await apps()).find(({ id }) => id === production.containerApp.primary)!;
  await azure.steer("POST", "/faults", { name: "redis-down", resource: production.redis.primary });
  const during = await healthOf(app);
  await azure.steer("DELETE", "/faults");

  expect(during).toMatchObject({
    status: "unhealthy",
    checks: {
      redis: { status: "unhealthy", detail: "mcp-redis-prod resets connections" },
      keyVault: { status: "healthy" },
      storage: { status: "healthy" },
    },
  });
  expect((await healthOf(app)).status).toBe("healthy");
});

withRedis("the cache holds data, and its secondary is a copy that only reads", async () => {
  const [, port = "", password = ""] =
    /^localhost:(\d+),password=([^,]*),/.exec(await connectionString()) ?? [];
  const { secondary = "" } = production.redis;
  const { properties } = await arm<{ properties: { sslPort: number } }>("GET", secondary);
  const { primaryKey } = await arm<{ primaryKey: string }>("POST", `${secondary}/listKeys`);
  const [active, copy] = await Promise.all([
    connect(Number(port), password),
    connect(properties.sslPort, primaryKey),
  ]);

  const sizes = [await active.dbsize(), await copy.dbsize()];
  const refused = await copy.set("a", "1").catch((error: unknown) => String(error));
  active.disconnect();
  copy.disconnect();

  expect(sizes).toEqual([2000, 2000]);
  expect(refused).toContain("READONLY");
});
