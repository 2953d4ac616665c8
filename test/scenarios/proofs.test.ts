import type { BackupKind } from "../../src/domain/backup.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { freshPeriod, startBackupStack, type BackupStack } from "../support/backup-stack.js";
import { ended } from "../support/recovery-run.js";

describe("proofs of backups, of every kind", () => {
  let world: BackupStack;

  beforeAll(async () => {
    world = await startBackupStack();
  });
  afterAll(() => world.stop());

  const order = async (kinds: readonly BackupKind[]): Promise<readonly string[]> => {
    const { status, text, json } = await world.post("proofs", { kinds, reason: "a test" });
    if (status !== 202) throw new Error(`${status}: ${text}`);
    return (json as { proofs: { id: string }[] }).proofs.map(({ id }) => id);
  };
  const prove = async (kind: BackupKind): Promise<RunRecord> => {
    const [run] = await order([kind]);
    return ended(world.stack, run ?? "", 60_000);
  };

  it("proves what was backed up, and shows it", async () => {
    await freshPeriod(world);
    const kinds = ["key-vault", "redis", "blobs"] as const;
    for (const kind of kinds) await world.backUp(kind);
    for (const kind of kinds) {
      const record = await prove(kind);
      expect({ kind, outcome: record.outcome }).toEqual({ kind, outcome: "passed" });
      const shown = await world.protection(kind);
      expect(shown.newest?.check.level).toBe("proven");
    }
  });
});
