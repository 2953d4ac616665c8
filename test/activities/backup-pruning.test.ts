import { backupPruningActivities } from "../../src/activities/backup-pruning.js";
import {
  forgetOldRuns,
  planPruning,
  pruneSet,
} from "../../src/activities/backup-pruning.contract.js";
import {
  folderOf,
  setPrefix,
  type BackupManifest,
  type BackupSource,
} from "../../src/domain/backup.js";
import { days, hours, type Milliseconds } from "../../src/domain/duration.js";
import { runs } from "../../src/state/runs.js";
import { answerOf } from "../support/activity-call.js";
import { manifestOf, memorySets } from "../support/backup-sets.js";
import { MemoryContainer } from "../support/memory-container.js";
import { runRecords } from "../support/run-records.js";

const source: BackupSource = {
  kind: "blobs",
  environment: "production",
  source: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/prod",
};

function world() {
  const { container, elsewhere, store } = memorySets();
  const history = runs(new MemoryContainer(), new MemoryContainer());
  const activities = backupPruningActivities(store, history);
  const at = (age: Milliseconds): string => new Date(Date.now() - age).toISOString();
  /** A set of a certain age, with one copy in a dated container. */
  const add = async (age: Milliseconds, more: Partial<BackupManifest> = {}): Promise<string> => {
    const takenAt = at(age);
    const set = setPrefix(source, takenAt, "run-1");
    const dated = `branding-backup-${folderOf(set).slice(0, 8)}`;
    await elsewhere(dated).put(`${folderOf(set)}/logo.svg`, "<svg/>");
    const item = {
      name: "branding/logo.svg",
      blob: `${dated}/${folderOf(set)}/logo.svg`,
      bytes: 6,
      sha256: "0",
    };
    const copies = [`${dated}/${folderOf(set)}/`];
    const described = { scope: "interval" as const, items: [item], copies, ...more };
    await store.complete(set, manifestOf(source, takenAt, described));
    return set;
  };
  return {
    container,
    elsewhere,
    store,
    add,
    plan: () =>
      answerOf(activities, planPruning, {
        environment: "production",
        sources: [
          {
            kind: source.kind,
            source: source.source,
            retention: days(30),
            containers: ["branding"],
          },
        ],
      }),
    history,
    forget: () =>
      answerOf(activities, forgetOldRuns, { environment: "production", olderThan: days(30) }),
    prune: (plan: string, nth: number) =>
      answerOf(activities, pruneSet, { environment: "production", plan, nth }),
  };
}

const value = <T>(answer: { ok: true; value: T } | { ok: false; failure: { code: string } }): T => {
  if (!answer.ok) throw new Error(answer.failure.code);
  return answer.value;
};

describe("pruning of backup sets", () => {
  it("writes down what goes and why, and then removes it with its copies", async () => {
    const { add, plan, prune, container, elsewhere, store } = world();
    const old = await add(hours(60));
    const young = await add(hours(1));

    const { plan: file, prune: count, keep } = value(await plan());
    expect({ count, keep }).toEqual({ count: 1, keep: 1 });
    expect(container.blobs.get(file)?.text).toContain("interval set, 60 h old");

    expect(value(await prune(file, 0))).toMatchObject({ set: old, changed: true, left: false });
    expect(await store.sets(source)).toEqual([young]);
    expect(elsewhere(`branding-backup-${folderOf(old).slice(0, 8)}`).blobs.size).toBe(0);
    expect(value(await prune(file, 0))).toMatchObject({ changed: false, kept: 0 });
  });

  it("takes what was begun and never completed, with the copies that it made", async () => {
    const { add, plan, prune, container, elsewhere } = world();
    await add(hours(1));
    const begun = setPrefix(source, new Date(Date.now() - hours(50)).toISOString(), "run-2");
    await container.put(`${begun}work/page-00001.jsonl`, "");
    const dated = elsewhere(`branding-backup-${folderOf(begun).slice(0, 8)}`);
    await dated.put(`${folderOf(begun)}/logo.svg`, "<svg/>");

    const { plan: file, prune: count } = value(await plan());
    expect(count).toBe(1);
    expect(value(await prune(file, 0))).toMatchObject({ set: begun, left: false });
    expect(dated.blobs.size).toBe(0);
  });

  it("leaves alone what nobody can read, and says so", async () => {
    const { add, plan, container } = world();
    await add(hours(1));
    const strange = await add(hours(90));
    container.blobs.get(`${strange}manifest.json`)!.text = "{}";

    expect(value(await plan())).toMatchObject({ prune: 0, keep: 2, unreadable: [strange] });
  });

  it("keeps the newest set whatever a plan says, and refuses a place that is not ours", async () => {
    const { add, prune, container } = world();
    const newest = await add(hours(1));
    const planOf = (set: string, copies: string[]) =>
      container.put(
        "pruning/x.json",
        JSON.stringify({
          version: 1,
          sets: [{ kind: source.kind, source: source.source, set, prune: true, why: "x", copies }],
        }),
      );

    await planOf(newest, []);
    expect(await prune("pruning/x.json", 0)).toMatchObject({
      value: { changed: false, left: false, detail: expect.stringContaining("stays") as unknown },
    });
    for (const [set, copies] of [
      ["blobs/prod/", []],
      ["blobs/other/20261122T000000Z-run-1/", []],
      [newest, ["branding/"]],
      [newest, [`branding-backup-20200101/${folderOf(newest)}/`]],
    ] as const) {
      await planOf(set, [...copies]);
      expect(await prune("pruning/x.json", 0)).toMatchObject({ failure: { code: "not-ours" } });
    }
    expect(container.blobs.has(`${newest}manifest.json`)).toBe(true);
  });

  it("forgets the records of old backups, and of nothing else", async () => {
    const { history, forget } = world();
    const save = (id: string, age: Milliseconds) => {
      const at = new Date(Date.now() - age).toISOString();
      const record = { ...runRecords.restored, id, startedAt: at, endedAt: at };
      return history.save(record, () => ({ md: "", html: "" }));
    };
    await save("backup-blobs-production-20260101T000000Z", days(31));
    await save("backup-pruning-production-20260101T000000Z", days(31));
    await save("backup-blobs-development-20260101T000000Z", days(31));
    await save("backup-blobs-production-20260201T000000Z", days(29));
    await save("container-app-failure-production-20260101T000000Z-abcdef", days(400));

    expect(value(await forget())).toMatchObject({ forgotten: 2, left: false });
    expect((await history.backups("")).map(({ id }) => id)).toEqual([
      "backup-blobs-production-20260201T000000Z",
      "backup-blobs-development-20260101T000000Z",
    ]);
    expect(await history.list()).toHaveLength(1);
    await expect(history.forgetBackup("container-app-failure-production-x")).rejects.toThrow();
  });

  it("names what a policy keeps, and does not try for ever", async () => {
    const { add, plan, prune, elsewhere } = world();
    await add(hours(1));
    const old = await add(hours(60));
    const dated = elsewhere(`branding-backup-${folderOf(old).slice(0, 8)}`);
    dated.immutable.add(`${folderOf(old)}/logo.svg`);

    const { plan: file } = value(await plan());

    expect(value(await prune(file, 0))).toMatchObject({ kept: 1, left: false });
    expect(dated.isRemoved).toBe(false);
  });
});
