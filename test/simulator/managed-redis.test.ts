import { gunzipSync } from "node:zlib";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  blobUrl,
  type Caches,
  cachesOf,
  clusterId,
  MANAGED_VERSION,
  outcome,
  readBlob,
  RECOVERY_GROUP,
  seedWith,
  withRedis,
} from "./caches.js";
import { ARM } from "./names.js";
import { type Reply, type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

let azure: SimulatorProcess;
let caches: Caches;
let folder: string;

const ALONE = clusterId("mcp-managed");
const EAST = clusterId("mcp-east");
const WEST = clusterId("mcp-west", RECOVERY_GROUP);
const data = { keys: 100, bytes: 32 };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simulator-managed-"));
  const member = { group: "mcp", clusteringPolicy: "EnterpriseCluster" as const };
  const seed = seedWith({
    managedRedis: [
      {
        id: ALONE,
        location: "eastus",
        sku: "Balanced_B5",
        data,
        identity: { type: "SystemAssigned" },
      },
      { id: EAST, location: "eastus", sku: "Balanced_B5", ...member, data },
      { id: WEST, location: "westus", sku: "Balanced_B5", ...member },
    ],
  });
  await writeFile(join(folder, "seed.json"), JSON.stringify(seed));
  azure = await startSimulatorProcess(["--seed", join(folder, "seed.json")]);
});

afterAll(async () => {
  await azure.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await azure.steer("POST", "/reset", {});
  caches = await cachesOf(azure);
});

afterEach(() => {
  caches.disconnect();
});

const arm = (method: string, path: string, body?: unknown): Promise<Reply> =>
  caches.arm(method, path, MANAGED_VERSION, body);
const databaseOf = (cluster: string): string => `${cluster}/databases/default`;
const act = (cluster: string, verb: string, body?: unknown): Promise<Reply> =>
  arm("POST", `${databaseOf(cluster)}/${verb}`, body);
interface Status {
  readonly status: string;
  readonly error?: { readonly code: string; readonly message: string };
}
/** What an operation's status URL says. */
const statusOf = async (begun: Reply): Promise<Status> =>
  (await followed(begun, "azure-asyncoperation")).json<Status>();
const followed = async ({ headers }: Reply, name: string): Promise<Reply> =>
  azure.call("GET", headers[name] ?? "", { token: await azure.tokenFor(ARM) });
const propertiesOf = async (id: string): Promise<Record<string, unknown>> =>
  (await arm("GET", id)).json<{ properties: Record<string, unknown> }>().properties;
const cluster = (sku = "Balanced_B5") => ({
  location: "eastus",
  sku: { name: sku },
  properties: { publicNetworkAccess: "Enabled" },
});
const database = (more: object = {}) => ({
  properties: { accessKeysAuthentication: "Enabled", ...more },
});
const linked = (...clusters: string[]) => ({
  groupNickname: "mcp",
  linkedDatabases: clusters.map((id) => ({ id: databaseOf(id) })),
});

