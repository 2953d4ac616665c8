import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as realDelay } from "node:timers/promises";
import type { RedisProcesses } from "./processes.js";
import { RedisServer, type RunningServer, type ServerSettings } from "./server.js";
import { everyKey, usedDatabases } from "./transfer.js";

const SLOTS = 16_384;
/** Of a cache that is no cluster, and of any file. */
export const DATABASES = 16;
const FORMED_WITHIN_MS = 20_000;
const RECHECK_MS = 25;
const FILL_PAGE = 5000;

export interface StoreSettings extends Omit<ServerSettings, "announcedPort"> {
  /** The ports of the nodes where it is a cluster; they are asked for when it starts. */
  readonly clusterPorts?: () => readonly number[];
  /** What is in it when it first starts. */
  readonly preload?: { readonly keys: number; readonly bytes: number };
}

/** The data of one cache: a redis-server, or one for each shard of a cluster. Started at first use. */
export class Store {
  readonly #processes: RedisProcesses;
  readonly #settings: StoreSettings;
  #servers: readonly RedisServer[] = [];
  #started: Promise<readonly RunningServer[]> | undefined;
  readonly #forbidden: string[] = [];
  #preload: StoreSettings["preload"];

  constructor(processes: RedisProcesses, settings: StoreSettings) {
    this.#processes = processes;
    this.#settings = settings;
    this.#preload = settings.preload;
  }

