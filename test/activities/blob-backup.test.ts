import {
  checkSlowCopies,
  copyBlobs,
  findActiveAccount,
  prepareContainers,
  proveSlowCopies,
  startSlowCopies,
} from "../../src/activities/blob-backup.contract.js";
import { setPrefix } from "../../src/domain/backup.js";
import { blobWorld, branding, backupEndpoint, source } from "../support/blob-activities.js";
import { restError } from "../support/memory-container.js";

const midnight = "2024-11-23T00:00:00.000Z";
const morning = "2024-11-23T06:00:00.000Z";
const path = (n: number): string => `tenant-${String(n).padStart(5, "0")}/logo.svg`;

function filled(count: number) {
  const world = blobWorld();
  for (let n = 0; n < count; n++) world.blobs.put(branding(path(n)), `<svg n="${n}"/>`);
  return world;
}

describe("a backup of blobs", () => {
  it("takes over what has not changed, whatever is added, changed and deleted between", async () => {
    const { blobs, backUp } = filled(3_700);
    const full = await backUp(midnight);
    const changed = [0, 399, 400, 1_999, 2_500, 3_699];
    for (const n of changed) blobs.put(branding(path(n)), "<svg changed/>");
    for (const n of [7, 500, 501, 3_000]) await blobs.remove(branding(path(n)));
    for (const name of ["a.svg", "tenant-01000/zoo.svg", "zebra.svg"]) {
      blobs.put(branding(name), "<svg new/>");
    }
    const next = await backUp(morning, full.set);

    expect(full.items).toHaveLength(3_700);
    expect(full.listed.calls).toBeGreaterThan(1);
    expect(next.items).toHaveLength(3_699);
    expect(next.reused).toBe(3_699 - changed.length - 3);
    const copied = next.items.filter(({ blob }) => blob.includes("20241123T060000Z"));
    expect(copied.map(({ name }) => name)).toEqual([
      "branding/a.svg",
      ...[0, 399, 400].map((n) => `branding/${path(n)}`),
      "branding/tenant-01000/zoo.svg",
      ...[1_999, 2_500, 3_699].map((n) => `branding/${path(n)}`),
      "branding/zebra.svg",
    ]);
  });

  it("keeps pieces, parts and what an activity answers small, however many blobs there are", async () => {
    const { backUp } = filled(1_201);
    const { parts, listed } = await backUp(midnight);

    expect(listed.count).toBe(1_201);
    expect(Math.max(...parts.map(({ count }) => count))).toBeLessThanOrEqual(500);
    expect(parts.reduce((sum, { count }) => sum + count, 0)).toBe(1_201);
  });

  it("copies again what is gone from the backup account, or has become shorter there", async () => {
    const { blobs, backUp } = filled(3);
    const full = await backUp(midnight);
    const place = (n: number) => {
      const [container = "", ...rest] = full.items[n]!.blob.split("/");
      return { endpoint: backupEndpoint, container, name: rest.join("/") };
    };
    await blobs.remove(place(0));
    blobs.put(place(1), "<svg");
    const next = await backUp(morning, full.set);

    expect(next.reused).toBe(1);
    expect(next.items[2]?.blob).toBe(full.items[2]?.blob);
    expect(next.items[0]?.blob).toContain("20241123T060000Z");
    expect(next.items[1]?.blob).toContain("20241123T060000Z");
  });

  it("copies everything where the earlier set cannot be used", async () => {
    const { container, backUp } = filled(3);
    const full = await backUp(midnight);
    await container.put(`${full.set}manifest.json`, "{");

    expect((await backUp(morning, full.set)).reused).toBe(0);
  });
});

