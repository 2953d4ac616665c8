import {
  compareBlobs,
  copyBlobsBack,
  findRestorableAccount,
  prepareTarget,
} from "../../src/activities/blob-restore.contract.js";
import { instantOf } from "../../src/domain/instant.js";
import {
  backupEndpoint,
  blobWorld,
  branding,
  endpoint,
  source,
} from "../support/blob-activities.js";

const { environment } = source;
/** After everything that a test writes before its backup. */
const takenAt = "2024-11-22T14:00:00.000Z";
const newer = { modifiedAt: "2024-11-22T15:00:00.000Z" };

async function backedUp(
  texts: Readonly<Record<string, string>>,
  withoutMd5: readonly string[] = [],
) {
  const world = blobWorld();
  const { blobs, done } = world;
  for (const [name, text] of Object.entries(texts)) {
    blobs.put(branding(name), text, withoutMd5.includes(name) ? { md5: undefined } : {});
  }
  const { set, items } = await world.backUp(takenAt);
  const of = { environment, source: source.source, set };
  const compare = (
    overwrite = false,
    wanted: string[] = [],
    mode: "execute" | "plan" = "execute",
  ) =>
    done(
      compareBlobs,
      { ...of, endpoint, begin: 0, end: items.length, items: wanted, overwrite },
      { run: "restore-1", mode },
    );
  const bringBack = (actions: ("restore" | "replace" | "overwrite")[] = ["restore", "replace"]) =>
    done(copyBlobsBack, {
      endpoint,
      decisions: "restores/restore-1/blobs-0000000.jsonl",
      actions,
    });
  const copyOf = (nth: number) => {
    const [container = "", ...path] = items[nth]!.blob.split("/");
    return { endpoint: backupEndpoint, container, name: path.join("/") };
  };
  const results = () =>
    (world.container.blobs.get("restores/restore-1/blobs-0000000-results.jsonl")?.text ?? "")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { name: string; result: string; reason?: string });
  return { ...world, set, of, items, compare, bringBack, copyOf, results };
}