describe("a cluster of Azure Managed Redis", () => {
  it("is made in its time, and its database after it", async () => {
    const id = clusterId("mcp-new");
    const made = await arm("PUT", id, cluster());
    const databaseMade = await arm("PUT", databaseOf(id), database());
    const early = await statusOf(made);
    await azure.advance(481);
    const clusterDone = await statusOf(made);
    const databaseEarly = await statusOf(databaseMade);
    await azure.advance(121);
    const databaseDone = await statusOf(databaseMade);

    expect([made.status, databaseMade.status]).toEqual([201, 201]);
    expect([early.status, clusterDone.status]).toEqual(["InProgress", "Succeeded"]);
    expect([databaseEarly.status, databaseDone.status]).toEqual(["InProgress", "Succeeded"]);
    expect(await propertiesOf(id)).toMatchObject({
      hostName: "localhost",
      provisioningState: "Succeeded",
      resourceState: "Running",
    });
    expect(await propertiesOf(databaseOf(id))).toMatchObject({
      port: expect.any(Number) as number,
      clusteringPolicy: "OSSCluster",
      accessKeysAuthentication: "Enabled",
      resourceState: "Running",
    });
  });

  it("is refused without publicNetworkAccess and with a size of Enterprise, which is retired", async () => {
    const bare = await arm("PUT", clusterId("mcp-new"), { ...cluster(), properties: {} });
    const enterprise = await arm("PUT", clusterId("mcp-new"), cluster("Enterprise_E5"));

    expect([bare.status, bare.text]).toEqual([
      400,
      expect.stringContaining("publicNetworkAccess") as string,
    ]);
    expect([enterprise.status, enterprise.text]).toEqual([
      400,
      expect.stringContaining("no longer supported") as string,
    ]);
  });

  it("is changed, listed and deleted", async () => {
    const changed = await arm("PATCH", ALONE, { tags: { a: "b" } });
    await azure.advance(61);
    const group = ALONE.slice(0, ALONE.indexOf("/providers/"));
    const listed = await arm("GET", `${group}/providers/Microsoft.Cache/redisEnterprise`);
    const removed = await arm("DELETE", ALONE);
    await azure.advance(241);

    expect([changed.status, removed.status]).toEqual([202, 202]);
    expect(listed.json()).toMatchObject({
      value: [{ name: "mcp-managed", tags: { a: "b" } }, { name: "mcp-east" }],
    });
    expect((await statusOf(removed)).status).toBe("Succeeded");
    expect((await arm("GET", ALONE)).status).toBe(404);
  });

  it("has no reboot", async () => {
    expect((await arm("POST", `${ALONE}/forceReboot`)).status).toBe(501);
  });
});

describe("a database", () => {
  withRedis("is one Redis with one database, which speaks as a cluster", async () => {
    const redis = await caches.connect(ALONE);

    expect(await redis.dbsize()).toBe(100);
    expect(await outcome(redis.select(1))).toContain("unknown command");
    expect(await outcome(redis.call("CONFIG", "GET", "dir"))).toContain("unknown command");
    expect(await outcome(redis.call("PSYNC", "?", "-1"))).toContain("NOPERM");
    expect(await redis.cluster("INFO")).toContain("cluster_state:ok");
  });

  withRedis("has keys that are made anew by an operation", async () => {
    const redis = await caches.connect(ALONE);
    await redis.ping();
    const broken = once(redis, "close");
    const old = redis.options.password;

    const asked = await act(ALONE, "regenerateKey", { keyType: "Primary" });
    await broken;
    await azure.advance(31);
    const made = (await followed(asked, "location")).json<{
      primaryKey: string;
    }>();
    const fresh = await caches.connect(ALONE);

    expect(asked.status).toBe(202);
    expect(made.primaryKey).not.toBe(old);
    expect(fresh.options.password).toBe(made.primaryKey);
    expect(await fresh.ping()).toBe("PONG");
  });

  it("shows no keys while access by keys is off, as it is by default", async () => {
    const changed = await arm("PATCH", databaseOf(ALONE), {
      properties: { accessKeysAuthentication: "Disabled" },
    });
    await azure.advance(61);
    const keys = await act(ALONE, "listKeys");

    expect(changed.status).toBe(202);
    expect([keys.status, keys.text]).toEqual([400, expect.stringContaining("disabled") as string]);
  });

  withRedis("is exported as a compressed block blob and imported from it", async () => {
    const container = await caches.containerUrl("mcpexports", "redis-backups");
    const begun = await act(ALONE, "export", { sasUri: container });
    await azure.advance(91);
    const ended = await statusOf(begun);
    const [name = ""] = await caches.blobsIn("mcpexports", "redis-backups");
    const blob = await readBlob(blobUrl(container, name), azure.agent);
    const redis = await caches.connect(ALONE);
    await redis.flushall();
    const broken = once(redis, "close");

    const importing = await act(ALONE, "import", { sasUris: [blobUrl(container, name)] });
    await broken;
    const during = await outcome((await caches.connect(ALONE)).ping());
    await azure.advance(181);

    expect([begun.status, ended.status]).toEqual([202, "Succeeded"]);
    expect(name).toMatch(/^mcp-managed-default-\d{8}T\d{6}Z_1_of_1\.rdb\.gz$/);
    expect(blob.type).toBe("BlockBlob");
    expect(gunzipSync(blob.bytes).subarray(0, 5).toString()).toBe("REDIS");
    expect(during).not.toBe("PONG");
    expect((await statusOf(importing)).status).toBe("Succeeded");
    expect(await (await caches.connect(ALONE)).dbsize()).toBe(100);
  });

  withRedis("fails to be exported to a URL without a SAS, whatever identity it has", async () => {
    const [bare = ""] = (await caches.containerUrl("mcpexports", "redis-backups")).split("?");
    const begun = await act(ALONE, "export", { sasUri: bare });
    await azure.advance(91);

    expect(await statusOf(begun)).toMatchObject({
      status: "Failed",
      error: { code: "Conflict", message: expect.stringContaining("has no SAS") as string },
    });
  });

  withRedis("fails to be exported into another region, and says so", async () => {
    const far = await caches.containerUrl("mcpfarexports", "redis-backups");
    const begun = await act(ALONE, "export", { sasUri: far });
    await azure.advance(91);

    expect(await statusOf(begun)).toMatchObject({
      status: "Failed",
      error: { code: "Conflict", message: expect.stringContaining("westus") as string },
    });
  });
});