describe("a copy", () => {
  it("of a blob without an MD5 is proven by reading both sides", async () => {
    const { blobs, backUp } = filled(1);
    blobs.put(branding("blocks.svg"), "<svg/>", { md5: undefined });
    const { items } = await backUp(midnight);

    expect(items.map(({ sha256 }) => sha256)).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      expect.stringMatching(/^md5:/),
    ]);
  });

  it("is proven by reading both sides where the stored MD5 is not the content's", async () => {
    const { blobs, backUp } = filled(0);
    blobs.put(branding("odd.svg"), "<svg/>", { md5: "XUFAKrxLKna5cZ2REBfFkg==" });
    const { items, skipped } = await backUp(midnight);

    expect(skipped).toEqual([]);
    expect(items).toMatchObject([{ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string }]);
  });

  it("that is not what its source is does not count, and is named", async () => {
    const { blobs, backUp } = filled(1);
    blobs.put(branding("blocks.svg"), "<svg/>", { md5: undefined });
    blobs.corrupt = (name, bytes) => (name.endsWith("blocks.svg") ? Buffer.from("<gvs/>") : bytes);
    const { items, skipped } = await backUp(midnight);

    expect(items.map(({ name }) => name)).toEqual([`branding/${path(0)}`]);
    expect(skipped).toEqual([
      { name: "branding/blocks.svg", reason: "its copy is not what it is itself" },
    ]);
  });

  it("that has another length does not count, whatever the service said", async () => {
    const { blobs, backUp } = filled(2);
    blobs.corrupt = (name, bytes) => (name.endsWith(path(0)) ? bytes.subarray(1) : bytes);
    const { items, skipped } = await backUp(midnight);

    expect(items).toHaveLength(1);
    expect(skipped).toMatchObject([
      { reason: expect.stringContaining("bytes instead of") as string },
    ]);
  });

  it("that was damaged once is made again", async () => {
    const { blobs, backUp } = filled(1);
    let times = 0;
    blobs.corrupt = (_name, bytes) => (++times === 1 ? bytes.subarray(1) : bytes);
    const { items, skipped } = await backUp(midnight);

    expect([items.length, skipped.length, times]).toEqual([1, 0, 2]);
  });

  it("of a blob that changes meanwhile is of what it is then", async () => {
    const { blobs, backUp } = filled(1);
    let times = 0;
    blobs.beforeCopy = () => {
      if (++times === 1) blobs.put(branding(path(0)), "<svg changed/>");
    };
    const { items } = await backUp(midnight);
    const now = await blobs.properties(branding(path(0)));

    expect(items).toMatchObject([{ sourceVersion: now?.etag, bytes: 14 }]);
  });

  it("of a blob that is deleted meanwhile, or never holds still, is named", async () => {
    const { blobs, backUp } = filled(2);
    blobs.beforeCopy = ({ from }) => {
      if (from.name === path(0)) void blobs.remove(from);
      else blobs.put(from, "<svg again/>");
    };
    const { items, skipped } = await backUp(midnight);

    expect(items).toEqual([]);
    expect(skipped).toEqual([
      { name: `branding/${path(0)}`, reason: "it was deleted before it could be copied" },
      {
        name: `branding/${path(1)}`,
        reason: "it changed again and again while it was copied",
      },
    ]);
  });

  it("is not made twice when an activity is repeated", async () => {
    const { blobs, done, list, pieceOf } = filled(40);
    const set = setPrefix(source, midnight, "run-1");
    await list(set);
    const first = await done(copyBlobs, pieceOf(set, 1));
    const before = new Map(blobs.blobs);
    const second = await done(copyBlobs, pieceOf(set, 1), { attempt: 2 });

    expect(second.part).toEqual(first.part);
    expect(new Map(blobs.blobs)).toEqual(before);
  });

  it("lacks index tags where they may not be read, and that is said", async () => {
    const { blobs, backUp } = filled(0);
    blobs.put(branding("tagged.svg"), "<svg/>", { tagged: true });
    blobs.readsTags = false;
    const { items, findings } = await backUp(midnight);

    expect(items).toHaveLength(1);
    expect(findings).toEqual([
      "branding/tagged.svg is copied without its index tags: no right to read them",
    ]);
  });

  it("is not made of what cannot be read or cannot be named; each says why", async () => {
    const { blobs, backUp } = filled(1);
    blobs.put(branding("archived.svg"), "<svg/>", { archived: true });
    blobs.put(branding("x".repeat(1_020)), "<svg/>");
    const { items, skipped } = await backUp(midnight);

    expect(items).toHaveLength(1);
    expect(skipped.map(({ reason }) => reason)).toEqual([
      expect.stringContaining("archive tier"),
      expect.stringContaining("too long"),
    ]);
  });

  it("that is not made is named in a list beside the set where there are many", async () => {
    const { blobs, container, backUp } = filled(60);
    blobs.beforeCopy = () => {
      throw restError(409, "BlobArchived");
    };
    const { set, skipped } = await backUp(midnight);
    const list = `${set}work/skipped-1.jsonl`;
    const lines = (await container.read(list))?.text.trim().split("\n") ?? [];

    expect(skipped).toHaveLength(51);
    expect(skipped.at(-1)).toEqual({
      name: "and 10 more",
      reason: `${list} in the backup account has them all`,
    });
    expect(lines).toHaveLength(60);
    expect(JSON.parse(lines.at(-1) ?? "")).toEqual({
      name: `branding/${path(59)}`,
      skip: expect.stringContaining("BlobArchived") as string,
    });
  });

  it("fails with the whole piece where the account refuses, and alone where Azure refuses the blob", async () => {
    const { blobs, ask, list, pieceOf } = filled(2);
    const set = setPrefix(source, midnight, "run-1");
    await list(set);
    const refusing = (status: number, code: string) => {
      blobs.beforeCopy = ({ from }) => {
        if (from.name === path(0)) throw restError(status, code);
      };
      return ask(copyBlobs, pieceOf(set, 1));
    };

    expect(await refusing(403, "AuthorizationPermissionMismatch")).toMatchObject({ ok: false });
    expect(await refusing(503, "ServerBusy")).toMatchObject({
      ok: false,
      failure: { class: "transient" },
    });
    expect(await refusing(409, "BlobArchived")).toMatchObject({
      ok: true,
      value: { skipped: [{ name: `branding/${path(0)}` }], part: { count: 1 } },
    });
  });
});

