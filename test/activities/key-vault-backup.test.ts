import { keyVaultBackupActivities } from "../../src/activities/key-vault-backup.js";
import * as contract from "../../src/activities/key-vault-backup.contract.js";
import type { ContainerApps } from "../../src/azure/container-apps.js";
import type { KeyVaults, VaultView } from "../../src/azure/key-vault.js";
import {
  setPrefix,
  type BackupItem,
  type BackupSource,
  type ItemPart,
} from "../../src/domain/backup.js";
import { instantOf } from "../../src/domain/instant.js";
import { backups } from "../../src/state/backups.js";
import { sha256 } from "../../src/state/hash.js";
import { stateStore } from "../../src/state/state-store.js";
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
const two = "2026-11-22T14:00:00.000Z";
const half = "2026-11-22T14:30:00.000Z";

/** A vault with three secrets, and a backup of it as the orchestrator makes one. */
function world() {
  const container = new MemoryContainer();
  const sets = backups(container, () => container);
  const secrets = new MemoryVaults();
  const views = new Map<string, VaultView>();
  for (const [name, at] of [
    ["kv", uri],
    ["kv-dr", other],
  ] as const) {
    const id = source.source.replace(/kv$/, name);
    views.set(id, { id, name, uri: at, location: "eastus" } as unknown as VaultView);
  }
  const app = { variables: { KEY_VAULT_URL: uri } as Record<string, string> };
  const activities = keyVaultBackupActivities(
    { app: () => Promise.resolve(app) } as unknown as ContainerApps,
    { vault: (id: string) => Promise.resolve(views.get(id)) } as unknown as KeyVaults,
    secrets,
    sets,
    stateStore(container),
  );
  for (const name of ["jwt", "redis", "smtp"]) secrets.put(uri, name, `${name} value`);
  const { ask, done } = asking(activities);
  const itemsOf = async (part: ItemPart): Promise<BackupItem[]> => {
    const items: BackupItem[] = [];
    for await (const some of sets.listedIn([part])) items.push(...some);
    return items;
  };
  const piece = async (takenAt: string, base?: string) => {
    const set = setPrefix(source, takenAt, "run-1");
    const { list, count } = await done(contract.listSecrets, { uri, set });
    const wanted = { uri, set, list, nth: 1, begin: 0, end: count };
    return { set, wanted: base === undefined ? wanted : { ...wanted, base } };
  };
  const backUp = async (takenAt: string, base?: string) => {
    const { set, wanted } = await piece(takenAt, base);
    const copied = await done(contract.copySecrets, wanted);
    const items = await itemsOf(copied.part);
    await sets.complete(set, manifestOf(source, takenAt, { items }));
    return { set, items, copied };
  };
  return { container, secrets, app, views, ask, done, itemsOf, piece, backUp };
}

describe("copies of secrets", () => {
  it("are read back, hold no value in a list, and belong to the run that made them", async () => {
    const { container, backUp, secrets } = world();
    secrets.put(uri, "tls", "certificate", { managed: true });
    secrets.put(uri, "old", "disabled", { enabled: false });
    const { set, items, copied } = await backUp(two);

    expect(items.map(({ name }) => name)).toEqual(["jwt", "redis", "smtp", "old"]);
    for (const item of items) {
      const bytes = await container.readBytes(item.blob);
      expect(item.blob.startsWith(`${set}secrets/`)).toBe(true);
      expect(sha256(bytes!)).toBe(item.sha256);
      expect(item.sourceUpdatedAt).toBe(secrets.now);
    }
    expect(copied).toMatchObject({ done: 4, reused: 0, skipped: [] });
    const list = container.blobs.get(`${set}work/secrets.jsonl`)?.text ?? "";
    expect(list).toContain("belongs to a certificate");
    expect(list).not.toContain("value");
  });

  it("that are made twice leave the first answer's copy as it was", async () => {
    const { container, done, itemsOf, piece } = world();
    const { wanted } = await piece(two);
    const first = await itemsOf((await done(contract.copySecrets, wanted)).part);
    await done(contract.copySecrets, wanted);

    for (const { blob, sha256: hash } of first) {
      expect(sha256((await container.readBytes(blob))!)).toBe(hash);
    }
  });

  it("leave out and name what the vault refuses, and wait where it is away", async () => {
    const { ask, piece, secrets } = world();
    const { wanted } = await piece(two);
    secrets.failures.set("backup jwt", restError(400, "BadParameter"));
    const refused = await ask(contract.copySecrets, wanted);
    secrets.failures.set("backup jwt", restError(429, "Throttled"));
    const throttled = await ask(contract.copySecrets, wanted);

    expect(refused).toMatchObject({
      ok: true,
      value: { part: { count: 2 }, skipped: [{ name: "jwt" }] },
    });
    expect(throttled).toMatchObject({ ok: false, failure: { class: "transient" } });
  });

  it("do not count where what is stored is something else", async () => {
    const { ask, piece, container } = world();
    const { wanted } = await piece(two);
    const put = container.putBytes.bind(container);
    container.putBytes = (name, _bytes, description) => put(name, Buffer.from("else"), description);

    expect(await ask(contract.copySecrets, wanted)).toMatchObject({
      ok: false,
      failure: { class: "transient", code: "copy-differs" },
    });
  });
});

