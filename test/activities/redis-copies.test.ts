import * as ioredis from "ioredis";
import { copyKeys, countCacheKeys } from "../../src/activities/redis-backup.contract.js";
import { redisCopyActivities } from "../../src/activities/redis-copies.js";
import { restoreSnapshot } from "../../src/activities/redis-restore.contract.js";
import { redisRestoreActivities } from "../../src/activities/redis-restore.js";
import type { RedisCaches } from "../../src/azure/redis-caches.js";
import { redisConnections, type RedisConnections } from "../../src/azure/redis-connection.js";
import { milliseconds, seconds } from "../../src/domain/duration.js";
import type { ItemPart } from "../../src/domain/backup.js";
import { instantOf } from "../../src/domain/instant.js";
import type { ScanPosition } from "../../src/domain/scan-position.js";
import { backups } from "../../src/state/backups.js";
import { withRedis } from "../simulator/caches.js";
import { answerOf } from "../support/activity-call.js";
import { manifestOf } from "../support/backup-sets.js";
import { MemoryContainer } from "../support/memory-container.js";
import { startRedis, type OwnRedis } from "../support/redis-server.js";

const set = "redis/mine/20261122T140000Z-run-1/";
const source = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Cache/redis/mine";

/** A cache that is a server of this machine, and activities that copy one page of keys at a time. */
function activitiesFor(server: OwnRedis) {
  const container = new MemoryContainer();
  const sets = backups(container, () => container);
  const caches = {
    cache: () => Promise.resolve({ host: "127.0.0.1", port: server.port }),
    key: () => Promise.resolve("none"),
  } as unknown as RedisCaches;
  const plainly = redisConnections(seconds(5), () => Promise.resolve(ioredis));
  const connectTo: RedisConnections = ({ host, port }) => plainly({ host, port, tls: false });
  const unused = undefined as never;
  const place = { endpoint: "https://backup.blob.core.windows.net", container: "backups" };
  const brief = milliseconds(0);
  const limits = { copying: brief, reading: brief, unpacking: brief };
  const azure = { caches, sets, streams: container, accounts: unused, copies: unused };
  return {
    container,
    sets,
    activities: [
      ...redisCopyActivities(
        caches,
        connectTo,
        sets,
        { place, streams: container },
        unused,
        limits,
      ),
      ...redisRestoreActivities({ ...azure, files: unused, store: unused }, connectTo, brief),
    ],
  };
}

type World = ReturnType<typeof activitiesFor>;

/** Copies part after part, as the orchestrator does. */
async function copyAll(
  { activities }: World,
  between: (nth: number) => Promise<void> = () => Promise.resolve(),
) {
  let parts: ItemPart[] = [];
  let [fresh, keys]: [number, number] = [0, 0];
  let from: ScanPosition | undefined;
  for (let nth = 1; nth < 100; nth += 1) {
    const input = { cache: source, set, nth, ...(from === undefined ? {} : { from }) };
    const answer = await answerOf(activities, copyKeys, input);
    if (!answer.ok) throw new Error(answer.failure.message);
    const { value } = answer;
    if (value.fresh) {
      fresh += 1;
      [parts, keys] = [[], 0];
    }
    parts.push(value.part);
    keys += value.done;
    from = value.next;
    if (from === undefined) return { parts, fresh, keys };
    await between(nth);
  }
  throw new Error("the walk does not end");
}

async function complete({ sets }: World, parts: readonly ItemPart[], keys: number): Promise<void> {
  const now = instantOf(new Date());
  const items = [];
  for await (const some of sets.listedIn(parts)) items.push(...some);
  const of = { kind: "redis", environment: "production", source } as const;
  const facts = { format: "rsnap/1", keys: String(keys) };
  await sets.complete(set, manifestOf(of, now, { items, facts }));
}

/** Puts back stretch after stretch. */
async function restoreAll(
  { activities }: World,
  wish: { items?: string[]; overwrite?: boolean; mode?: "plan" } = {},
) {
  const total = { done: 0, restored: 0, same: 0, left: 0, expired: 0, calls: 0 };
  const [found, below]: [string[], Set<string>] = [[], new Set()];
  const { items = [], overwrite = false, mode = "execute" } = wish;
  const of = { environment: "production" as const, source, set, cache: source };
  const stretch = async (at: { part: number; skip: number }) => {
    const input = { ...of, items, overwrite, ...at };
    const answer = await answerOf(activities, restoreSnapshot, input, { mode });
    if (!answer.ok) throw new Error(`${answer.failure.code}: ${answer.failure.message}`);
    return answer.value;
  };
  let next: { part: number; skip: number } | undefined = { part: 0, skip: 0 };
  while (next !== undefined) {
    const value: Awaited<ReturnType<typeof stretch>> = await stretch(next);
    for (const each of ["done", "restored", "same", "left", "expired"] as const) {
      total[each] += value[each];
    }
    total.calls += 1;
    found.push(...value.found);
    for (const each of value.leftBelow) below.add(each);
    next = value.next;
  }
  return { ...total, found, below: [...below] };
}

