import * as ioredis from "ioredis";
import { redisProofActivities } from "../../src/activities/redis-proof.js";
import * as contract from "../../src/activities/redis-proof.contract.js";
import type { CacheView, RedisCaches } from "../../src/azure/redis-caches.js";
import { redisConnections } from "../../src/azure/redis-connection.js";
import { walkKeys, type DumpedKey } from "../../src/azure/redis-keys.js";
import type { BackupItem, BackupSource } from "../../src/domain/backup.js";
import { seconds } from "../../src/domain/duration.js";
import { backups } from "../../src/state/backups.js";
import { Crc64 } from "../../src/state/crc64.js";
import { snapshotFormat, writeSnapshotPart } from "../../src/state/snapshot-part.js";
import { findOnPath } from "../simulator/program.js";
import { asking } from "../support/activity-call.js";
import { MemoryBlobs } from "../support/memory-blobs.js";
import { MemoryContainer } from "../support/memory-container.js";
import { addSet } from "../support/proofs.js";
import { startRedis, type OwnRedis } from "../support/redis-server.js";

const cacheId = (name: string): string =>
  `/subscriptions/s/resourceGroups/g/providers/Microsoft.Cache/redis/${name}`;
const source: BackupSource = { kind: "redis", environment: "production", source: cacheId("mine") };
const of = { environment: source.environment, source: source.source };
const active = cacheId("mine");
const scratch = cacheId("scratch");
const estate = [active, cacheId("dr")];
const run = "proof-redis-production-20261122T020000Z";
const place = { endpoint: "https://backup.blob.core.windows.net", container: "backups" };

const describeWithRedis = findOnPath("redis-server") === undefined ? describe.skip : describe;

