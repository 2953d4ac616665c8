import { parseConnectionString } from "../redis-server/connection-string.js";
import type { RunningServer } from "../redis-server/server.js";
import type { World } from "../world/world.js";
import type { Connections } from "./connections.js";
import type { Application } from "./dependencies.js";
import { StoreFailure } from "./record-store.js";
import { redisReachable, serversAt } from "./redis-reachable.js";

/** The cache that an application has read the address of, as its client meets it. */
export class AppCache {
  readonly #world: World;
  readonly #connections: Connections;

  constructor(world: World, connections: Connections) {
    this.#world = world;
    this.#connections = connections;
  }

  /** Asks one shard after the other until the one that has the key's slot answers. */
  async onShardOf<T>(
    application: Application,
    ask: (server: RunningServer) => Promise<T>,
  ): Promise<T> {
    let moved = "no shard has the key";
    for (const server of await this.serversOf(application)) {
      try {
        return await ask(server);
      } catch (error) {
        moved = error instanceof Error ? error.message : String(error);
        if (!moved.startsWith("MOVED")) break;
      }
    }
    throw new StoreFailure(`the cache answers ${moved}`);
  }

  async serversOf(application: Application): Promise<readonly RunningServer[]> {
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
