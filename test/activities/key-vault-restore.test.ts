import { keyVaultRestoreActivities } from "../../src/activities/key-vault-restore.js";
import * as contract from "../../src/activities/key-vault-restore.contract.js";
import type { KeyVaults, VaultView } from "../../src/azure/key-vault.js";
import { setPrefix, type BackupItem, type BackupSource } from "../../src/domain/backup.js";
import type { Caller } from "../../src/durable/activity-contract.js";
import { backups } from "../../src/state/backups.js";
import { sha256 } from "../../src/state/hash.js";
import { asking } from "../support/activity-call.js";
import { manifestOf } from "../support/backup-sets.js";
import { MemoryContainer, restError } from "../support/memory-container.js";
import { MemoryVaults } from "../support/memory-vaults.js";

const source: BackupSource = {
  kind: "key-vault",
  environment: "production",
  source: "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv",
};
const uri = "https://kv.vault.azure.net/";
const other = "https://kv-dr.vault.azure.net/";
const takenAt = "2026-11-22T14:00:00.000Z";
const set = setPrefix(source, takenAt, "run-0");

/** A set of three secrets, made at two; the vault's clock says three now. */
async function world() {
  const container = new MemoryContainer();
  const sets = backups(container, () => container);
  const secrets = new MemoryVaults();
  const view = { id: source.source, name: "kv", uri, location: "eastus" };
  const seen = { view: view as unknown as VaultView | undefined };
  const activities = keyVaultRestoreActivities(
    { vault: () => Promise.resolve(seen.view) } as unknown as KeyVaults,
    secrets,
    sets,
  );
  const items: BackupItem[] = [];
  for (const name of ["jwt", "redis", "smtp"]) {
    secrets.put(uri, name, `${name} of then`);
    const bytes = Buffer.from(await secrets.backup(uri, name));
    const blob = `${set}secrets/${name}.backup`;
    await container.putBytes(blob, bytes);
    const copy = { name, blob, bytes: bytes.byteLength, sha256: sha256(bytes) };
    items.push({ ...copy, sourceUpdatedAt: secrets.now });
  }
  await sets.complete(set, manifestOf(source, takenAt, { run: "run-0", items }));
  secrets.now = "2026-11-22T15:00:00.000Z";
  const { ask, done } = asking(activities);
  const of = { environment: source.environment, source: source.source, set };
  const compare = (
    wish: { target?: string; items?: string[]; overwrite?: boolean } = {},
    caller?: Partial<Caller>,
  ) => {
    const { target = uri, items: wanted = [], overwrite = false } = wish;
    const stretch = { ...of, target, begin: 0, end: 3, isSource: target === uri };
    return done(contract.compareSecrets, { ...stretch, items: wanted, overwrite }, caller);
  };
  const find = (wanted: string[] = []) =>
    ask(contract.findRestorableVault, { ...of, vault: source.source, items: wanted });
  return { container, secrets, seen, ask, done, compare, find };
}

describe("the set that a vault is restored from", () => {
  it("says how many of its secrets are wanted, by name and by prefix", async () => {
    const { find } = await world();

    expect(await find()).toMatchObject({ ok: true, value: { uri, count: 3, wanted: 3, takenAt } });
    expect(await find(["jwt", "s*"])).toMatchObject({ ok: true, value: { count: 3, wanted: 2 } });
  });

  it("is refused for what it has not, and for where it does not open", async () => {
    const { find, seen } = await world();
    const view = seen.view!;
    const code = async (items: string[] = []): Promise<string | undefined> => {
      const answer = await find(items);
      return answer.ok ? undefined : answer.failure.code;
    };

    expect(await code(["jwt", "none"])).toBe("not-in-set");
    expect(await code(["none*"])).toBe("nothing-wanted");
    seen.view = { ...view, location: "westeurope" };
    expect(await code()).toBe("another-geography");
    seen.view = { ...view, id: view.id.replace("/s/", "/other/") };
    expect(await code()).toBe("another-subscription");
    seen.view = undefined;
    expect(await code()).toBe("vault-missing");
  });
});

describe("the comparison of secrets", () => {
  it("decides by what is there, what is deleted and what is newer", async () => {
    const { compare, secrets } = await world();
    secrets.put(uri, "jwt", "newer");
    secrets.delete(uri, "redis");

    expect(await compare()).toMatchObject({
      done: 3,
      counts: { "keep-newer": 1, recover: 1, keep: 1, restore: 0, overwrite: 0 },
      newer: ["jwt"],
    });
    expect((await compare({ overwrite: true })).counts).toMatchObject({ overwrite: 1, recover: 1 });
    expect((await compare({ target: other })).counts).toMatchObject({ restore: 3 });
    secrets.put(other, "smtp", "of its own");
    expect((await compare({ target: other })).counts).toMatchObject({
      restore: 2,
      "keep-existing": 1,
    });
    expect((await compare({ items: ["smtp"] })).counts).toMatchObject({ keep: 1, recover: 0 });
  });

  it("writes down what was decided, in a plan nothing", async () => {
    const { compare, container } = await world();
    const before = container.blobs.size;
    const planned = await compare({}, { mode: "plan" });
    expect(container.blobs.size).toBe(before);
    const decided = await compare();

    expect(decided.actions).toBe(planned.actions);
    expect(container.blobs.has(decided.actions)).toBe(true);
  });
});

