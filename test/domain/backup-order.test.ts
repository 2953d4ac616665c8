import {
  isWanted,
  namedExactly,
  rpoOf,
  scheduleOf,
  sidesOf,
} from "../../src/domain/backup-order.js";
import { BackupKind, isOwnCopyPlace, isOwnSet, takenAtOf } from "../../src/domain/backup.js";
import { sampleEstate } from "../support/estates.js";

const production = sampleEstate().environments.production!;

describe("orders of backups and restores", () => {
  it("find schedule and sides of each kind in the estate", () => {
    const { applicationInsights, backups, keyVault, objectives, redis, storage } = production;

    expect(BackupKind.options.map((kind) => scheduleOf(production, kind))).toEqual([
      backups.keyVault,
      backups.redis,
      backups.blobs,
      backups.applicationInsights,
    ]);
    expect(BackupKind.options.map((kind) => sidesOf(production, kind).primary)).toEqual([
      keyVault.primary,
      redis.primary,
      storage.primary,
      applicationInsights.component,
    ]);
    // Telemetry is no data of the application: its own schedule says when it is late.
    expect(BackupKind.options.map((kind) => rpoOf(production, kind))).toEqual([
      ...[objectives.rpo, objectives.rpo, objectives.rpo],
      2 * backups.applicationInsights.interval,
    ]);
  });

  it.each([
    [[], "anything", true],
    [["jwt-signing-key"], "jwt-signing-key", true],
    [["jwt-signing-key"], "jwt-signing-key-2", false],
    [["branding/*"], "branding/logo.svg", true],
    [["branding/*"], "brandings/logo.svg", false],
    [["a", "b*"], "bc", true],
  ] as const)("of %j take in %s: %s", (items, name, wanted) => {
    expect(isWanted(items, name)).toBe(wanted);
  });

  it("tell names from prefixes", () => {
    expect(namedExactly(["a", "b*", "c"])).toEqual(["a", "c"]);
  });
});

describe("places of sets", () => {
  const source = { kind: "blobs", source: "/x/storageAccounts/Prod" } as const;
  const set = "blobs/prod/20261122T140000Z-run-1/";

  it("are known as the service's own, and nothing else is", () => {
    expect(isOwnSet(set, source)).toBe(true);
    expect(isOwnSet("blobs/prod/", source)).toBe(false);
    expect(isOwnSet("redis/prod/20261122T140000Z-run-1/", source)).toBe(false);
    expect(isOwnSet(`${set}more/`, source)).toBe(false);
    const place = "branding-backup-20261122/20261122T140000Z-run-1/";
    expect(isOwnCopyPlace(place, set)).toBe(true);
    expect(isOwnCopyPlace("branding/20261122T140000Z-run-1/", set)).toBe(false);
    expect(isOwnCopyPlace("branding-backup-20261121/20261122T140000Z-run-1/", set)).toBe(false);
    expect(isOwnCopyPlace("branding-backup-20261122/", set)).toBe(false);
    expect(isOwnCopyPlace("", set)).toBe(false);
  });

  it("carry the time in their names", () => {
    expect(takenAtOf(set)).toBe("2026-11-22T14:00:00.000Z");
    expect(takenAtOf("blobs/prod/latest.json")).toBeUndefined();
  });
});
