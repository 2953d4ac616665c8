import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheId, type Caches, cachesOf, outcome, seedWith, withRedis } from "./caches.js";
import { ARM, GROUP, SUBSCRIPTION } from "./names.js";
import { type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

let azure: SimulatorProcess;
let caches: Caches;
let folder: string;

const BASIC = cacheId("mcp-basic");
const STANDARD = cacheId("mcp-redis");
const PREMIUM = cacheId("mcp-premium");
const data = { keys: 100, bytes: 32 };
const seed = seedWith({
  redisCaches: [
    { id: BASIC, location: "eastus", sku: "Basic_C1", data },
    { id: STANDARD, location: "eastus", sku: "Standard_C1", data },
    { id: PREMIUM, location: "eastus", sku: "Premium_P1", data },
  ],
});
const premium = { name: "Premium", family: "P", capacity: 1 } as const;
const standard = { name: "Standard", family: "C", capacity: 1 } as const;
const quick = { updateIntervalInMs: 1 };
const persistence = {
  rdbBackupEnabled: "true",
  rdbBackupFrequency: "15",
  rdbStorageConnectionString: "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=secret",
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simulator-caches-"));
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

const shown = () => caches.client.redis.get(GROUP, "mcp-redis");
const stateOf = async (name: string): Promise<string | undefined> =>
  (await caches.client.redis.get(GROUP, name)).provisioningState;
const refused = (code: string, message = ""): object => ({
  code,
  message: expect.stringContaining(message) as string,
});

describe("a cache in Resource Manager", () => {
  it("is made in the time that Azure takes, and shows its keys in that answer alone", async () => {
    const poller = await caches.client.redis.beginCreate(
      GROUP,
      "mcp-new",
      { location: "eastus", sku: premium, minimumTlsVersion: "1.2" },
      quick,
    );
    const during = await stateOf("mcp-new");
    await azure.advance(1201);
    const made = await poller.pollUntilDone();
    const after = await caches.client.redis.get(GROUP, "mcp-new");

    expect(during).toBe("Creating");
    expect(made).toMatchObject({ name: "mcp-new", provisioningState: "Succeeded" });
    expect(after).toMatchObject({
      hostName: "localhost",
      sku: premium,
      redisVersion: "6.0",
      enableNonSslPort: false,
      linkedServers: [],
    });
    expect(after.sslPort).toBeGreaterThan(1023);
    expect(after.accessKeys ?? null).toBeNull();
  });

  withRedis("cannot be connected to before it is made, and is empty then", async () => {
    await caches.client.redis.beginCreate(GROUP, "mcp-new", { location: "eastus", sku: premium });
    const early = await caches.connect(cacheId("mcp-new"));
    const why = await outcome(early.ping());
    await azure.advance(1201);
    const redis = await caches.connect(cacheId("mcp-new"));

    expect(why).not.toBe("PONG");
    expect(await redis.dbsize()).toBe(0);
  });

  it("is listed by group and by subscription, and is a resource like any other", async () => {
    const names = async (list: AsyncIterable<{ name?: string }>): Promise<unknown[]> => {
      const found = [];
      for await (const { name } of list) found.push(name);
      return found;
    };
    const token = await azure.tokenFor(ARM);
    const filter = encodeURIComponent("resourceType eq 'Microsoft.Cache/redis'");
    const resources = await azure.call(
      "GET",
      `${ARM}/subscriptions/${SUBSCRIPTION}/resources?api-version=2022-09-01&$filter=${filter}`,
      { token },
    );

    expect(await names(caches.client.redis.listByResourceGroup(GROUP))).toHaveLength(3);
    expect(await names(caches.client.redis.listBySubscription())).toContain("mcp-redis");
    expect(resources.json<{ value: unknown[] }>().value).toHaveLength(3);
    await expect(caches.client.redis.get(GROUP, "none")).rejects.toMatchObject(
      refused("ResourceNotFound"),
    );
  });

  it("takes tags at once and settings after a while, and refuses a change meanwhile", async () => {
    const tagged = await caches.client.redis.beginUpdateAndWait(GROUP, "mcp-redis", {
      tags: { a: "b" },
    });
    const poller = await caches.client.redis.beginUpdate(
      GROUP,
      "mcp-redis",
      { redisConfiguration: { maxmemoryPolicy: "allkeys-lru" } },
      quick,
    );
    const during = await stateOf("mcp-redis");
    const meanwhile = outcome(
      caches.client.redis.beginUpdate(GROUP, "mcp-redis", { minimumTlsVersion: "1.2" }),
    );
    const conflict = await meanwhile;
    await azure.advance(61);
    const updated = await poller.pollUntilDone();

    expect(tagged.tags).toEqual({ a: "b" });
    expect(during).toBe("Updating");
    expect(conflict).toContain("busy processing a previous update request");
    expect(updated).toMatchObject({
      provisioningState: "Succeeded",
      tags: { a: "b" },
      redisConfiguration: { maxmemoryPolicy: "allkeys-lru" },
    });
  });

  withRedis("grows without losing what it holds, but never shrinks to another tier", async () => {
    const redis = await caches.connect(STANDARD);
    await redis.set("a", "1");
    const poller = await caches.client.redis.beginUpdate(
      GROUP,
      "mcp-redis",
      { sku: { ...standard, capacity: 2 } },
      quick,
    );
    const during = await stateOf("mcp-redis");
    await azure.advance(901);
    const scaled = await poller.pollUntilDone();
    const after = await caches.connect(STANDARD);

    expect(during).toBe("Scaling");
    expect(scaled.sku).toMatchObject({ capacity: 2 });
    expect(await after.get("a")).toBe("1");
    expect(await after.info("memory")).toContain("maxmemory:2684354560");
    await expect(
      caches.client.redis.beginUpdate(GROUP, "mcp-redis", {
        sku: { ...standard, name: "Basic" },
      }),
    ).rejects.toMatchObject(refused("BadRequest", "Scaling from Standard to Basic"));
  });

  it("is deleted after a while and its name is free then", async () => {
    const poller = await caches.client.redis.beginDelete(GROUP, "mcp-redis", quick);
    const during = await stateOf("mcp-redis");
    const taken = await outcome(
      caches.client.redis.checkNameAvailability({
        name: "mcp-redis",
        type: "Microsoft.Cache/Redis",
      }),
    );
    await azure.advance(241);
    await poller.pollUntilDone();

    expect(during).toBe("Deleting");
    expect(taken).toContain("not available");
    await expect(shown()).rejects.toMatchObject(refused("ResourceNotFound"));
    await caches.client.redis.checkNameAvailability({
      name: "mcp-redis",
      type: "Microsoft.Cache/Redis",
    });
  });

  it("needs its own role, a known api-version and a body that the description has", async () => {
    const id = await caches.order({ name: "role-missing", resource: STANDARD });
    const forbidden = await caches.arm("POST", `${STANDARD}/listKeys`);
    await azure.steer("DELETE", `/faults/${id}`);
    const old = await caches.arm("GET", STANDARD, "2014-04-01");
    const odd = await caches.arm("PATCH", STANDARD, undefined, { properties: { size: 1 } });

    expect([forbidden.status, forbidden.text]).toEqual([
      403,
      expect.stringContaining("Microsoft.Cache/redis/listKeys/action") as string,
    ]);
    expect(old.status).toBe(400);
    expect([odd.status, odd.text]).toEqual([400, expect.stringContaining("size") as string]);
  });

  it("says of what it does not have that it is not simulated", async () => {
    const rules = await caches.arm("GET", `${STANDARD}/firewallRules`);
    const plain = await caches.arm("PATCH", STANDARD, undefined, {
      properties: { enableNonSslPort: true },
    });

    expect([rules.status, plain.status]).toEqual([501, 501]);
    expect(plain.text).toContain("enableNonSslPort");
  });

  it("may fail to be made, and may never be done", async () => {
    const create = { location: "eastus", sku: premium };
    await caches.order({
      name: "operation-failed",
      match: { operation: "redis.create" },
      times: 1,
    });
    const failing = await caches.client.redis.beginCreate(GROUP, "mcp-fails", create, quick);
    await azure.advance(1201);
    const stuck = await caches.order({
      name: "stuck-operation",
      match: { operation: "redis.create" },
    });
    await caches.client.redis.beginCreate(GROUP, "mcp-stuck", create);
    await azure.advance(7200);
    const during = await stateOf("mcp-stuck");
    await azure.steer("DELETE", `/faults/${stuck}`);

    await expect(failing.pollUntilDone()).rejects.toThrow();
    expect(await stateOf("mcp-fails")).toBe("Failed");
    expect(during).toBe("Creating");
    expect(await stateOf("mcp-stuck")).toBe("Succeeded");
  });
});

describe("a new cache", () => {
  const create = (name: string, more: object = {}): Promise<unknown> =>
    outcome(
      caches.client.redis.beginCreate(GROUP, name, { location: "eastus", sku: premium, ...more }),
    );

  it("is refused to tenants that have none, because the service is being retired", async () => {
    const without = seedWith({});
    await azure.steer("POST", "/reset", { seed: { ...without, redisCaches: [] } });
    const first = await create("mcp-first");
    const [subscription] = without.subscriptions;
    await azure.steer("POST", "/reset", {
      seed: {
        ...without,
        redisCaches: [],
        subscriptions: [{ ...subscription, mayCreateClassicRedis: true }],
      },
    });
    await create("mcp-exempt");

    expect(first).toContain("Azure Cache for Redis is retiring");
    expect(await stateOf("mcp-exempt")).toBe("Creating");
  });

  it("may be refused for other reasons, in a region or altogether", async () => {
    const id = await caches.order({
      name: "cache-refused",
      region: "westus",
      code: "QuotaExceeded",
    });
    const there = await create("mcp-there", { location: "westus" });
    const here = await create("mcp-here");
    await azure.steer("DELETE", `/faults/${id}`);
    await create("mcp-there", { location: "westus" });

    expect(there).toContain("quota");
    expect(here).toBeInstanceOf(Object);
    expect(await stateOf("mcp-here")).toBe("Creating");
    expect(await stateOf("mcp-there")).toBe("Creating");
  });

  it.each([
    ["a name that is no host name", "mcp--x", {}, "is not valid"],
    ["a size that does not exist", "mcp-x", { sku: { ...premium, capacity: 6 } }, "capacity"],
    ["shards below Premium", "mcp-x", { sku: standard, shardCount: 2 }, "only valid for the Pre"],
    [
      "persistence below Premium",
      "mcp-x",
      { sku: standard, redisConfiguration: { rdbBackupEnabled: "true" } },
      "can only be set for the Premium SKU",
    ],
    [
      "persistence without storage",
      "mcp-x",
      { redisConfiguration: { rdbBackupEnabled: "true" } },
      "rdb-storage-connection-string is required",
    ],
  ])("is refused with %s", async (_, name, more, message) => {
    expect(await create(name, more)).toContain(message);
    await expect(caches.client.redis.get(GROUP, name)).rejects.toMatchObject({ statusCode: 404 });
  });
});

describe("the keys of a cache", () => {
  withRedis("lock out whoever uses the one that is made anew, and nobody else", async () => {
    const { secondaryKey = "" } = await caches.client.redis.listKeys(GROUP, "mcp-redis");
    const first = await caches.connect(STANDARD);
    const second = await caches.connect(STANDARD, { password: secondaryKey });
    await Promise.all([first.ping(), second.ping()]);
    const broken = once(first, "close");
    const old = first.options.password ?? "";

    const made = await caches.client.redis.regenerateKey(GROUP, "mcp-redis", {
      keyType: "Primary",
    });
    await broken;
    const stale = await caches.connect(STANDARD, { password: old });
    const why = await outcome(stale.ping());
    const fresh = await caches.connect(STANDARD, { password: made.primaryKey ?? "" });

    expect(made.secondaryKey).toBe(secondaryKey);
    expect(made.primaryKey).not.toBe(old);
    expect(why).not.toBe("PONG");
    expect(caches.whyOf(stale)).toContain("WRONGPASS");
    expect(await second.ping()).toBe("PONG");
    expect(await fresh.dbsize()).toBe(100);
  });
});

describe("a reboot", () => {
  const reboot = (name: string, rebootType: string, shardId?: number): Promise<unknown> =>
    outcome(
      caches.client.redis.forceReboot(GROUP, name, {
        rebootType: rebootType,
        ...(shardId !== undefined && { shardId }),
      }),
    );
  /** What is left of the data after a reboot that is over. */
  const leftOf = async (id: string, name: string, type: string): Promise<number> => {
    const before = await caches.connect(id);
    await before.ping();
    const broken = once(before, "close");
    await reboot(name, type);
    await azure.advance(30);
    await broken;
    await azure.advance(300);
    return (await caches.connect(id)).dbsize();
  };

  withRedis("of the primary node breaks connections and loses nothing", async () => {
    expect(await leftOf(STANDARD, "mcp-redis", "PrimaryNode")).toBe(100);
  });

  withRedis("of all nodes loses everything", async () => {
    expect(await leftOf(STANDARD, "mcp-redis", "AllNodes")).toBe(0);
  });

  withRedis("of the only node of a Basic cache loses everything", async () => {
    expect(await leftOf(BASIC, "mcp-basic", "PrimaryNode")).toBe(0);
  });

  withRedis("of the secondary node is noticed by nobody", async () => {
    const redis = await caches.connect(STANDARD);
    await redis.ping();
    const answer = await reboot("mcp-redis", "SecondaryNode");
    await azure.advance(300);

    expect(answer).toMatchObject({
      message: expect.stringContaining("has been successfully scheduled") as string,
    });
    expect(await redis.dbsize()).toBe(100);
  });

  it("is refused for nodes that the cache does not have", async () => {
    expect(await reboot("mcp-basic", "SecondaryNode")).toContain("has no secondary node");
    expect(await reboot("mcp-redis", "AllNodes", 3)).toContain("the cache is not clustered");
  });

  withRedis("finds what RDB persistence has saved", async () => {
    const poller = await caches.client.redis.beginUpdate(
      GROUP,
      "mcp-premium",
      { redisConfiguration: persistence },
      quick,
    );
    await azure.advance(61);
    const updated = await poller.pollUntilDone();
    await azure.advance(15 * 60);
    const redis = await caches.connect(PREMIUM);
    await redis.set("after-the-save", "1");

    const left = await leftOf(PREMIUM, "mcp-premium", "AllNodes");

    expect(updated.redisConfiguration?.rdbStorageConnectionString).toContain("[key hidden]");
    expect(left).toBe(100);
    expect(await (await caches.connect(PREMIUM)).exists("after-the-save")).toBe(0);
  });
});

describe("a patch schedule", () => {
  const { get, createOrUpdate } = {
    get: () => caches.client.patchSchedules.get(GROUP, "mcp-redis", "default"),
    createOrUpdate: (maintenanceWindow?: string) =>
      caches.client.patchSchedules.createOrUpdate(GROUP, "mcp-redis", "default", {
        scheduleEntries: [
          {
            dayOfWeek: "Sunday",
            startHourUtc: 2,
            ...(maintenanceWindow !== undefined && { maintenanceWindow }),
          },
        ],
      }),
  };

  it("is set, shown and deleted", async () => {
    await expect(get()).rejects.toMatchObject(refused("ResourceNotFound"));
    const made = await createOrUpdate();
    const read = await get();
    await caches.client.patchSchedules.delete(GROUP, "mcp-redis", "default");

    expect(made.scheduleEntries).toEqual([
      { dayOfWeek: "Sunday", startHourUtc: 2, maintenanceWindow: "PT5H" },
    ]);
    expect(read.scheduleEntries).toEqual(made.scheduleEntries);
    await expect(get()).rejects.toMatchObject(refused("ResourceNotFound"));
  });

  it("is five hours long at least", async () => {
    await expect(createOrUpdate("PT2H")).rejects.toMatchObject(
      refused("BadRequest", "five hours at least"),
    );
  });
});

describe("flushing", () => {
  withRedis("deletes what a cache holds", async () => {
    const redis = await caches.connect(STANDARD);
    await redis.ping();
    const poller = await caches.client.redis.beginFlushCache(GROUP, "mcp-redis", quick);
    await azure.advance(61);
    await poller.pollUntilDone();

    expect(await redis.dbsize()).toBe(0);
  });
});
