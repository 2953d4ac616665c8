import { blobProofActivities } from "../../src/activities/blob-proof.js";
import * as contract from "../../src/activities/blob-proof.contract.js";
import { BackupItem, type BackupSource } from "../../src/domain/backup.js";
import { backups } from "../../src/state/backups.js";
import { sha256 } from "../../src/state/hash.js";
import { asking } from "../support/activity-call.js";
import { MemoryBlobs } from "../support/memory-blobs.js";
import { MemoryContainer } from "../support/memory-container.js";
import { addSet } from "../support/proofs.js";
import { createHash } from "node:crypto";

const source: BackupSource = {
  kind: "blobs",
  environment: "production",
  source: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/prod",
};
const of = { environment: source.environment, source: source.source };
const endpoint = "https://backup.blob.core.windows.net";
const run = "proof-blobs-production-20261122T020000Z";
const limits = { count: 3, bytes: 1_000, smallCount: 2, smallBytes: 10 };

/** A set of five small blobs and five of 100 bytes; half of each is known by its MD5. */
async function world() {
  const container = new MemoryContainer();
  const store = backups(container, () => container);
  const blobs = new MemoryBlobs();
  const scratch = { endpoint, container: "scratch", blobs: new MemoryContainer() };
  const items: BackupItem[] = [];
  for (let nth = 0; nth < 10; nth++) {
    const text = String(nth).repeat(nth < 5 ? 5 : 100);
    const place = { endpoint, container: "copies", name: `blob-${nth}` };
    blobs.put(place, text, nth % 2 === 0 ? {} : { md5: undefined });
    const md5 = createHash("md5").update(text).digest("base64");
    items.push({
      name: `branding/blob-${nth}`,
      blob: `copies/blob-${nth}`,
      bytes: text.length,
      sha256: nth % 2 === 0 ? `md5:${md5}` : sha256(text),
    });
  }
  const set = await addSet(store, source, "2026-11-22T00:00:00.000Z", { items });
  const { ask, done } = asking(blobProofActivities(blobs, store, endpoint, scratch));
  const sample = (more: Partial<typeof limits> = {}, by = run) =>
    done(contract.sampleBlobs, { ...of, set, ...limits, ...more }, { run: by });
  const listed = (list: string) =>
    BackupItem.array().parse(JSON.parse(container.blobs.get(list)?.text ?? ""));
  const everything = { count: 10, smallCount: 10 };
  const compare = async () => {
    const { list, items: end } = await sample(everything);
    return ask(contract.compareBlobSample, { list, begin: 0, end }, { run });
  };
  return { blobs, scratch, set, ask, done, sample, listed, compare };
}

type World = Awaited<ReturnType<typeof world>>;
const copy = (nth: number) => ({ endpoint, container: "copies", name: `blob-${nth}` });
const leftIn = ({ blobs }: World) =>
  [...blobs.blobs.keys()].filter((name) => name.startsWith(`${endpoint}/scratch/`));

describe("a sample of blobs", () => {
  it("takes small ones and others within its bounds, the same for the same run", async () => {
    const { sample, listed } = await world();

    const first = await sample();
    const items = listed(first.list);
    const again = listed((await sample()).list);
    const seen = new Set<string>();
    for (let nth = 0; nth < 30; nth++) {
      for (const { name } of listed((await sample({}, `${run}-${nth}`)).list)) seen.add(name);
    }

    expect(first).toMatchObject({ items: 5, of: 10 });
    expect(items.filter(({ bytes }) => bytes <= 10)).toHaveLength(2);
    expect(again).toEqual(items);
    expect(seen.size).toBe(10);
  });

  it("keeps within the bytes, and leaves out what would outlast the proof", async () => {
    const { blobs, sample } = await world();

    expect((await sample({ bytes: 250, smallCount: 0 })).items).toBe(2);
    blobs.atOnce = 50;
    expect((await sample({ smallCount: 0 })).items).toBe(0);
  });
});

describe("the comparison of blobs", () => {
  it("restores each into the scratch container and reads it back, however often it is asked", async () => {
    const it = await world();

    const first = await it.compare();
    const writes = it.blobs.copied.length;
    const again = await it.compare();

    for (const answer of [first, again]) {
      expect(answer).toMatchObject({ ok: true, value: { done: 10, bytes: 525, failures: [] } });
    }
    expect(leftIn(it)).toHaveLength(10);
    expect(it.blobs.copied.length - writes).toBe(10);
  });

  it.each<[string, (world: World) => void, number, RegExp]>([
    ["is gone", ({ blobs }) => void blobs.remove(copy(3)), 3, /gone/],
    [
      "was cut",
      ({ blobs }) => {
        blobs.put(copy(6), "6");
      },
      6,
      /1 bytes instead of 100/,
    ],
    [
      "has another content",
      ({ blobs }) => {
        blobs.put(copy(4), "44440");
      },
      4,
      /damaged/,
    ],
    [
      "has another content, and no MD5",
      ({ blobs }) => {
        blobs.put(copy(7), `x${"7".repeat(99)}`, { md5: undefined });
      },
      7,
      /damaged/,
    ],
    [
      "has another content below the MD5 of then",
      ({ blobs }) => {
        blobs.blobs.get(`${endpoint}/copies/blob-2`)!.bytes = Buffer.from("22223");
      },
      2,
      /damaged/,
    ],
  ])("names a copy that %s, and no other", async (_what, spoil, nth, reason) => {
    const it = await world();
    spoil(it);

    expect(await it.compare()).toMatchObject({
      ok: true,
      value: {
        failures: [
          {
            name: `branding/blob-${nth}`,
            blob: `copies/blob-${nth}`,
            reason: expect.stringMatching(reason) as string,
          },
        ],
      },
    });
  });

  it("does not blame the set for what happens to the scratch container", async () => {
    const it = await world();
    it.blobs.corrupt = (name, bytes) =>
      name.startsWith(run) ? Buffer.from("#".repeat(bytes.length)) : bytes;

    expect(await it.compare()).toMatchObject({
      ok: false,
      failure: { class: "transient", code: "scratch-disturbed" },
    });
    it.blobs.corrupt = (_name, bytes) => bytes;
    expect(await it.compare()).toMatchObject({ ok: true, value: { failures: [] } });
  });
});

describe("the scratch container", () => {
  it("is emptied of what proofs of this environment have left there, and of nothing else", async () => {
    const { scratch, done } = await world();
    const others = "proof-blobs-staging-20261122T020000Z/x";
    for (const name of [
      `${run}/a`,
      `${run}-2/b`,
      "proof-blobs-production-20261121T020000Z/c",
      others,
    ]) {
      await scratch.blobs.put(name, "x");
    }

    const cleared = await done(contract.clearScratchContainer, {}, { run });

    expect(cleared).toMatchObject({ changed: true, left: false, kept: 0 });
    expect([...scratch.blobs.blobs.keys()]).toEqual([others]);
    expect(await done(contract.clearScratchContainer, {}, { run })).toMatchObject({
      changed: false,
    });
  });

  it("keeps what a policy keeps, and says so", async () => {
    const { scratch, done } = await world();
    await scratch.blobs.put(`${run}/a`, "x");
    scratch.blobs.immutable.add(`${run}/a`);

    expect(await done(contract.clearScratchContainer, {}, { run })).toMatchObject({
      kept: 1,
      left: false,
    });
  });
});
