import { backupAccount } from "../../local/stack/seed-from-estate.js";
import { freshPeriod, startBackupStack, type BackupStack } from "../support/backup-stack.js";
import { everyBlob } from "../support/every-blob.js";
import { ended, productionOf, reached } from "../support/recovery-run.js";

/** What lies in the backup account is a copy of the data; what was written about it must hold none. */
const isCopy = (blob: string): boolean => /^\S+\.backup\n|\/(exports|keys)\/|\.rsnap/.test(blob);

describe("what backups, proofs and restores leave behind", () => {
  let world: BackupStack;
  const log: string[] = [];

  beforeAll(async () => {
    world = await startBackupStack({ onLog: (_from, line) => log.push(line) });
    await freshPeriod(world);
  });
  afterAll(() => world.stop());

  it("holds no secret: not the log, the history, the records, nor the papers beside the sets", async () => {
    const { stack, azure, service } = world;
    const { keyVault, redis } = productionOf(stack);
    const uri = (await azure.keyVaults.vault(keyVault.primary))?.uri ?? "";
    const connection = (await azure.secrets.value(uri, redis.connectionSecret))?.value ?? "";
    const [, password = ""] = /password=([^,]+)/.exec(connection) ?? [];
    const jwtKey = (await azure.secrets.value(uri, "jwt-signing-key"))?.value ?? "";
    expect(password.length).toBeGreaterThan(20);
    expect(jwtKey.length).toBeGreaterThan(20);

    const runs: string[] = [];
    for (const kind of ["key-vault", "redis", "blobs"] as const) {
      const backup = await world.backUp(kind);
      expect({ kind, outcome: backup.outcome }).toMatchObject({
        outcome: expect.stringMatching(/^passed/) as unknown,
      });
      runs.push(backup.id);
    }
    const proven = await world.post("proofs", { kinds: ["key-vault"], reason: "a test" });
    const [proof] = (proven.json as { proofs: { id: string }[] }).proofs;
    expect((await ended(stack, proof?.id ?? "", 60_000)).outcome).toBe("passed");
    runs.push(proof?.id ?? "");
    await azure.secrets.remove(uri, "jwt-signing-key");
    await stack.simulator.advance(60);
    runs.push((await world.restore("key-vault")).id);
    const order = await world.post("restores", {
      kind: "redis",
      from: "latest",
      overwrite: true,
      reason: "a test",
    });
    const { id } = order.json as { id: string };
    const asked = await reached(stack, id, ({ status, checkpoint }) => {
      return status !== "running" || checkpoint?.waitingFor === "approval";
    });
    const nonce = asked.checkpoint?.approvals[0]?.nonce;
    await service.say(
      id,
      "approval",
      { nonce, decision: "approve", reason: "seen" },
      { "x-operator": "otto" },
    );
    expect((await ended(stack, id, 60_000)).outcome).toMatch(/^passed/);
    runs.push(id);

    const histories = await Promise.all(
      runs.map((run) =>
        service.call(
          "GET",
          `/runtime/webhooks/durabletask/instances/${run}?showHistory=true&showHistoryOutput=true&showInput=true`,
        ),
      ),
    );
    const papers = everyBlob(stack, [
      `https://${backupAccount}.blob.core.windows.net/backups`,
    ]).filter((blob) => !isCopy(blob));
    expect(papers.length).toBeGreaterThan(6);
    const left = [
      log.join("\n"),
      ...histories.map(({ text }) => text),
      ...everyBlob(stack),
      ...papers,
    ];
    for (const text of left) {
      const where = text.slice(0, 120);
      for (const secret of [password, jwtKey]) {
        expect({ where, found: text.includes(secret) }).toEqual({ where, found: false });
      }
      expect({ where, token: /eyJ[\w-]{10,}\.[\w-]{10,}/.exec(text)?.[0] }).toEqual({ where });
      expect({ where, sas: /[?&]sig=[^[&]{6}/.exec(text)?.[0] }).toEqual({ where });
    }
  }, 120_000);
});
