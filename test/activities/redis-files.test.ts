import { gzipSync } from "node:zlib";
import * as backup from "../../src/activities/redis-backup.contract.js";
import * as restore from "../../src/activities/redis-restore.contract.js";
import { setPrefix, type BackupManifest, type BackupSource } from "../../src/domain/backup.js";
import type { ActivityContract } from "../../src/durable/activity-contract.js";
import { manifestOf } from "../support/backup-sets.js";
import {
  cacheWorld,
  placeOf,
  redis,
  setsPlace,
  staging,
  storage,
  vault,
} from "../support/cache-world.js";
import { restError } from "../support/memory-container.js";

const own = { ...placeOf("redis-backups"), prefix: "mine/20261122T140000Z-run", own: false };
/** The mark of the end and a checksum, and zeros up to the end of a page. */
const whole = Buffer.concat([
  Buffer.from("REDIS0011 some keys"),
  Buffer.from([0xff, 1, 2, 3, 4, 5, 6, 7, 8]),
  Buffer.alloc(20),
]);

describe("the cache in use", () => {
  const order = { app: "app", vault, redis, secret: "redis" };

  it("is the one that the secret names; how it is copied follows its tier", async () => {
    const { done, secrets, vaultUri, world } = cacheWorld();
    const primary = await done(backup.findActiveCache, order);
    secrets.put(vaultUri, "redis", "DR.redis.cache.windows.net:6380,password=x");
    const secondary = await done(backup.findActiveCache, order);
    const view = world.caches.get(redis.secondary)!;
    world.caches.set(redis.secondary, { ...view, tier: "Standard" });
    const standard = await done(backup.findActiveCache, order);
    world.caches.set(redis.secondary, { ...view, kind: "managed", tier: "Balanced_B5" });
    const managed = await done(backup.findActiveCache, order);

    expect(primary).toMatchObject({ side: "primary", known: "observed", way: "export" });
    expect(secondary).toMatchObject({ side: "secondary", known: "observed", id: redis.secondary });
    expect([standard.way, managed.way]).toEqual(["snapshot", "export"]);
    expect(JSON.stringify([primary, secondary])).not.toContain("password");
  });

  it("is told where one side cannot be seen, and waited for where it may be that one", async () => {
    const { done, ask, secrets, vaultUri, world } = cacheWorld();
    const unseenOnce = () =>
      jest.spyOn(world.caches, "get").mockImplementationOnce(() => {
        throw restError(503, "ServiceUnavailable");
      });
    unseenOnce();
    const named = await done(backup.findActiveCache, order);
    secrets.put(vaultUri, "redis", "dr.redis.cache.windows.net:6380,password=x");
    unseenOnce();
    const other = await done(backup.findActiveCache, order);
    secrets.put(vaultUri, "redis", "third.redis.cache.windows.net:6380");
    unseenOnce();
    const unknown = await ask(backup.findActiveCache, order);

    expect(named).toMatchObject({ side: "primary", known: "observed", way: "export" });
    expect(named.detail).toContain("which was not seen");
    expect(other).toMatchObject({ side: "secondary", known: "observed", id: redis.secondary });
    expect(other.detail).toContain("the other side was not seen: ServiceUnavailable");
    expect(unknown).toMatchObject({ failure: { class: "transient" } });
  });

  it("is assumed where the secret or the vault does not tell", async () => {
    const { done, ask, secrets, vaultUri, world } = cacheWorld();
    const onePlace = { ...order, redis: { primary: redis.primary } };
    world.variables = {};
    const otherVault = await done(backup.findActiveCache, onePlace);
    world.variables = { KEY_VAULT_URL: vaultUri };
    secrets.put(vaultUri, "redis", "third.redis.cache.windows.net:6380");
    const third = await done(backup.findActiveCache, order);
    secrets.put(vaultUri, "redis", "", { enabled: false });
    const disabled = await done(backup.findActiveCache, order);
    world.caches.clear();

    for (const [answer, why] of [
      [otherVault, "which vault the app reads is not known"],
      [third, "names another cache"],
      [disabled, "cannot be read"],
    ] as const) {
      expect(answer).toMatchObject({ side: "primary", known: "assumed" });
      expect(answer.detail).toContain(why);
    }
    expect(await ask(backup.findActiveCache, order)).toMatchObject({
      failure: { code: "cache-missing" },
    });
  });
});

