import type { BlobCopies, BlobPlace, ContainerPlace } from "../azure/blob-copies.js";
import type { CacheFile, CacheFiles } from "../azure/cache-files.js";

const rdb = Buffer.from("REDIS");
const gzip = Buffer.from([0x1f, 0x8b]);
const tailLength = 521;

export const isCompressed = (name: string): boolean => name.endsWith(".gz");

/**
 * Whether a file has begun and ended as an export does. Azure makes a page blob in its full length
 * and fills it; the mark of the end is there last.
 */
export async function looksWhole(
  files: CacheFiles,
  copies: BlobCopies,
  place: ContainerPlace,
  { name, bytes }: CacheFile,
): Promise<boolean> {
  const at: BlobPlace = { endpoint: place.endpoint, container: place.container, name };
  const view = await copies.properties(at);
  if (view === undefined || bytes === 0) return false;
  const stretch = async (from: number, to: number): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    for await (const chunk of files.read(at, view.etag, from, to)) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const head = await stretch(0, Math.min(bytes, rdb.byteLength));
  if (isCompressed(name)) return head.subarray(0, gzip.byteLength).equals(gzip);
  if (!head.equals(rdb)) return false;
  return endsAsRdb(await stretch(Math.max(0, bytes - tailLength), bytes));
}

/** The mark of the end, a checksum of 8 bytes, and nothing but zeros after it. */
const endsAsRdb = (tail: Buffer): boolean =>
  tail.some(
    (byte, at) =>
      byte === 0xff &&
      at + 9 <= tail.byteLength &&
      tail.subarray(at + 9).every((rest) => rest === 0),
  );
