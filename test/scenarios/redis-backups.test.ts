import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import {
  freshPeriod,
  startBackupStack,
  startWithCache,
  type BackupStack,
} from "../support/backup-stack.js";
import { sampleEstate } from "../support/estates.js";
import { ended, productionOf, reached } from "../support/recovery-run.js";
import { withRedis } from "../simulator/caches.js";

const kind = "redis";
const limit = 120_000;
const clients: Redis[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});

/** A client of a cache, as the app is one. */
async function clientOf(world: BackupStack, id: string): Promise<Redis> {
  const [view, password] = await Promise.all([
    world.azure.redisCaches.cache(id),
    world.azure.redisCaches.key(id),
  ]);
  const { host, port } = view!;
  const ca = readFileSync(world.stack.simulatorReady.env["NODE_EXTRA_CA_CERTS"] ?? "", "utf8");
  const client = new Redis({
    host,
    port,
    password,
    tls: { ca, servername: host },
    retryStrategy: () => null,
  });
  client.on("error", () => undefined);
  clients.push(client);
  return client;
}

const cacheOf = (world: BackupStack, side: "primary" | "secondary" = "primary"): string =>
  productionOf(world.stack).redis[side] ?? "";

const told = ({
  outcome,
  findings,
  reason,
}: {
  outcome: string;
  findings: readonly string[];
  reason: string;
}) => ({ outcome, findings, reason });

/** Orders a restore that has to be approved, and approves it. */
async function approvedRestore(world: BackupStack, wish: Readonly<Record<string, unknown>>) {
  const order = await world.post("restores", { kind, from: "latest", reason: "a test", ...wish });
  const { id } = order.json as { id: string };
  const asked = await reached(
    world.stack,
    id,
    ({ checkpoint }) => checkpoint?.waitingFor === "approval",
  );
  const nonce = asked.checkpoint?.approvals[0]?.nonce;
  const second = { "x-operator": "otto" };
  await world.service.say(id, "approval", { nonce, decision: "approve", reason: "seen" }, second);
  return ended(world.stack, id, 60_000);
}

describe("a cache of the Premium tier, backed up and restored", () => {
  let world: BackupStack;

  beforeAll(async () => {
    world = await startBackupStack();
  });
  afterAll(() => world.stop());
  beforeEach(() => freshPeriod(world));

  withRedis(
    "is exported, and its export proven in the recovery region",
    async () => {
      const record = await world.backUp(kind);

      expect(told(record)).toEqual({
        outcome: "passed",
        findings: [],
        reason: expect.stringMatching(
          /^an export of 1 files, \d+ bytes, is copied and verified$/,
        ) as string,
      });
      expect(await world.protection(kind)).toMatchObject({
        status: "protected",
        newest: { count: 1 },
      });
      expect(await world.azure.redisCaches.windows(cacheOf(world))).toEqual([
        { day: "Sunday", startHour: 7, hours: 5 },
      ]);
      const { storage } = productionOf(world.stack);
      const account = await world.azure.storageAccounts.account(storage.primary);
      const staging = { endpoint: account?.blobEndpoint ?? "", container: "redis-backups" };
      expect(await world.azure.cacheFiles.list(staging, "")).toEqual([]);
    },
    limit,
  );

  withRedis(
    "is exported with a SAS where its own identity may not write",
    async () => {
      const fault = { name: "export-failed", resource: cacheOf(world), times: 1 };
      await world.stack.simulator.fault(fault);
      const record = await world.backUp(kind);

      expect(record.outcome).toBe("passed-with-findings");
      expect(record.findings).toEqual([
        expect.stringMatching(/^the cache cannot export with its own identity: the export failed/),
      ]);
      expect(record.steps.map(({ id }) => id)).toContain("export-with-sas");
    },
    limit,
  );

  withRedis(
    "takes its export back over what it holds, when a second person has approved it",
    async () => {
      await world.backUp(kind);
      const client = await clientOf(world, cacheOf(world));
      const before = await client.dbsize();
      await client.flushall();
      await client.set("newer", "than the export");

      const refused = await world.restore(kind);
      const plan = await world.restore(kind, { overwrite: true, mode: "plan" });
      const still = await client.get("newer");
      const record = await approvedRestore(world, { overwrite: true });
      const after = await clientOf(world, cacheOf(world));

      expect(refused).toMatchObject({
        outcome: "failed",
        reason: expect.stringMatching(/^would-overwrite: mcp-redis-prod holds 1 keys/) as string,
      });
      expect(plan).toMatchObject({ outcome: "planned" });
      expect(plan.plan?.changes.map(({ detail }) => detail).join()).toContain(
        "would import 1 files",
      );
      expect(still).toBe("than the export");
      expect(told(record)).toEqual({
        outcome: "passed",
        findings: [],
        reason: `${before} keys were imported into mcp-redis-prod`,
      });
      expect(await after.dbsize()).toBe(before);
      expect(await after.exists("newer")).toBe(0);
    },
    limit,
  );

  withRedis(
    "is not imported by halves, nor into a tier that imports nothing",
    async () => {
      await world.backUp(kind);
      const some = await world.restore(kind, { items: ["session:*"] });

      expect(some.reason).toBe(
        "whole-export: an export is imported as a whole; leave the items out",
      );
    },
    limit,
  );
});