describe("an export", () => {
  const order = { storage, cache: redis.primary, region: "eastus", folder: "20261122T140000Z-run" };

  it("goes to the account of the cache's region, a managed one's to a container of its own", async () => {
    const { done, ask } = cacheWorld();
    const classic = await done(backup.prepareExport, { ...order, kind: "classic" });
    const again = await done(backup.prepareExport, { ...order, kind: "classic" });
    const managed = await done(backup.prepareExport, { ...order, kind: "managed" });
    const planned = await done(
      backup.prepareExport,
      { ...order, kind: "managed", folder: "20261123T140000Z-run" },
      { mode: "plan" },
    );

    expect(classic).toMatchObject({ changed: true, place: own });
    expect(again).toMatchObject({ changed: false, place: own });
    expect(managed.place).toMatchObject({ prefix: "", own: true });
    expect(managed.place.container).toMatch(/^redis-backups-20261122t140000z-[0-9a-f]{8}$/);
    expect(planned.changed).toBe(false);
    expect(
      await ask(backup.prepareExport, { ...order, kind: "classic", region: "northeurope" }),
    ).toMatchObject({ failure: { class: "terminal", code: "no-storage-in-region" } });
  });

  it("goes through the staging account alone where the estate names one, there and back", async () => {
    const { done, ask, blobs } = cacheWorld();
    const staged = { ...order, kind: "classic", storage: { ...storage, staging } } as const;
    const endpoint = "https://staging.blob.core.windows.net";
    const { place } = await done(backup.prepareExport, staged);
    const back = await done(restore.prepareImport, { storage: staged.storage, region: "eastus" });
    const west = { ...staged, storage: { ...storage, staging: storage.secondary } };

    expect([place.endpoint, back.place.endpoint]).toEqual([endpoint, endpoint]);
    expect(await blobs.page(placeOf("redis-backups"))).toBeUndefined();
    expect(await ask(backup.prepareExport, west)).toMatchObject({
      failure: {
        code: "no-storage-in-region",
        message: expect.stringContaining("redis.staging") as string,
      },
    });
  });

  it.each(["identity", "sas"] as const)("is begun once by %s, and says no secret", (access) =>
    isBegunOnce(backup.startExport, { cache: redis.primary, place: own, access }),
  );

  it("is found by its files where the answer was lost, and begun again where it was refused", () =>
    isBegunAgainOnceRefused(backup.startExport, {
      cache: redis.primary,
      place: own,
      access: "sas",
    }));

  it("is whole once each file has begun and ended as such files do", async () => {
    const { done, blobs } = cacheWorld();
    const look = () => done(backup.observeExport, { place: own });
    expect(await look()).toMatchObject({ whole: false, files: [] });
    const at = { ...placeOf("redis-backups"), name: `${own.prefix}_c0` };
    for (const [bytes, isWhole] of [
      [Buffer.alloc(0), false],
      [Buffer.alloc(2_048), false],
      [whole.subarray(0, 15), false],
      [Buffer.concat([whole, Buffer.from("more")]), false],
      [whole, true],
    ] as const) {
      blobs.put(at, "", { bytes });
      expect((await look()).whole).toBe(isWhole);
    }
    blobs.put({ ...at, name: `${own.prefix}_c1.gz` }, "", { bytes: whole });
    expect((await look()).whole).toBe(false);
    blobs.put({ ...at, name: `${own.prefix}_c1.gz` }, "", { bytes: gzipSync(whole) });
    expect(await look()).toMatchObject({ whole: true, files: [{}, {}] });
  });

  it("is followed to its end, whatever that is", async () => {
    const { done, world } = cacheWorld();
    const look = () =>
      done(backup.observeCacheOperation, { cache: redis.primary, operation: "poll-1" });

    expect(await look()).toMatchObject({ state: "running", operation: "poll-2" });
    world.operation = { state: "succeeded" };
    expect(await look()).toEqual({ state: "succeeded", detail: "it has succeeded" });
    world.operation = { state: "failed", message: "no role" };
    expect(await look()).toEqual({ state: "failed", detail: "failed: no role" });
  });
});

