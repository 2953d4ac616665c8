import { backupRunId, periodOf, pruningRunId } from "../../src/domain/backup-schedule.js";
import { scheduleOf } from "../../src/domain/backup-order.js";
import { hours } from "../../src/domain/duration.js";
import { EnvironmentName } from "../../src/domain/environment-name.js";
import { environmentOf } from "../../src/domain/estate.js";
import { instantOf, type Instant } from "../../src/domain/instant.js";
import { startBackupStack, type BackupStack } from "../support/backup-stack.js";
import { ended, productionOf } from "../support/recovery-run.js";

const kind = "key-vault";

describe("the timer of backups", () => {
  let world: BackupStack;

  beforeAll(async () => {
    world = await startBackupStack({
      settings: { "AzureWebJobs.startBackups.Disabled": "false" },
    });
  });
  afterAll(() => world.stop());

  const now = async (): Promise<Instant> => instantOf(await world.stack.simulator.now());
  /** The run of the present period, once the timer has started it. */
  const runOf = async (environment: EnvironmentName): Promise<string> => {
    const { interval } = scheduleOf(environmentOf(world.stack.estate, environment), kind);
    return backupRunId(kind, environment, periodOf(await now(), interval));
  };
  const started = async (run: string): Promise<void> => {
    const giveUpAt = performance.now() + 15_000;
    while ((await world.service.call("GET", `/api/recoveries/${run}`)).status !== 200) {
      if (performance.now() > giveUpAt) throw new Error(`the timer did not start ${run}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const backedUp = async (environment: EnvironmentName) => {
    const run = await runOf(environment);
    await started(run);
    return ended(world.stack, run);
  };

  /** A skip of the clock would cut into what is under way, and make it days old. */
  const nothingRuns = async (): Promise<void> => {
    const giveUpAt = performance.now() + 30_000;
    for (;;) {
      const { json } = await world.service.call("GET", "/api/recoveries?top=1");
      const { running } = json as { running: readonly { id: string }[] };
      if (running.length === 0) return;
      if (performance.now() > giveUpAt) throw new Error(`${running[0]?.id ?? ""} did not end`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  it("backs up every environment, and later only what has changed", async () => {
    await world.stack.simulator.advance(300);
    for (const environment of EnvironmentName.options) {
      const record = await backedUp(environment);
      expect(record).toMatchObject({
        environment,
        trigger: { kind: "timer" },
        outcome: expect.stringMatching(/^passed/) as unknown,
      });
    }
    const first = await world.latest(kind);

    await world.stack.simulator.advance(1_800);
    await backedUp("production");

    const second = await world.latest(kind);
    if (first?.kind !== "usable" || second?.kind !== "usable") throw new Error("no usable set");
    expect(second.manifest).toMatchObject({ scope: "interval", count: 4 });
    expect(second.manifest.references).toHaveLength(1);
    expect(first.set).toContain(second.manifest.references[0]);
    expect(second.manifest.items.map(({ blob }) => blob)).toEqual(
      first.manifest.items.map(({ blob }) => blob),
    );
  }, 60_000);

  it("makes a full set at night, and has what nothing needs any more pruned", async () => {
    const { primary: source } = productionOf(world.stack).keyVault;
    const sets = () => world.sets.sets({ kind, environment: "production", source });
    const before = await sets();
    const midnight = Date.parse(`${(await now()).slice(0, 10)}T00:00:00Z`) + hours(24);
    const toMidnight = (midnight - Date.parse(await now())) / 1_000;
    await world.stack.simulator.advance(Math.ceil(toMidnight) + 1);
    const nightly = await backedUp("production");
    expect(nightly.outcome).toBe("passed");
    const full = await world.latest(kind);
    expect(full).toMatchObject({ manifest: { scope: "full", references: [] } });

    await nothingRuns();
    await world.stack.simulator.advance(hours(60) / 1_000);
    await backedUp("production");
    await nothingRuns();
    const pruning = pruningRunId("production", await now());
    await started(pruning);
    const record = await ended(world.stack, pruning);

    expect(record).toMatchObject({
      outcome: "passed",
      findings: [],
      title: "Pruning of backups",
    });
    const left = await sets();
    const [interval, firstFull] = before;
    expect(left).not.toContain(interval);
    expect(left).toContain(firstFull);
    expect(left).toContain(full?.set);
  }, 60_000);
});
