import { BaseItems } from "../../src/activities/base-items.js";
import { completeSet } from "../../src/activities/backup.contract.js";
import { setPrefix, slowPartsFact, type BackupItem } from "../../src/domain/backup.js";
import { blobWorld, source } from "../support/blob-activities.js";

const takenAt = "2024-11-23T00:00:00.000Z";
const later = "2024-11-23T06:00:00.000Z";
const itemOf = (name: string): BackupItem => ({
  name,
  blob: `copies/20241123T000000Z-run-1/${name}`,
  bytes: 1,
  sha256: "md5:XUFAKrxLKna5cZ2REBfFkg==",
  sourceVersion: "1",
  sourceUpdatedAt: takenAt,
});

/** A set whose last part holds large blobs, walked by an activity for each container. */
async function walked(quick: readonly (readonly string[])[], large: readonly string[]) {
  const { done, store } = blobWorld();
  const set = setPrefix(source, takenAt, "run-1");
  const parts = [];
  for (const [index, names] of [...quick, large].entries()) {
    parts.push(await store.writePart(set, index + 1, names.map(itemOf)));
  }
  await done(completeSet, {
    set,
    ...source,
    scope: "full",
    region: "eastus",
    takenAt,
    completedAt: takenAt,
    parts,
    skipped: [],
    verified: true,
    copies: [],
    facts: { [slowPartsFact]: "1" },
  });
  const names = [...quick.flat(), ...large].sort();
  const found: string[] = [];
  let part = 0;
  for (const container of new Set(names.map((name) => name.split("/")[0]))) {
    const base = await BaseItems.open(store, { ...source, set, part }, later);
    const wanted = names.filter((name) => name.startsWith(`${container}/`));
    found.push(...((await base?.among(wanted)) ?? new Map<string, BackupItem>()).keys());
    part = base?.at ?? 0;
  }
  return { names, found: found.sort(), part };
}

describe("the items of an earlier set", () => {
  it("are all found in a short set, where a large blob stands behind those of other containers", async () => {
    const { names, found, part } = await walked(
      [["alpha/a.svg", "zeta/z.svg"]],
      ["alpha/film.mp4"],
    );

    expect(found).toEqual(names);
    expect(part).toBe(0);
  });

  it("are all found in a long set, which is read part by part", async () => {
    const many = (container: string) =>
      Array.from({ length: 400 }, (_, n) => `${container}/${String(n).padStart(4, "0")}.svg`);
    const { names, found, part } = await walked(
      [many("alpha"), many("beta"), many("zeta")],
      ["alpha/film.mp4", "zeta/film.mp4"],
    );

    expect(found).toEqual(names);
    expect(part).toBe(3);
  });
});
