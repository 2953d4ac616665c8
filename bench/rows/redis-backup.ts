import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { startStack, type Stack } from "../../local/stack/stack.js";
import { parseResourceId } from "../../src/domain/resource-id.js";
import { backUp, fill, hostHeap, secondsOf, n, productionOf } from "../backup-run.js";
import type { Measurement, Row } from "../measurement.js";

/**
 * Keys that are copied into a portable snapshot, beside a loop over the client on the same cache and
 * beside `redis-cli --rdb`, which Azure does not allow, on a redis-server of its own.
 */
export const redisBackup: readonly Measurement[] = [
  {
    group: "backup",
    name: "redis",
    async measure({ keys, loop }) {
      const stack = await startStack({ hostHeap });
      try {
        return await measured(stack, keys, loop);
      } finally {
        await stack.stop();
      }
    },
  },
];

/** Of each key's content. */
const bytes = 64;

async function measured(stack: Stack, count: number, loop: number): Promise<readonly Row[]> {
  const few = Math.ceil(count / 10);
  await fillWithKeys(stack, few);
  // Each in a host of its own: what an earlier backup left in memory would count for a later one.
  const small = await backedUp(stack, few);
  await fillWithKeys(stack, count);
  await stack.killHost();
  await stack.startHost();
  const large = await backedUp(stack, count);
  const looped = Math.min(10 * loop, count);
  const alone = await loopedOver(stack, looped);
  const dumped = await dumpedByReplication(count);
  const rate = count / large.seconds;
  const loopRate = looped / alone;
  return [
    {
      what: `${n(count)} keys of ${bytes} bytes copied into a snapshot and read back, from start to end of the run`,
      value: rate,
      unit: "per s",
    },
    {
      what: `a loop over the client that asks for one key after the other and keeps nothing, ${n(looped)} of them`,
      value: loopRate,
      unit: "per s",
    },
    { what: "how many times as fast", value: rate / loopRate, unit: "", goal: { atLeast: 3 } },
    {
      what: `redis-cli --rdb, which Azure refuses, straight from a redis-server with ${n(count)} such keys`,
      value: count / dumped,
      unit: "per s",
    },
    {
      what: `peak memory of the host with a heap of ${hostHeap} MB, ${n(few)} keys`,
      value: small.memory,
      unit: "MB",
    },
    {
      what: `the same, ${n(count)} keys`,
      value: large.memory,
      unit: "MB",
      goal: { atMost: 300 },
    },
    {
      what: `events in the history for each 1,000 keys, ${n(count)} keys`,
      value: large.events / (count / 1_000),
      unit: "",
    },
    { what: `events in the history, ${n(count)} keys`, value: large.events, unit: "" },
  ];
}

/** Seconds that a loop takes over so many keys of production's cache. */
function loopedOver(stack: Stack, count: number): Promise<number> {
  const { subscription, group, name } = parseResourceId(productionOf(stack).redis.primary) ?? {};
  const cache = [subscription ?? "", group ?? "", name ?? ""];
  return secondsOf(stack, "bench/redis-client.js", [...cache, String(count)]);
}

const backedUp = (stack: Stack, count: number) =>
  backUp(stack, "redis", "backUpRedis", { count, scope: "full", unit: "keys" });

/** Production's cache as one of the Standard tier, which exports nothing. */
async function fillWithKeys(stack: Stack, count: number): Promise<void> {
  const { primary, secondary } = productionOf(stack).redis;
  const sides = [primary, secondary];
  await fill(stack, ({ redisCaches }) => ({
    redisCaches: redisCaches.map((cache) => {
      if (!sides.includes(cache.id)) return cache;
      const { copyOf: _link, ...others } = cache;
      const standard = { ...others, sku: "Standard_C1" };
      return cache.id === primary ? { ...standard, data: { keys: count, bytes } } : standard;
    }),
  }));
  // The simulated cache makes its keys when somebody first connects.
  await loopedOver(stack, 1);
}

/** Seconds that the copy takes which a replica would get. */
async function dumpedByReplication(count: number): Promise<number> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "redis-bench-"));
  const socket = path.join(folder, "redis.sock");
  const place = ["--port", "0", "--unixsocket", socket, "--dir", folder, "--save", ""];
  // The server waits some seconds for further replicas otherwise.
  const more = ["--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0"];
  const server = spawn("redis-server", [...place, ...more], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    let said = "";
    for await (const chunk of server.stdout.iterator({ destroyOnReturn: false })) {
      said += String(chunk);
      if (said.includes("eady to accept connections")) break;
    }
    server.stdout.resume();
    await redisCli(socket, "DEBUG", "POPULATE", String(count), "key", String(bytes));
    const begun = performance.now();
    await redisCli(socket, "--rdb", path.join(folder, "copy.rdb"));
    return (performance.now() - begun) / 1_000;
  } finally {
    const ended = once(server, "exit");
    server.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

async function redisCli(socket: string, ...args: readonly string[]): Promise<void> {
  const child = spawn("redis-cli", ["-s", socket, ...args], { stdio: "ignore" });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`redis-cli ${args[0] ?? ""} ended with ${code ?? "a signal"}`);
}