describe("copies of an earlier set", () => {
  it("are taken over for secrets that have not changed since, however long the chain", async () => {
    const { backUp, secrets } = world();
    const full = await backUp(two);
    secrets.now = "2026-11-22T14:10:00.000Z";
    secrets.put(uri, "jwt", "changed");
    const next = await backUp(half, full.set);
    const last = await backUp("2026-11-22T15:00:00.000Z", next.set);

    expect(next.copied.reused).toBe(2);
    expect(next.items.slice(1)).toEqual(full.items.slice(1));
    expect(next.items[0]?.blob.startsWith(next.set)).toBe(true);
    expect(last.copied.reused).toBe(3);
    expect(last.items).toEqual(next.items);
  });

  it("are made again where the copy is gone, shorter or another, and nowhere else", async () => {
    const { backUp, container } = world();
    const full = await backUp(two);
    const [gone, short, changed] = full.items.map(({ blob }) => blob);
    await container.remove(gone ?? "");
    await container.putBytes(short ?? "", Buffer.from("x"), {
      metadata: container.blobs.get(short ?? "")?.metadata ?? {},
    });
    const length = container.blobs.get(changed ?? "")?.bytes?.byteLength ?? 0;
    await container.putBytes(changed ?? "", Buffer.alloc(length));
    const next = await backUp(half, full.set);

    expect(next.copied.reused).toBe(0);
    expect(next.items).toHaveLength(3);
    for (const item of next.items) {
      expect(item.blob.startsWith(next.set)).toBe(true);
      expect(sha256((await container.readBytes(item.blob))!)).toBe(item.sha256);
    }
  });

  it("are not taken over for a secret that changed within the second of its copy", async () => {
    const { backUp, secrets, container } = world();
    secrets.now = two;
    secrets.put(uri, "jwt", "written at two");
    // Right after the copy, in the same second: the listing tells the same time as before.
    secrets.afterBackup = (name) => {
      if (name === "jwt") secrets.put(uri, "jwt", "written a moment later");
      secrets.afterBackup = () => undefined;
    };
    const full = await backUp(two);
    const next = await backUp(half, full.set);
    const jwt = next.items.find(({ name }) => name === "jwt");
    const settled = await backUp("2026-11-22T15:00:00.000Z", next.set);

    expect(full.items[0]?.sourceUpdatedAt).toBe(jwt?.sourceUpdatedAt);
    expect(next.copied.reused).toBe(2);
    expect((await container.readBytes(jwt?.blob ?? ""))?.toString()).toContain("a moment later");
    expect(settled.copied.reused).toBe(3);
  });
});