  /** Starts what does not run, and resolves with the servers in the order of their shards. */
  start(): Promise<readonly RunningServer[]> {
    if (this.#started && this.#servers.every((server) => server.started)) return this.#started;
    this.#started = this.#begin().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  /** Deletes everything, on all shards or on one. */
  async empty(shard?: number): Promise<void> {
    if (this.#started === undefined && shard === undefined) {
      this.#preload = undefined;
      return;
    }
    const running = await this.start();
    const wanted = running.filter((_, index) => shard === undefined || index === shard);
    await Promise.all(wanted.map(({ admin }) => admin.flushall()));
  }

  /** The RDB file of each shard, as it stands. */
  async snapshot(): Promise<Buffer[]> {
    const running = await this.start();
    return Promise.all(
      running.map(async ({ administer, directory }) => {
        await administer("save");
        return readFile(path.join(directory, "dump.rdb"));
      }),
    );
  }

  /** Checks that RDB files can be read, and adds what is in them. `whenRead` is called in between. */
  async load(files: readonly Buffer[], whenRead?: () => Promise<void>): Promise<void> {
    const scratch = files.map(
      (rdb) =>
        new RedisServer(this.#processes, {
          ...this.#settings,
          name: `a file for ${this.#settings.name}`,
          rules: { unknown: [], forbidden: [] },
          databases: DATABASES,
          maxMemoryBytes: 0,
          rdb,
        }),
    );
    try {
      const sources = await Promise.all(scratch.map((server) => server.start()));
      await Promise.all(sources.map(({ admin }) => this.#checkDatabases(admin)));
      await whenRead?.();
      for (const { admin } of sources) await this.#copyFrom(admin);
    } finally {
      for (const server of scratch) server.close();
    }
  }

  /** Denies clients some commands more. */
  forbid(commands: readonly string[]): void {
    this.#forbidden.push(...commands);
    if (this.#started === undefined) return;
    this.#started.then((running) => this.#applyForbidden(running)).catch(() => undefined);
  }

  /** Changes a setting of redis.conf, where it runs. */
  async configure(name: string, value: string): Promise<void> {
    if (this.#started === undefined) return;
    const running = await this.#started;
    await Promise.all(running.map(({ administer }) => administer("config", "set", name, value)));
  }

  close(): void {
    for (const server of this.#servers) server.close();
  }

  async #begin(): Promise<readonly RunningServer[]> {
    this.close(); // Those of which one has ended by itself.
    this.#servers = this.#newServers();
    const running = await Promise.all(this.#servers.map((server) => server.start()));
    if (this.#settings.clusterPorts !== undefined) await formCluster(running);
    await this.#applyForbidden(running);
    const preload = this.#preload;
    this.#preload = undefined;
    if (preload) await fill(running, preload);
    return running;
  }

  async #applyForbidden(running: readonly RunningServer[]): Promise<void> {
    if (this.#forbidden.length === 0) return;
    const rules = this.#forbidden.map((command) => `-${command}`);
    await Promise.all(
      running.map(({ administer }) => administer("acl", "setuser", "default", ...rules)),
    );
  }

  #newServers(): RedisServer[] {
    const { clusterPorts, name } = this.#settings;
    if (clusterPorts === undefined) return [new RedisServer(this.#processes, this.#settings)];
    return clusterPorts().map(
      (announcedPort, index) =>
        new RedisServer(this.#processes, {
          ...this.#settings,
          name: `${name} #${index}`,
          announcedPort,
        }),
    );
  }

  async #checkDatabases(source: RunningServer["admin"]): Promise<void> {
    const { clusterPorts, databases } = this.#settings;
    const most = clusterPorts === undefined ? databases : 1;
    const odd = (await usedDatabases(source)).find((database) => database >= most);
    if (odd === undefined) return;
    throw new Error(`it has keys in database ${odd}, and there are ${most} databases`);
  }

  async #copyFrom(source: RunningServer["admin"]): Promise<void> {
    const running = await this.start();
    for await (const { database, page } of everyKey(source)) {
      const shards = await shardsOf(
        running,
        page.map(({ key }) => key),
      );
      await Promise.all(
        running.map(async ({ admin }, index) => {
          const own = page.filter((_, position) => shards[position] === index);
          if (own.length === 0) return;
          const writer = database === 0 ? admin : admin.duplicate({ db: database });
          try {
            const pipeline = writer.pipeline();
            for (const { key, dump, ttl } of own) pipeline.restore(key, ttl, dump, "REPLACE");
            const failed = (await pipeline.exec())?.find(([error]) => error !== null)?.[0];
            if (failed) throw failed;
          } finally {
            if (writer !== admin) writer.disconnect();
          }
        }),
      );
    }
  }
}

/** Which server each key belongs to. */
async function shardsOf(
  running: readonly RunningServer[],
  keys: readonly (string | Buffer)[],
): Promise<number[]> {
  const [first] = running;
  if (first === undefined || running.length === 1) return keys.map(() => 0);
  const pipeline = first.admin.pipeline();
  for (const key of keys) pipeline.cluster("KEYSLOT", key);
  const replies = (await pipeline.exec()) ?? [];
  return replies.map(([, slot]) => Math.floor((Number(slot) * running.length) / SLOTS));
}

/** Gives each server its share of the slots and waits until all of them know it. */
async function formCluster(running: readonly RunningServer[]): Promise<void> {
  const size = running.length;
  const [first] = running;
  const firstSlot = (index: number): number => Math.ceil((index * SLOTS) / size);
  for (const [index, { admin }] of running.entries()) {
    await admin.call("CLUSTER", "SET-CONFIG-EPOCH", index + 1);
    await admin.cluster("ADDSLOTSRANGE", firstSlot(index), firstSlot(index + 1) - 1);
    if (index > 0 && first?.busPort !== undefined) {
      // The port for clients is the relay's; only that of the bus matters for a meeting.
      await admin.call("CLUSTER", "MEET", "127.0.0.1", first.busPort, first.busPort);
    }
  }
  const end = performance.now() + FORMED_WITHIN_MS;
  for (;;) {
    const states = await Promise.all(running.map(({ admin }) => admin.cluster("INFO")));
    const formed = states.every(
      (state) =>
        state.includes("cluster_state:ok") &&
        state.includes(`cluster_slots_assigned:${SLOTS}`) &&
        state.includes(`cluster_size:${size}`),
    );
    if (formed) return;
    if (performance.now() > end) throw new Error("the shards did not come together as a cluster");
    await realDelay(RECHECK_MS);
  }
}

/** Sessions as an application leaves them: strings, every tenth a hash, every fifth with a day to live. */
async function fill(
  running: readonly RunningServer[],
  { keys, bytes }: { readonly keys: number; readonly bytes: number },
): Promise<void> {
  for (let first = 0; first < keys; first += FILL_PAGE) {
    await fillPage(running, { first, count: Math.min(FILL_PAGE, keys - first), bytes });
  }
}

async function fillPage(
  running: readonly RunningServer[],
  page: { readonly first: number; readonly count: number; readonly bytes: number },
): Promise<void> {
  const { first, count, bytes } = page;
  const names = Array.from({ length: count }, (_, index) => `session:${first + index + 1}`);
  const shards = await shardsOf(running, names);
  await Promise.all(
    running.map(async ({ admin }, shard) => {
      const pipeline = admin.pipeline();
      for (const [index, name] of names.entries()) {
        if (shards[index] !== shard) continue;
        const value = randomBytes(Math.ceil(bytes / 2))
          .toString("hex")
          .slice(0, bytes);
        if (index % 10 === 9) pipeline.hset(name, "tenant", "a", "state", value);
        else pipeline.set(name, value);
        if (index % 5 === 4) pipeline.expire(name, 86_400);
      }
      await pipeline.exec();
    }),
  );
}
