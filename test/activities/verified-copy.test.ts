import { restoredBlob } from "../../src/activities/restored-blob.js";
import { verifiedCopy, type SeenBlob } from "../../src/activities/verified-copy.js";
import type { BlobPlace, CopyRefusal } from "../../src/azure/blob-copies.js";
import type { BackupItem } from "../../src/domain/backup.js";
import { MemoryBlobs } from "../support/memory-blobs.js";

const from: BlobPlace = { endpoint: "https://prod", container: "branding", name: "logo.svg" };
const to: BlobPlace = { endpoint: "https://backup", container: "copies", name: "logo.svg" };

async function seen(blobs: MemoryBlobs, place: BlobPlace): Promise<SeenBlob> {
  const view = await blobs.properties(place);
  if (view === undefined) throw new Error("there is no such blob");
  return { ...view, ...place };
}

/** Copies a blob of a text once; `meanwhile` is what happens as it is copied. */
async function copied(
  text: string,
  {
    ifChanged = "copy-again",
    prepare = () => undefined,
  }: { ifChanged?: "copy-again" | "leave"; prepare?: (blobs: MemoryBlobs) => void } = {},
) {
  const blobs = new MemoryBlobs();
  blobs.put(from, text);
  const source = await seen(blobs, from);
  prepare(blobs);
  const over = "nothing" as const;
  const result = await verifiedCopy(blobs, { from: source, to, over, tags: undefined, ifChanged });
  return { result, blobs };
}
/** Has the service refuse every copy. */
const refuse = (why: CopyRefusal) => (blobs: MemoryBlobs) => {
  blobs.copy = () => Promise.resolve({ kind: "refused", why });
};

describe("a copy on the server's side", () => {
  it("counts once it is proven, and is what the target holds", async () => {
    const { result, blobs } = await copied("<svg/>");

    expect(result).toMatchObject({ kind: "copied" });
    expect(blobs.text(to)).toBe("<svg/>");
  });

  it("is left for the next run where the blob has grown meanwhile", async () => {
    const { result } = await copied("x", {
      prepare: (blobs) => {
        blobs.put(from, "x".repeat(2_000));
      },
    });

    expect(result).toMatchObject({
      kind: "left",
      reason: expect.stringMatching(/grew too large/) as string,
    });
  });

  it("is left where somebody keeps the target or the source goes, and asked about where it has changed", async () => {
    for (const [why, kind, reason] of [
      ["target-kept", "left", /legal hold/],
      ["source-gone", "left", /deleted before/],
      ["target-changed", "target-changed", undefined],
      ["content-differs", "content-differs", undefined],
    ] as const) {
      const { result } = await copied("x", { prepare: refuse(why) });

      expect(result.kind).toBe(kind);
      if (reason !== undefined)
        expect(result).toMatchObject({ reason: expect.stringMatching(reason) as string });
    }
  });

  it("is not made again of a source that changes, where what was seen is what counts", async () => {
    const { result, blobs } = await copied("x", {
      ifChanged: "leave",
      prepare: refuse("source-changed"),
    });
    const steadyNever = await copied("x", { prepare: refuse("source-changed") });

    expect(result).toEqual({ kind: "left", reason: "it is no longer what was seen" });
    expect(blobs.text(to)).toBeUndefined();
    expect(steadyNever.result).toMatchObject({
      reason: expect.stringMatching(/again and again/) as string,
    });
  });

  it("does not count where it is gone at once, or written over by somebody else", async () => {
    for (const spoil of [
      (blobs: MemoryBlobs) => void blobs.remove(to),
      (blobs: MemoryBlobs) => {
        blobs.put(to, "somebody else's");
      },
    ]) {
      const { result } = await copied("x", {
        prepare: (blobs) => {
          blobs.afterCopy = () => {
            spoil(blobs);
          };
        },
      });

      expect(result).toEqual({ kind: "target-changed" });
    }
  });
});

describe("a blob that is brought back from its copy", () => {
  const copy: BlobPlace = { ...to, name: "set/logo.svg" };

  /** A copy of a text in a set, with an MD5 as its hash. */
  async function world(text: string, more: Partial<BackupItem> = {}) {
    const blobs = new MemoryBlobs();
    blobs.put(copy, text);
    const { bytes, md5 } = await seen(blobs, copy);
    const item: BackupItem = {
      name: "branding/logo.svg",
      blob: "copies/set/logo.svg",
      bytes,
      sha256: `md5:${md5 ?? ""}`,
      ...more,
    };
    const bring = (etag?: string, mayProve = true) =>
      restoredBlob(
        blobs,
        { item, action: "restore", ...(etag === undefined ? {} : { etag }) },
        copy,
        from,
        () => mayProve,
      );
    return { blobs, bring };
  }

  it("is there, and says so again where an earlier try has brought it", async () => {
    const { blobs, bring } = await world("<svg/>");

    expect(await bring()).toMatchObject({ result: "restored" });
    expect(await bring()).toMatchObject({ result: "restored" });
    expect(blobs.text(from)).toBe("<svg/>");
  });

  it("is left as it is where somebody wrote there since it was compared", async () => {
    const { blobs, bring } = await world("<svg/>");
    blobs.put(from, "newer");

    expect(await bring('"another"')).toMatchObject({
      result: "failed",
      reason: expect.stringMatching(/after it was compared/) as string,
    });
    expect(blobs.text(from)).toBe("newer");
  });

  it("is not brought from a copy that is gone, cut off or damaged", async () => {
    const gone = await world("<svg/>");
    await gone.blobs.remove(copy);
    const short = await world("<svg/>", { bytes: 100 });
    const damaged = await world("<svg/>", { sha256: "0".repeat(64) });
    const md5 = await world("<svg/>", { sha256: "md5:AAAA" });

    for (const [{ bring, blobs }, reason] of [
      [gone, /is gone/],
      [short, /6 bytes instead of 100/],
      [damaged, /damaged/],
      [md5, /damaged/],
    ] as const) {
      expect(await bring()).toMatchObject({
        result: "failed",
        reason: expect.stringMatching(reason) as string,
      });
      expect(blobs.text(from)).toBeUndefined();
    }
  });

  it("says why where the service refuses", async () => {
    for (const [why, reason] of [
      ["target-kept", /legal hold/],
      ["source-gone", /deleted|gone/],
      ["source-changed", /no longer|overwritten/],
    ] as const) {
      for (const text of ["short", "x".repeat(2_000)]) {
        const { blobs, bring } = await world(text);
        refuse(why)(blobs);

        expect(await bring()).toMatchObject({
          result: "failed",
          reason: expect.stringMatching(reason) as string,
        });
      }
    }
  });

  it("that is large is begun, waited for and then read back", async () => {
    const { blobs, bring } = await world("x".repeat(2_000));

    expect(await bring()).toBe("waiting");
    expect(await bring()).toBe("waiting");
    blobs.finishCopies();
    expect(await bring(undefined, false)).toBe("waiting");
    expect(await bring()).toMatchObject({ result: "restored" });
    expect(blobs.copied).toHaveLength(1);
  });

  it("that is large counts as failed where its copy did, or is something else", async () => {
    const failed = await world("x".repeat(2_000));
    await failed.bring();
    failed.blobs.corrupt = () => Buffer.from("y");
    failed.blobs.put(from, "y".repeat(2_000));
    failed.blobs.finishCopies("failed");

    expect(await failed.bring()).toMatchObject({
      result: "failed",
      reason: expect.stringMatching(/not what the set holds/) as string,
    });
  });
});
