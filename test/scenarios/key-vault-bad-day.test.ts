import { vaultAlert } from "../../local/stack/alert.js";
import { freshPeriod, startBackupStack, type BackupStack } from "../support/backup-stack.js";
import { appIsHealthy, ended, productionOf } from "../support/recovery-run.js";

describe("a key vault fails while Azure takes as long as it may", () => {
  let backup: BackupStack;

  beforeAll(async () => {
    backup = await startBackupStack({ profile: "bad-day" });
  });
  afterAll(() => backup.stop());

  it("is gone with its standby: a new vault is made, filled and used within the target", async () => {
    const { stack, service } = backup;
    const { primary, secondary = "" } = productionOf(stack).keyVault;
    await freshPeriod(backup);
    await backup.backUp("key-vault");
    await stack.simulator.fault({ name: "vault-purged", resource: primary });
    await stack.simulator.fault({ name: "vault-purged", resource: secondary });

    const alert = vaultAlert(primary, await stack.simulator.now());
    const { run = "" } = await service.postAlert(alert);
    const record = await ended(stack, run, 60_000);

    expect(record.outcome).toBe("failed-over");
    expect(record.withinRto).toEqual({ scenario: true, environment: true });
    expect(await appIsHealthy(stack)).toBe(true);
  }, 120_000);
});