describe("files of a cache", () => {
  const from = placeOf("redis-backups");
  const files = [{ name: `${own.prefix}_c0`, target: "redis/mine/set/exports/c0" }];

  it("are copied once, whether at once or in the service's own time", async () => {
    for (const [text, begun] of [
      ["short", { done: 1, waiting: 0 }],
      ["x".repeat(2_000), { done: 0, waiting: 1 }],
    ] as const) {
      const { done, blobs } = cacheWorld();
      blobs.put({ ...from, name: files[0]!.name }, text);
      const first = await done(backup.copyCacheFiles, { from, files });
      const meanwhile = await done(backup.copyCacheFiles, { from, files });
      blobs.finishCopies();
      const last = await done(backup.copyCacheFiles, { from, files });

      expect(first).toMatchObject({ ...begun, failed: [] });
      expect(meanwhile).toMatchObject(begun);
      expect(last).toMatchObject({ done: 1, waiting: 0, failed: [] });
      expect(blobs.copied).toHaveLength(1);
      expect(blobs.text({ ...setsPlace, name: files[0]!.target })).toBe(text);
    }
  });

  it("that failed or changed are copied again; what is gone or refused is said", async () => {
    const { done, blobs } = cacheWorld();
    const source = { ...from, name: files[0]!.name };
    blobs.put(source, "x".repeat(2_000));
    await done(backup.copyCacheFiles, { from, files });
    blobs.finishCopies("failed");
    const again = await done(backup.copyCacheFiles, { from, files });
    blobs.finishCopies();
    blobs.beforeCopy = () => {
      blobs.put(source, "changed meanwhile");
      blobs.beforeCopy = () => undefined;
    };
    blobs.put(source, "another length");
    const changed = await done(backup.copyCacheFiles, { from, files });
    await blobs.remove(source);
    const gone = await done(backup.copyCacheFiles, { from, files });

    expect(again).toMatchObject({ waiting: 1, failed: [] });
    expect(changed.failed).toEqual([`${source.name} cannot be copied: source-changed`]);
    expect(gone.failed).toEqual([`${source.name} is gone`]);
  });

  it("are removed where they are the run's own, with its container, and never more", async () => {
    const { done, ask, blobs, world } = cacheWorld();
    blobs.put({ ...from, name: `${own.prefix}_c0` }, "x");
    blobs.put({ ...from, name: "other/_c0" }, "x");
    const plan = await done(backup.removeCacheFiles, { place: own, whole: true }, { mode: "plan" });
    const before = blobs.blobs.size;
    const removed = await done(backup.removeCacheFiles, { place: own, whole: true });
    const again = await done(backup.removeCacheFiles, { place: own, whole: true });
    const ofItsOwn = { ...placeOf("redis-backups-x"), prefix: "", own: true };
    await done(backup.removeCacheFiles, { place: ofItsOwn, whole: false });
    expect(world.requests).toEqual([]);
    await done(backup.removeCacheFiles, { place: ofItsOwn, whole: true });
    const all = { ...own, prefix: "" };

    expect([plan.changed, before]).toEqual([true, 2]);
    expect([removed.changed, again.changed]).toEqual([true, false]);
    expect([...blobs.blobs.keys()]).toEqual([`${from.endpoint}/redis-backups/other/_c0`]);
    expect(world.requests).toEqual(["remove redis-backups-x"]);
    expect(await ask(backup.removeCacheFiles, { place: all, whole: true })).toMatchObject({
      failure: { code: "not-own" },
    });
  });
});

describe("the cache that is restored into", () => {
  const source: BackupSource = { kind: "redis", environment: "production", source: redis.primary };
  const takenAt = "2026-11-22T14:00:00.000Z";
  const set = setPrefix(source, takenAt, "run-0");

  async function withSet(facts: BackupManifest["facts"]) {
    const of = cacheWorld();
    const items = [{ name: "_c0", blob: `${set}exports/_c0`, bytes: 5, sha256: "0" }];
    await of.sets.complete(set, manifestOf(source, takenAt, { run: "run-0", items, facts }));
    const find = (
      wish: { items?: string[]; overwrite?: boolean; active?: boolean; cache?: string } = {},
    ) => {
      const { items = [], overwrite = false, active = false, cache = redis.primary } = wish;
      const { environment } = source;
      const wanted = { environment, source: redis.primary, set, cache, active, items, overwrite };
      return of.ask(restore.findRestorableCache, wanted);
    };
    const code = async (wish: Parameters<typeof find>[0] = {}): Promise<string | undefined> => {
      const answer = await find(wish);
      return answer.ok ? undefined : answer.failure.code;
    };
    return { ...of, find, code };
  }

  it("takes a snapshot by the key, and an export with its files", async () => {
    const snapshot = await withSet({ format: "rsnap/1", keys: "12" });
    const exported = await withSet({ format: "rdb" });

    expect(await snapshot.find()).toMatchObject({
      ok: true,
      value: { way: "snapshot", keys: 12, files: [], empty: true, takenAt },
    });
    const found = await exported.find();
    expect(found).toMatchObject({
      ok: true,
      value: { way: "export", files: [`${set}exports/_c0`], empty: true, hasIdentity: true },
    });
    expect(found.ok && "keys" in found.value).toBe(false);
  });

  it("is refused, without an order to overwrite, where it holds keys or is in use", async () => {
    const snapshot = await withSet({ format: "rsnap/1" });
    const exported = await withSet({ format: "rdb" });

    expect(await snapshot.code({ active: true })).toBeUndefined();
    expect(await exported.code({ active: true })).toBe("would-overwrite");
    snapshot.world.keys = 3;
    exported.world.keys = 3;
    expect(await snapshot.code()).toBe("would-overwrite");
    expect(await snapshot.code({ items: ["rate:*"] })).toBeUndefined();
    expect(await snapshot.code({ overwrite: true })).toBeUndefined();
    expect(await exported.code()).toBe("would-overwrite");
    expect(await exported.code({ overwrite: true, active: true })).toBeUndefined();
  });

  it("is refused where it imports no such file, or not by the key", async () => {
    const { code, world } = await withSet({ format: "rdb" });
    const managed = await withSet({ format: "rdb.gz" });

    expect(await code({ items: ["rate:*"] })).toBe("whole-export");
    expect(await managed.code()).toBe("no-import");
    world.caches.set(redis.primary, { ...world.caches.get(redis.primary)!, tier: "Standard" });
    expect(await code()).toBe("no-import");
    expect(await code({ cache: `${redis.primary}-none` })).toBe("cache-missing");
  });
});

