import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  blobUrl,
  cacheId,
  type Caches,
  cachesOf,
  IDENTITY,
  outcome,
  readBlob,
  seedWith,
  withRedis,
} from "./caches.js";
import { GROUP } from "./names.js";
import { type SimulatorProcess, startSimulatorProcess } from "./simulator-process.js";

let azure: SimulatorProcess;
let caches: Caches;
let folder: string;

const STANDARD = cacheId("mcp-redis");
const PREMIUM = cacheId("mcp-premium");
const EMPTY = cacheId("mcp-empty");
const CLUSTERED = cacheId("mcp-clustered");
const STRANGER = cacheId("mcp-stranger");
const data = { keys: 100, bytes: 32 };
const identity = { type: "UserAssigned" as const, userAssignedIdentities: { [IDENTITY]: {} } };
const common = { location: "eastus", sku: "Premium_P1" };
const quick = { updateIntervalInMs: 1 };
const PREFIX = "redis-backup-20261125";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simulator-archives-"));
  const seed = seedWith({
    redisCaches: [
      { id: STANDARD, location: "eastus", sku: "Standard_C1", data },
      { id: PREMIUM, ...common, data, identity },
      { id: EMPTY, ...common },
      { id: CLUSTERED, ...common, shards: 2, data },
      // An identity that no role assignment names.
      { id: STRANGER, ...common, data, identity: { type: "SystemAssigned" } },
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

const nameOf = (id: string): string => id.split("/").at(-1) ?? "";

/** Exports in simulated time and says how it ended. */
const exportTo = async (id: string, container: string, more: object = {}): Promise<unknown> => {
  const poller = await caches.client.redis.beginExportData(
    GROUP,
    nameOf(id),
    { prefix: PREFIX, container, ...more },
    quick,
  );
  await azure.advance(91);
  return outcome(poller.pollUntilDone().then(() => "done"));
};

/** The same for an import. */
const importFrom = async (
  id: string,
  files: readonly string[],
  more: object = {},
): Promise<unknown> => {
  const poller = await caches.client.redis.beginImportData(
    GROUP,
    nameOf(id),
    { files: [...files], ...more },
    quick,
  );
  await azure.advance(181);
  return outcome(poller.pollUntilDone().then(() => "done"));
};

const read = (url: string) => readBlob(url, azure.agent);

const write = async (url: string, bytes: Buffer): Promise<void> => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    request(
      url,
      {
        method: "PUT",
        agent: azure.agent,
        headers: { "x-ms-blob-type": "BlockBlob", "content-length": bytes.length },
      },
      (incoming) => {
        incoming.resume();
        resolve(incoming.statusCode);
      },
    )
      .on("error", reject)
      .end(bytes);
  });
  expect(status).toBe(201);
};

describe("an export", () => {
  withRedis("is a real RDB file in a page blob of the given name", async () => {
    const container = await caches.containerUrl("mcpexports", "redis-backups");
    const redis = await caches.connect(PREMIUM);

    const ended = await exportTo(PREMIUM, container);
    const { type, bytes } = await read(blobUrl(container, PREFIX));
    const end = bytes.subarray(0, bytes.length - trailingZeros(bytes));

    expect(ended).toBe("done");
    expect(type).toBe("PageBlob");
    expect(bytes.length % 512).toBe(0);
    expect(bytes.subarray(0, 5).toString()).toBe("REDIS");
    // The mark of the end, and behind it the checksum, which may itself end in zeros.
    expect(end.lastIndexOf(0xff)).toBeGreaterThanOrEqual(end.length - 9);
    expect(await redis.ping()).toBe("PONG");
  });

  withRedis("ends no earlier than Azure does, and refuses another one meanwhile", async () => {
    const container = await caches.containerUrl("mcpexports", "redis-backups");
    const begin = () =>
      caches.client.redis.beginExportData(
        GROUP,
        "mcp-premium",
        { prefix: PREFIX, container },
        quick,
      );

    const poller = await begin();
    await azure.advance(60);
    await poller.poll();
    const early = poller.isDone();
    const second = await outcome(begin());
    await azure.advance(31);
    await poller.pollUntilDone();

    expect(early).toBe(false);
    expect(second).toContain("busy processing a previous update request");
  });

  withRedis("of a cluster is one blob for each shard", async () => {
    const container = await caches.containerUrl("mcpexports", "redis-backups");

    await exportTo(CLUSTERED, container);
    const shards = await Promise.all(
      ["_c0", "_c1"].map((shard) => read(blobUrl(container, PREFIX + shard))),
    );
    const files = ["_c0", "_c1"].map((shard) => blobUrl(container, PREFIX + shard));
    const ended = await importFrom(EMPTY, files);

    expect(shards.map(({ bytes }) => bytes.subarray(0, 5).toString())).toEqual(["REDIS", "REDIS"]);
    expect(ended).toBe("done");
    expect(await (await caches.connect(EMPTY)).dbsize()).toBe(100);
  });

  withRedis("by managed identity needs the identity and its role", async () => {
    const container = await caches.containerUrl("mcpexports", "redis-backups");
    const bare = container.replace(/\?.*/, "");
    const by = { preferredDataArchiveAuthMethod: "ManagedIdentity" };

    const allowed = await exportTo(PREMIUM, bare, by);
    const forbidden = await exportTo(STRANGER, bare, by);
    const without = outcome(exportTo(EMPTY, bare, by));

    expect(allowed).toBe("done");
    expect(forbidden).toContain("403");
    expect(await without).toContain("has no managed identity");
    expect((await read(blobUrl(container, PREFIX))).type).toBe("PageBlob");
  });

  withRedis("fails where the storage is not as Azure wants it", async () => {
    const [near, far, short] = await Promise.all([
      caches.containerUrl("mcpexports", "redis-backups"),
      caches.containerUrl("mcpfarexports", "redis-backups"),
      caches.containerUrl("mcpexports", "other", 0.5),
    ]);

    expect(await exportTo(PREMIUM, far)).toContain("is in westus, not in eastus");
    expect(await exportTo(PREMIUM, short)).toContain("must be valid for an hour");
    expect(await exportTo(PREMIUM, near.replace(/\?.*/, ""))).toContain("has no SAS");
    expect(await exportTo(PREMIUM, near.replace("redis-backups", "none"))).toContain("403");
    expect(await exportTo(PREMIUM, near.replace("mcpexports", "none"))).toContain(
      "there is no storage account",
    );
  });

  it("is for Premium caches only", async () => {
    const asked = { prefix: PREFIX, container: "https://mcpexports.blob.core.windows.net/a" };

    await expect(
      caches.client.redis.beginExportData(GROUP, "mcp-redis", asked),
    ).rejects.toMatchObject({
      statusCode: 400,
      message: expect.stringContaining("only available for the Premium SKU") as string,
    });
  });

  withRedis("may fail, and may be done although nobody heard of it", async () => {
    const container = await caches.containerUrl("mcpexports", "redis-backups");
    await caches.order({ name: "export-failed", times: 1 });
    const failed = await exportTo(PREMIUM, container);
    await caches.order({
      name: "lost-answer",
      match: { operation: "redis.exportData" },
      times: 1,
    });
    const lost = await outcome(exportTo(PREMIUM, container));
    await azure.advance(91);

    expect(failed).toContain("The operation failed");
    expect(lost).not.toBe("done");
    expect((await read(blobUrl(container, PREFIX))).type).toBe("PageBlob");
  });
});

