import { withRedis } from "../simulator/caches.js";
import { freshPeriod, startBackupStack, type BackupStack } from "../support/backup-stack.js";
import { actsOn } from "../support/recovery-run.js";
import { cacheOf, recoverCache } from "../support/redis-recoveries.js";

const limit = 120_000;

describe("a Premium cache with a geo-replica, from alert to report", () => {
  let world: BackupStack;

  beforeAll(async () => {
    world = await startBackupStack();
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
    "gives way to its geo-replica",
    async () => {
      const { stack } = world;
      const cache = cacheOf(stack);
      await stack.simulator.fault({ name: "redis-reboot-does-not-help", resource: cache });
      const record = await recoverCache(stack, cache);
      expect(record).toMatchObject({ outcome: "failed-over", withinRto: { scenario: true } });
    },
    limit,
  );
});
