import { seconds, type Milliseconds } from "../domain/duration.js";
import type { RedisConnection } from "./redis-connection.js";
import type { DumpedKey } from "./redis-keys.js";

/** What became of the copy of a key that was put into a cache for a moment. */
export type SampledKey =
  | "same"
  /** The server has written it another way, as a newer version does; it has read all of it. */
  | "rewritten"
  | "differs"
  /** The server does not take it. */
  | "refused";

/** Keys that are on their way at the same time. */
const atOnce = 100;

/**
 * Puts copies of keys below a prefix into the first database, reads them back and removes them. What a
 * killed host leaves there goes by itself when its time is over; nothing outside of the prefix is touched.
 */
export async function sampleKeys(
  { router, run }: RedisConnection,
  prefix: string,
  keys: readonly DumpedKey[],
  lifetime: Milliseconds = seconds(300),
): Promise<readonly SampledKey[]> {
  const found: SampledKey[] = [];
  for (let at = 0; at < keys.length; at += atOnce) {
    const some = keys.slice(at, at + atOnce);
    found.push(...(await run(() => Promise.all(some.map(sample)))));
  }
  return found;

  async function sample({ database, key, payload }: DumpedKey): Promise<SampledKey> {
    const name = Buffer.concat([Buffer.from(`${prefix}${database}:`), key]);
    try {
      await router.restore(name, lifetime, payload, "REPLACE");
      const there = (await router.dumpBuffer(name)) as Buffer | null;
      return there === null ? "differs" : compared(payload, there);
    } catch (error) {
      if (/payload version or checksum|bad data format/i.test((error as Error).message)) {
        return "refused";
      }
      throw error;
    } finally {
      await router.unlink(name);
    }
  }
}

/** The version of the format, and a checksum. */
const [versionLength, checksumLength] = [2, 8];

/**
 * The members of a large set or hash come in an order that differs from server to server, so a payload
 * of the same version is the same one if it has the same bytes in any order.
 */
function compared(payload: Buffer, there: Buffer): SampledKey {
  if (payload.equals(there)) return "same";
  const [body, ofThere] = [payload, there].map((each) => each.subarray(0, -checksumLength));
  if (body === undefined || ofThere === undefined) return "differs";
  if (!body.subarray(-versionLength).equals(ofThere.subarray(-versionLength))) return "rewritten";
  return Buffer.from(body).sort().equals(Buffer.from(ofThere).sort()) ? "same" : "differs";
}
