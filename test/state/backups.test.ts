import fc from "fast-check";
import {
  folderOf,
  latestIn,
  manifestIn,
  setPrefix,
  type BackupItem,
  type BackupManifest,
  type BackupSource,
} from "../../src/domain/backup.js";
import {
  backupRunId,
  honorsRpo,
  periodOf,
  pruningPlan,
  type PrunableSet,
} from "../../src/domain/backup-schedule.js";
import { days, hours, minutes } from "../../src/domain/duration.js";
import { compact, plus } from "../../src/domain/instant.js";
import { manifestOf, memorySets } from "../support/backup-sets.js";
import type { MemoryContainer } from "../support/memory-container.js";

const now = "2026-11-22T14:00:00.000Z";
const source: BackupSource = {
  kind: "key-vault",
  environment: "production",
  source: "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/Prod-KV",
};
const item = (name: string): BackupItem => ({ name, blob: `x/${name}`, bytes: 3, sha256: "0" });
const manifest = (more: Partial<BackupManifest> = {}): BackupManifest =>
  manifestOf(source, now, {
    completedAt: plus(now, minutes(1)),
    items: [item("a"), item("b")],
    ...more,
  });
const setAt = (takenAt: string, run = "run-1"): string => setPrefix(source, takenAt, run);

describe("backup sets", () => {
  it("are found by the pointer once they are complete", async () => {
    const { store } = memorySets();
    const set = setAt(now);

    expect(await store.latest(source, now)).toBeUndefined();
    expect(await store.complete(set, manifest())).toEqual({ latest: true });

    expect(await store.latest(source, now)).toEqual({ kind: "usable", set, manifest: manifest() });
    expect(set).toBe("key-vault/prod-kv/20261122T140000Z-run-1/");
  });

  it("never move the pointer back, whichever of two runs ends last", async () => {
    const { store } = memorySets();
    const later = plus(now, minutes(30));
    await store.complete(setAt(later, "two"), manifest({ takenAt: later, run: "two" }));

    expect(await store.complete(setAt(now), manifest())).toEqual({ latest: false });

    const found = await store.latest(source, later);
    expect(found).toMatchObject({ kind: "usable", manifest: { run: "two" } });
  });

  it("leave the old pointer when the run dies before the new one is complete", async () => {
    const { store, container } = memorySets();
    await store.complete(setAt(now), manifest());
    const later = plus(now, minutes(30));
    await store.writePart(setAt(later), 1, [item("a")]);
    container.failures.push(new Error("the host was killed"));

    await expect(store.complete(setAt(later), manifest({ takenAt: later }))).rejects.toThrow();

    expect(await store.latest(source, later)).toMatchObject({ manifest: { takenAt: now } });
  });

  it("list many items in parts, and give them back part by part", async () => {
    const { store } = memorySets();
    const set = setAt(now);
    const parts = [
      await store.writePart(set, 1, [item("a"), item("b")]),
      await store.writePart(set, 2, [item("c")]),
    ];
    await store.complete(set, manifest({ items: [], parts, count: 3, bytes: 9 }));

    const found = await store.latest(source, now);
    if (found?.kind !== "usable") throw new Error("not usable");
    const names: string[] = [];
    for await (const items of store.items(found.manifest))
      names.push(...items.map(({ name }) => name));
    expect(names).toEqual(["a", "b", "c"]);
  });

  it.each([
    ["missing", (c: MemoryContainer, s: string) => c.blobs.delete(manifestIn(s))],
    ["altered", (c: MemoryContainer, s: string) => (c.blobs.get(manifestIn(s))!.text += " ")],
    ["corrupt", (c: MemoryContainer) => (c.blobs.get(latestIn(source))!.text = "{}")],
  ])("are named %s when they are", async (problem, spoil) => {
    const { store, container } = memorySets();
    const set = setAt(now);
    await store.complete(set, manifest());

    spoil(container, set);

    expect(await store.latest(source, now)).toMatchObject({ kind: "unusable", problem });
  });

  it.each([
    ["corrupt", { version: 1 }],
    ["corrupt", "not json"],
    ["future", { version: 2, anything: true }],
    ["future", manifest({ takenAt: plus(now, hours(1)) })],
    ["truncated", manifest({ count: 3 })],
    ["empty", manifest({ items: [], count: 0 })],
    ["foreign", manifest({ source: "/subscriptions/s/another" })],
    ["foreign", manifest({ environment: "staging" })],
    ["foreign", manifest({ kind: "redis" })],
  ])("are named %s for what their manifest says", async (problem, content) => {
    const { store, container } = memorySets();
    const set = setAt(now);
    await container.put(
      manifestIn(set),
      typeof content === "string" ? content : JSON.stringify(content),
    );

    expect(await store.read(set, source, now)).toEqual({ kind: "unusable", set, problem });
  });

  it("fail for good when a part is not what the manifest says", async () => {
    const { store, container } = memorySets();
    const set = setAt(now);
    const part = await store.writePart(set, 1, [item("a")]);
    const spoiled = manifest({ items: [], parts: [part], count: 1 });
    container.blobs.get(part.blob)!.text = JSON.stringify([item("b")]);

    const read = async (): Promise<void> => {
      for await (const _items of store.items(spoiled)) continue;
    };

    await expect(read()).rejects.toMatchObject({ failure: { code: "backup-altered" } });
  });

  it("are removed manifest first, and not at all where a policy keeps them", async () => {
    const { store, container } = memorySets();
    const set = setAt(now);
    await store.writePart(set, 1, [item("a")]);
    await store.complete(set, manifest());
    container.immutable.add(manifestIn(set));

    expect(await store.remove(set, [], 10)).toEqual({ removed: 0, kept: 1, left: false });
    container.immutable.clear();
    expect(await store.remove(set, [], 10)).toEqual({ removed: 1, kept: 0, left: false });
    expect(await store.remove(set, [], 10)).toEqual({ removed: 0, kept: 0, left: false });
    expect(await store.sets(source)).toEqual([]);
  });

  it("are removed in turns, with their copies elsewhere and the container that they leave empty", async () => {
    const { store, elsewhere, container } = memorySets();
    const set = setAt(now);
    await store.complete(set, manifest());
    await container.put(`${set}items-00001.json`, "[]");
    const copies = elsewhere("branding-backup-20261122");
    for (const name of ["a", "b", "c"]) await copies.put(`${folderOf(set)}/${name}`, name);
    const place = `branding-backup-20261122/${folderOf(set)}/`;

    expect(await store.remove(set, [place], 2)).toEqual({ removed: 2, kept: 0, left: true });
    expect(copies.isRemoved).toBe(false);
    expect(await store.remove(set, [place], 2)).toEqual({ removed: 2, kept: 0, left: false });
    expect(copies.isRemoved).toBe(true);
    expect(await store.sets(source)).toEqual([]);
  });

  it("are listed newest first, complete or not", async () => {
    const { store } = memorySets();
    await store.complete(setAt(now), manifest());
    await store.writePart(setAt(plus(now, hours(1))), 1, []);

    expect(await store.sets(source)).toEqual([setAt(plus(now, hours(1))), setAt(now)]);
  });
});