describe("a restore of blobs", () => {
  it("compares before it acts: missing, older, the same, newer", async () => {
    const { blobs, compare, bringBack, results } = await backedUp({
      "missing.svg": "1",
      "newer.svg": "2",
      "older.svg": "3",
      "same.svg": "4",
    });
    await blobs.remove(branding("missing.svg"));
    blobs.put(branding("newer.svg"), "22", newer);
    blobs.put(branding("older.svg"), "33");
    const compared = await compare();
    const brought = await bringBack();

    expect(compared.counts).toEqual({
      restore: 1,
      replace: 1,
      same: 1,
      "keep-newer": 1,
      overwrite: 0,
      "no-copy": 0,
    });
    expect(compared.newer).toEqual(["branding/newer.svg"]);
    expect(brought).toMatchObject({ restored: 2, failed: [], waiting: 0, changed: true });
    expect(
      ["missing.svg", "newer.svg", "older.svg"].map((name) => blobs.text(branding(name))),
    ).toEqual(["1", "22", "3"]);
    expect(results().sort((one, other) => one.name.localeCompare(other.name))).toEqual([
      { name: "branding/missing.svg", result: "restored" },
      {
        name: "branding/newer.svg",
        result: "left-newer",
        reason: "left as it is: newer than the copy",
      },
      { name: "branding/older.svg", result: "restored" },
      { name: "branding/same.svg", result: "same" },
    ]);
  });

  it("overwrites what is newer only where the order says so", async () => {
    const { blobs, compare, bringBack } = await backedUp({ "logo.svg": "1" });
    blobs.put(branding("logo.svg"), "2", newer);

    expect((await compare(true)).counts).toMatchObject({ overwrite: 1, "keep-newer": 0 });
    expect(await bringBack()).toMatchObject({ done: 0, changed: false });
    expect(await bringBack(["overwrite"])).toMatchObject({ restored: 1 });
    expect(blobs.text(branding("logo.svg"))).toBe("1");
  });

  it("writes nothing down in a plan", async () => {
    const { blobs, container, compare } = await backedUp({ "logo.svg": "1" });
    await blobs.remove(branding("logo.svg"));
    const before = [...container.blobs.keys()];

    expect((await compare(false, [], "plan")).counts).toMatchObject({ restore: 1 });
    expect([...container.blobs.keys()]).toEqual(before);
  });

  it("takes for the same what has the same content, with an MD5 or without, however new it is", async () => {
    const texts = { "blocks.svg": "1", "logo.svg": "2" };
    const { blobs, compare } = await backedUp(texts, ["blocks.svg"]);
    blobs.put(branding("blocks.svg"), "1", { ...newer, md5: undefined });
    blobs.put(branding("logo.svg"), "2", newer);

    expect((await compare()).counts).toMatchObject({ same: 2 });
  });

  it("does not bring back a copy that is damaged, is cut off or is gone, and says which", async () => {
    const { blobs, compare, bringBack, copyOf } = await backedUp(
      { "blocks.svg": "<1/>", "cut.svg": "<2/>", "gone.svg": "<3/>", "md5.svg": "<4/>" },
      ["blocks.svg"],
    );
    for (const name of ["blocks.svg", "cut.svg", "gone.svg", "md5.svg"]) {
      await blobs.remove(branding(name));
    }
    blobs.put(copyOf(0), "<x/>", { md5: undefined });
    blobs.put(copyOf(1), "<2");
    await blobs.remove(copyOf(2));
    blobs.put(copyOf(3), "<y/>");
    const compared = await compare();
    const brought = await bringBack();

    expect(compared.damaged).toEqual(["branding/cut.svg", "branding/gone.svg"]);
    expect(brought.restored).toBe(0);
    const reason = "its copy is damaged: its hash is not the set's";
    expect(brought.failed).toEqual([
      { name: "branding/blocks.svg", reason },
      { name: "branding/md5.svg", reason },
    ]);
    expect(blobs.text(branding("md5.svg"))).toBeUndefined();
  });

  it("leaves alone what was written to between the comparison and the copy", async () => {
    const { blobs, compare, bringBack } = await backedUp({ "logo.svg": "1" });
    await blobs.remove(branding("logo.svg"));
    await compare();
    blobs.put(branding("logo.svg"), "somebody's");

    expect((await bringBack()).failed).toMatchObject([
      { reason: expect.stringContaining("after it was compared") as string },
    ]);
    expect(blobs.text(branding("logo.svg"))).toBe("somebody's");
  });

  it("does not write over what somebody writes just after the copy", async () => {
    const { blobs, compare, bringBack } = await backedUp({ "logo.svg": "1" });
    await blobs.remove(branding("logo.svg"));
    await compare();
    blobs.afterCopy = ({ to }) => {
      blobs.put(to, "somebody's");
    };

    expect((await bringBack()).failed).toHaveLength(1);
    expect(blobs.text(branding("logo.svg"))).toBe("somebody's");
  });

  it("counts as restored what an earlier try brought, and copies it only once", async () => {
    const { blobs, container, compare, bringBack } = await backedUp({ "logo.svg": "1" });
    await blobs.remove(branding("logo.svg"));
    await compare();
    await bringBack();
    // The try before this one was killed before it could write down what it did.
    await container.remove("restores/restore-1/blobs-0000000-results.jsonl");
    const before = await blobs.properties(branding("logo.svg"));

    expect(await bringBack()).toMatchObject({ restored: 1, failed: [] });
    expect(await blobs.properties(branding("logo.svg"))).toEqual(before);
  });

  it("waits for large blobs, and reads back one of them in a call", async () => {
    const large = (n: number) => `${"<svg/>".repeat(200)}${n}`;
    const { blobs, compare, bringBack } = await backedUp({ "a.mp4": large(1), "b.mp4": large(2) });
    for (const name of ["a.mp4", "b.mp4"]) await blobs.remove(branding(name));
    await compare();

    expect(await bringBack()).toMatchObject({ waiting: 2, restored: 0 });
    expect(await bringBack()).toMatchObject({ waiting: 2, restored: 0 });
    blobs.finishCopies();
    expect(await bringBack()).toMatchObject({ waiting: 1, restored: 1 });
    expect(await bringBack()).toMatchObject({ waiting: 0, restored: 2, failed: [] });
    expect(blobs.text(branding("b.mp4"))).toBe(large(2));
  });

  it("finds what is wanted of a set by name and by prefix, and where in the set it is", async () => {
    const { done, ask, of } = await backedUp({ "a/1.svg": "1", "b/1.svg": "2", "b/2.svg": "3" });
    const find = (items: string[]) =>
      ask(findRestorableAccount, { ...of, account: source.source, items });

    expect(await find(["branding/b/*"])).toMatchObject({
      ok: true,
      value: { begin: 1, end: 3, wanted: 2, containers: ["branding"], endpoint },
    });
    expect(await find(["branding/c.svg"])).toMatchObject({
      ok: false,
      failure: { code: "not-in-set" },
    });
    expect(await find(["logos/*"])).toMatchObject({
      ok: false,
      failure: { code: "nothing-wanted" },
    });
    expect(
      await ask(findRestorableAccount, { ...of, account: `${source.source}x`, items: [] }),
    ).toMatchObject({ ok: false, failure: { code: "account-missing" } });
    const place = { endpoint, containers: ["branding", "logos"] };
    expect(await done(prepareTarget, place, { mode: "plan" })).toMatchObject({ made: ["logos"] });
    expect(await done(prepareTarget, place)).toMatchObject({ made: ["logos"] });
    expect(await done(prepareTarget, place)).toMatchObject({ made: [], changed: false });
  });

  it("is refused with a set of somebody else or of the future", async () => {
    const { ask, of, store, set } = await backedUp({ "logo.svg": "1" });
    const future = instantOf(new Date(Date.now() + 3_600_000_000));
    const manifest = await store.usable(set, source, takenAt);
    await store.complete(set, { ...manifest, takenAt: future });

    for (const [wanted, code] of [
      [{ source: `${source.source}2` }, "backup-foreign"],
      [{}, "backup-future"],
    ] as const) {
      const input = { ...of, ...wanted, account: source.source, items: [] };
      expect(await ask(findRestorableAccount, input)).toMatchObject({
        ok: false,
        failure: { code, class: "terminal" },
      });
    }
  });
});