describe("the recovery vault", () => {
  const sync = { from: uri, to: other, begin: 0, end: 10 };

  it("is given what differs, by value and description, and nothing twice", async () => {
    const { done, piece, secrets } = world();
    secrets.put(uri, "redis", "host:6380", { contentType: "text/plain", tags: { by: "ops" } });
    secrets.put(other, "redis", "host:6380", { contentType: "text/plain", tags: {} });
    secrets.put(other, "smtp", "smtp value");
    const { wanted } = await piece(two);
    const first = await done(contract.syncSecrets, { ...sync, list: wanted.list });
    const again = await done(contract.syncSecrets, { ...sync, list: wanted.list });

    expect(first).toMatchObject({ done: 3, written: 2, skipped: [] });
    expect(again).toMatchObject({ written: 0 });
    expect(secrets.changes).toEqual(["set jwt", "set redis"]);
    expect(secrets.current(other, "jwt")).toBe("jwt value");
  });

  it("keeps what is newer there; what is disabled or was deleted meanwhile is not written", async () => {
    const { done, piece, secrets } = world();
    secrets.put(uri, "old", "disabled", { enabled: false });
    const { wanted } = await piece(two);
    secrets.now = "2026-11-22T13:00:00.000Z";
    secrets.put(other, "jwt", "newer here");
    secrets.delete(uri, "redis");
    const synced = await done(contract.syncSecrets, { ...sync, list: wanted.list });

    expect(synced.skipped).toEqual([
      { name: "jwt", reason: expect.stringMatching(/^newer-there/) as string },
      { name: "old", reason: expect.stringMatching(/disabled/) as string },
    ]);
    expect(secrets.current(other, "jwt")).toBe("newer here");
    expect(secrets.current(other, "redis")).toBeUndefined();
  });

  it("is left alone by a run that does not hold it, where it has to", async () => {
    const { ask, container, piece, secrets } = world();
    const { wanted } = await piece(two);
    const held = { ...sync, list: wanted.list, lease: "the original" };
    const without = await ask(contract.syncSecrets, held);
    const claim = { resource: held.lease, run: "run-1", scenario: "key-vault-failback" } as const;
    const claimed = await stateStore(container).leases.claim(claim, instantOf(new Date()));
    if (claimed.kind !== "take") throw new Error("no lease");
    const leases = [{ resource: held.lease, fencing: claimed.lease.fencing }];
    const holding = await ask(contract.syncSecrets, held, { leases });

    expect(without).toMatchObject({ ok: false, failure: { code: "lease-lost" } });
    expect(holding).toMatchObject({ ok: true, value: { written: 3 } });
    expect(secrets.changes).toHaveLength(3);
  });

  it("is said to have what the source has not, and loses nothing", async () => {
    const { done, piece, secrets } = world();
    const { wanted } = await piece(two);
    const none = await done(contract.reportDeletedSecrets, { to: other, list: wanted.list });
    secrets.put(other, "left-over", "x");
    const some = await done(contract.reportDeletedSecrets, { to: other, list: wanted.list });

    expect(none).toMatchObject({ count: 0, names: [] });
    expect(some).toMatchObject({ count: 1, names: ["left-over"] });
    expect(secrets.current(other, "left-over")).toBe("x");
  });
});

describe("the vault in use", () => {
  const sides = { primary: source.source, secondary: source.source.replace(/kv$/, "kv-dr") };
  const order = { app: "app", vault: sides };

  it("are waited for where one of them cannot be seen, for the other is to be kept in step", async () => {
    const { views, ask } = world();
    const get = jest.spyOn(views, "get");
    for (const nth of [1, 2]) {
      let looks = 0;
      get.mockImplementation((id) => {
        looks += 1;
        if (looks === nth) throw restError(503, "ServiceUnavailable");
        return new Map(views).get(id);
      });

      expect(await ask(contract.findActiveVault, order)).toMatchObject({
        ok: false,
        failure: { class: "transient" },
      });
    }
  });

  it("is the one that the app names, and the other one is known by its address", async () => {
    const { done, app } = world();
    const primary = await done(contract.findActiveVault, order);
    app.variables = { KEY_VAULT_URL: other.toUpperCase().replace(/\/$/, "") };
    const secondary = await done(contract.findActiveVault, order);

    expect(primary).toMatchObject({ side: "primary", known: "observed", uri, otherUri: other });
    expect(secondary).toMatchObject({ side: "secondary", known: "observed", otherUri: uri });
  });

  it("is assumed where the app names another one, and a failure where it is gone", async () => {
    const { ask, done, app, views } = world();
    app.variables = {};
    const assumed = await done(contract.findActiveVault, {
      app: "app",
      vault: { primary: sides.primary },
    });
    views.clear();

    expect(assumed).toMatchObject({ side: "primary", known: "assumed" });
    expect(assumed.otherUri).toBeUndefined();
    expect(await ask(contract.findActiveVault, order)).toMatchObject({
      failure: { code: "vault-missing" },
    });
  });
});
