import { vaultAlert } from "../../local/stack/alert.js";
import { freshPeriod, startBackupStack, type BackupStack } from "../support/backup-stack.js";
import { actsOn, appIsHealthy, ended, productionOf } from "../support/recovery-run.js";

/*
 * The host is killed after a change of Azure and before it hears of it: the simulator holds the answer
 * of the n-th change of a service until the host is gone. `npm test` takes a spread, `test:all` each.
 */
const spread: Readonly<Record<string, readonly (readonly ["arm" | "key-vault", number])[]>> = {
  "soft-deleted": [["arm", 3]],
  gone: [
    ["arm", 1],
    ["key-vault", 2],
  ],
};
const every: typeof spread = {
  "soft-deleted": [1, 2, 3].map((nth) => ["arm", nth] as const),
  gone: [
    ...[1, 2, 3, 4].map((nth) => ["arm", nth] as const),
    ...[1, 2, 3].map((nth) => ["key-vault", nth] as const),
  ],
};

describe("a host that is killed while it recovers a vault", () => {
  let backup: BackupStack;

  beforeAll(async () => {
    backup = await startBackupStack();
  });
  afterAll(() => backup.stop());

  /** Breaks the vault, and with it the standby where it is to be gone. */
  async function breakVault(how: string): Promise<string> {
    const { primary, secondary = "" } = productionOf(backup.stack).keyVault;
    const { simulator } = backup.stack;
    await freshPeriod(backup);
    await backup.backUp("key-vault");
    if (how === "soft-deleted") {
      await simulator.fault({ name: "vault-deleted", resource: primary });
    } else {
      await simulator.fault({ name: "vault-purged", resource: primary });
      await simulator.fault({ name: "vault-purged", resource: secondary });
    }
    return primary;
  }
  const entries = async (since: number) => actsOn(await backup.stack.simulator.log(since, true));
  const last = async (): Promise<number> => (await backup.stack.simulator.log()).at(-1)?.n ?? 0;
  async function recover(vault: string) {
    const alert = vaultAlert(vault, await backup.stack.simulator.now());
    return (await backup.service.postAlert(alert)).run ?? "";
  }

  it.each(Object.entries(process.env["TEST_ALL"] === "1" ? every : spread))(
    "from %s ends the same way, and does nothing twice",
    async (how, kills) => {
      const { stack } = backup;
      const failing = await breakVault(how);
      const before = await last();
      const { outcome } = await ended(stack, await recover(failing), 60_000);
      const acts = await entries(before);

      for (const [service, nth] of kills) {
        const vault = await breakVault(how);
        const since = await last();
        await stack.simulator.fault({ name: "hold-answer", nth, match: { service } });
        const run = await recover(vault);
        const [held] = await stack.simulator.held(30_000);
        if (held === undefined) throw new Error(`the ${nth}th change of ${service} did not come`);
        await stack.killHost();
        await stack.startHost();
        const record = await ended(stack, run, 60_000);

        const where = `after ${held.entry.operation}`;
        expect({ where, outcome: record.outcome }).toEqual({ where, outcome });
        expect({ where, acts: await entries(since) }).toEqual({ where, acts });
        expect({ where, healthy: await appIsHealthy(stack) }).toEqual({ where, healthy: true });
      }
    },
    240_000,
  );
});
