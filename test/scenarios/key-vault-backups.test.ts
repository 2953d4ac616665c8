import { freshPeriod, startBackupStack, type BackupStack } from "../support/backup-stack.js";
import { ended, productionOf, reached } from "../support/recovery-run.js";

const kind = "key-vault";

describe("key vaults, backed up and restored", () => {
  let world: BackupStack;

  beforeAll(async () => {
    world = await startBackupStack();
  });
  afterAll(() => world.stop());
  beforeEach(() => freshPeriod(world));

  const vaultOf = async (side: "primary" | "secondary"): Promise<string> => {
    const id = productionOf(world.stack).keyVault[side] ?? "";
    return (await world.azure.keyVaults.vault(id))?.uri ?? "";
  };
  const valueOf = async (uri: string, name: string): Promise<string | undefined> =>
    (await world.azure.secrets.value(uri, name))?.value;
  /** Waits for the vault to take in what was asked of it. */
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    for (let look = 1; look <= 40; look++) {
      if (await holds()) return;
      await world.stack.simulator.advance(2);
    }
    throw new Error("it never came");
  };
  const plain = { contentType: undefined, enabled: true, tags: {} } as const;
  const described = { ...plain, notBeforeAt: undefined, expiresAt: undefined };

  it("are backed up and verified, and the recovery vault is given what it lacks", async () => {
    expect(await world.protection(kind)).toMatchObject({ status: "unprotected" });

    const record = await world.backUp(kind);

    expect(record).toMatchObject({ kind: "backup", trigger: { kind: "operator", who: "olga" } });
    expect({ outcome: record.outcome, findings: record.findings }).toEqual({
      outcome: "passed",
      findings: [],
    });
    expect(await world.protection(kind)).toMatchObject({
      status: "protected",
      newest: { count: 4 },
    });
    const [primary, secondary] = [await vaultOf("primary"), await vaultOf("secondary")];
    expect(await valueOf(secondary, "jwt-signing-key")).toBe(
      await valueOf(primary, "jwt-signing-key"),
    );
  });

  it("are backed up once in a period, whoever asks", async () => {
    const first = await world.backUp(kind);
    const again = await world.post("backups", {
      kinds: [kind],
      reason: "again",
    });

    expect(again.json).toMatchObject({ backups: [{ id: first.id, status: "ended" }] });
  });

  it("give a deleted secret back, after a plan that changes nothing", async () => {
    await world.backUp(kind);
    const uri = await vaultOf("primary");
    const before = await valueOf(uri, "jwt-signing-key");
    await world.azure.secrets.remove(uri, "jwt-signing-key");
    await until(
      async () => (await world.azure.secrets.deleted(uri, "jwt-signing-key")) !== undefined,
    );

    const plan = await world.restore(kind, { items: ["jwt-*"], mode: "plan" });
    expect(plan).toMatchObject({ outcome: "planned", kind: "restore" });
    expect(plan.plan?.changes.map(({ detail }) => detail).join()).toContain("1 to recover");
    expect(await valueOf(uri, "jwt-signing-key")).toBeUndefined();

    const record = await world.restore(kind, { items: ["jwt-*"] });
    expect({ outcome: record.outcome, findings: record.findings }).toEqual({
      outcome: "passed",
      findings: [],
    });
    expect(await valueOf(uri, "jwt-signing-key")).toBe(before);
  });

  it("open in another vault of the same geography", async () => {
    await world.backUp(kind);
    const uri = await vaultOf("primary");
    const target = productionOf(world.stack).keyVault.secondary;
    const other = await vaultOf("secondary");
    await world.azure.secrets.set(uri, "tenant-configuration", "changed since", described);
    await world.azure.secrets.remove(other, "jwt-signing-key");
    await until(
      async () => (await world.azure.secrets.deleted(other, "jwt-signing-key")) !== undefined,
    );

    const record = await world.restore(kind, { target });

    expect(record).toMatchObject({
      outcome: "passed-with-findings",
      findings: [expect.stringMatching(/^3 secrets were in this vault already/)],
    });
    expect(await valueOf(other, "jwt-signing-key")).toBe(await valueOf(uri, "jwt-signing-key"));
    expect(await valueOf(uri, "tenant-configuration")).toBe("changed since");
  });

  it("are restored from the copies themselves where the name is free", async () => {
    const { stack, azure } = world;
    await stack.simulator.fault({ name: "throttle", match: { operation: "secrets.set" } });
    const backup = await world.backUp(kind);
    expect(backup.findings.join()).toContain("the recovery vault is behind");
    await stack.simulator.removeFaults();
    const [uri, other] = [await vaultOf("primary"), await vaultOf("secondary")];
    expect(await valueOf(other, "jwt-signing-key")).toBeUndefined();

    const target = productionOf(stack).keyVault.secondary;
    const record = await world.restore(kind, { target, items: ["jwt-signing-key"] });

    expect({ outcome: record.outcome, findings: record.findings }).toEqual({
      outcome: "passed",
      findings: [],
    });
    expect(await valueOf(other, "jwt-signing-key")).toBe(await valueOf(uri, "jwt-signing-key"));
    expect(await azure.secrets.value(other, "tenant-configuration")).toBeUndefined();
  });

  it("name what is wrong with a set, and the newest one that can be used", async () => {
    const { stack, azure } = world;
    await world.backUp(kind);
    const old = await world.latest(kind);
    await stack.simulator.advance(1_800);
    await world.backUp(kind);
    const spoiled = await world.latest(kind);
    await azure.sets.put(`${spoiled?.set ?? ""}manifest.json`, '{"version":1,"kind":');

    const latest = await world.post("restores", { kind, from: "latest", reason: "x" });
    const named = await world.post("restores", { kind, from: spoiled?.set, reason: "x" });

    expect(latest.status).toBe(409);
    expect(latest.text).toContain("the manifest is not one that this version writes");
    expect(latest.text).toContain(`\\"from\\": \\"${old?.set.slice(0, -1) ?? "?"}\\"`);
    expect(named.text).toContain("backup-corrupt");
    expect(await world.protection(kind)).toMatchObject({
      status: "protected",
      newest: { set: old?.set },
      problems: [{ side: "primary", set: spoiled?.set }],
    });
    const record = await world.restore(kind, { from: old?.set });
    expect(record.outcome).toBe("passed");
  });

  it("do not open a copy that was altered since", async () => {
    const { stack, azure } = world;
    await stack.simulator.fault({ name: "throttle", match: { operation: "secrets.set" } });
    await world.backUp(kind);
    await stack.simulator.removeFaults();
    const set = await world.latest(kind);
    const items = set?.kind === "usable" ? set.manifest.items : [];
    const copy = items.find(({ name }) => name === "jwt-signing-key");
    await azure.sets.put(copy?.blob ?? "", "something else");

    const target = productionOf(stack).keyVault.secondary;
    const record = await world.restore(kind, { target });

    expect(record.outcome).toBe("passed-with-findings");
    expect(record.findings.join()).toContain("jwt-signing-key: copy-altered");
    expect(record.findings.join()).toContain("jwt-signing-key is not there");
    expect(await valueOf(await vaultOf("secondary"), "tenant-configuration")).toBeDefined();
  });

  it("leave a newer secret alone, until they are told to set it back", async () => {
    await world.backUp(kind);
    const uri = await vaultOf("primary");
    const before = await valueOf(uri, "tenant-configuration");
    await world.stack.simulator.advance(60);
    await world.azure.secrets.set(uri, "tenant-configuration", "wrong", described);

    const careful = await world.restore(kind);
    expect(careful).toMatchObject({
      outcome: "passed-with-findings",
      findings: ["tenant-configuration was left as it is: newer than the copy"],
    });
    expect(await valueOf(uri, "tenant-configuration")).toBe("wrong");

    const order = await world.post("restores", {
      kind,
      from: "latest",
      overwrite: true,
      reason: "the new value is wrong",
    });
    const { id } = order.json as { id: string };
    const asked = await reached(
      world.stack,
      id,
      ({ checkpoint }) => checkpoint?.waitingFor === "approval",
    );
    const nonce = asked.checkpoint?.approvals[0]?.nonce;
    const second = { "x-operator": "otto" };
    await world.service.say(id, "approval", { nonce, decision: "approve", reason: "seen" }, second);
    const told = await ended(world.stack, id);
    expect(told).toMatchObject({ outcome: "passed", findings: [] });
    expect(await valueOf(uri, "tenant-configuration")).toBe(before);
  });

  it("are refused with the reason where the set or the wish is wrong", async () => {
    const none = await world.post("restores", {
      kind,
      from: "latest",
      reason: "x",
    });
    expect(none).toMatchObject({ status: 409 });
    expect(none.text).toContain("no usable set of key-vault: there is none");

    await world.backUp(kind);
    const unknown = await world.restore(kind, { items: ["no-such-secret"] });
    expect(unknown).toMatchObject({
      outcome: "failed",
      reason: "not-in-set: the set holds no no-such-secret",
    });
    const both = await world.post("restores", {
      kind,
      from: "latest",
      at: "2026-11-22T00:00:00Z",
      reason: "x",
    });
    expect(both).toMatchObject({ status: 400 });
    const { keyVault } = world.stack.estate.environments.development ?? productionOf(world.stack);
    const elsewhere = await world.post("restores", {
      kind,
      from: "latest",
      target: keyVault.primary,
      reason: "x",
    });
    expect(elsewhere.text).toContain("belongs to development");
  });
});