describe("secrets that are brought back", () => {
  it("open where the name is free and are recovered where they were deleted, once", async () => {
    const { compare, done, secrets } = await world();
    secrets.delete(uri, "redis");
    const { actions } = await compare();
    const first = await done(contract.restoreSecrets, { target: uri, actions });
    const again = await done(contract.restoreSecrets, { target: uri, actions });
    const elsewhere = await compare({ target: other }, { run: "run-2" });
    const opened = await done(contract.restoreSecrets, {
      target: other,
      actions: elsewhere.actions,
    });
    await done(contract.restoreSecrets, { target: other, actions: elsewhere.actions });

    expect(first).toMatchObject({ changed: true, done: 3, brought: 1, failed: 0 });
    expect(again).toMatchObject({ brought: 1 });
    expect(opened).toMatchObject({ brought: 3, failed: 0 });
    expect(secrets.current(other, "jwt")).toBe("jwt of then");
    expect(secrets.changes).toEqual([
      "recover redis",
      "restore jwt",
      "restore redis",
      "restore smtp",
    ]);
  });

  it("are not opened from a copy that is gone or altered; the others are", async () => {
    const { compare, done, container, secrets } = await world();
    const { actions } = await compare({ target: other });
    await container.remove(`${set}secrets/jwt.backup`);
    await container.putBytes(`${set}secrets/redis.backup`, Buffer.from("else"));
    const brought = await done(contract.restoreSecrets, { target: other, actions });

    expect(brought).toMatchObject({
      brought: 1,
      failed: 2,
      refused: [
        { name: "jwt", reason: expect.stringMatching(/^copy-missing/) as string },
        { name: "redis", reason: expect.stringMatching(/^copy-altered/) as string },
      ],
    });
    expect(secrets.current(other, "smtp")).toBe("smtp of then");
    expect(secrets.changes).toEqual(["restore smtp"]);
  });

  it("wait where the vault throttles, and need what was decided", async () => {
    const { compare, ask, secrets, container } = await world();
    const { actions } = await compare({ target: other });
    secrets.failures.set("restore jwt", restError(429, "Throttled"));

    expect(await ask(contract.restoreSecrets, { target: other, actions })).toMatchObject({
      ok: false,
      failure: { class: "transient" },
    });
    await container.remove(actions);
    expect(await ask(contract.restoreSecrets, { target: other, actions })).toMatchObject({
      ok: false,
      failure: { class: "terminal", code: "decisions-missing" },
    });
  });

  it("are verified: one on its way is waited for, one that will not come is named", async () => {
    const { compare, ask, done, secrets } = await world();
    secrets.delete(uri, "redis");
    const { actions } = await compare();
    const under = await ask(contract.verifySecrets, { target: uri, actions });
    await done(contract.restoreSecrets, { target: uri, actions });
    const there = await done(contract.verifySecrets, { target: uri, actions });
    const missing = await done(contract.verifySecrets, {
      target: other,
      actions: (await compare({ target: other, items: ["jwt"] }, { run: "run-2" })).actions,
    });

    expect(under).toMatchObject({ ok: false, failure: { class: "busy" } });
    expect(there).toMatchObject({ done: 3, missing: [] });
    expect(missing).toMatchObject({ done: 1, missing: ["jwt"] });
  });
});

describe("secrets that are set back", () => {
  it("get the value they had when the set was taken, as a new version, once", async () => {
    const { compare, done, secrets } = await world();
    secrets.put(uri, "jwt", "newer");
    const { actions } = await compare({ overwrite: true });
    const order = { target: uri, actions, takenAt };
    const first = await done(contract.overwriteSecrets, order);
    await done(contract.overwriteSecrets, order);

    expect(first).toMatchObject({ changed: true, brought: 1, failed: 0 });
    expect(secrets.current(uri, "jwt")).toBe("jwt of then");
    expect((await secrets.versions(uri, "jwt")).map(({ value }) => value)).toEqual([
      "jwt of then",
      "newer",
      "jwt of then",
    ]);
    expect(secrets.changes).toEqual(["set jwt"]);
  });

  it("are refused where there was no version then, or it is disabled", async () => {
    const { compare, done, secrets } = await world();
    secrets.put(uri, "jwt", "newer");
    secrets.put(uri, "redis", "newer");
    const { actions } = await compare({ overwrite: true });
    const [jwt] = await secrets.versions(uri, "jwt");
    Object.assign(jwt ?? {}, { enabled: false });
    const [redis] = await secrets.versions(uri, "redis");
    Object.assign(redis ?? {}, { createdAt: "2026-11-22T14:30:00.000Z" });
    const result = await done(contract.overwriteSecrets, { target: uri, actions, takenAt });

    expect(result).toMatchObject({
      changed: false,
      brought: 0,
      refused: [
        { name: "jwt", reason: expect.stringMatching(/^version-disabled/) as string },
        { name: "redis", reason: expect.stringMatching(/^no-earlier-version/) as string },
      ],
    });
    expect(secrets.current(uri, "jwt")).toBe("newer");
    expect(secrets.changes).toEqual([]);
  });
});
