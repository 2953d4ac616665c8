import { storageAlert } from "../../local/stack/alert.js";
import { hostOf } from "../../src/domain/address.js";
import type { Environment } from "../../src/domain/estate.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { parseResourceId } from "../../src/domain/resource-id.js";
import { freshPeriod, startBackupStack, type BackupStack } from "../support/backup-stack.js";
import { actsOn, appIsHealthy, ended, productionOf } from "../support/recovery-run.js";

// Runs of several hundred steps, on a machine that others use as well.
jest.setTimeout(180_000);

describe("a storage account fails", () => {
  let backup: BackupStack;

  beforeAll(async () => {
    backup = await startBackupStack();
  });
  afterAll(() => backup.stop());
  beforeEach(() => freshPeriod(backup));

  const production = (): Environment => productionOf(backup.stack);
  const accounts = () => production().storage;
  const addressOf = (id: string): string =>
    `https://${parseResourceId(id)?.name ?? ""}.blob.core.windows.net`;
  const at = (id: string, name: string) => ({
    ...{ endpoint: addressOf(id), container: "branding", name },
  });
  const break_ = (id: string) =>
    backup.stack.simulator.fault({ name: "storage-unavailable", resource: id });

  /** Two minutes later Azure Monitor sends its alert; gives the run. */
  async function alerted(account: string): Promise<string> {
    await backup.stack.simulator.advance(120);
    const alert = storageAlert(account, await backup.stack.simulator.now());
    const { run, reason } = await backup.service.postAlert(alert);
    if (run === undefined) throw new Error(`nothing was started: ${reason}`);
    return run;
  }
  const recover = async (account = accounts().primary): Promise<RunRecord> =>
    ended(backup.stack, await alerted(account), 60_000);
  async function failBack(): Promise<RunRecord> {
    const wish = { resource: "storage", reason: "a test" };
    const { status, text, json } = await backup.post("failbacks", wish);
    if (status !== 202) throw new Error(`the failback was answered ${status}: ${text}`);
    return ended(backup.stack, (json as { id: string }).id, 60_000);
  }
  /** Where the app writes, and where the edge asks. */
  async function leads(): Promise<{ app: string; edge: readonly string[] }> {
    const seen = (await backup.azure.arm.get(production().containerApp.primary, "2026-07-01")) as {
      properties: { template: { containers: { env: { name: string; value?: string }[] }[] } };
    };
    const env = seen.properties.template.containers[0]?.env ?? [];
    const app = env.find(({ name }) => name === "STORAGE_ACCOUNT_URL")?.value ?? "";
    const place = production().frontDoor;
    if (place === undefined) throw new Error("the sample estate has no edge");
    const { origins = [] } = (await backup.azure.edges.edge(place)) ?? {};
    return { app: hostOf(app), edge: origins.map(({ hostName }) => hostName) };
  }
  const bothAt = (id: string) => ({ app: hostOf(addressOf(id)), edge: [hostOf(addressOf(id))] });

  it("is replaced by the standby, fails back with what was written, and is replaced again", async () => {
    const { primary, secondary = "" } = accounts();
    await backup.backUp("blobs");
    const fault = await break_(primary);
    const first = await recover();

    expect(first.outcome).toBe("failed-over");
    expect(first.withinRto).toEqual({ scenario: true, environment: true });
    expect(await leads()).toEqual(bothAt(secondary));
    expect(await appIsHealthy(backup.stack)).toBe(true);

    await backup.azure.anyBlob.write(at(secondary, "meanwhile.svg"), "written meanwhile");
    await backup.stack.simulator.removeFault(fault);
    await backup.stack.simulator.advance(60);
    const back = await failBack();

    expect(back.outcome).toBe("failed-back");
    expect(await leads()).toEqual(bothAt(primary));
    expect(await backup.azure.anyBlob.text(at(primary, "meanwhile.svg"))).toBe("written meanwhile");
    expect((await failBack()).outcome).toBe("not-needed");

    // Automatic runs of one scenario keep their distance.
    await backup.stack.simulator.advance(1_200);
    await break_(primary);
    const second = await recover();

    expect(second.outcome).toBe("failed-over");
    expect(await leads()).toEqual(bothAt(secondary));
  });

  it("has a new account in development, where none stands by", async () => {
    const { development } = backup.stack.estate.environments;
    const { primary } = development!.storage;
    const wish = { environment: "development", kinds: ["blobs"], reason: "a test" };
    const { json } = await backup.post("backups", wish);
    const [ordered] = (json as { backups: { id: string }[] }).backups;
    await ended(backup.stack, ordered?.id ?? "", 60_000);
    await break_(primary);

    const record = await recover(primary);

    expect(record.outcome).toBe("failed-over");
    expect(record.nextSteps[0]).toContain("storage.secondary");
    const effects = actsOn(await backup.stack.simulator.log(0, true));
    expect(effects.filter((name) => name === "storageAccounts.create")).toHaveLength(1);
    expect(effects).not.toContain("storageAccounts.failover");
  });

  /*
   * The host is killed after a change of Azure and before it hears of it: the simulator holds the answer
   * of the n-th change until the host is gone. `npm test` takes one, `test:all` each.
   */
  it.each(process.env["TEST_ALL"] === "1" ? [1, 2, 3, 4] : [2])(
    "ends the same way where the host is killed at the %d. change, and does nothing twice",
    async (nth) => {
      const { simulator } = backup.stack;
      await backup.backUp("blobs");
      await break_(accounts().primary);
      const since = (await simulator.log()).at(-1)?.n ?? 0;
      await simulator.fault({ name: "hold-answer", nth, match: { service: "arm" } });

      const run = await alerted(accounts().primary);
      const [held] = await simulator.held(30_000);
      if (held === undefined) throw new Error(`the ${nth}. change did not come`);
      await backup.stack.killHost();
      await backup.stack.startHost();
      const record = await ended(backup.stack, run, 60_000);

      expect({ after: held.entry.operation, outcome: record.outcome }).toEqual({
        ...{ after: held.entry.operation, outcome: "failed-over" },
      });
      const acts = actsOn(await simulator.log(since, true)).filter((name) =>
        /containerApps.update|afdOrigins|purge/.test(name),
      );
      expect(acts.filter((name) => name === "containerApps.update")).toHaveLength(1);
      expect(new Set(acts).size).toBe(acts.length);
      expect(await leads()).toEqual(bothAt(accounts().secondary ?? ""));
      expect(await appIsHealthy(backup.stack)).toBe(true);
    },
  );
});
