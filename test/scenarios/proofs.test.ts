import { parseResourceId } from "../../src/domain/resource-id.js";
import type { BackupKind } from "../../src/domain/backup.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { freshPeriod, startBackupStack, type BackupStack } from "../support/backup-stack.js";
import { ended, productionOf } from "../support/recovery-run.js";

describe("proofs of backups", () => {
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
  const scratch = () => {
    const id = productionOf(world.stack).proof.scratchVault ?? "";
    return { id, uri: `https://${parseResourceId(id)?.name ?? ""}.vault.azure.net/` };
  };
  const leftInVault = async () => {
    const { uri } = scratch();
    const live = (await world.azure.secrets.pages(uri)).flat();
    const deleted = (await world.azure.secrets.deletedPages(uri)).flat();
    return [...live, ...deleted].map(({ name }) => name);
  };

  it("restore some of every kind of set, compare it, and leave nothing behind", async () => {
    await freshPeriod(world);
    const kinds = ["key-vault", "redis", "blobs"] as const;
    for (const kind of kinds) await world.backUp(kind);

    const runs = await order(kinds);

    for (const [index, kind] of kinds.entries()) {
      const record = await ended(world.stack, runs[index] ?? "", 60_000);
      const shown = await world.protection(kind);
      expect({ kind, outcome: record.outcome, findings: record.findings }).toEqual({
        kind,
        outcome: "passed",
        findings: [],
      });
      expect(shown).toMatchObject({
        newest: { check: { level: "proven" } },
        lastProven: { set: shown.newest?.set },
        lastProof: { id: record.id, outcome: "passed" },
      });
      expect(shown.detail).toMatch(/^proven set/);
    }
    expect(await leftInVault()).toEqual([]);
    const log = await world.stack.simulator.log(0, true);
    const purged = log.flatMap(({ host, path, method }) =>
      method === "DELETE" && path.includes("/deletedsecrets/") ? [host] : [],
    );
    expect(new Set(purged)).toEqual(new Set([new URL(scratch().uri).host]));
  }, 120_000);

  it("fail where a copy was damaged, and what is restored then is the other set", async () => {
    await freshPeriod(world);
    await world.backUp("blobs");
    const good = await world.latest("blobs");
    await world.stack.simulator.advance(24 * 3_600);
    await world.backUp("blobs");
    const bad = await world.latest("blobs");
    if (good?.kind !== "usable" || bad?.kind !== "usable") throw new Error("no usable set");
    const [item] = bad.manifest.items;
    const [container = "", ...name] = item!.blob.split("/");
    const endpoint = "https://mcpdrbackup.blob.core.windows.net";
    const at = { endpoint, container, name: name.join("/") };
    await world.azure.anyBlob.write(at, "x".repeat(item!.bytes));

    const record = await prove("blobs");

    expect(record.outcome).toBe("failed");
    expect(record.reason).toBe(`${bad.set} has failed; ${good.set} is proven`);
    expect(record.findings).toEqual([
      `${item!.name}: its copy is damaged: its hash is not the set's`,
    ]);
    expect(await world.protection("blobs")).toMatchObject({
      newest: { set: good.set, check: { level: "proven" } },
      problems: [
        { set: bad.set, problem: expect.stringContaining("proof of it has failed") as string },
      ],
    });
    const latest = await world.post("restores", {
      kind: "blobs",
      from: "latest",
      reason: "a test",
    });
    expect(latest.status).toBe(409);
    expect(latest.text).toContain(good.set.slice(0, -1));
    const restored = await world.restore("blobs", { from: good.set.slice(0, -1) });
    expect(restored.outcome).toBe("passed");
    expect(JSON.stringify(restored.steps)).toContain("the newest proven set is 1 d");
  }, 90_000);

  it("clean up after a host that was killed between restoring and purging", async () => {
    await freshPeriod(world);
    await world.backUp("key-vault");
    await world.stack.simulator.fault({
      name: "hold-answer",
      nth: 2,
      resource: scratch().id,
      match: { pathPattern: "/secrets/restore" },
    });

    const [run = ""] = await order(["key-vault"]);
    expect(await world.stack.simulator.held(20_000)).toHaveLength(1);
    await world.stack.killHost();
    expect((await leftInVault()).length).toBeGreaterThan(0);
    await world.stack.startHost();
    const record = await ended(world.stack, run, 60_000);

    expect(record).toMatchObject({ outcome: "passed", findings: [] });
    expect(await leftInVault()).toEqual([]);
  }, 90_000);
});
