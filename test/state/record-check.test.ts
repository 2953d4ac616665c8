import { checkRecords } from "../../src/state/record-check.js";
import { recordPlaces, runs } from "../../src/state/runs.js";
import { MemoryContainer, restError } from "../support/memory-container.js";
import { runRecords } from "../support/run-records.js";

const { restored } = runRecords;
const backup = "backup-redis-production-20261122T120000Z";
const rendered = () => ({ md: "# A report\n", html: "<!doctype html>" });

function world() {
  const [state, records] = [new MemoryContainer(), new MemoryContainer()];
  const store = runs(state, records);
  return {
    state,
    records,
    store,
    save: (id = restored.id) => store.save({ ...restored, id }, rendered),
    check: () => checkRecords(Object.values(recordPlaces(state, records))),
  };
}

describe("records", () => {
  it("are written once, each with an entry of its own, those of backups apart", async () => {
    const { save, check, state, records } = world();

    expect(await save()).toBe("written");
    expect(await save(backup)).toBe("written");
    const before = structuredClone([...records.blobs]);
    expect(await save()).toBe("already done");

    expect([...records.blobs]).toEqual(before);
    expect([...records.blobs.keys()].sort()).toEqual(
      ["index/ID.json", "reports/ID.html", "reports/ID.md", "runs/ID.json"].map((name) =>
        name.replace("ID", restored.id),
      ),
    );
    expect(state.blobs.size).toBe(4);
    expect(await check()).toEqual({ entries: 2, files: 6, findings: [] });
  });

  it("stand as the first try wrote them, whatever a repeated one has heard since", async () => {
    const { store, check } = world();
    const render = ({ findings }: typeof restored) => ({ md: findings.join(), html: "" });

    await store.save(restored, render);
    const again = await store.save({ ...restored, findings: ["later"] }, render);

    expect(again).toBe("already done");
    expect((await store.read(restored.id))?.findings).toEqual([]);
    expect(await store.report(restored.id, "md")).toBe("");
    expect((await check()).findings).toEqual([]);
  });

  it("are never another run's under the same id", async () => {
    const { store } = world();
    await store.save(restored, rendered);

    await expect(
      store.save({ ...restored, outcome: "canceled", reason: "x" }, rendered),
    ).rejects.toMatchObject({ failure: { class: "terminal", code: "another-record" } });
  });

  it.each([1, 2, 3])("are completed by the next try after a crash at write %i", async (at) => {
    const { records, save, check } = world();
    let left = at;
    const create = records.create.bind(records);
    records.create = async (...given) => {
      if (left-- === 0) throw restError(503, "ServerBusy");
      return create(...given);
    };

    await expect(save()).rejects.toThrow("ServerBusy");
    const between = await check();
    left = Infinity;
    await save();

    expect(between.findings.map(({ problem }) => problem)).toEqual(
      Array.from({ length: at }, () => "unindexed"),
    );
    expect(await check()).toEqual({ entries: 1, files: 3, findings: [] });
  });

  it("of which one was cut off before its entry are entered by hand", async () => {
    const { records, store, save, check } = world();
    await save();
    const entry = `index/${restored.id}.json`;
    const before = records.blobs.get(entry)?.text;
    records.blobs.delete(entry);

    expect(await store.enter(restored.id)).toBe(true);
    expect(records.blobs.get(entry)?.text).toBe(before);
    expect((await check()).findings).toEqual([]);
    records.blobs.delete(`reports/${restored.id}.md`);
    expect(await store.enter(restored.id)).toBe(false);
  });
});

describe("the check of records", () => {
  const name = { record: `runs/${restored.id}.json`, entry: `index/${restored.id}.json` };
  const overwrite = (blobs: MemoryContainer, at: string, change: (text: string) => string) => {
    const standing = blobs.blobs.get(at);
    if (standing === undefined) throw new Error(`there is no ${at}`);
    blobs.blobs.set(at, { ...standing, text: change(standing.text) });
  };

  it.each<[string, string, string, (records: MemoryContainer) => void]>([
    [
      "a record that says more than it said",
      "changed",
      name.record,
      (records) => {
        overwrite(records, name.record, (text) =>
          text.replace('"outcome": "restored"', '"outcome": "not-needed"'),
        );
      },
    ],
    [
      "a report of the same length",
      "changed",
      `reports/${restored.id}.md`,
      (records) => {
        overwrite(records, `reports/${restored.id}.md`, (text) => text.replace("A", "B"));
      },
    ],
    [
      "a record that is gone",
      "missing",
      name.record,
      (records) => records.blobs.delete(name.record),
    ],
    [
      "a record that was slipped in",
      "unindexed",
      "runs/container-app-failure-production-x.json",
      (records) =>
        records.blobs.set("runs/container-app-failure-production-x.json", {
          ...records.blobs.get(name.record)!,
        }),
    ],
    [
      "an entry that is no entry",
      "unreadable",
      name.entry,
      (records) => {
        overwrite(records, name.entry, () => "{");
      },
    ],
    [
      "an entry that speaks of other files",
      "changed",
      name.entry,
      (records) => {
        overwrite(records, name.entry, (text) => text.replace("reports/", "runs/"));
      },
    ],
    [
      "an entry that lists show otherwise than it says",
      "changed",
      name.entry,
      (records) => {
        records.blobs.get(name.entry)!.metadata["entry"] = "";
      },
    ],
  ])("finds %s", async (_what, problem, blob, tamper) => {
    const { records, save, check } = world();
    await save();
    await save("storage-failure-production-20261122T120000Z-abcdef");
    tamper(records);

    expect((await check()).findings).toMatchObject([{ problem, blob }]);
  });
});