describe("an import", () => {
  /** A container with an export of the Premium cache in it. */
  const exported = async (): Promise<{ container: string; file: string }> => {
    const container = await caches.containerUrl("mcpexports", "redis-backups");
    expect(await exportTo(PREMIUM, container)).toBe("done");
    return { container, file: blobUrl(container, PREFIX) };
  };

  withRedis("replaces everything and keeps times to live and databases", async () => {
    const before = await caches.connect(PREMIUM);
    const third = await caches.connect(PREMIUM, { db: 3 });
    await Promise.all([before.set("a", "1", "EX", 5000), third.set("b", "2")]);
    const { file } = await exported();
    await before.flushall();
    await before.set("later", "1");
    const broken = once(before, "close");

    const ending = importFrom(PREMIUM, [file]);
    await broken;
    const ended = await ending;
    const after = await caches.connect(PREMIUM);

    expect(ended).toBe("done");
    expect(await after.dbsize()).toBe(101);
    expect(await after.ttl("a")).toBeGreaterThan(4900);
    expect(await after.exists("later")).toBe(0);
    expect(await (await caches.connect(PREMIUM, { db: 3 })).get("b")).toBe("2");
  });

  withRedis("serves nobody until it has ended", async () => {
    const { file } = await exported();

    await caches.client.redis.beginImportData(GROUP, "mcp-premium", { files: [file] });
    const during = await outcome((await caches.connect(PREMIUM)).ping());
    await azure.advance(181);
    const after = await (await caches.connect(PREMIUM)).ping();

    expect(during).not.toBe("PONG");
    expect(after).toBe("PONG");
  });

  withRedis("notices damage by the checksum, and leaves the cache as it was", async () => {
    const { container, file } = await exported();
    const { bytes } = await read(file);
    const damaged = Buffer.from(bytes);
    damaged[200] = (damaged[200] ?? 0) ^ 1;
    await write(blobUrl(container, "damaged"), damaged);
    await write(blobUrl(container, "cut"), bytes.subarray(0, 600));
    const redis = await caches.connect(EMPTY);
    await redis.set("kept", "1");

    const ended = await importFrom(EMPTY, [blobUrl(container, "damaged")]);
    const cut = await importFrom(EMPTY, [blobUrl(container, "cut")]);
    const missing = await importFrom(EMPTY, [blobUrl(container, "none")]);

    expect(ended).toContain("The operation failed");
    expect(cut).toContain("The operation failed");
    expect(missing).toContain("404");
    expect(await (await caches.connect(EMPTY)).keys("*")).toEqual(["kept"]);
  });

  withRedis("may fail after the old data is gone", async () => {
    const { file } = await exported();
    await caches.order({ name: "import-failed", times: 1 });

    const ended = await importFrom(PREMIUM, [file]);

    expect(ended).toContain("could not be loaded");
    expect(await (await caches.connect(PREMIUM)).dbsize()).toBe(0);
  });

  it("is for Premium caches only", async () => {
    await expect(
      caches.client.redis.beginImportData(GROUP, "mcp-redis", { files: ["https://a.example/b"] }),
    ).rejects.toMatchObject({ statusCode: 400 });
  });
});

function trailingZeros(bytes: Buffer): number {
  let count = 0;
  while (bytes[bytes.length - 1 - count] === 0) count += 1;
  return count;
}
