import { vaultAlert } from "../../local/stack/alert.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { parseResourceId } from "../../src/domain/resource-id.js";
import { freshPeriod, startBackupStack, type BackupStack } from "../support/backup-stack.js";
import { ended, productionOf } from "../support/recovery-run.js";

describe("a key vault fails", () => {
  let backup: BackupStack;

  beforeAll(async () => {
    backup = await startBackupStack();
  });
  afterAll(() => backup.stop());
  beforeEach(() => freshPeriod(backup));

  const vaults = () => productionOf(backup.stack).keyVault;
  async function recover(vault = vaults().primary): Promise<RunRecord> {
    await backup.stack.simulator.advance(120);
    const alert = vaultAlert(vault, await backup.stack.simulator.now());
    const { run, reason } = await backup.service.postAlert(alert);
    if (run === undefined) throw new Error(`nothing was started: ${reason}`);
    return ended(backup.stack, run, 60_000);
  }

  it("recovers it from soft deletion", async () => {
    await backup.stack.simulator.fault({ name: "vault-deleted", resource: vaults().primary });

    const record = await recover();

    console.log(JSON.stringify(record, null, 1).slice(0, 9000));
    expect(record.outcome).toBe("restored-with-findings");
    expect(record.withinRto).toEqual({ scenario: true, environment: true });
    expect(parseResourceId(record.resource)?.name).toBe("mcp-server-prod-kv");
  });

  it("goes on with the standby where it is gone", async () => {
    await backup.backUp("key-vault");
    await backup.stack.simulator.fault({ name: "vault-purged", resource: vaults().primary });

    const record = await recover();

    console.log(JSON.stringify(record, null, 1).slice(0, 9000));
    expect(record.outcome).toBe("failed-over");
  });
});