describe("an Azure Managed Redis, backed up and restored", () => {
  let world: BackupStack;

  beforeAll(async () => {
    const { primary } = sampleEstate().environments.production!.redis;
    const id = primary.replace(/redis\/[^/]+$/, "redisEnterprise/mcp-managed-prod");
    const secondary = id.replace("mcp-server-prod", "mcp-server-prod-dr") + "-dr";
    world = await startWithCache({ tier: "Managed", primary: id, secondary });
  });
  afterAll(() => world.stop());
  beforeEach(() => freshPeriod(world));

  withRedis(
    "is exported into a container of its own, which goes when its copy is proven",
    async () => {
      const record = await world.backUp(kind);
      const set = await world.latest(kind);
      const { storage } = productionOf(world.stack);
      const account = await world.azure.storageAccounts.account(storage.primary);
      const container = record.steps
        .map(({ detail }) => /redis-backups-\w+-\w+/.exec(detail)?.[0])
        .find((found) => found !== undefined);
      const staging = { endpoint: account?.blobEndpoint ?? "", container: container ?? "" };

      expect(told(record)).toMatchObject({ outcome: "passed", findings: [] });
      expect(container).toBeDefined();
      expect(await world.azure.blobCopies.page(staging)).toBeUndefined();
      expect(set).toMatchObject({ kind: "usable", manifest: { facts: { format: "rdb.gz" } } });
    },
    limit,
  );
});

describe("a cache of the Standard tier, backed up and restored", () => {
  let world: BackupStack;

  beforeAll(async () => {
    world = await startWithCache({ tier: "Standard" });
  });
  afterAll(() => world.stop());
  beforeEach(() => freshPeriod(world));

  withRedis(
    "is copied key by key, and gives lost keys back, by prefix",
    async () => {
      const client = await clientOf(world, cacheOf(world));
      await client.set("rate:contoso", "7", "PX", 86_400_000);
      await client.select(3);
      await client.set("other", "database");
      await client.select(0);
      const keys = await client.dbsize();
      const record = await world.backUp(kind);
      await client.del("rate:contoso");
      const plan = await world.restore(kind, { items: ["rate:*"], mode: "plan" });
      const planned = await client.exists("rate:contoso");
      const restored = await world.restore(kind, { items: ["rate:*", "no-such-key"] });

      expect(told(record)).toEqual({
        outcome: "passed",
        findings: [],
        reason: `${keys + 1} keys are backed up and verified`,
      });
      expect(await world.protection(kind)).toMatchObject({ status: "protected" });
      expect(plan.outcome).toBe("planned");
      expect(planned).toBe(0);
      expect(told(restored)).toEqual({
        outcome: "passed-with-findings",
        findings: ["the set holds no key no-such-key"],
        reason: "1 keys were put back, 0 were there as they are in the set, 0 have expired since",
      });
      expect(await client.get("rate:contoso")).toBe("7");
      expect(await client.pttl("rate:contoso")).toBeGreaterThan(1_000_000);
    },
    limit,
  );

  withRedis(
    "leaves what is newer alone, until it is told to overwrite it",
    async () => {
      const client = await clientOf(world, cacheOf(world));
      await client.mset("quota:a", "old", "quota:b", "same");
      await world.backUp(kind);
      await client.set("quota:a", "newer");
      const careful = await world.restore(kind, { items: ["quota:*"] });
      const kept = await client.get("quota:a");
      const whole = await world.restore(kind);
      const forced = await world.restore(kind, { overwrite: true });

      expect(careful.findings).toEqual([
        "1 keys were left as they are, because the cache has others of these names: quota:",
      ]);
      expect(kept).toBe("newer");
      expect(whole.reason).toMatch(/^would-overwrite: mcp-redis-prod holds \d+ keys/);
      expect(forced.outcome).toBe("passed");
      expect(await client.get("quota:a")).toBe("old");
    },
    limit,
  );

  withRedis(
    "goes whole into the other side's empty cache",
    async () => {
      const [from, to] = [
        await clientOf(world, cacheOf(world)),
        await clientOf(world, cacheOf(world, "secondary")),
      ];
      await world.backUp(kind);
      const record = await world.restore(kind, { target: cacheOf(world, "secondary") });

      expect(record.outcome).toBe("passed");
      expect(await to.dbsize()).toBe(await from.dbsize());
      expect(await to.exists("session:10")).toBe(1);
      expect(await to.dumpBuffer("session:10")).toEqual(await from.dumpBuffer("session:10"));
    },
    limit,
  );
});
