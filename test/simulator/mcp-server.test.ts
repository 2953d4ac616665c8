import { smallSeed } from "../../simulator/seeds/small.js";
import { cacheId, withRedis } from "./caches.js";
import { FQDN } from "./names.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";
import { accountId, storageSeed } from "./storage-seed.js";

const [IDENTITY] = smallSeed.identities;
const [SEEDED] = smallSeed.containerApps ?? [];
const CACHE = cacheId("mcp-primary");
const [GROUP] = accountId("mcpstorage").split("/providers/");
const VAULT = `${GROUP}/providers/Microsoft.KeyVault/vaults/mcp-server-prod-kv`;
const KEY = "the-key-of-contoso";

const variables = {
  AZURE_CLIENT_ID: IDENTITY!.clientId,
  KEY_VAULT_URL: "https://mcp-server-prod-kv.vault.azure.net",
  STORAGE_ACCOUNT_URL: "https://mcpstorage.blob.core.windows.net",
  REDIS_CONNECTION_SECRET: "redis",
};
const secrets = [
  { name: "redis", connectionStringOf: CACHE },
  { name: "tenant-configuration", value: '{"tenants":["contoso","fabrikam"]}' },
  { name: "tenant-contoso-key", value: KEY },
  { name: "jwt-signing-key", value: "signs" },
];
const seedOf = (known: readonly object[], data?: object) => ({
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
    {
      principalId: IDENTITY!.principalId,
      scope: VAULT,
      roleDefinitionId: "4633458b-17de-408a-b874-0445c86b69e6",
    },
  ],
  redisCaches: [{ id: CACHE, location: "eastus", sku: "Premium_P1", ...(data && { data }) }],
  keyVaults: [{ id: VAULT, location: "eastus", secrets: known }],
});

let azure: SimulatorProcess;

beforeAll(async () => {
  azure = await startSimulatorProcess();
});
afterAll(async () => {
  await azure.stop();
});

const begin = async (known: readonly object[] = secrets, data?: object): Promise<void> => {
  const reply = await azure.steer("POST", "/reset", { seed: seedOf(known, data) });
  if (reply.status >= 300) throw new Error(reply.text);
};
const contoso = { "x-tenant": "contoso", "x-api-key": KEY };
const call = (
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = contoso,
  body?: unknown,
): Promise<Reply> =>
  azure.call(method, `https://${FQDN}${path}`, { headers, ...(body !== undefined && { body }) });
const chat = (session: string) =>
  call("POST", "/chat", contoso, { session, conversation: "c-1", message: "hello" });
const costs = async (): Promise<number> => {
  const [workspace] = smallSeed.workspaces ?? [];
  const reply = await azure.call(
    "POST",
    `https://api.loganalytics.io/v1/workspaces/${workspace!.customerId}/query`,
    {
      token: await azure.tokenFor("https://api.loganalytics.io"),
      body: { query: 'AppEvents | where tostring(Properties.conversation) == "c-1" | count' },
    },
  );
  return reply.json<{ tables: { rows: number[][] }[] }>().tables[0]!.rows[0]![0]!;
};

it("takes a tenant by its key, and by the token that it gives for it", async () => {
  await begin();

  const issued = await call("POST", "/auth/token");
  const { token } = issued.json<{ token: string }>();
  const answers = [
    issued,
    await call("POST", "/auth/token", { authorization: `Bearer ${token}` }),
    await call("POST", "/auth/token", { authorization: `Bearer ${token}x` }),
    await call("POST", "/auth/token", { ...contoso, "x-api-key": "another" }),
    await call("POST", "/auth/token", { ...contoso, "x-tenant": "nobody" }),
    await call("POST", "/auth/token", {}),
    // It has no key in the vault.
    await call("POST", "/auth/token", { ...contoso, "x-tenant": "fabrikam" }),
  ];

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 401, 401, 403, 401, 503]);
  await azure.advance(901);
  expect((await call("POST", "/auth/token", { authorization: `Bearer ${token}` })).status).toBe(
    401,
  );
});

it("takes nobody where the vault lacks what it reads there", async () => {
  await begin(secrets.filter(({ name }) => name !== "tenant-contoso-key"));
  expect((await call("POST", "/auth/token")).json()).toEqual({
    error: expect.stringContaining("404 SecretNotFound for tenant-contoso-key") as string,
  });

  await begin(
    secrets.map((one) => (one.name === "tenant-configuration" ? { ...one, value: "x" } : one)),
  );
  expect((await call("POST", "/auth/token")).status).toBe(503);
});

withRedis("counts in its cache, so that replicas share a limit", async () => {
  await begin();
  const some = await Promise.all(Array.from({ length: 12 }, () => call("GET", "/tools")));
  const other = await call("GET", "/tools", { ...contoso, "x-client": "other" });

  expect(some.filter(({ status }) => status === 200)).toHaveLength(10);
  expect(some.filter(({ status }) => status === 429)).toHaveLength(2);
  expect(other.status).toBe(200);
  await azure.steer("POST", "/faults", { name: "redis-down", resource: CACHE });
  expect((await call("GET", "/tools")).status).toBe(503);
});

withRedis("chats in a session that its cache has, and tells what it costs", async () => {
  await begin(secrets, { keys: 2, bytes: 16 });

  expect((await chat("1")).json()).toMatchObject({ reply: "contoso, you said: hello" });
  expect((await chat("9")).status).toBe(404);
  expect((await call("POST", "/chat", contoso, { session: "1" })).status).toBe(400);
  expect(await costs()).toBe(0);
  await azure.advance(120);
  expect(await costs()).toBe(1);

  await begin();
  expect((await chat("1")).status).toBe(404);
});

withRedis("serves the assets that its account has", async () => {
  await begin();
  const name = "records/theme.css";

  expect((await call("GET", "/branding/contoso/theme.css")).status).toBe(404);
  await azure.call("PUT", `https://${FQDN}/records/theme.css`, { body: ":root{}" });
  const found = await call("GET", `/branding/${name}`);
  expect([found.status, found.text, found.headers["content-type"]]).toEqual([
    200,
    ":root{}",
    "text/plain",
  ]);
  await azure.steer("POST", "/faults", {
    name: "role-missing",
    resource: accountId("mcpstorage"),
  });
  expect((await call("GET", `/branding/${name}`)).status).toBe(503);
});
