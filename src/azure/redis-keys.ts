import type { ChainableCommander, Redis } from "ioredis";
import { terminal } from "../domain/failure.js";
import type { ScanPosition } from "../domain/scan-position.js";
import { runIdIn, type RedisConnection } from "./redis-connection.js";

/** A key with all that makes it up. */
export interface DumpedKey {
  readonly database: number;
  readonly key: Buffer;
  /** Epoch milliseconds, by the clock of whoever read it; absent for a key that does not expire. */
  readonly expiresAt?: number | undefined;
  /** As DUMP gives it; a server of the same or a newer version takes it. */
  readonly payload: Buffer;
}

/** Some keys, and where the walk goes on after them. */
export interface KeyPage {
  readonly keys: readonly DumpedKey[];
  readonly next: ScanPosition;
}

/** Keys that went back, were there already as they are in the copy, or were left as they are. */
export interface RestoredKeys {
  readonly restored: number;
  readonly same: number;
  readonly left: readonly Buffer[];
  readonly expired: number;
}

const most = 500;
const fewest = 10;
/** A page of this many bytes is large; the next one is asked to be half as long. */
const largePage = 4 * 1024 * 1024;

/** How many keys a cache holds in all its databases. */
export async function countKeys(connection: RedisConnection): Promise<number> {
  const spaces = await connection.run(() =>
    Promise.all(connection.servers.map(({ redis }) => databasesOf(redis))),
  );
  return spaces.flat().reduce((sum, { keys }) => sum + keys, 0);
}

/** Removes every key of every database. */
export async function removeKeys({ servers, run }: RedisConnection): Promise<void> {
  await run(() => Promise.all(servers.map(({ redis }) => redis.flushall())));
}

/** Whether a position, taken earlier, still means something to the servers that are there now. */
export const isSameCache = ({ servers }: RedisConnection, { servers: then }: ScanPosition) =>
  servers.length === then.length && servers.every(({ runId }, index) => runId === then[index]);

/** Whether the servers are still the processes that they were when the connection was made. */
export async function holdsStill({ servers, run }: RedisConnection): Promise<boolean> {
  const now = await run(() => Promise.all(servers.map(({ redis }) => redis.info("server"))));
  return now.every((info, index) => runIdIn(info) === servers[index]?.runId);
}

/**
 * Every key of a cache: server by server, database by database, page by page. A key that exists all
 * the while comes at least once, and may come twice; it is no image of one moment.
 */
export async function* walkKeys(
  connection: RedisConnection,
  from?: ScanPosition,
): AsyncGenerator<KeyPage> {
  const servers = connection.servers.map(({ runId }) => runId);
  let { database: first, cursor } = from ?? { database: 0, cursor: "0" };
  for (const [index, { redis }] of connection.servers.entries()) {
    if (index < (from?.server ?? 0)) continue;
    const databases = await connection.run(() => databasesOf(redis));
    for (const { number } of databases) {
      if (number < first) continue;
      const begin = number === first ? cursor : "0";
      const at = { servers, server: index };
      for await (const page of walkDatabase(connection, redis, number, begin)) {
        const ended = page.cursor === "0";
        yield {
          keys: page.keys,
          next: { ...at, database: ended ? number + 1 : number, cursor: page.cursor },
        };
      }
    }
    [first, cursor] = [0, "0"];
  }
}

/** One page is being dumped while the next is being looked for. */
async function* walkDatabase(
  { run }: RedisConnection,
  redis: Redis,
  database: number,
  from: string,
): AsyncGenerator<{ readonly keys: readonly DumpedKey[]; readonly cursor: string }> {
  await run(() => select(redis, database));
  let count = 5 * fewest;
  let scan = redis.scanBuffer(from, "COUNT", count);
  for (;;) {
    const [cursorBytes, names] = await run(() => scan);
    const cursor = cursorBytes.toString("latin1");
    const pipeline = redis.pipeline();
    for (const name of names) pipeline.dumpBuffer(name).pttl(name);
    const dumping = pipeline.exec();
    if (cursor !== "0") {
      scan = redis.scanBuffer(cursor, "COUNT", count);
      // Whoever walks may stop here; a failure is met when the page is awaited, or does not matter.
      scan.catch(() => undefined);
    }
    const keys = await run(async () => dumpedKeys(database, names, (await dumping) ?? []));
    const bytes = keys.reduce((sum, { payload }) => sum + payload.byteLength, 0);
    count = bytes > largePage ? Math.max(fewest, count >> 1) : Math.min(most, count * 2);
    yield { keys, cursor };
    if (cursor === "0") return;
  }
}

