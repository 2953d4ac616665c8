import type { AppCache } from "./app-cache.js";
import type { Application } from "./dependencies.js";
import { MOST_LISTED, type RecordStore } from "./record-store.js";

const PREFIX = "record:";
const SCANNED_AT_ONCE = 1000;

/**
 * Records as keys `record:{id}` in the redis-server of the cache that the application has read the address of. A copy
 * that only reads refuses to be written, as the server itself does.
 */
export class RedisRecords implements RecordStore {
  readonly #cache: AppCache;

  constructor(cache: AppCache) {
    this.#cache = cache;
  }

  async write(application: Application, id: string, text: string): Promise<void> {
    await this.#cache.onShardOf(application, ({ admin }) => admin.set(PREFIX + id, text));
  }

  async read(application: Application, id: string): Promise<string | undefined> {
    const found = await this.#cache.onShardOf(application, ({ admin }) => admin.get(PREFIX + id));
    return found ?? undefined;
  }

  async list(application: Application): Promise<readonly string[]> {
    const ids: string[] = [];
    for (const { admin } of await this.#cache.serversOf(application)) {
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
}