async function withServer(body: (server: OwnRedis, world: World) => Promise<void>): Promise<void> {
  const server = await startRedis();
  try {
    const pipeline = server.client.pipeline();
    for (let index = 0; index < 2_000; index += 1) pipeline.set(`key:${index}`, `value ${index}`);
    await pipeline.exec();
    await server.client.select(7);
    await server.client.set("far", "away");
    await server.client.select(0);
    await body(server, activitiesFor(server));
  } finally {
    await server.stop();
  }
}

const partsOf = async ({ container }: World): Promise<string[]> =>
  (await container.list(`${set}part-`)).map(({ name }) => name).sort();

describe("keys that are copied a part at a time", () => {
  withRedis("are all there, whatever number of parts they take, and go back", () =>
    withServer(async (server, world) => {
      const copied = await copyAll(world);
      const counted = await answerOf(world.activities, countCacheKeys, { cache: source });
      await complete(world, copied.parts, copied.keys);
      await server.client.flushall();
      const back = await restoreAll(world);
      await server.client.select(7);

      expect(copied.parts.length).toBeGreaterThan(4);
      expect(copied).toMatchObject({ fresh: 1, keys: 2_001 });
      expect(counted).toMatchObject({ ok: true, value: { count: 2_001 } });
      expect(back).toMatchObject({ done: 2_001, restored: 2_001, left: 0 });
      expect(back.calls).toBeGreaterThanOrEqual(copied.parts.length);
      expect(await server.client.get("far")).toBe("away");
    }),
  );

  withRedis("are copied twice at once without harm to the part that was answered with", () =>
    withServer(async (server, world) => {
      const input = { cache: source, set, nth: 1 };
      const first = await answerOf(world.activities, copyKeys, input);
      await server.client.flushall();
      const late = await answerOf(world.activities, copyKeys, input);
      const blobs = await partsOf(world);
      const read = await Promise.all(blobs.map((name) => world.container.readBytes(name)));

      expect([first, late]).toMatchObject([{ ok: true }, { ok: true, value: { done: 0 } }]);
      expect(new Set(read.map((bytes) => bytes?.toString("base64"))).size).toBe(2);
    }),
  );

  withRedis("are copied anew where another server has taken over", () =>
    withServer(async (server, world) => {
      const copied = await copyAll(world, async (nth) => {
        if (nth !== 3) return;
        await server.client.save();
        await server.restart();
      });

      expect(copied).toMatchObject({ fresh: 2, keys: 2_001 });
    }),
  );

  withRedis("go back by name and by prefix; the plan says what would become of each", () =>
    withServer(async (server, world) => {
      const { parts, keys } = await copyAll(world);
      await complete(world, parts, keys);
      await server.client.del("key:1", "key:10", "key:2");
      await server.client.set("key:11", "newer");
      const wish = { items: ["key:1*", "key:2", "none"] };
      const plan = await restoreAll(world, { ...wish, mode: "plan" });
      const before = await server.client.exists("key:1", "key:10", "key:2");
      const back = await restoreAll(world, wish);

      expect(plan).toMatchObject({ restored: 3, same: 1_108, left: 1, below: ["key:"] });
      expect(before).toBe(0);
      expect(back).toMatchObject({
        done: 2_001,
        restored: 3,
        same: 1_108,
        left: 1,
        found: ["key:2"],
        below: ["key:"],
      });
      expect(await server.client.get("key:11")).toBe("newer");
    }),
  );

  withRedis("do not go back from a part that is not what the manifest says", () =>
    withServer(async (server, world) => {
      const { parts, keys } = await copyAll(world);
      await complete(world, parts, keys);
      await server.client.flushall();
      const [part = "", other = ""] = await partsOf(world);
      const bytes = await world.container.readBytes(other);
      await world.container.putBytes(part, bytes ?? Buffer.alloc(0));
      await expect(restoreAll(world)).rejects.toThrow("snapshot-altered");
      expect(await server.client.dbsize()).toBe(0);
    }),
  );
});