describeWithRedis("the proof of caches", () => {
  let server: OwnRedis;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  beforeEach(() => server.client.flushall());

  const connectTo = async () =>
    redisConnections(seconds(5), () => Promise.resolve(ioredis))({
      host: "127.0.0.1",
      port: server.port,
      tls: false,
    });

  /** Activities whose caches all are the one server. */
  function world() {
    const container = new MemoryContainer();
    const sets = backups(container, () => container);
    const blobs = new MemoryBlobs();
    const tiers = new Map([
      [scratch, "Premium"],
      [active, "Premium"],
    ]);
    const view = (id: string): CacheView | undefined => {
      const tier = tiers.get(id);
      const name = id.split("/").at(-1) ?? "";
      return tier === undefined
        ? undefined
        : ({
            id,
            name,
            kind: "classic",
            tier,
            host: "x",
            location: "eastus",
            hasIdentity: true,
          } as CacheView);
    };
    const caches = {
      cache: (id: string) => Promise.resolve(view(id)),
      key: () => Promise.resolve("none"),
    } as unknown as RedisCaches;
    const azure = { caches, copies: blobs, streams: container, sets, placeOfSets: place };
    const { ask, done } = asking(redisProofActivities(azure, connectTo));
    const add = (facts: Record<string, string>, items: readonly BackupItem[]) =>
      addSet(sets, source, "2026-11-22T00:00:00.000Z", {
        facts,
        items: [...items],
      });
    return { container, sets, blobs, tiers, ask, done, add };
  }

  /** Takes a snapshot of what the server holds, in one part. */
  async function snapshot(bend: (keys: DumpedKey[]) => DumpedKey[] = (keys) => keys) {
    const it = world();
    const connection = await connectTo();
    const keys: DumpedKey[] = [];
    for await (const page of walkKeys(connection)) keys.push(...page.keys);
    connection.close();
    async function* pages() {
      yield await Promise.resolve(bend(keys));
    }
    const blob = "redis/mine/20261122T000000Z-run-0/part-00001.rsnap.gz";
    const { bytes, sha256 } = await writeSnapshotPart(it.container, blob, pages());
    const item = { name: "part-00001.rsnap.gz", blob, bytes, sha256 };
    const set = await it.add({ format: snapshotFormat, keys: String(keys.length) }, [item]);
    const prove = (count = 500, cache = active) =>
      it.ask(contract.proveKeys, { ...of, set, cache, count }, { run });
    return { ...it, set, item, prove };
  }

  async function fill(): Promise<void> {
    const { client } = server;
    for (let nth = 0; nth < 30; nth++) await client.set(`text:${nth}`, `value ${nth}`);
    await client.set("short-lived", "x", "PX", 60_000);
    await client.rpush("list", ...Array.from({ length: 300 }, (_, nth) => `${nth}`));
    await client.zadd(
      "scores",
      ...Array.from({ length: 400 }, (_, nth) => [nth, `m${nth}`]).flat(),
    );
    await client.hset(
      "large",
      Object.fromEntries(Array.from({ length: 900 }, (_, n) => [`f${n}`, `v${n}`])),
    );
    await client.sadd("members", ...Array.from({ length: 900 }, (_, nth) => `member ${nth}`));
    await client.select(3);
    await client.set("text:1", "of another database");
    await client.select(0);
  }

  it("passes every sort of key through the cache in use, and leaves it as it was", async () => {
    await fill();
    const { prove } = await snapshot();
    const before = (await server.client.keys("*")).sort();

    const answer = await prove();

    expect(answer).toMatchObject({
      ok: true,
      value: { kind: "compared", comparison: { items: 36, of: 36, failures: [] } },
    });
    expect((await server.client.keys("*")).sort()).toEqual(before);
    expect(await server.client.get("text:1")).toBe("value 1");
    expect(JSON.stringify(answer)).not.toMatch(/text:|value \d/);
  });

  it("is the same in another server, where members come in another order", async () => {
    await fill();
    const { prove } = await snapshot();
    await server.restart();

    expect(await prove()).toMatchObject({ value: { comparison: { items: 36, failures: [] } } });
    expect(await server.client.dbsize()).toBe(0);
  });

  it("draws a sample, and proves keys whose time is over as well", async () => {
    await fill();
    const { prove } = await snapshot((keys) => keys.map((each) => ({ ...each, expiresAt: 1_000 })));

    expect(await prove(10)).toMatchObject({ value: { comparison: { items: 10, failures: [] } } });
  });

  it("leaves keys that a killed host left there to their own short time, and to the next try", async () => {
    await fill();
    const { prove } = await snapshot();
    await server.client.set(`mcp-dr:proof:${run}:0:text:1`, "half way");

    expect(await prove()).toMatchObject({ value: { comparison: { failures: [] } } });
    expect(await server.client.keys("mcp-dr:*")).toEqual([]);
  });

  it("names the part where a payload is not what its checksum says", async () => {
    await fill();
    const { prove, item } = await snapshot((keys) =>
      keys.map((each) => {
        const payload = Buffer.from(each.payload);
        payload[1] = payload[1]! ^ 0xff;
        return each.key.toString() === "list" ? { ...each, payload } : each;
      }),
    );

    const answer = await prove();

    expect(answer).toMatchObject({
      value: {
        comparison: {
          failures: [
            {
              name: item.name,
              blob: item.blob,
              reason: expect.stringMatching(/^1 of its keys/) as string,
            },
          ],
        },
      },
    });
    expect(await server.client.keys("mcp-dr:*")).toEqual([]);
  });

  it.each([
    [
      "damaged",
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 30), bytes.subarray(40)]),
      /^snapshot-/,
    ],
    ["gone", () => undefined, /BlobNotFound/],
  ])("names a part that is %s", async (_what, change, reason) => {
    await fill();
    const { prove, container, item } = await snapshot();
    const bytes = await container.readBytes(item.blob);
    const changed = change(bytes!);
    if (changed === undefined) container.blobs.delete(item.blob);
    else await container.putBytes(item.blob, changed);

    expect(await prove()).toMatchObject({
      value: {
        comparison: {
          failures: [{ blob: item.blob, reason: expect.stringMatching(reason) as string }],
        },
      },
    });
  });

  it("does not blame the set where the server is too old for it", async () => {
    await fill();
    const { prove } = await snapshot((keys) =>
      keys.slice(0, 3).map((each) => ({ ...each, payload: fromTheFuture(each.payload) })),
    );

    expect(await prove()).toMatchObject({
      ok: true,
      value: { kind: "none", detail: expect.stringContaining("older version") as string },
    });
  });

  it("finds the place: the scratch cache, or for a snapshot the one in use", async () => {
    await fill();
    const { done, set } = await snapshot();
    const find = (more: { scratch?: string; active?: string }) =>
      done(contract.findProofPlace, { ...of, set, estate, ...more }, { run });

    expect(await find({ active })).toMatchObject({ kind: "sample", cache: active });
    expect(await find({ active, scratch })).toMatchObject({ kind: "sample", cache: scratch });
    expect(await find({})).toMatchObject({ kind: "none" });
    await expect(find({ scratch: cacheId("DR") })).rejects.toThrow("no-scratch-cache");
  });

  describe("of an export", () => {
    const file = { name: "mine", blob: "redis/mine/x/exports/mine", bytes: 5, sha256: "0" };

    const exported = async (keys = "36") => {
      const it = world();
      const set = await it.add({ format: "rdb", keys }, [file]);
      const find = (more: { scratch?: string; active?: string } = {}) =>
        it.done(contract.findProofPlace, { ...of, set, estate, active, ...more }, { run });
      const compare = (imported: boolean) =>
        it.done(contract.compareImport, { ...of, set, cache: scratch, imported }, { run });
      const where = { cache: scratch, estate };
      return { ...it, set, find, compare, where };
    };

    it("needs a scratch cache that takes it and holds nobody's keys", async () => {
      const { find, tiers, done, where } = await exported();

      expect((await find()).detail).toContain("names no proof.scratchCache");
      expect(await find({ scratch })).toMatchObject({ kind: "import", empty: true, keys: 36 });
      tiers.set(scratch, "Standard");
      expect((await find({ scratch })).detail).toContain("imports nothing");
      tiers.set(scratch, "Premium");
      await server.client.set("theirs", "x");
      expect((await find({ scratch })).detail).toContain("1 keys that no proof has put there");
      expect(await done(contract.emptyScratchCache, where)).toMatchObject({ changed: false });
      expect(await server.client.dbsize()).toBe(1);
    });

    it("empties what it has filled, also where a killed host has left it, and never a cache of the estate", async () => {
      const { find, done, where } = await exported();
      await done(contract.beginScratchImport, where, { run });
      await server.client.set("imported", "x");

      expect(await find({ scratch })).toMatchObject({ kind: "import", empty: false });
      await expect(done(contract.emptyScratchCache, { cache: active, estate })).rejects.toThrow(
        "no-scratch-cache",
      );
      expect(await server.client.dbsize()).toBe(1);
      expect(await done(contract.emptyScratchCache, where)).toMatchObject({ changed: true });
      expect(await server.client.dbsize()).toBe(0);
    });

    it("counts what came back against what the set says", async () => {
      await fill();
      const whole = await exported("36");
      const fewer = await exported("40");
      const none = await exported("0");

      expect((await whole.compare(true)).comparison).toMatchObject({
        items: 36,
        of: 36,
        failures: [],
      });
      expect((await fewer.compare(true)).comparison).toMatchObject({
        items: 36,
        of: 40,
        failures: [],
      });
      await server.client.flushall();
      // The time of all may be over, which is nobody's fault, and proves nothing.
      const emptied = await whole.compare(true);
      expect(emptied.comparison).toBeUndefined();
      expect(emptied.detail).toContain("no key came back");
      expect((await none.compare(true)).comparison).toMatchObject({ items: 0, failures: [] });
    });

    it("that could not be imported is its set's fault only where a file is", async () => {
      const { compare, blobs } = await exported();
      const at = { ...place, name: file.blob };

      expect((await compare(false)).comparison?.failures).toMatchObject([
        { reason: "its copy is gone" },
      ]);
      blobs.put(at, "REDIS0009");
      expect((await compare(false)).comparison?.failures[0]?.reason).toContain(
        "9 bytes instead of 5",
      );
      blobs.put(at, "REDIS");
      expect((await compare(false)).comparison?.failures[0]?.reason).toContain(
        "not what the manifest",
      );
    });
  });
});

/** The payload of a server that is far newer; its checksum is right. */
function fromTheFuture(payload: Buffer): Buffer {
  const body = Buffer.from(payload.subarray(0, -8));
  body.writeUInt16LE(250, body.byteLength - 2);
  const crc = new Crc64();
  crc.update(body);
  return Buffer.concat([body, Buffer.from(crc.toString(), "hex").reverse()]);
}
