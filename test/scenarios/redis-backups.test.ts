import { freshPeriod, startBackupStack, type BackupStack } from "../support/backup-stack.js";
import { withRedis } from "../simulator/caches.js";

const kind = "redis";

describe("a cache of the Premium tier, backed up and restored", () => {
  let world: BackupStack;

  beforeAll(async () => {
    world = await startBackupStack();
  });
  afterAll(() => world.stop());
  beforeEach(() => freshPeriod(world));

  withRedis("is exported, and its export proven in the recovery region", async () => {
    const record = await world.backUp(kind);

    console.log(JSON.stringify(record, null, 1));
    expect({ outcome: record.outcome, findings: record.findings }).toEqual({
      outcome: "passed",
      findings: [],
    });
  }, 120_000);
});
