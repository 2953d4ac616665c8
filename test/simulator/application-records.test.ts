import { smallSeed } from "../../simulator/seeds/small.js";
import { cacheId, withRedis } from "./caches.js";
import { FQDN } from "./names.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";
import { accountId, host, StorageCaller, storageSeed } from "./storage-seed.js";

const [IDENTITY] = smallSeed.identities;
const [SEEDED] = smallSeed.containerApps ?? [];
const ACCOUNT = accountId("mcpstorage");
const PRIMARY = cacheId("mcp-primary");
const COPY = cacheId("mcp-copy");
const CLUSTER = cacheId("mcp-cluster");
const [GROUP] = ACCOUNT.split("/providers/");
const VAULT = `${GROUP}/providers/Microsoft.KeyVault/vaults/mcp-server-prod-kv`;

const variables = {
  AZURE_CLIENT_ID: IDENTITY!.clientId,
  KEY_VAULT_URL: "https://mcp-server-prod-kv.vault.azure.net",
  STORAGE_ACCOUNT_URL: "https://mcpstorage.blob.core.windows.net",
  REDIS_CONNECTION_SECRET: "redis",
};

/** An app with a geo-redundant account and a cache. */
const seedOf = (cache: string) => ({
  ...storageSeed,
  containerApps: [
    {
      ...SEEDED!,
      identity: { userAssigned: [IDENTITY!.resourceId] },
      containers: SEEDED!.containers.map((container) => ({
        ...container,
        env: Object.entries(variables).map(([name, value]) => ({ name, value })),
      })),
    },
  ],
  roleAssignments: [
    ...storageSeed.roleAssignments,
    ...smallSeed.roleAssignments,
    ...[
      [VAULT, "4633458b-17de-408a-b874-0445c86b69e6"],
      [PRIMARY, "e0f68234-74aa-48ed-b826-c38b57376e17"],
    ].map(([scope, roleDefinitionId]) => ({
      principalId: IDENTITY!.principalId,
      scope,
      roleDefinitionId,
    })),
  ],
  redisCaches: [
    { id: PRIMARY, location: "eastus", sku: "Premium_P1" },
    { id: COPY, location: "westus", sku: "Premium_P1", copyOf: PRIMARY },
    { id: CLUSTER, location: "eastus", sku: "Premium_P1", shards: 2 },
  ],
  keyVaults: [
    { id: VAULT, location: "eastus", secrets: [{ name: "redis", connectionStringOf: cache }] },
  ],
});

let azure: SimulatorProcess;
let caller: StorageCaller;

beforeAll(async () => {
  azure = await startSimulatorProcess();
  caller = new StorageCaller(azure);
});

afterAll(async () => {
  await azure.stop();
});

const begin = async (cache = PRIMARY): Promise<void> => {
  const reply = await azure.steer("POST", "/reset", { seed: seedOf(cache) });
  if (reply.status >= 300) throw new Error(reply.text);
};
const records = (method: string, id = "", body?: string): Promise<Reply> =>
  azure.call(method, `https://${FQDN}/records${id && `/${id}`}`, {
    ...(body !== undefined && { body }),
  });
const put = async (id: string, text: string): Promise<unknown> => {
  const reply = await records("PUT", id, text);
  return { status: reply.status, ...reply.json<object>() };
};
const get = async (id = ""): Promise<unknown> => {
  const reply = await records("GET", id);
  return { status: reply.status, ...reply.json<object>() };
};
const fault = async (order: object): Promise<string> =>
  (await azure.steer("POST", "/faults", order)).json<{ id: string }>().id;

withRedis("a record is in the account and in the cache, and both are read", async () => {
  await begin();

  expect(await get("r1")).toEqual({ status: 404, error: "there is no record r1" });
  expect(await put("r1", "one")).toEqual({ status: 201, id: "r1", storage: true, redis: true });
  expect(await put("r2", "two")).toMatchObject({ status: 201 });
  await put("r2", "two again");
  expect(await get("r2")).toEqual({
    status: 200,
    id: "r2",
    storage: "two again",
    redis: "two again",
  });
  expect(await get()).toEqual({
    status: 200,
    storage: { count: 2, ids: ["r1", "r2"] },
    redis: { count: 2, ids: ["r1", "r2"] },
  });
  const blob = await caller.blob("GET", `${host("mcpstorage")}/branding/records/r1`);
  expect([blob.text, blob.headers["content-type"]]).toEqual(["one", "text/plain"]);
});

