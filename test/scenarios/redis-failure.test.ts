import { ServiceClient } from "../../local/stack/service-client.js";
import { withRedis } from "../simulator/caches.js";
import {
  freshPeriod,
  startBackupStack,
  startWithCache,
  type BackupStack,
} from "../support/backup-stack.js";
import { sampleEstate } from "../support/estates.js";
import { everyBlob } from "../support/every-blob.js";
import { actsOn } from "../support/recovery-run.js";
import {
  cacheInUse,
  cacheOf,
  endedWithPeople,
  failBack,
  recoverCache,
} from "../support/redis-recoveries.js";

/** Real time: hundreds of looks, each over a connection of its own. */
const limit = 300_000;

describe("a Premium cache with a geo-replica, from alert to report", () => {
  let world: BackupStack;
  const log: string[] = [];

  beforeAll(async () => {
    world = await startBackupStack({ onLog: (_from, line) => log.push(line) });
  });
  afterAll(() => world.stop());
  beforeEach(() => freshPeriod(world));

  withRedis(
    "comes back by a reboot of its primary node",
    async () => {
      const { stack } = world;
      const cache = cacheOf(stack);
      await stack.simulator.fault({ name: "redis-down", resource: cache });
      const record = await recoverCache(stack, cache);

      expect(record).toMatchObject({ outcome: "restored", withinRto: { scenario: true } });
      expect(actsOn(await stack.simulator.log(0, true))).toEqual(["redis.forceReboot"]);
    },
    limit,
  );

  withRedis(
    "fails, fails again on the other side, comes home, and fails once more",
    async () => {
      const { stack } = world;
      const [primary, secondary] = [cacheOf(stack), cacheOf(stack, "secondary")];
      const down = "redis-reboot-does-not-help";
      const first = await stack.simulator.fault({ name: down, resource: primary });
      const toReplica = await recoverCache(stack, primary);

      expect(toReplica).toMatchObject({ outcome: "failed-over", withinRto: { scenario: true } });
      expect(await cacheInUse(world)).toBe(secondary);

      const backup = await world.backUp("redis");
      expect(backup.steps[0]?.detail).toContain("mcp-redis-prod-dr");

      await stack.simulator.advance(3_600);
      const second = await stack.simulator.fault({ name: down, resource: secondary });
      const stale = await recoverCache(stack, primary);
      expect(stale.outcome).toBe("not-needed");
      const toNew = await recoverCache(stack, secondary);

      expect(toNew).toMatchObject({ outcome: "failed-over", withinRto: { scenario: true } });
      const made = await cacheInUse(world);
      expect(made).toMatch(/redisEnterprise\/mcp-redis-prod-dr-[0-9a-f]{6}$/);

      await stack.simulator.advance(1_800);
      const ofNew = await world.backUp("redis");
      expect(ofNew.steps[0]?.detail).toContain("which a recovery made");
      expect(await world.protection("redis")).toMatchObject({
        newest: { side: "recovery", resource: made },
      });

      await stack.simulator.removeFault(first);
      await stack.simulator.removeFault(second);
      const home = await failBack(stack);

      expect(home).toMatchObject({ outcome: "failed-back", findings: [] });
      expect(await cacheInUse(world)).toBe(primary);

      await stack.simulator.advance(24 * 3_600);
      await stack.simulator.fault({ name: down, resource: primary });
      const again = await recoverCache(stack, primary);
      expect(again).toMatchObject({ outcome: "failed-over", withinRto: { scenario: true } });
      expect(await cacheInUse(world)).toBe(secondary);
    },
    limit,
  );

  withRedis(
    "gets another primary key, and nobody is locked out; no key is left behind anywhere",
    async () => {
      const { stack } = world;
      const order = { scenario: "redis-key-rotation", environment: "production", reason: "a leak" };
      const service = new ServiceClient(stack.host, { "x-operator": "olga" });
      const before = await world.azure.cacheChanges.keys(cacheOf(stack));
      const answer = await service.call("POST", "/api/recoveries", JSON.stringify(order));
      const { id } = answer.json as { id: string };
      const record = await endedWithPeople(stack, id);
      const after = await world.azure.cacheChanges.keys(cacheOf(stack));

      expect(record.outcome).toBe("restored");
      expect(after.primary).not.toBe(before.primary);
      expect(after.secondary).toBe(before.secondary);
      const history = await service.call(
        "GET",
        `/runtime/webhooks/durabletask/instances/${id}?showHistory=true&showHistoryOutput=true&showInput=true`,
      );
      const left = [log.join("\n"), history.text, JSON.stringify(record), ...everyBlob(stack)];
      expect(history.text).toContain("regenerateKey");
      for (const key of [before.primary, after.primary, after.secondary]) {
        expect(left.filter((text) => text.includes(key))).toEqual([]);
      }
    },
    limit,
  );
});

describe("an Azure Managed Redis in a group, from alert to report", () => {
  let world: BackupStack;

  beforeAll(async () => {
    const { primary } = sampleEstate().environments.production!.redis;
    const id = primary.replace(/redis\/[^/]+$/, "redisEnterprise/mcp-managed-prod");
    const secondary = `${id.replace("mcp-server-prod", "mcp-server-prod-dr")}-dr`;
    world = await startWithCache({ tier: "Managed", primary: id, secondary });
  });
  afterAll(() => world.stop());

  withRedis(
    "gives way to the other member, which has its keys, and comes home",
    async () => {
      const { stack } = world;
      await freshPeriod(world);
      const [primary, secondary] = [cacheOf(stack), cacheOf(stack, "secondary")];
      const fault = await stack.simulator.fault({ name: "redis-down", resource: primary });
      const away = await recoverCache(stack, primary);
      const used = await cacheInUse(world);
      await stack.simulator.removeFault(fault);
      const home = await failBack(stack);

      expect(away).toMatchObject({
        outcome: "failed-over",
        withinRto: { scenario: true },
        approvals: [],
        dataLoss: "its keys are those of the group",
      });
      expect(used).toBe(secondary);
      expect(home).toMatchObject({ outcome: "failed-back", approvals: [], findings: [] });
      expect(await cacheInUse(world)).toBe(primary);
    },
    limit,
  );
});
