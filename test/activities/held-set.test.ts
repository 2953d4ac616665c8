import { backupPruningActivities } from "../../src/activities/backup-pruning.js";
import { pruneSet } from "../../src/activities/backup-pruning.contract.js";
import { keyVaultRestoreActivities } from "../../src/activities/key-vault-restore.js";
import { findRestorableVault } from "../../src/activities/key-vault-restore.contract.js";
import type { KeyVaults } from "../../src/azure/key-vault.js";
import { folderOf, setPrefix, type BackupSource } from "../../src/domain/backup.js";
import { days } from "../../src/domain/duration.js";
import { instantOf, plus, type Instant } from "../../src/domain/instant.js";
import { backups } from "../../src/state/backups.js";
import { runs } from "../../src/state/runs.js";
import { setHolds } from "../../src/state/set-holds.js";
import { answerOf } from "../support/activity-call.js";
import { manifestOf } from "../support/backup-sets.js";
import { MemoryContainer } from "../support/memory-container.js";
import { MemoryVaults } from "../support/memory-vaults.js";

const source: BackupSource = {
  kind: "key-vault",
  environment: "production",
  source: "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv",
};
const times = ["2026-11-01T00:00:00.000Z", "2026-11-01T00:30:00.000Z", "2026-11-22T00:00:00.000Z"];

/** An old full set, one that uses its copies, and the newest; a plan has the first two go. */
async function world() {
  const container = new MemoryContainer();
  const store = backups(container, () => container);
  const add = async (takenAt: Instant, references: string[] = []): Promise<string> => {
    const set = setPrefix(source, takenAt, "run-0");
    const blob = `${references[0] === undefined ? set : `key-vault/kv/${references[0]}/`}secrets/jwt`;
    if (references[0] === undefined) await container.put(blob, "copy");
    await container.put(`${set}work/secrets.jsonl`, "");
    const items = [{ name: "jwt", blob, bytes: 4, sha256: "0" }];
    await store.complete(set, manifestOf(source, takenAt, { run: "run-0", items, references }));
    return set;
  };
  const old = await add(times[0]!);
  const user = await add(times[1]!, [folderOf(old)]);
  await add(times[2]!);
  const sets = [user, old].map((set) => ({
    kind: source.kind,
    source: source.source,
    set,
    prune: true,
    why: "old",
    copies: [],
  }));
  await container.put("pruning/plan.json", JSON.stringify({ version: 1, sets }));
  const view = { id: source.source, name: "kv", uri: "https://kv/", location: "eastus" };
  const activities = [
    ...backupPruningActivities(store, runs(new MemoryContainer(), new MemoryContainer())),
    ...keyVaultRestoreActivities(
      { vault: () => Promise.resolve(view) } as unknown as KeyVaults,
      new MemoryVaults(),
      store,
    ),
  ];
  const { environment } = source;
  return {
    container,
    store,
    old,
    user,
    restore: (set: string, mode: "execute" | "plan" = "execute") =>
      answerOf(
        activities,
        findRestorableVault,
        { environment, source: source.source, set, vault: source.source, items: [] },
        { run: "restore-key-vault-1", mode },
      ),
    /** By position in the plan: first the user of copies, then what it uses. */
    prune: (nth: number) =>
      answerOf(activities, pruneSet, { environment, plan: "pruning/plan.json", nth }),
  };
}

describe("a set that something is restored from", () => {
  it("stays with the sets whose copies it uses, where the restore has begun first", async () => {
    const { restore, prune, user, container, old, store } = await world();
    const found = await restore(user);
    const pruned = [await prune(0), await prune(1)];

    expect(found.ok).toBe(true);
    for (const answer of pruned) {
      expect(answer).toMatchObject({
        ok: true,
        value: { changed: false, left: false, kept: 0, done: 1 },
      });
      expect(answer.ok && answer.value.detail).toMatch(/restore-key-vault-1 restores from it$/);
    }
    expect(container.blobs.has(`${old}secrets/jwt`)).toBe(true);
    expect((await restore(user)).ok).toBe(true);
    expect(await store.sets(source)).toHaveLength(3);
  });

  it("is gone in time to be seen, where the removal has begun first", async () => {
    const { restore, prune, user, container } = await world();
    const remove = container.remove.bind(container);
    let meanwhile: unknown;
    // The restore comes between the look for holds and the removal of the manifest.
    container.remove = async (name) => {
      if (name.endsWith("manifest.json")) meanwhile = await restore(user);
      return remove(name);
    };
    const pruned = await prune(0);
    container.remove = remove;
    const after = await restore(user);

    expect(meanwhile).toMatchObject({
      ok: false,
      failure: { class: "busy", code: "set-being-removed" },
    });
    expect(pruned).toMatchObject({ ok: true, value: { changed: true } });
    expect(after).toMatchObject({ ok: false, failure: { code: "backup-missing" } });
    expect((await container.list("holds/")).map(({ name }) => name)).toEqual([]);
  });

  it("is told to look again where a removal has announced itself and not looked yet", async () => {
    const { restore, prune, user, container, store } = await world();
    const list = container.list.bind(container);
    let meanwhile: unknown;
    container.list = async (prefix, atMost) => {
      if (prefix.startsWith("holds/")) meanwhile ??= await restore(user);
      return list(prefix, atMost);
    };
    await prune(0);
    container.list = list;

    // Whoever came first has it: here the removal, and the restore is told to look again.
    expect(meanwhile).toMatchObject({ ok: false, failure: { code: "set-being-removed" } });
    expect(await store.sets(source)).not.toContain(user);
  });

  it("is held again after its removal was called off, and no longer than a week", async () => {
    const { restore, prune, user, container, store } = await world();
    const holds = setHolds(container);
    const now = instantOf(new Date());
    await holds.hold(source, "restore-key-vault-0", [folderOf(user)], now);
    await prune(0);
    const again = await restore(user);
    await holds.release(source, "restore-key-vault-1");
    const inAWeek = plus(now, days(8));
    const asked = await holds.beginRemoval(source, user, inAWeek);

    expect(again.ok).toBe(true);
    expect(asked).toBeUndefined();
    expect((await container.list("holds/key-vault/kv/restores/")).length).toBe(0);
    expect(await store.sets(source)).toContain(user);
  });

  it("is not held by a plan", async () => {
    const { restore, prune, user } = await world();

    expect((await restore(user, "plan")).ok).toBe(true);
    expect(await prune(0)).toMatchObject({ ok: true, value: { changed: true } });
  });
});