describe("active geo-replication", () => {
  withRedis("shows what is written at one member at the others", async () => {
    const [east, west] = [await caches.connect(EAST), await caches.connect(WEST)];
    await east.set("a", "1");
    await west.set("b", "2");

    expect(await propertiesOf(databaseOf(EAST))).toMatchObject({
      geoReplication: {
        groupNickname: "mcp",
        linkedDatabases: [
          { id: databaseOf(EAST), state: "Linked" },
          { id: databaseOf(WEST), state: "Linked" },
        ],
      },
    });
    expect([await west.get("a"), await east.get("b")]).toEqual(["1", "2"]);
    expect(east.options.password).not.toBe(west.options.password);
    expect(await outcome(east.flushall())).toContain("NOPERM");
  });

  withRedis("survives a region, and lets a lost member be unlinked and linked again", async () => {
    await (await caches.connect(EAST)).set("a", "1");
    const fault = await caches.order({
      name: "region-down",
      region: "eastus",
      planes: ["data"],
    });
    const lost = await outcome((await caches.connect(EAST)).ping());
    const west = await caches.connect(WEST);
    const kept = await west.get("a");
    const unlinking = await act(WEST, "forceUnlink", { ids: [databaseOf(EAST)] });
    await azure.advance(91);
    const unlinked = await statusOf(unlinking);
    await azure.steer("DELETE", `/faults/${fault}`);
    await west.set("b", "2");
    const apart = await (await caches.connect(EAST)).get("b");
    const linking = await act(EAST, "forceLinkToReplicationGroup", {
      geoReplication: linked(EAST, WEST),
    });
    await azure.advance(361);

    expect(lost).not.toBe("PONG");
    expect(kept).toBe("1");
    expect(unlinked.status).toBe("Succeeded");
    expect(apart).toBeNull();
    expect((await statusOf(linking)).status).toBe("Succeeded");
    expect(await (await caches.connect(EAST)).get("b")).toBe("2");
  });

  it("is refused where Azure refuses it", async () => {
    const small = clusterId("mcp-small");
    await arm("PUT", small, cluster("Balanced_B1"));
    await azure.advance(481);
    const refusedSize = await arm(
      "PUT",
      databaseOf(small),
      database({ clusteringPolicy: "EnterpriseCluster", geoReplication: linked(small) }),
    );
    const itself = await act(EAST, "forceUnlink", { ids: [databaseOf(EAST)] });
    const strange = await act(EAST, "forceUnlink", { ids: [databaseOf(ALONE)] });

    expect([refusedSize.status, itself.status, strange.status]).toEqual([400, 400, 400]);
    expect(refusedSize.text).toContain("not available for the SKU Balanced_B1");
  });
});
