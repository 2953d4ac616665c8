import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { Redis } from "ioredis";
import { findOnPath } from "../simulator/program.js";
import type { RedisAddress } from "../../src/azure/redis-connection.js";

/** A real redis-server of a test's own, on loopback and without persistence. */
export interface OwnRedis {
  readonly address: RedisAddress;
  readonly port: number;
  readonly client: Redis;
  readonly pid: number;
  /** Where it saves. */
  readonly folder: string;
  /** Ends the process and starts another on the same port, empty unless it saved before. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRedis(...options: readonly string[]): Promise<OwnRedis> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "redis-test-"));
  let port = await freePort();
  let child = await start(port, folder, options);
  // Between asking for a free port and taking it, somebody else may have come.
  for (let tries = 1; child === undefined && tries < 5; tries += 1) {
    port = await freePort();
    child = await start(port, folder, options);
  }
  if (child === undefined) throw new Error("redis-server does not start");
  let running = child;
  const client = new Redis({ host: "127.0.0.1", port, retryStrategy: () => 50 });
  client.on("error", () => undefined);
  return {
    address: { host: "127.0.0.1", port, tls: false },
    port,
    client,
    folder,
    get pid() {
      return running.pid ?? 0;
    },
    async restart() {
      await end(running);
      const next = await start(port, folder, options);
      if (next === undefined) throw new Error("redis-server does not start again");
      running = next;
    },
    async stop() {
      client.disconnect();
      await end(running);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function start(
  port: number,
  folder: string,
  options: readonly string[],
): Promise<ChildProcess | undefined> {
  const place = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
  const child = spawn(
    findOnPath("redis-server") ?? "redis-server",
    [...place, "--save", "", ...options],
    {
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  let said = "";
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    if (said.includes("Ready to accept connections")) {
      child.stdout.resume();
      return child;
    }
  }
  return undefined;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A cluster of masters alone, each a real server. */
export async function startCluster(
  masters: number,
): Promise<{ readonly nodes: readonly OwnRedis[]; stop(): Promise<void> }> {
  const nodes = await Promise.all(
    Array.from({ length: masters }, () => startRedis("--cluster-enabled", "yes")),
  );
  const share = Math.ceil(16_384 / masters);
  for (const [index, { client }] of nodes.entries()) {
    const [first, last] = [index * share, Math.min(16_383, (index + 1) * share - 1)];
    await client.call("CLUSTER", "ADDSLOTSRANGE", first, last);
    await client.call("CLUSTER", "SET-CONFIG-EPOCH", index + 1);
  }
  const [first, ...others] = nodes;
  for (const { client } of others) {
    await client.call("CLUSTER", "MEET", "127.0.0.1", first?.port ?? 0);
  }
  await Promise.all(nodes.map(({ client }) => untilWhole(client, masters)));
  return {
    nodes,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

/** Gossip takes a moment. */
async function untilWhole(client: Redis, masters: number): Promise<void> {
  for (let look = 0; look < 200; look += 1) {
    const info = String(await client.call("CLUSTER", "INFO"));
    const slots = (await client.call("CLUSTER", "SLOTS")) as unknown[];
    if (info.includes("cluster_state:ok") && slots.length === masters) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the cluster does not come together");
}