function dumpedKeys(
  database: number,
  names: readonly Buffer[],
  replies: Awaited<ReturnType<ChainableCommander["exec"]>> & object,
): DumpedKey[] {
  const at = Date.now();
  return names.flatMap((key, index): DumpedKey[] => {
    const [failure, payload] = replies[2 * index] ?? [];
    const [otherFailure, left] = replies[2 * index + 1] ?? [];
    const refused = failure ?? otherFailure;
    if (refused) throw refused;
    // It has expired or was removed since it was found.
    if (!Buffer.isBuffer(payload) || typeof left !== "number" || left === -2) return [];
    return [{ database, key, payload, ...(left < 0 ? {} : { expiresAt: at + left }) }];
  });
}

/**
 * Puts keys back with what is left of their time. What is there stays, unless it is to be replaced. A
 * plan looks at each key as well, and changes none.
 */
export async function restoreKeys(
  connection: RedisConnection,
  keys: readonly DumpedKey[],
  replace: boolean,
  mode: "execute" | "plan" = "execute",
): Promise<RestoredKeys> {
  const now = Date.now();
  const wanted = keys.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
  const left: Buffer[] = [];
  let [restored, same] = [0, 0];
  for (const [database, some] of byDatabase(wanted)) {
    if (connection.clustered && database !== 0) {
      throw terminal("redis-database", `a cluster has no database ${database}`);
    }
    await connection.run(() => select(connection.router, database));
    const outcomes = await connection.run(() =>
      Promise.all(
        some.map((each) =>
          mode === "plan"
            ? plannedKey(connection, each, replace)
            : restoreKey(connection, each, replace, now),
        ),
      ),
    );
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome === "restored") restored += 1;
      else if (outcome === "same") same += 1;
      else left.push(some[index]?.key ?? Buffer.alloc(0));
    }
  }
  return { restored, same, left, expired: keys.length - wanted.length };
}

type Outcome = "restored" | "same" | "left";

async function plannedKey(
  { router }: RedisConnection,
  { key, payload }: DumpedKey,
  replace: boolean,
): Promise<Outcome> {
  if (replace) return "restored";
  const there = (await router.dumpBuffer(key)) as Buffer | null;
  if (there === null) return "restored";
  return payload.equals(there) ? "same" : "left";
}

async function restoreKey(
  { router }: RedisConnection,
  { key, payload, expiresAt }: DumpedKey,
  replace: boolean,
  now: number,
): Promise<Outcome> {
  const lasts = expiresAt === undefined ? 0 : Math.max(1, expiresAt - now);
  try {
    if (replace) await router.restore(key, lasts, payload, "REPLACE");
    else await router.restore(key, lasts, payload);
    return "restored";
  } catch (error) {
    const { message } = error as Error;
    if (/payload version or checksum/i.test(message)) {
      throw terminal("snapshot-version", `the cache does not take the copy of a key: ${message}`);
    }
    if (!message.startsWith("BUSYKEY")) throw error;
    // An earlier try of this restore may have brought it; then it is as the copy is.
    const there = (await router.dumpBuffer(key)) as Buffer | null;
    return there !== null && payload.equals(there) ? "same" : "left";
  }
}

function byDatabase(keys: readonly DumpedKey[]): Map<number, DumpedKey[]> {
  const found = new Map<number, DumpedKey[]>();
  for (const each of keys) {
    const others = found.get(each.database);
    if (others === undefined) found.set(each.database, [each]);
    else others.push(each);
  }
  return found;
}

const selected = new WeakMap<object, number>();

/** Where nothing but the first database is used, SELECT is never sent: Azure Managed Redis refuses it. */
async function select(redis: RedisConnection["router"], database: number): Promise<void> {
  if ((selected.get(redis) ?? 0) === database || !("select" in redis)) return;
  await redis.select(database);
  selected.set(redis, database);
}

async function databasesOf(redis: Redis): Promise<{ number: number; keys: number }[]> {
  const keyspace = await redis.info("keyspace");
  return [...keyspace.matchAll(/^db(\d+):keys=(\d+)/gm)]
    .map(([, number, keys]) => ({ number: Number(number), keys: Number(keys) }))
    .sort((one, other) => one.number - other.number);
}
