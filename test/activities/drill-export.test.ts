import { findCacheExport } from "../../src/activities/drill.contract.js";
import { setPrefix, type BackupManifest } from "../../src/domain/backup.js";
import { manifestOf } from "../support/backup-sets.js";
import { cacheWorld, redis } from "../support/cache-world.js";

const cache = redis.primary;
const environment = "production";
const source = { kind: "redis", environment, source: cache } as const;
const [older, newer] = ["2026-11-22T12:00:00.000Z", "2026-11-22T13:00:00.000Z"];

describe("the set that a drill of all nodes would restore", () => {
  async function withSets(newest: Partial<BackupManifest>) {
    const world = cacheWorld();
    const add = async (takenAt: string, more: Partial<BackupManifest>) => {
      const set = setPrefix(source, takenAt, "run-1");
      const items = [{ name: "x", blob: `${set}x`, bytes: 1, sha256: "0" }];
      await world.sets.complete(set, manifestOf(source, takenAt, { items, ...more }));
      return set;
    };
    const sets = [await add(older, {}), await add(newer, newest)] as const;
    world.world.keys = 7;
    return { ...world, sets };
  }

  it("is the newest verified one, with what the cache holds and whether it saves that", async () => {
    const { done, world, sets } = await withSets({ facts: { format: "rsnap/1" } });

    const found = await done(findCacheExport, { environment, cache });
    const view = world.caches.get(cache)!;
    world.caches.set(cache, { ...view, persistence: "aof", linked: true });
    const other = await done(findCacheExport, { environment, cache });

    expect(found).toMatchObject({
      linked: false,
      found: { set: sets[1], takenAt: newer, way: "snapshot", held: 7, persistent: false },
    });
    expect(other).toMatchObject({ linked: true, found: { persistent: true } });
  });

  it("is an older one where the newest was never verified", async () => {
    const { done, sets } = await withSets({ check: { level: "none" } });

    expect(await done(findCacheExport, { environment, cache })).toMatchObject({
      found: { set: sets[0], takenAt: older, way: "export" },
    });
  });

  it("is none where another cache alone has sets", async () => {
    const { done } = await withSets({});

    const answer = await done(findCacheExport, { environment, cache: redis.secondary });

    expect(answer).not.toHaveProperty("found");
  });
});
