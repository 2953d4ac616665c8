import { environmentOf } from "../../src/domain/estate.js";
import { withRedis } from "../simulator/caches.js";
import { freshPeriod, startBackupStack, type BackupStack } from "../support/backup-stack.js";
import { cacheOf, endedWithPeople, recoverCache } from "../support/redis-recoveries.js";

const limit = 300_000;
const down = "redis-reboot-does-not-help";

/** Azure takes as long as it may without being broken; the targets hold all the same. */
describe("a cache that fails on a bad day", () => {
  let world: BackupStack;

  beforeAll(async () => {
    world = await startBackupStack({ profile: "bad-day" });
  });
  afterAll(() => world.stop());
  beforeEach(() => freshPeriod(world));

  withRedis(
    "gives way to its geo-replica within half an hour",
    async () => {
      const { stack } = world;
      await stack.simulator.fault({ name: down, resource: cacheOf(stack) });
      const record = await recoverCache(stack, cacheOf(stack));

      expect(record).toMatchObject({
        outcome: "failed-over",
        withinRto: { scenario: true },
        approvals: [{ step: "unlink", status: "approved" }],
      });
    },
    limit,
  );

  withRedis(
    "of the Standard tier without a secondary is made anew and filled within the hour",
    async () => {
      const { stack } = world;
      const { redis, recoveryRegion: region } = environmentOf(stack.estate, "development");
      const order = { environment: "development", kinds: ["redis"], reason: "a test" };
      const { json } = await world.post("backups", order);
      const [backup] = (json as { backups: { id: string }[] }).backups;
      const set = await endedWithPeople(stack, backup?.id ?? "");
      await stack.simulator.fault({ name: down, resource: redis.primary });
      await stack.simulator.fault({ name: "cache-refused", region, kind: "managed" });
      const record = await recoverCache(stack, redis.primary);

      expect(set.outcome).toBe("passed");
      expect(record).toMatchObject({
        outcome: "failed-over",
        withinRto: { scenario: true, environment: true },
        dataLoss: expect.stringContaining("its keys are those of") as string,
        approvals: [],
      });
      expect(record.findings).toEqual([
        expect.stringMatching(/^no managed cache: creation-refused: BadRequest/) as string,
        expect.stringMatching(/^readiness: never evaluated/) as string,
      ]);
      expect(record.steps.find(({ id }) => id === "restore-keys")?.detail).toContain("2000 keys");
    },
    limit,
  );
});