withRedis("what users write is no effect on Azure", async () => {
  await begin();
  await put("r1", "one");

  const log = await azure.steer("GET", "/log?effects=true");

  expect(log.json<{ entries: unknown[] }>().entries).toEqual([]);
});

withRedis(
  "a failover of the account loses what had not been copied, the cache nothing",
  async () => {
    await begin();
    await put("early", "1");
    await azure.advance(300);
    await put("late", "2");
    await caller.arm("POST", `${ACCOUNT}/failover`);
    await azure.advance(3601);

    expect(await get("early")).toMatchObject({ status: 200, storage: "1", redis: "1" });
    expect(await get("late")).toEqual({ status: 200, id: "late", storage: null, redis: "2" });
    expect(await get()).toMatchObject({ storage: { ids: ["early"] }, redis: { count: 2 } });
  },
);

withRedis("a cache that is emptied loses its records, the account none", async () => {
  await begin();
  await put("r1", "one");
  const reboot = await azure.call(
    "POST",
    `https://management.azure.com${PRIMARY}/forceReboot?api-version=2024-11-01`,
    {
      token: await azure.tokenFor("https://management.azure.com"),
      body: { rebootType: "AllNodes" },
    },
  );
  await azure.advance(900);

  expect(reboot.status).toBe(200);
  expect(await get("r1")).toEqual({ status: 200, id: "r1", storage: "one", redis: null });
});

withRedis("a clustered cache has its records on all shards", async () => {
  await begin(CLUSTER);
  const ids = Array.from({ length: 12 }, (_, n) => `r${String(n).padStart(2, "0")}`);
  for (const id of ids) await put(id, `text of ${id}`);

  expect(await get()).toEqual({
    status: 200,
    storage: { count: 12, ids },
    redis: { count: 12, ids },
  });
  expect(await get("r07")).toMatchObject({ storage: "text of r07", redis: "text of r07" });
});

withRedis(
  "one that cannot be written is named, and what was written all the same is said",
  async () => {
    await begin();
    await put("r1", "one");
    await caller.arm("POST", `${ACCOUNT}/blobServices/default/containers/branding/setLegalHold`, {
      tags: ["incident"],
    });
    const held = await put("r1", "other");
    await begin(COPY);
    const copy = await put("r1", "one");

    expect(held).toEqual({
      status: 503,
      id: "r1",
      storage: false,
      redis: true,
      failed: {
        storage: "mcpstorage.blob.core.windows.net answers 409 BlobImmutableDueToLegalHold",
      },
    });
    expect(copy).toEqual({
      status: 503,
      id: "r1",
      storage: true,
      redis: false,
      failed: { redis: expect.stringContaining("READONLY") as string },
    });
  },
);

it.each([
  ["storage", { name: "storage-unavailable", resource: ACCOUNT }, "answers 503 ServerBusy"],
  ["redis", { name: "redis-down", resource: PRIMARY }, "resets connections"],
  ["a role", { name: "role-missing", resource: ACCOUNT }, "does not let the app read blobs"],
])("an app without %s serves no records", async (_, order, detail) => {
  await begin();
  await fault(order);

  expect(await put("r1", "one")).toEqual({
    status: 503,
    error: expect.stringContaining(detail) as string,
  });
  expect(await get("r1")).toMatchObject({ status: 503 });
});

it("an app in a region that is down does not answer", async () => {
  await begin();
  await fault({ name: "region-down", region: "eastus" });

  await expect(records("PUT", "r1", "one")).rejects.toThrow();
});

it("what is no record is refused", async () => {
  await begin();

  expect((await records("PUT", "a%2Fb", "x")).status).toBe(404);
  expect((await records("PUT", "", "x")).status).toBe(405);
  expect((await records("DELETE", "r1")).status).toBe(405);
  expect((await records("PUT", "r1", "x".repeat(1025))).status).toBe(413);
});
