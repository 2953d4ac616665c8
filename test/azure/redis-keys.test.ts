import * as ioredis from "ioredis";
import { redisConnections, type RedisConnection } from "../../src/azure/redis-connection.js";
import {
  countKeys,
  holdsStill,
  isSameCache,
  restoreKeys,
  walkKeys,
  type DumpedKey,
} from "../../src/azure/redis-keys.js";
import { milliseconds, seconds } from "../../src/domain/duration.js";
import type { ScanPosition } from "../../src/domain/scan-position.js";
import { withRedis } from "../simulator/caches.js";
import { startCluster, startRedis, type OwnRedis } from "../support/redis-server.js";

const connectTo = redisConnections(seconds(5), () => Promise.resolve(ioredis));
const connect = ({ address }: OwnRedis) => connectTo(address);

/** Does something with servers and connections of its own, and ends them whatever happens. */
async function between(
  body: (
    source: OwnRedis,
    target: OwnRedis,
    open: (server: OwnRedis) => Promise<RedisConnection>,
  ) => Promise<void>,
): Promise<void> {
  const servers = await Promise.all([startRedis(), startRedis()]);
  const connections: RedisConnection[] = [];
  try {
    await body(...servers, async (server) => {
      const connection = await connect(server);
      connections.push(connection);
      return connection;
    });
  } finally {
    for (const connection of connections) connection.close();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function all(connection: RedisConnection, from?: ScanPosition): Promise<DumpedKey[]> {
  const found: DumpedKey[] = [];
  for await (const { keys } of walkKeys(connection, from)) found.push(...keys);
  return found;
}

const named = (keys: readonly DumpedKey[]): string[] =>
  keys.map(({ database, key }) => `${database}:${key.toString()}`).sort();

/** Keys of every type, in three databases, some of which expire. */
async function fill({ client }: OwnRedis): Promise<void> {
  await client.set("text", "value");
  await client.set(Buffer.from([0xff, 0x00, 0xfe]), Buffer.from([0, 1, 2, 255]));
  await client.rpush("list", "a", "b", "c");
  await client.hset("hash", { one: "1", two: "2" });
  await client.zadd("sorted", 1.5, "a", 2, "b");
  await client.xadd("stream", "1-1", "field", "value");
  await client.set("session", "short", "PX", 600_000);
  await client.select(3);
  await client.sadd("set", "x", "y");
  await client.select(15);
  await client.set("far", "away");
  await client.select(0);
}

describe("the keys of a cache", () => {
  withRedis("are walked in every database and go back as they were", () =>
    between(async (source, target, open) => {
      await fill(source);
      const from = await open(source);
      const keys = await all(from);
      const to = await open(target);
      const outcome = await restoreKeys(to, keys, false);

      expect(named(keys)).toHaveLength(9);
      expect(await countKeys(from)).toBe(9);
      expect(outcome).toEqual({ restored: 9, same: 0, left: [], expired: 0 });
      expect(named(await all(to))).toEqual(named(keys));
      expect(await target.client.hgetall("hash")).toEqual({ one: "1", two: "2" });
      expect(await target.client.getBuffer(Buffer.from([0xff, 0x00, 0xfe]))).toEqual(
        Buffer.from([0, 1, 2, 255]),
      );
      expect(await target.client.xlen("stream")).toBe(1);
      expect(await target.client.ttl("text")).toBe(-1);
      const left = await target.client.pttl("session");
      expect(left).toBeGreaterThan(500_000);
      expect(left).toBeLessThanOrEqual(600_000);
    }),
  );

  withRedis("are walked from where another connection stopped", () =>
    between(async (source, _target, open) => {
      const pipeline = source.client.pipeline();
      for (let index = 0; index < 5_000; index += 1) pipeline.set(`key:${index}`, index);
      await pipeline.exec();
      await source.client.select(2);
      await source.client.set("other", "database");

      const found: string[] = [];
      let position: ScanPosition | undefined;
      let calls = 0;
      for (;;) {
        const connection = await open(source);
        let [page, keys] = [0, 0];
        for await (const { keys: some, next } of walkKeys(connection, position)) {
          found.push(...named(some));
          position = next;
          keys += some.length;
          page += 1;
          if (page === 3) break;
        }
        connection.close();
        calls += 1;
        if (keys === 0) break;
      }

      expect(calls).toBeGreaterThan(4);
      expect(new Set(found).size).toBe(5_001);
    }),
  );

  withRedis("that expired since they were read stay away, and so does what is newer", () =>
    between(async (source, target, open) => {
      await source.client.mset("kept", "old", "gone", "x", "same", "s");
      const keys = (await all(await open(source))).map((each) =>
        each.key.toString() === "gone" ? { ...each, expiresAt: Date.now() - 1 } : each,
      );
      await target.client.mset("kept", "newer", "same", "s");
      const to = await open(target);
      const careful = await restoreKeys(to, keys, false);
      const kept = await target.client.get("kept");
      const forced = await restoreKeys(to, keys, true);

      expect(careful).toEqual({ restored: 0, same: 1, left: [Buffer.from("kept")], expired: 1 });
      expect(kept).toBe("newer");
      expect(forced).toEqual({ restored: 2, same: 0, left: [], expired: 1 });
      expect(await target.client.get("kept")).toBe("old");
      expect(await target.client.exists("gone")).toBe(0);
    }),
  );

  withRedis("are not walked on where another process has taken over", () =>
    between(async (source, _target, open) => {
      await source.client.set("a", "1");
      const before = await open(source);
      let position: ScanPosition | undefined;
      for await (const { next } of walkKeys(before)) position = next;
      const still = await holdsStill(before);
      await source.restart();
      const after = await open(source);

      expect(still).toBe(true);
      expect(isSameCache(before, position!)).toBe(true);
      expect(isSameCache(after, position!)).toBe(false);
      await expect(holdsStill(before)).rejects.toMatchObject({
        failure: { class: "transient", code: "redis-connection" },
      });
    }),
  );

  withRedis(
    "of a cluster are walked on each master and go back to theirs",
    async () => {
      const cluster = await startCluster(3);
      const target = await startCluster(2);
      try {
        const names = Array.from({ length: 900 }, (_, index) => `key:${index}`);
        const from = await connect(cluster.nodes[0]!);
        await Promise.all(names.map((name) => from.router.set(name, name, "PX", 60_000)));
        const keys = await all(from);
        const to = await connect(target.nodes[1]!);
        const outcome = await restoreKeys(to, keys, false);
        const there = await all(to);
        from.close();
        to.close();

        expect(from.servers).toHaveLength(3);
        expect(named(keys)).toEqual(names.map((name) => `0:${name}`).sort());
        expect(outcome).toMatchObject({ restored: 900, left: [] });
        expect(named(there)).toEqual(named(keys));
      } finally {
        await Promise.all([cluster.stop(), target.stop()]);
      }
    },
    60_000,
  );
});

describe("a connection that cannot be had", () => {
  withRedis("says why: nobody is there, or the password is wrong", async () => {
    const server = await startRedis("--requirepass", "right");
    const { address } = server;
    try {
      await expect(connectTo({ ...address, port: 1 })).rejects.toMatchObject({
        failure: { class: "transient", code: "redis-connection" },
      });
      await expect(connectTo({ ...address, password: "wrong" })).rejects.toMatchObject({
        failure: { class: "terminal", code: "redis-password" },
      });
      const connection = await connectTo({ ...address, password: "right" });
      expect(await countKeys(connection)).toBe(0);
      connection.close();
    } finally {
      await server.stop();
    }
  });

  withRedis("to a server that says nothing is given up after a while", async () => {
    const server = await startRedis();
    const soon = redisConnections(milliseconds(300), () => Promise.resolve(ioredis));
    try {
      const connection = await soon(server.address);
      process.kill(server.pid, "SIGSTOP");
      await expect(countKeys(connection)).rejects.toMatchObject({
        failure: {
          class: "transient",
          code: "redis-connection",
          message: expect.stringContaining("Socket timeout") as string,
        },
      });
      connection.close();
    } finally {
      await server.stop();
    }
  });

  withRedis("never says what a command was about", () =>
    between(async (source, _target, open) => {
      const { router, run } = await open(source);
      const refused = run(() =>
        (router as ioredis.Redis).call("NOTHING", "session:4711", "secret"),
      );

      await expect(refused).rejects.toMatchObject({
        failure: {
          class: "terminal",
          code: "redis-refused",
          message: expect.stringMatching(/^ERR unknown command .?NOTHING.?$/i) as string,
        },
      });
    }),
  );

  withRedis("for a full cache is a failure for good", () =>
    between(async (source, target, open) => {
      await source.client.set("large", "x".repeat(100_000));
      const keys = await all(await open(source));
      await target.client.config("SET", "maxmemory", "100kb");
      await expect(restoreKeys(await open(target), keys, false)).rejects.toMatchObject({
        failure: { class: "terminal", code: "redis-full" },
      });
    }),
  );
});