describe("a large blob", () => {
  const large = (n: number) => `${"<svg/>".repeat(200)}${n}`;

  it("is copied in the service's own time, and proven by reading the copy", async () => {
    const { blobs, done, list, pieceOf } = filled(1);
    blobs.put(branding("film.mp4"), large(1));
    const set = setPrefix(source, midnight, "run-1");
    const listed = await list(set);
    const piece = { ...pieceOf(set, 1, true), nth: 2 };
    await done(startSlowCopies, piece);
    const underWay = await done(checkSlowCopies, piece);
    const early = await done(proveSlowCopies, piece);
    await done(startSlowCopies, piece, { attempt: 2 });
    blobs.finishCopies();
    const after = await done(checkSlowCopies, piece);
    const proven = await done(proveSlowCopies, piece);

    expect(listed).toMatchObject({ pieces: 1, slowPieces: 1, count: 2 });
    expect([underWay.waiting, after.waiting]).toEqual([1, 0]);
    expect(early.skipped).toMatchObject([{ reason: expect.stringContaining("pending") as string }]);
    expect(proven).toMatchObject({ part: { count: 1 }, skipped: [] });
  });

  it("is taken over like others while it has not changed", async () => {
    const { blobs, backUp } = filled(3);
    blobs.put(branding("film.mp4"), large(1));
    const full = await backUp(midnight);
    const next = await backUp(morning, full.set);
    blobs.put(branding("film.mp4"), large(2));
    const last = await backUp("2024-11-23T12:00:00.000Z", next.set);

    expect([next.reused, last.reused]).toEqual([4, 3]);
    expect(last.items.at(-1)?.name).toBe("branding/film.mp4");
  });

  it("is copied as it is when its copy is begun, and named where its copy failed", async () => {
    const { blobs, done, list, pieceOf } = filled(0);
    blobs.put(branding("film.mp4"), large(1));
    const set = setPrefix(source, midnight, "run-1");
    await list(set);
    const piece = pieceOf(set, 1, true);
    blobs.put(branding("film.mp4"), large(2));
    await done(startSlowCopies, piece);
    const current = await blobs.properties(branding("film.mp4"));
    blobs.finishCopies();
    const proven = await done(proveSlowCopies, piece);
    expect(proven.part.count).toBe(1);
    expect(blobs.copied.at(-1)?.from.etag).toBe(current?.etag);

    await blobs.remove({ ...blobs.copied.at(-1)!.to });
    await done(startSlowCopies, piece);
    blobs.finishCopies("failed");
    expect((await done(proveSlowCopies, piece)).skipped).toMatchObject([
      { reason: expect.stringContaining("failed") as string },
    ]);
  });
});

describe("the account that is backed up", () => {
  const wanted = { app: "app", storage: { primary: source.source } };

  it("is the one that the app names, and otherwise the estate's, which is said", async () => {
    const { world, done } = filled(0);
    const observed = await done(findActiveAccount, wanted);
    world.variables["STORAGE_ACCOUNT_URL"] = "https://elsewhere.blob.core.windows.net/";
    const assumed = await done(findActiveAccount, wanted);

    expect(observed).toMatchObject({ known: "observed", side: "primary", region: "eastus" });
    expect(assumed).toMatchObject({
      known: "assumed",
      detail: "taken to be prod: the app names https://elsewhere.blob.core.windows.net/",
    });
  });

  it("is asked for again while the app is away, and taken from the standby when the app is gone", async () => {
    const { world, ask, done } = filled(0);
    world.appError = restError(503, "ServiceUnavailable");
    const away = await ask(findActiveAccount, { ...wanted, standby: "standby" });
    world.appError = restError(404, "ResourceNotFound");
    const byStandby = await done(findActiveAccount, { ...wanted, standby: "standby" });
    const byNobody = await done(findActiveAccount, wanted);

    expect(away).toMatchObject({ ok: false, failure: { class: "transient" } });
    expect(byStandby).toMatchObject({ known: "observed", side: "primary" });
    expect(byNobody).toMatchObject({
      known: "assumed",
      detail: "taken to be prod: no app can be read",
    });
  });

  it("fails for good where there is none", async () => {
    const { world, ask } = filled(0);
    world.account = undefined;

    expect(await ask(findActiveAccount, wanted)).toMatchObject({
      ok: false,
      failure: { code: "account-missing", class: "terminal" },
    });
  });

  it("gets no container in a plan", async () => {
    const { done } = filled(0);
    const containers = ["branding-backup-20241123"];

    expect(await done(prepareContainers, { containers }, { mode: "plan" })).toMatchObject({
      changed: false,
    });
    expect(await done(prepareContainers, { containers })).toMatchObject({ changed: true });
    expect(await done(prepareContainers, { containers })).toMatchObject({ changed: false });
  });
});
