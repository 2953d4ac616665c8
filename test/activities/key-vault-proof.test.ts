import { keyVaultProofActivities } from "../../src/activities/key-vault-proof.js";
import * as contract from "../../src/activities/key-vault-proof.contract.js";
import type { KeyVaults, VaultView } from "../../src/azure/key-vault.js";
import { ScratchVault } from "../../src/azure/scratch-vault.js";
import type { BackupItem, BackupSource } from "../../src/domain/backup.js";
import { backups } from "../../src/state/backups.js";
import { sha256 } from "../../src/state/hash.js";
import { asking } from "../support/activity-call.js";
import { MemoryContainer, restError } from "../support/memory-container.js";
import { MemoryVaults } from "../support/memory-vaults.js";
import { addSet } from "../support/proofs.js";

const vaultId = (name: string): string =>
  `/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/${name}`;
const source: BackupSource = {
  kind: "key-vault",
  environment: "production",
  source: vaultId("kv"),
};
const of = { environment: source.environment, source: source.source };
const uri = "https://kv.vault.azure.net/";
const scratchUri = "https://scratch.vault.azure.net/";
const run = "proof-key-vault-production-20261122T020000Z";
const where = { vault: vaultId("scratch"), estate: [vaultId("kv"), vaultId("kv-dr")] };
const names = ["jwt", "redis", "smtp"];

const viewOf = (name: string, address: string): VaultView => ({
  id: vaultId(name),
  name,
  location: "eastus",
  uri: address,
  provisioningState: "Succeeded",
  sku: "standard",
  rolesDecide: true,
  purgeProtection: false,
  retentionDays: 7,
  network: undefined as never,
  tags: {},
});

/** A set of three secrets, their vault, and a scratch vault with nothing in it. */
async function world() {
  const container = new MemoryContainer();
  const store = backups(container, () => container);
  const secrets = new MemoryVaults();
  const views = new Map<string, VaultView>([
    [vaultId("kv"), viewOf("kv", uri)],
    [vaultId("scratch"), viewOf("scratch", scratchUri)],
  ]);
  const bend = (change: Partial<VaultView>): void => {
    views.set(where.vault, { ...viewOf("scratch", scratchUri), ...change });
  };
  const items: BackupItem[] = [];
  for (const name of names) {
    secrets.put(uri, name, `${name} of then`);
    const bytes = Buffer.from(await secrets.backup(uri, name));
    const blob = `key-vault/kv/20261122T000000Z-run-0/secrets/${name}`;
    await container.putBytes(blob, bytes);
    items.push({ name, blob, bytes: bytes.byteLength, sha256: sha256(bytes) });
  }
  const set = await addSet(store, source, "2026-11-22T00:00:00.000Z", { items });
  const vaults = { vault: (id: string) => Promise.resolve(views.get(id)) };
  const { ask, done } = asking(
    keyVaultProofActivities(vaults as unknown as KeyVaults, secrets, secrets, store),
  );
  const check = () => done(contract.checkScratchVault, where, { run });
  const prove = (count = 50) =>
    ask(contract.proveSecrets, { ...of, set, ...where, count }, { run });
  const proven = async () => {
    const answer = await prove();
    if (!answer.ok) throw new Error(answer.failure.code);
    if (answer.value.kind !== "compared") throw new Error(answer.value.detail);
    return answer.value.comparison;
  };
  const clear = () => ask(contract.clearScratchVault, where, { run });
  /** As the orchestrator does it: again until nothing is left. */
  const cleared = async (): Promise<number> => {
    for (let turn = 1; turn < 10; turn++) {
      const answer = await clear();
      if (answer.ok) return turn;
      if (answer.failure.class !== "busy") throw new Error(answer.failure.code);
    }
    throw new Error("never cleared");
  };
  return { container, secrets, views, bend, items, set, check, prove, proven, clear, cleared };
}

