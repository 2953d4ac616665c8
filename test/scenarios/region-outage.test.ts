import { cacheAlert, endpointAlert } from "../../local/stack/alert.js";
import type { RunView } from "../../local/stack/service-client.js";
import type { Environment } from "../../src/domain/estate.js";
import { freshPeriod, startBackupStack, type BackupStack } from "../support/backup-stack.js";
import { ended, productionOf, reached } from "../support/recovery-run.js";

// Runs of several hundred steps, on a machine that others use as well.
jest.setTimeout(120_000);

const endpointChange = "trafficManagerEndpoints.update";
const unlink = "linkedServer.delete";

describe("a whole region is away", () => {
  let backup: BackupStack;

  beforeAll(async () => {
    backup = await startBackupStack({ settings: { CALL_TIME_LIMIT_SECONDS: "2" } });
  });
  afterAll(() => backup.stop());

  const production = (): Environment => productionOf(backup.stack);
  const last = async (): Promise<number> => (await backup.stack.simulator.log()).at(-1)?.n ?? 0;
  /** As after a night: there are verified sets of what is kept in files. */
  async function backedUp(): Promise<number> {
    await freshPeriod(backup);
    await backup.backUp("key-vault");
    await backup.backUp("blobs");
    return last();
  }
  /** Four minutes later Traffic Manager's alert comes; gives the run. */
  async function alerted(): Promise<string> {
    await backup.stack.simulator.advance(240);
    const { profile } = production().trafficManager!;
    const alert = endpointAlert(profile, await backup.stack.simulator.now());
    const { run, reason } = await backup.service.postAlert(alert);
    if (run === undefined) throw new Error(`nothing was started: ${reason}`);
    return run;
  }
  const regionDown = () =>
    backup.stack.simulator.fault({ name: "region-down", region: production().primaryRegion });
  async function approve(run: string): Promise<RunView> {
    const view = await reached(
      backup.stack,
      run,
      ({ checkpoint, status }) => status !== "running" || checkpoint?.waitingFor === "approval",
      60_000,
    );
    const asked = view.checkpoint?.approvals.find(({ status }) => status === "open");
    const answer = { nonce: asked?.nonce ?? "", decision: "approve", reason: "a test" };
    await backup.service.say(run, "approval", answer);
    return view;
  }
  /** What was done to endpoints and links, in its order: which endpoint, and what became of it. */
  async function acts(since: number): Promise<readonly string[]> {
    const entries = await backup.stack.simulator.log(since, true);
    return entries.flatMap(({ operation, effect }) =>
      operation === endpointChange || operation === unlink
        ? [`${effect?.resource.split("/").at(-1) ?? ""} ${effect?.detail ?? effect?.kind ?? ""}`]
        : [],
    );
  }
  /** Endpoints are switched on before others are switched off, so one is on at any time. */
  function leastEnabled(done: readonly string[]): number {
    const on = new Set(["eastus"]);
    let least = on.size;
    for (const act of done) {
      const [name = "", status] = act.split(" ");
      if (status === "Enabled") on.add(name);
      if (status === "Disabled") on.delete(name);
      least = Math.min(least, on.size);
    }
    return least;
  }
  const unlinks = (done: readonly string[]): number =>
    done.filter((act) => !/^(eastus|westus) /.test(act)).length;

  it("is left after one approval; users are led to the other one, which has its own data", async () => {
    const since = await backedUp();
    await regionDown();
    const run = await alerted();

    await approve(run);
    const record = await ended(backup.stack, run, 60_000);

    expect(record).toMatchObject({
      outcome: "failed-over",
      findings: [
        // The workspace stands in the region that is away.
        expect.stringMatching(/^recovery checklist, Application Insights errors: timed-out: /),
        expect.stringMatching(/^recovery checklist, Cost tracking: timed-out: /),
        // It warns, and makes nothing worse.
        expect.stringMatching(/^readiness: never evaluated/),
      ],
    });
    expect(record.withinRto).toEqual({ scenario: true, environment: true });
    expect(record.approvals).toMatchObject([{ step: "move-region", status: "approved" }]);
    const done = await acts(since);
    expect(done.slice(-2)).toEqual(["westus Enabled", "eastus Disabled"]);
    expect(leastEnabled(done)).toBe(1);
    expect(unlinks(done)).toBe(1);
    expect(record.steps.find(({ id }) => id === "prove-app")?.detail).toContain("was read back");
  });

  it.each(process.env["TEST_ALL"] === "1" ? [unlink, endpointChange] : [endpointChange])(
    "is left by the next host, where the first is killed after %s",
    async (operation) => {
      const { stack } = backup;
      const since = await backedUp();
      await regionDown();
      const run = await alerted();
      await stack.simulator.fault({ name: "hold-answer", times: 1, match: { operation } });
      await approve(run);

      const [held] = await stack.simulator.held(30_000);
      expect(held?.entry.operation).toBe(operation);
      await stack.killHost();
      await stack.startHost();
      const record = await ended(stack, run, 60_000);

      expect(record.outcome).toBe("failed-over");
      const done = await acts(since);
      expect(done.filter((act) => /^(eastus|westus)/.test(act))).toEqual([
        "westus Enabled",
        "eastus Disabled",
      ]);
      expect(leastEnabled(done)).toBe(1);
      expect(unlinks(done)).toBe(1);
    },
  );

  it("takes a recovery of the cache that is under way out of its hands", async () => {
    const { simulator } = backup.stack;
    const since = await backedUp();
    const { primary, secondary = "" } = production().redis;
    for (const resource of [primary, secondary]) {
      await simulator.fault({ name: "redis-reboot-does-not-help", resource });
    }
    await simulator.advance(120);
    const making = {
      name: "hold-answer",
      times: 1,
      match: { operation: "redisEnterprise.create" },
    };
    await simulator.fault(making);
    const first = await backup.service.postAlert(cacheAlert(primary, await simulator.now()));
    const cacheRun = first.run ?? "";
    const [held] = await simulator.held(60_000);
    if (held === undefined) throw new Error("no cache was made");
    await regionDown();
    const run = await alerted();
    await simulator.decide(held.id, "release");
    await approve(run);

    const [record, gaveWay] = await Promise.all([
      ended(backup.stack, run, 90_000),
      ended(backup.stack, cacheRun, 90_000),
    ]);

    expect(gaveWay.outcome).toBe("superseded");
    expect(gaveWay.reason).toContain("region-outage");
    // The cache that was made is empty, so sessions are gone, and the checklist says so.
    expect(record.outcome).toBe("restored-with-findings");
    expect(record.findings.join()).toContain("Chat end to end: failed");
    expect(leastEnabled(await acts(since))).toBe(1);
  });

  it("is waited for by nobody where calls to it hang instead of failing", async () => {
    await backedUp();
    await backup.stack.simulator.fault({
      ...{ name: "region-down", region: production().primaryRegion, planes: ["data", "dns"] },
    });
    const run = await alerted();
    await backup.stack.simulator.fault({ name: "hang", region: production().primaryRegion });

    await approve(run);
    const record = await ended(backup.stack, run, 90_000);

    expect(record.outcome).toBe("failed-over");
    expect(record.withinRto.scenario).toBe(true);
    // Two looks at the region, one at the lost account, one back: none takes longer than one call may.
    const took = (id: string): number => {
      const { startedAt = "", endedAt = "" } = record.steps.find((one) => one.id === id) ?? {};
      return Date.parse(endedAt) - Date.parse(startedAt);
    };
    expect(took("confirm")).toBeLessThan(30_000);
    expect(took("find-users")).toBeLessThan(10_000);
    expect(took("look-back")).toBeLessThan(10_000);
  });
});
