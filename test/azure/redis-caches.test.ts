import { cacheId, clusterId, IDENTITY, seedWith, withRedis } from "../simulator/caches.js";
import type { AzurePorts } from "../support/azure-ports.js";
import { type SimulatedAzure, simulatedAzure } from "../support/simulated-azure.js";

let azure: SimulatedAzure;
let ports: AzurePorts;

const PREMIUM = cacheId("mcp-premium");
const STANDARD = cacheId("mcp-standard");
const MANAGED = clusterId("mcp-managed");
const data = { keys: 100, bytes: 32 };
const identity = { type: "UserAssigned" as const, userAssignedIdentities: { [IDENTITY]: {} } };
const seed = seedWith({
  redisCaches: [
    { id: PREMIUM, location: "eastus", sku: "Premium_P1", data, identity },
    { id: STANDARD, location: "eastus", sku: "Standard_C1", data },
  ],
  managedRedis: [{ id: MANAGED, location: "eastus", sku: "Balanced_B5", data, identity }],
});
const staging = {
  endpoint: "https://mcpexports.blob.core.windows.net",
  container: "redis-backups",
};
const prefix = "mcp-premium/20261122T140000Z-run";

beforeAll(async () => {
  azure = await simulatedAzure(seed);
  ports = await azure.ports();
});

afterAll(async () => {
  await azure.stop();
});

beforeEach(async () => {
  await azure.control.reset(seed);
});

const mutations = async (): Promise<string[]> => {
  const log = await azure.control.log();
  return log
    .filter(({ mutating, service }) => mutating && service === "arm")
    .map(({ operation }) => operation)
    .filter((operation) => !operation.includes("listKeys"));
};

describe("a cache", () => {
  it("is shown with what a backup needs to know, whichever kind it is", async () => {
    expect(await ports.redisCaches.cache(PREMIUM)).toEqual({
      id: PREMIUM,
      name: "mcp-premium",
      kind: "classic",
      tier: "Premium",
      location: "eastus",
      provisioningState: "Succeeded",
      host: "localhost",
      port: expect.any(Number) as number,
      hasIdentity: true,
      linked: false,
      persistence: "none",
    });
    expect(await ports.redisCaches.cache(STANDARD)).toMatchObject({
      tier: "Standard",
      hasIdentity: false,
      persistence: "not-in-this-tier",
    });
    expect(await ports.redisCaches.cache(MANAGED)).toMatchObject({
      kind: "managed",
      tier: "Balanced_B5",
      hasIdentity: false,
      location: "eastus",
      provisioningState: "Succeeded",
    });
    expect(await ports.redisCaches.cache(cacheId("none"))).toBeUndefined();
    expect(await ports.redisCaches.cache(clusterId("none"))).toBeUndefined();
    await expect(ports.redisCaches.cache("/no/id")).rejects.toMatchObject({
      failure: { code: "invalid-resource-id" },
    });
  });

  it("has a maintenance window that can be set", async () => {
    const before = await ports.redisCaches.windows(PREMIUM);
    const wanted = [{ day: "Sunday", startHour: 3, hours: 5 }];
    await ports.redisCaches.setWindows(PREMIUM, wanted);

    expect(before).toEqual([]);
    expect(await ports.redisCaches.windows(PREMIUM)).toEqual(wanted);
    expect(await ports.redisCaches.windows(MANAGED)).toBeUndefined();
  });

  withRedis(
    "of the Premium tier is exported, seen from another process, and imported",
    async () => {
      await ports.blobCopies.ensureContainer(staging);
      const container = await ports.cacheFiles.signedUrl(staging);
      const target = { container, prefix, byIdentity: false };
      const token = await ports.redisCaches.startExport(PREMIUM, target);
      const other = await azure.ports();
      const early = await other.redisCaches.operation(PREMIUM, token);
      await azure.control.advance(700);
      const done = await other.redisCaches.operation(PREMIUM, token);
      const [file] = await ports.cacheFiles.list(staging, prefix);
      const url = await ports.cacheFiles.signedUrl(staging, file?.name ?? "");
      const importing = { files: [url], byIdentity: false };
      const imported = await ports.redisCaches.startImport(PREMIUM, importing);
      await azure.control.advance(1_300);

      expect(early).toMatchObject({ state: "running" });
      expect(token).not.toContain("sig=");
      expect(done).toEqual({ state: "succeeded" });
      expect(file?.bytes).toBeGreaterThan(100);
      expect(await other.redisCaches.operation(PREMIUM, imported)).toEqual({ state: "succeeded" });
      expect(await mutations()).toEqual(["redis.exportData", "redis.importData"]);
    },
  );

  withRedis("says that an export has failed, or that it is busy with another", async () => {
    await azure.control.fault({ name: "export-failed", resource: PREMIUM, times: 1 });
    await ports.blobCopies.ensureContainer(staging);
    const container = await ports.cacheFiles.signedUrl(staging);
    const target = { container, prefix, byIdentity: false };
    const token = await ports.redisCaches.startExport(PREMIUM, target);
    await expect(ports.redisCaches.startExport(PREMIUM, target)).rejects.toMatchObject({
      failure: { class: "busy" },
    });
    await azure.control.advance(700);

    expect(await ports.redisCaches.operation(PREMIUM, token)).toMatchObject({ state: "failed" });
  });

  withRedis("of the managed kind is exported and imported through the same interface", async () => {
    await ports.blobCopies.ensureContainer(staging);
    const container = await ports.cacheFiles.signedUrl(staging);
    const target = { container, prefix: "", byIdentity: false };
    const token = await ports.redisCaches.startExport(MANAGED, target);
    const early = await ports.redisCaches.operation(MANAGED, token);
    await azure.control.advance(700);
    const done = await ports.redisCaches.operation(MANAGED, token);
    const [file] = await ports.cacheFiles.list(staging, "");
    const url = await ports.cacheFiles.signedUrl(staging, file?.name ?? "");
    const importing = { files: [url], byIdentity: false };
    const imported = await ports.redisCaches.startImport(MANAGED, importing);
    await azure.control.advance(1_300);

    expect(early).toMatchObject({ state: "running" });
    expect(done).toEqual({ state: "succeeded" });
    expect(file?.name).toMatch(/\.gz$/);
    expect(await ports.redisCaches.operation(MANAGED, imported)).toEqual({ state: "succeeded" });
  });
});

describe("the files of an export", () => {
  withRedis("are read from any position, and go with their container", async () => {
    await ports.blobCopies.ensureContainer(staging);
    const container = await ports.cacheFiles.signedUrl(staging);
    await ports.redisCaches.startExport(PREMIUM, { container, prefix, byIdentity: false });
    await azure.control.advance(700);
    const [file] = await ports.cacheFiles.list(staging, prefix);
    const { name, bytes } = file!;
    const { etag = "" } = (await ports.blobCopies.properties({ ...staging, name })) ?? {};
    const lengthFrom = async (from: number) => {
      const chunks = await (ports.cacheFiles.read(
        { ...staging, name },
        etag,
        from,
        bytes,
      ) as unknown as Promise<{ data: number[] }[]>);
      return chunks.reduce((sum, { data }) => sum + data.length, 0);
    };

    expect(await lengthFrom(0)).toBe(bytes);
    expect(await lengthFrom(500)).toBe(bytes - 500);
    await ports.cacheFiles.removeContainer(staging);
    await ports.cacheFiles.removeContainer(staging);
    expect(await ports.cacheFiles.list(staging, prefix)).toEqual([]);
  });
});