describe("a scratch vault", () => {
  it("is one that holds nothing and keeps nothing", async () => {
    const { check } = await world();

    expect(await check()).toEqual({
      findings: [],
      detail: expect.stringContaining("nothing") as string,
    });
  });

  it.each<[string, Partial<VaultView>, string]>([
    ["a vault of the estate", { id: vaultId("KV") }, "a vault of the estate"],
    ["one with purge protection", { purgeProtection: true }, "has purge protection"],
    ["one with access policies", { rolesDecide: false }, "goes by access policies"],
  ])("is never %s, for whatever is asked of it", async (_what, change, why) => {
    const { bend, check, prove, clear, secrets, container } = await world();
    await container.put(
      "proofs/scratch/scratch.json",
      JSON.stringify({
        version: 1,
        run,
        at: "2026-11-22T00:00:00.000Z",
        names: { jwt: "restoring" },
      }),
    );
    secrets.put(scratchUri, "jwt", "somebody's");
    bend(change);

    expect((await check()).refused).toContain(why);
    expect(await prove()).toMatchObject({ ok: false, failure: { code: "no-scratch-vault" } });
    expect(await clear()).toMatchObject({ ok: false, failure: { code: "no-scratch-vault" } });
    expect(secrets.changes).toEqual([]);
    expect(secrets.current(scratchUri, "jwt")).toBe("somebody's");
  });

  it("is none that is missing, or that holds what no proof has put there", async () => {
    const missing = await world();
    missing.views.delete(where.vault);
    const used = await world();
    used.secrets.put(scratchUri, "theirs", "x");
    const deleted = await world();
    deleted.secrets.put(scratchUri, "theirs", "x");
    deleted.secrets.delete(scratchUri, "theirs");

    expect((await missing.check()).refused).toContain("does not exist");
    expect((await used.check()).refused).toContain(
      "1 secrets that no proof has put there (theirs)",
    );
    expect((await deleted.check()).refused).toContain("(theirs)");
  });

  it("may keep what is deleted for longer than it need, which is said", async () => {
    const { bend, check } = await world();
    bend({ retentionDays: 90 });

    const { refused, findings } = await check();

    expect(refused).toBeUndefined();
    expect(findings).toEqual([expect.stringContaining("90 days")]);
  });

  it("is what a purge needs: there is no other way to one", () => {
    const refused = ScratchVault.of(viewOf("kv", uri), where.estate);

    expect(refused).not.toBeInstanceOf(ScratchVault);
    expect(ScratchVault.of(viewOf("scratch", scratchUri), where.estate)).toBeInstanceOf(
      ScratchVault,
    );
  });
});