describe("an import", () => {
  const place = { ...placeOf("redis-backups"), prefix: "restores/run-1/", own: false };
  const wanted = { cache: redis.primary, place, files: ["restores/run-1/_c0"] };

  it("is prepared in the account of the cache's region, in a plan without a trace", async () => {
    const { done } = cacheWorld();
    const order = { storage, region: "eastus" };
    const plan = await done(restore.prepareImport, order, { mode: "plan" });
    const first = await done(restore.prepareImport, order);

    expect(plan).toMatchObject({ changed: false, place });
    expect(first).toMatchObject({ changed: true, place });
    expect(await done(restore.prepareImport, { storage, region: "westus" })).toMatchObject({
      place: { endpoint: "https://west.blob.core.windows.net" },
    });
  });

  it.each(["identity", "sas"] as const)("is begun once by %s, and says no secret", (access) =>
    isBegunOnce(restore.startImport, { ...wanted, access }),
  );

  it("is known to have happened by the mark that is gone, and is repeated where it was refused", () =>
    isBegunAgainOnceRefused(restore.startImport, { ...wanted, access: "sas" }));

  it("changes nothing without the lease, nor in a plan", async () => {
    const { ask, world } = cacheWorld();
    const order = { ...wanted, access: "sas" } as const;

    expect(await ask(restore.startImport, order)).toMatchObject({
      failure: { code: "lease-lost" },
    });
    expect(await ask(restore.startImport, order, { mode: "plan" })).toMatchObject({
      ok: true,
      value: { changed: true },
    });
    expect(world.requests).toEqual([]);
  });

  it("has been made once the cache serves what has no mark", async () => {
    const { done, world } = cacheWorld();
    world.marks.add("mcp-dr:import:run-1");
    world.keys = 4;
    expect(await done(restore.observeImport, { cache: redis.primary })).toMatchObject({
      imported: false,
    });
    world.marks.clear();
    expect(await done(restore.observeImport, { cache: redis.primary })).toMatchObject({
      imported: true,
      keys: 4,
    });
  });
});

/** Asks a cache twice for what takes its own time, and looks at the one request that it got. */
async function isBegunOnce<Input extends { access: "identity" | "sas" }>(
  contract: ActivityContract<Input, { changed: boolean }>,
  wanted: Input,
): Promise<void> {
  const { ask, world, holding } = cacheWorld();
  const caller = await holding(redis.primary);
  const first = await ask(contract, wanted, caller);
  const again = await ask(contract, wanted, caller);

  expect(first).toMatchObject({ ok: true, value: { changed: true, operation: "poll-1" } });
  expect(again).toEqual(first);
  expect(world.requests).toHaveLength(1);
  expect(JSON.stringify(world.requests).includes("sig=")).toBe(wanted.access === "sas");
  expect(JSON.stringify(first)).not.toContain("sig=");
}

async function isBegunAgainOnceRefused<Input>(
  contract: ActivityContract<Input, { changed: boolean }>,
  wanted: Input,
): Promise<void> {
  for (const [end, requests] of [
    ["lost", 1],
    ["refused", 2],
  ] as const) {
    const { ask, world, holding } = cacheWorld();
    const caller = await holding(redis.primary);
    world.next = end;
    const first = await ask(contract, wanted, caller);
    const again = await ask(contract, wanted, caller);

    expect(first.ok).toBe(false);
    expect(again).toMatchObject({ ok: true, value: { changed: true } });
    expect(world.requests).toHaveLength(requests);
  }
}
