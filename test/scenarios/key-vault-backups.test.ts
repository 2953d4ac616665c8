import { ServiceClient } from "../../local/stack/service-client.js";
import { startStack, type Stack } from "../../local/stack/stack.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { startAzurePorts, type AzurePorts } from "../support/azure-ports.js";
import { ended, productionOf, reached } from "../support/recovery-run.js";

interface Protection {
  readonly environment: string;
  readonly kind: string;
  readonly status: string;
  readonly detail: string;
  readonly newest?: { readonly set: string; readonly count: number; readonly takenAt: string };
}

describe("key vaults, backed up and restored", () => {
  let stack: Stack;
  let service: ServiceClient;
  let azure: AzurePorts;

  beforeAll(async () => {
    stack = await startStack();
    service = new ServiceClient(stack.host, { "x-operator": "olga" });
    azure = await startAzurePorts({
      ...stack.simulatorReady.env,
      STATE_BLOB_ENDPOINT: "https://mcpdrstate.blob.core.windows.net",
      BACKUP_BLOB_ENDPOINT: "https://mcpdrbackup.blob.core.windows.net",
    });
  });
  afterAll(async () => {
    await azure.stop();
    await stack.stop();
  });
  beforeEach(async () => {
    await stack.simulator.reset();
    // Each test has a period of its own.
    await stack.simulator.advance(1_800);
  });

  const post = (path: string, body: unknown) =>
    service.call("POST", `/api/${path}`, JSON.stringify(body));
  const vaultOf = async (side: "primary" | "secondary"): Promise<string> => {
    const id = productionOf(stack).keyVault[side] ?? "";
    return (await azure.keyVaults.vault(id))?.uri ?? "";
  };
  const backUp = async (): Promise<{ run: string; record: RunRecord }> => {
    const answer = await post("backups", {
      environment: "production",
      kinds: ["key-vault"],
      reason: "before a change",
    });
    expect(answer.status).toBe(202);
    const { backups } = answer.json as { backups: { id: string; status: string }[] };
    const run = backups[0]?.id ?? "";
    return { run, record: await ended(stack, run) };
  };
  const restore = async (body: Readonly<Record<string, unknown>>): Promise<RunRecord> => {
    const answer = await post("restores", {
      environment: "production",
      kind: "key-vault",
      from: "latest",
      reason: "a secret is gone",
      ...body,
    });
    expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 202 });
    return ended(stack, (answer.json as { id: string }).id);
  };
  const protection = async (): Promise<Protection | undefined> => {
    const { json } = await service.call("GET", "/api/backups?environment=production");
    const { backups } = json as { backups: Protection[] };
    return backups.find(({ kind }) => kind === "key-vault");
  };
  const valueOf = async (uri: string, name: string): Promise<string | undefined> =>
    (await azure.secrets.value(uri, name))?.value;
  /** Waits for the vault to take in what was asked of it. */
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    for (let look = 1; look <= 40; look++) {
      if (await holds()) return;
      await stack.simulator.advance(2);
    }
    throw new Error("it never came");
  };
  const plain = { contentType: undefined, enabled: true, tags: {} } as const;
  const described = { ...plain, notBeforeAt: undefined, expiresAt: undefined };

  it("are backed up and verified, and the recovery vault is given what it lacks", async () => {
    expect(await protection()).toMatchObject({ status: "unprotected" });

    const { record } = await backUp();

    expect(record).toMatchObject({ kind: "backup", trigger: { kind: "operator", who: "olga" } });
    expect({ outcome: record.outcome, findings: record.findings }).toEqual({
      outcome: "passed",
      findings: [],
    });
    expect(await protection()).toMatchObject({ status: "protected", newest: { count: 3 } });
    const [primary, secondary] = [await vaultOf("primary"), await vaultOf("secondary")];
    expect(await valueOf(secondary, "jwt-signing-key")).toBe(
      await valueOf(primary, "jwt-signing-key"),
    );
  });

  it("are backed up once in a period, whoever asks", async () => {
    const first = await backUp();
    const again = await post("backups", {
      environment: "production",
      kinds: ["key-vault"],
      reason: "again",
    });

    expect(again.json).toMatchObject({ backups: [{ id: first.run, status: "ended" }] });
  });

  it("give a deleted secret back, after a plan that changes nothing", async () => {
    await backUp();
    const uri = await vaultOf("primary");
    const before = await valueOf(uri, "jwt-signing-key");
    await azure.secrets.remove(uri, "jwt-signing-key");
    await until(async () => (await azure.secrets.deleted(uri, "jwt-signing-key")) !== undefined);

    const plan = await restore({ items: ["jwt-*"], mode: "plan" });
    expect(plan).toMatchObject({ outcome: "planned", kind: "restore" });
    expect(plan.plan?.changes.map(({ detail }) => detail).join()).toContain("1 to recover");
    expect(await valueOf(uri, "jwt-signing-key")).toBeUndefined();

    const record = await restore({ items: ["jwt-*"] });
    expect({ outcome: record.outcome, findings: record.findings }).toEqual({
      outcome: "passed",
      findings: [],
    });
    expect(await valueOf(uri, "jwt-signing-key")).toBe(before);
  });

  it("open in another vault of the same geography", async () => {
    await backUp();
    const uri = await vaultOf("primary");
    const target = productionOf(stack).keyVault.secondary;
    const other = await vaultOf("secondary");
    await azure.secrets.set(uri, "tenant-configuration", "changed since", described);
    await azure.secrets.remove(other, "jwt-signing-key");
    await until(async () => (await azure.secrets.deleted(other, "jwt-signing-key")) !== undefined);

    const record = await restore({ target });

    expect(record).toMatchObject({
      outcome: "passed-with-findings",
      findings: [expect.stringMatching(/^2 secrets were in this vault already/)],
    });
    expect(await valueOf(other, "jwt-signing-key")).toBe(await valueOf(uri, "jwt-signing-key"));
    expect(await valueOf(uri, "tenant-configuration")).toBe("changed since");
  });

  it("leave a newer secret alone, until they are told to set it back", async () => {
    await backUp();
    const uri = await vaultOf("primary");
    const before = await valueOf(uri, "tenant-configuration");
    await stack.simulator.advance(60);
    await azure.secrets.set(uri, "tenant-configuration", "wrong", described);

    const careful = await restore({});
    expect(careful).toMatchObject({
      outcome: "passed-with-findings",
      findings: ["tenant-configuration was left as it is: newer than the copy"],
    });
    expect(await valueOf(uri, "tenant-configuration")).toBe("wrong");

    const order = await post("restores", {
      environment: "production",
      kind: "key-vault",
      from: "latest",
      overwrite: true,
      reason: "the new value is wrong",
    });
    const { id } = order.json as { id: string };
    const asked = await reached(
      stack,
      id,
      ({ checkpoint }) => checkpoint?.waitingFor === "approval",
    );
    const nonce = asked.checkpoint?.approvals[0]?.nonce;
    const second = { "x-operator": "otto" };
    await service.say(id, "approval", { nonce, decision: "approve", reason: "seen" }, second);
    const told = await ended(stack, id);
    expect(told).toMatchObject({ outcome: "passed", findings: [] });
    expect(await valueOf(uri, "tenant-configuration")).toBe(before);
  });

  it("are refused with the reason where the set or the wish is wrong", async () => {
    const none = await post("restores", {
      environment: "production",
      kind: "key-vault",
      from: "latest",
      reason: "x",
    });
    expect(none).toMatchObject({ status: 409 });
    expect(none.text).toContain("no usable set of key-vault: there is none");

    await backUp();
    const unknown = await restore({ items: ["no-such-secret"] });
    expect(unknown).toMatchObject({
      outcome: "failed",
      reason: "not-in-set: the set holds no no-such-secret",
    });
    const both = await post("restores", {
      environment: "production",
      kind: "key-vault",
      from: "latest",
      at: "2026-11-22T00:00:00Z",
      reason: "x",
    });
    expect(both).toMatchObject({ status: 400 });
    const { keyVault } = stack.estate.environments.development ?? productionOf(stack);
    const elsewhere = await post("restores", {
      environment: "production",
      kind: "key-vault",
      from: "latest",
      target: keyVault.primary,
      reason: "x",
    });
    expect(elsewhere.text).toContain("belongs to development");
  });
});