describe("the proof of secrets", () => {
  it("restores them, compares their values with the source's, and says nothing of them", async () => {
    const { secrets, prove, proven } = await world();

    expect(await proven()).toMatchObject({ items: 3, of: 3, withSource: 3, failures: [] });
    expect(secrets.changes.sort()).toEqual(names.map((name) => `restore ${name}`));
    expect(secrets.current(scratchUri, "jwt")).toBe("jwt of then");
    expect(JSON.stringify(await prove())).not.toContain("of then");
    // The second time all of it was there.
    expect(secrets.changes).toHaveLength(3);
  });

  it("compares a version with the same version, whatever the source holds now", async () => {
    const { secrets, proven } = await world();
    secrets.put(uri, "jwt", "jwt of now");

    expect(await proven()).toMatchObject({ withSource: 3, failures: [] });
  });

  it("needs no source: it may be gone with all it held", async () => {
    const { secrets, views, proven } = await world();
    views.delete(vaultId("kv"));
    expect(await proven()).toMatchObject({ items: 3, withSource: 0, failures: [] });
    views.set(vaultId("kv"), viewOf("kv", uri));
    secrets.delete(uri, "jwt");
    await replaceVersion(secrets, "smtp", { enabled: false });

    expect((await proven()).failures).toEqual([]);
  });

  it("draws a sample of as many as are wanted", async () => {
    const { prove, secrets } = await world();

    expect(await prove(2)).toMatchObject({ value: { comparison: { items: 2, of: 3 } } });
    expect(secrets.names(scratchUri)).toHaveLength(2);
  });

  type World = Awaited<ReturnType<typeof world>>;
  it.each<[string, (world: World) => Promise<unknown>, RegExp]>([
    ["is gone", ({ container, items }) => container.remove(items[0]!.blob), /gone/],
    [
      "was altered",
      ({ container, items }) => container.putBytes(items[0]!.blob, Buffer.from("{}")),
      /not what the manifest says/,
    ],
    [
      "is no backup to Key Vault",
      ({ secrets }) =>
        Promise.resolve(secrets.failures.set("restore jwt", restError(400, "BadParameter"))),
      /cannot be restored: BadParameter/,
    ],
    [
      "has another value than its source in the same version",
      async ({ secrets }) => {
        await replaceVersion(secrets, "jwt", { value: "another" });
      },
      /not the value/,
    ],
  ])("names a copy that %s", async (_what, spoil, reason) => {
    const it = await world();
    await spoil(it);

    const { failures } = await it.proven();

    expect(failures).toMatchObject([{ name: "jwt", blob: it.items[0]!.blob }]);
    expect(failures[0]?.reason).toMatch(reason);
  });

  it("tells trouble at the vault from a bad copy", async () => {
    const it = await world();
    it.secrets.failures.set("restore jwt", restError(429, "Throttled"));

    expect(await it.prove()).toMatchObject({ ok: false, failure: { class: "transient" } });
    expect((await it.proven()).failures).toEqual([]);
  });

  it("names a copy of another secret, which is cleared away as well", async () => {
    const it = await world();
    const [jwt, redis] = it.items;
    const swapped = { ...jwt!, name: "smtp-2", blob: redis!.blob, sha256: redis!.sha256 };
    const store = backups(it.container, () => it.container);
    const set = await addSet(store, source, "2026-11-22T01:00:00.000Z", { items: [swapped] });
    const { done } = asking(
      keyVaultProofActivities(
        { vault: (id: string) => Promise.resolve(it.views.get(id)) } as unknown as KeyVaults,
        it.secrets,
        it.secrets,
        store,
      ),
    );

    const answer = await done(contract.proveSecrets, { ...of, set, ...where, count: 5 }, { run });

    expect(answer).toMatchObject({
      comparison: { failures: [{ name: "smtp-2", reason: "its copy is one of redis" }] },
    });
    expect(await it.cleared()).toBeGreaterThan(1);
    expect(it.secrets.names(scratchUri)).toEqual([]);
  });

  it.each([
    ["another geography", { location: "westeurope" }, /do not open in Europe/],
    ["another subscription", { id: vaultId("scratch").replace("/s/", "/t/") }, /subscription/],
  ])("has no place in %s", async (_what, change, why) => {
    const { bend, prove, secrets } = await world();
    bend(change);

    const answer = await prove();

    expect(answer).toMatchObject({ ok: true, value: { kind: "no-place" } });
    expect(answer.ok && answer.value.detail).toMatch(why);
    expect(secrets.changes).toEqual([]);
  });
});

describe("what a proof has put into the scratch vault", () => {
  it("is deleted and purged, and the vault is as it was", async () => {
    const { secrets, proven, cleared, check } = await world();
    await proven();
    secrets.looksWhileDeleting = 4;

    await cleared();

    expect(secrets.names(scratchUri)).toEqual([]);
    expect(secrets.names(uri)).toEqual(names);
    expect((await check()).refused).toBeUndefined();
  });

  it("is known to the next run where the host was killed before it was purged", async () => {
    const it = await world();
    await it.proven();
    await it.clear();
    expect(it.secrets.names(scratchUri)).toHaveLength(3);

    expect((await it.check()).refused).toBeUndefined();
    await it.cleared();

    expect(it.secrets.names(scratchUri)).toEqual([]);
  });

  it("is all that is touched: what somebody puts there meanwhile stays", async () => {
    const it = await world();
    await it.proven();
    it.secrets.put(scratchUri, "theirs", "x");

    await it.cleared();

    expect(it.secrets.names(scratchUri)).toEqual(["theirs"]);
  });
});

/** Has the source hold something else in the version that was backed up. */
async function replaceVersion(
  secrets: MemoryVaults,
  name: string,
  { value = "the same", enabled = true }: { value?: string; enabled?: boolean },
): Promise<void> {
  const versions = await secrets.versions(uri, name);
  const { version = "" } = versions[0] ?? {};
  (versions as unknown[]).shift();
  secrets.put(uri, name, value, { version, enabled });
}
