import { parseConnectionString } from "../redis-server/connection-string.js";
import type { RunningServer } from "../redis-server/server.js";
import type { World } from "../world/world.js";
import type { Connections } from "./connections.js";
import type { Application } from "./dependencies.js";
import { MOST_LISTED, type RecordStore, StoreFailure } from "./record-store.js";
import { redisReachable, serversAt } from "./redis-reachable.js";

const PREFIX = "record:";
const SCANNED_AT_ONCE = 1000;

/**
 * Records as keys `record:{id}` in the redis-server of the cache that the application has read the address of. A copy
 * that only reads refuses to be written, as the server itself does.
 */
export class RedisRecords implements RecordStore {
  readonly #world: World;
  readonly #connections: Connections;

  constructor(world: World, connections: Connections) {
    this.#world = world;
    this.#connections = connections;
  }

  async write(application: Application, id: string, text: string): Promise<void> {
    await this.#onShardOf(application, ({ admin }) => admin.set(PREFIX + id, text));
  }

  async read(application: Application, id: string): Promise<string | undefined> {
    const found = await this.#onShardOf(application, ({ admin }) => admin.get(PREFIX + id));
    return found ?? undefined;
  }

  async list(application: Application): Promise<readonly string[]> {
    const ids: string[] = [];
    for (const { admin } of await this.#serversOf(application)) {
      let cursor = "0";
      do {
        const [next, keys] = await admin.scan(
          cursor,
          "MATCH",
          `${PREFIX}*`,
          "COUNT",
          SCANNED_AT_ONCE,
        );
        cursor = next;
        ids.push(...keys.map((key) => key.slice(PREFIX.length)));
      } while (cursor !== "0" && ids.length < MOST_LISTED);
    }
    return [...new Set(ids)].sort().slice(0, MOST_LISTED);
  }

  /** Asks one shard after the other until the one that has the key's slot answers. */
  async #onShardOf<T>(
    application: Application,
    ask: (server: RunningServer) => Promise<T>,
  ): Promise<T> {
    let moved = "no shard has the key";
    for (const server of await this.#serversOf(application)) {
      try {
        return await ask(server);
      } catch (error) {
        moved = error instanceof Error ? error.message : String(error);
        if (!moved.startsWith("MOVED")) break;
      }
    }
    throw new StoreFailure(`the cache answers ${moved}`);
  }

  async #serversOf(application: Application): Promise<readonly RunningServer[]> {
    const { redisServers } = this.#world;
    const connection = this.#connections.of(application);
    if (connection === undefined) throw new StoreFailure("the app has no connection to a cache");
    if (!connection.readable) {
      throw new StoreFailure(`no connection string: ${connection.reason}`);
    }
    const value = connection.value ?? "";
    const result = redisReachable(this.#world, value);
    if (!result.reachable) throw new StoreFailure(result.detail);
    if (!redisServers.available) throw new StoreFailure("there is no redis-server on this machine");
    const { host = "", port = 0 } = parseConnectionString(value) ?? {};
    return redisServers.track(
      Promise.all(serversAt(host, port, this.#world).map((cache) => cache.server())),
    );
  }
}