describe("the schedule of backups", () => {
  it("puts all starts of one interval into one period", () => {
    const interval = minutes(30);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 * 60_000 - 1 }), (later) => {
        expect(periodOf(plus(now, later as never), interval)).toBe(now);
      }),
    );
    expect(backupRunId("redis", "production", now)).toBe(
      "backup-redis-production-20261122T140000Z",
    );
  });

  it("honors an RPO when it runs at least twice in it", () => {
    expect(honorsRpo(minutes(30), hours(1))).toBe(true);
    expect(honorsRpo(minutes(31), hours(1))).toBe(false);
  });
});

describe("pruning", () => {
  const verified = { level: "verified" } as const;
  const aged = (age: number, more: Partial<PrunableSet> = {}): PrunableSet => ({
    set: `${age}`,
    takenAt: new Date(Date.parse(now) - age).toISOString(),
    scope: "full",
    check: verified,
    ...more,
  });
  const pruned = (sets: readonly PrunableSet[]): string[] =>
    pruningPlan(sets, days(30), now).flatMap(({ set, prune }) => (prune ? [set] : []));

  it("takes full sets after the retention, others after two days", () => {
    const sets = [
      aged(minutes(30)),
      aged(hours(47), { scope: "interval" }),
      aged(hours(49), { scope: "interval" }),
      aged(days(29)),
      aged(days(31)),
    ];

    expect(pruned(sets)).toEqual([`${hours(49)}`, `${days(31)}`]);
  });

  it("leaves a set alone as long as one that stays uses its copies, by whatever chain", () => {
    const set = (takenAt: string): string => `key-vault/kv/${compact(takenAt)}-run/`;
    const chained = (age: number, uses: readonly string[]): PrunableSet => {
      const each = aged(age, { scope: "interval", references: uses.map((one) => folderOf(one)) });
      return { ...each, set: set(each.takenAt) };
    };
    const unused = chained(hours(70), []);
    const oldest = chained(hours(60), []);
    const older = chained(hours(50), [oldest.set]);
    const kept = chained(hours(40), [older.set]);

    expect(pruned([unused, oldest, older, kept, aged(minutes(5))])).toEqual([unused.set]);
  });

  it("takes sets that could not be verified like any other, but for the newest one", () => {
    const none = { level: "none" } as const;
    const newest = aged(hours(50), { scope: "interval", check: none });
    const older = aged(hours(60), { scope: "interval", check: none });
    const verifiedOnce = aged(days(90));
    const begun = aged(hours(70), { scope: "interval", check: none, incomplete: true });

    expect(pruned([newest, older])).toEqual([older.set]);
    expect(pruned([newest, older, verifiedOnce])).toEqual([older.set]);
    expect(pruned([begun])).toEqual([]);
    expect(pruned([begun, newest])).toEqual([begun.set]);
  });

  it("never takes the newest verified set, nor the newest one, however old", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            age: fc.integer({ min: 0, max: days(400) }),
            scope: fc.constantFrom("full" as const, "interval" as const),
            level: fc.constantFrom("none" as const, "verified" as const, "proven" as const),
            unreadable: fc.boolean(),
          }),
          { maxLength: 12 },
        ),
        (drawn) => {
          const sets = drawn.map(({ age, scope, level, unreadable }, index) => ({
            ...aged(age, { scope, check: { level }, unreadable }),
            set: `${index}`,
          }));
          const gone = new Set(pruned(sets));
          const readable = sets.filter(({ unreadable }) => !unreadable);
          const verifiedOnes = readable.filter(({ check }) => check.level !== "none");
          for (const kept of [readable, verifiedOnes]) {
            const newest = kept
              .map(({ takenAt }) => takenAt)
              .sort()
              .at(-1);
            const stays = kept.some(({ set, takenAt }) => takenAt === newest && !gone.has(set));
            expect(stays).toBe(kept.length > 0);
          }
          expect(sets.filter(({ unreadable, set }) => unreadable && gone.has(set))).toEqual([]);
        },
      ),
    );
  });
});
