import type { Redis } from "ioredis";

const PAGE = 500;

/** A key with all that makes it up. */
export interface DumpedKey {
  readonly key: Buffer;
  readonly dump: Buffer;
  /** Milliseconds; 0 for none. */
  readonly ttl: number;
}

/** Every key of a server that nobody writes to, database by database and page by page. */
export async function* everyKey(
  source: Redis,
): AsyncGenerator<{ readonly database: number; readonly page: readonly DumpedKey[] }> {
  for (const database of await usedDatabases(source)) {
    const reader = source.duplicate({ db: database });
    reader.on("error", () => undefined); // What is awaited fails, too.
    try {
      let cursor = "0";
      do {
        const [next, keys] = await reader.scanBuffer(cursor, "COUNT", PAGE);
        cursor = next.toString("latin1");
        const pipeline = reader.pipeline();
        for (const key of keys) pipeline.dumpBuffer(key).pttl(key);
        const replies = (await pipeline.exec()) ?? [];
        const page = keys.flatMap((key, index): DumpedKey[] => {
          const dump = replies[index * 2]?.[1] as Buffer | null | undefined;
          const ttl = replies[index * 2 + 1]?.[1] as number | undefined;
          return dump ? [{ key, dump, ttl: Math.max(0, ttl ?? 0) }] : [];
        });
        if (page.length > 0) yield { database, page };
      } while (cursor !== "0");
    } finally {
      reader.disconnect();
    }
  }
}

/** The databases that hold keys. */
export async function usedDatabases(source: Redis): Promise<number[]> {
  const keyspace = await source.info("keyspace");
  return [...keyspace.matchAll(/^db(\d+):/gm)].map(([, number]) => Number(number));
}
