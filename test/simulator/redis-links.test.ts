import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  cacheId,
  type Caches,
  cachesOf,
  outcome,
  RECOVERY_GROUP,
  seedWith,
  withRedis,
} from "./caches.js";
import { GROUP } from "./names.js";
import { type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

let azure: SimulatorProcess;
let caches: Caches;
let folder: string;

const PRIMARY = cacheId("mcp-primary");
const COPY = cacheId("mcp-copy", RECOVERY_GROUP);
const FREE = cacheId("mcp-free");
const OTHER = cacheId("mcp-other", RECOVERY_GROUP);
const STANDARD = cacheId("mcp-redis");
const data = { keys: 100, bytes: 32 };
const quick = { updateIntervalInMs: 1 };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simulator-links-"));
  const seed = seedWith({
    redisCaches: [
      { id: PRIMARY, location: "eastus", sku: "Premium_P1", data },
      { id: COPY, location: "westus", sku: "Premium_P1", copyOf: PRIMARY },
      { id: FREE, location: "eastus", sku: "Premium_P2", data },
      { id: OTHER, location: "westus", sku: "Premium_P2", data: { keys: 7, bytes: 8 } },
      { id: STANDARD, location: "westus", sku: "Standard_C1" },
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

const link = (of: string, to: string, location = "westus") =>
  caches.client.linkedServer.beginCreate(
    GROUP,
    of.split("/").at(-1) ?? "",
    to.split("/").at(-1) ?? "",
    { linkedRedisCacheId: to, linkedRedisCacheLocation: location, serverRole: "Secondary" },
    quick,
  );
const unlink = async (): Promise<void> => {
  const poller = await caches.client.linkedServer.beginDelete(
    GROUP,
    "mcp-primary",
    "mcp-copy",
    quick,
  );
  await azure.advance(91);
  await poller.pollUntilDone();
};

describe("linked caches", () => {
  it("show each other and their roles", async () => {
    const seen = await caches.client.linkedServer.get(GROUP, "mcp-primary", "mcp-copy");
    const back = await caches.client.linkedServer.get(RECOVERY_GROUP, "mcp-copy", "mcp-primary");
    const { linkedServers } = await caches.client.redis.get(GROUP, "mcp-primary");

    expect(seen).toMatchObject({
      linkedRedisCacheLocation: "West US",
      serverRole: "Secondary",
      provisioningState: "Succeeded",
    });
    expect(back).toMatchObject({ serverRole: "Primary" });
    expect(linkedServers).toHaveLength(1);
  });

  withRedis("hold the same after a while, and the secondary cannot be written to", async () => {
    const primary = await caches.connect(PRIMARY);
    const copy = await caches.connect(COPY);
    const first = await copy.dbsize();
    await primary.set("a", "1");
    const early = await copy.get("a");
    await azure.advance(5);

    expect(first).toBe(100);
    expect(early).toBeNull();
    expect(await until(() => copy.get("a"))).toBe("1");
    expect(await outcome(copy.set("b", "1"))).toContain("READONLY");
  });

  withRedis("part when they are unlinked: the secondary becomes a cache of its own", async () => {
    const primary = await caches.connect(PRIMARY);
    await primary.set("a", "1");
    await azure.advance(5);

    await unlink();
    const copy = await caches.connect(COPY);
    await copy.set("b", "2");
    const { linkedServers } = await caches.client.redis.get(RECOVERY_GROUP, "mcp-copy");

    expect(await copy.get("a")).toBe("1");
    expect(linkedServers).toEqual([]);
    expect(await primary.get("b")).toBeNull();
  });

  withRedis("lose what was on its way when the primary's region went down", async () => {
    const primary = await caches.connect(PRIMARY);
    const copy = await caches.connect(COPY);
    await copy.ping();
    await primary.set("before", "1");
    await azure.advance(5);
    await until(() => copy.get("before"));
    await primary.set("on-its-way", "1");

    await caches.order({ name: "region-down", region: "eastus", planes: ["data"] });
    await azure.advance(5);
    await unlink();
    const alone = await caches.connect(COPY);

    expect(await alone.get("before")).toBe("1");
    expect(await alone.get("on-its-way")).toBeNull();
    expect(await alone.set("after", "1")).toBe("OK");
    expect(await outcome((await caches.connect(PRIMARY)).ping())).not.toBe("PONG");
  });

  it("cannot be scaled, deleted, flushed at the secondary or imported into it", async () => {
    const of = [GROUP, "mcp-primary"] as const;
    const copy = [RECOVERY_GROUP, "mcp-copy"] as const;
    const { redis } = caches.client;

    const scaled = await outcome(
      redis.beginUpdate(...of, { sku: { name: "Premium", family: "P", capacity: 2 } }),
    );
    const deleted = await outcome(redis.beginDelete(...of));
    const flushed = await outcome(redis.beginFlushCache(...copy));

    expect(scaled).toContain("cannot be scaled");
    expect(deleted).toContain("unlink it first");
    expect(flushed).toContain("cannot be flushed");
  });

  withRedis("refuse an import into the secondary", async () => {
    const imported = await outcome(
      caches.client.redis.beginImportData(RECOVERY_GROUP, "mcp-copy", {
        files: ["https://mcpfarexports.blob.core.windows.net/a/b"],
      }),
    );

    expect(imported).toContain("cannot be imported into the secondary");
  });
});

describe("linking", () => {
  withRedis("takes its time and replaces what the secondary holds", async () => {
    const poller = await link(FREE, OTHER);
    const during = await caches.client.redis.get(GROUP, "mcp-free");
    await azure.advance(361);
    const linked = await poller.pollUntilDone();
    const copy = await caches.connect(OTHER);

    expect(during.provisioningState).toBe("Linking");
    expect(linked).toMatchObject({ provisioningState: "Succeeded" });
    expect(await copy.dbsize()).toBe(100);
  });

  it("is refused where Azure refuses it", async () => {
    expect(await outcome(link(FREE, STANDARD))).toContain("Only Premium caches can be linked");
    expect(await outcome(link(PRIMARY, OTHER))).toContain("is linked already");
    expect(await outcome(link(FREE, OTHER, "eastus"))).toContain("is not in 'eastus'");
    expect(await outcome(link(FREE, cacheId("none")))).toContain("was not found");
  });

  it("needs the right to change the other cache, too", async () => {
    await caches.order({ name: "role-missing", resource: OTHER });

    expect(await outcome(link(FREE, OTHER))).toContain("linked scope");
  });
});

/** Replication is real, so what is due arrives a moment later. */
async function until(look: () => Promise<string | null>): Promise<string | null> {
  const end = performance.now() + 5000;
  let seen = await look();
  while (seen === null && performance.now() < end) seen = await look();
  return seen;
}
