import { createHash, type Hash } from "node:crypto";
import { pipeline, Readable } from "node:stream";
import { createGunzip, createGzip } from "node:zlib";
import type { BlobStreams } from "../azure/blob-container.js";
import type { DumpedKey } from "../azure/redis-keys.js";
import { terminal } from "../domain/failure.js";

/*
 * A part of a portable snapshot is one gzip blob: the name and version of the format, a record for
 * each key, and an end that counts and hashes all before it. Numbers are big-endian.
 *
 *     "RSNAP" version:1
 *     1:1 database:2 expiresAt:8 (0 for never) keyLength:4 payloadLength:4 key payload
 *     0:1 count:8 sha256:32
 */
export const snapshotFormat = "rsnap/1";
const magic = Buffer.from("RSNAP");
const version = 1;
const recordMark = 1;
const endMark = 0;
const recordHead = 19;
const endLength = 41;

/** What became of a part that was written. */
export interface SnapshotPart {
  readonly count: number;
  /** Of the blob, as it is stored. */
  readonly bytes: number;
  readonly sha256: string;
}

/** Writes keys as they come, whatever their number, into one blob. */
export async function writeSnapshotPart(
  container: BlobStreams,
  name: string,
  pages: AsyncIterable<readonly DumpedKey[]>,
): Promise<SnapshotPart> {
  const written = { count: 0, bytes: 0 };
  const stored = createHash("sha256");
  // What is dumped is compressed by Redis already where it is long; speed counts here.
  const gzip = createGzip({ level: 1 });
  async function* compressed(): AsyncGenerator<Buffer> {
    for await (const chunk of gzip as AsyncIterable<Buffer>) {
      stored.update(chunk);
      written.bytes += chunk.byteLength;
      yield chunk;
    }
  }
  // What fails on the way ends the gzip, and with it the blob that is never committed.
  pipeline(Readable.from(encoded(pages, written)), gzip, () => undefined);
  await container.putStream(name, compressed());
  return { ...written, sha256: stored.digest("hex") };
}

/** Reads a part back from its blob. */
export interface SnapshotReading {
  /** Hash and length of the blob, once all of it was read. */
  readonly stored: () => { readonly bytes: number; readonly sha256: string };
  readonly pages: AsyncIterable<readonly DumpedKey[]>;
}

/** The keys of a part, page by page. That it is whole is known at its end: a part that is not is a failure. */
export function readSnapshotPart(container: BlobStreams, name: string): SnapshotReading {
  const hash = createHash("sha256");
  let bytes = 0;
  async function* blob(): AsyncGenerator<Buffer> {
    for await (const chunk of container.readStream(name)) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      yield chunk;
    }
  }
  async function* pages(): AsyncGenerator<readonly DumpedKey[]> {
    const gunzip = createGunzip();
    pipeline(Readable.from(blob()), gunzip, () => undefined);
    try {
      yield* decoded(name, gunzip as AsyncIterable<Buffer>);
    } catch (error) {
      throw damaged(name, error) ?? error;
    } finally {
      gunzip.destroy();
    }
  }
  return { stored: () => ({ bytes, sha256: hash.copy().digest("hex") }), pages: pages() };
}

/** Reads a part to its end and holds it against what was written; its own end proves the rest. */
export async function verifySnapshotPart(
  container: BlobStreams,
  name: string,
  written: Pick<SnapshotPart, "bytes" | "sha256"> & Partial<SnapshotPart>,
): Promise<void> {
  const reading = readSnapshotPart(container, name);
  let count = 0;
  for await (const page of reading.pages) count += page.length;
  const { bytes, sha256 } = reading.stored();
  const isSame = bytes === written.bytes && sha256 === written.sha256;
  if (!isSame || count !== (written.count ?? count)) {
    throw terminal("snapshot-altered", `${name} is not what was written`);
  }
}

async function* encoded(
  pages: AsyncIterable<readonly DumpedKey[]>,
  written: { count: number },
): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  const hashed = (bytes: Buffer): Buffer => {
    hash.update(bytes);
    return bytes;
  };
  yield hashed(Buffer.concat([magic, Buffer.from([version])]));
  for await (const page of pages) {
    if (page.length === 0) continue;
    written.count += page.length;
    yield hashed(pageBytes(page));
  }
  const end = Buffer.alloc(9);
  end.writeUInt8(endMark, 0);
  end.writeBigUInt64BE(BigInt(written.count), 1);
  yield Buffer.concat([hashed(end), hash.digest()]);
}

function pageBytes(page: readonly DumpedKey[]): Buffer {
  const length = page.reduce(
    (sum, { key, payload }) => sum + recordHead + key.byteLength + payload.byteLength,
    0,
  );
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (const { database, key, expiresAt, payload } of page) {
    bytes.writeUInt8(recordMark, at);
    bytes.writeUInt16BE(database, at + 1);
    bytes.writeBigInt64BE(BigInt(expiresAt ?? 0), at + 3);
    bytes.writeUInt32BE(key.byteLength, at + 11);
    bytes.writeUInt32BE(payload.byteLength, at + 15);
    key.copy(bytes, at + recordHead);
    payload.copy(bytes, at + recordHead + key.byteLength);
    at += recordHead + key.byteLength + payload.byteLength;
  }
  return bytes;
}

async function* decoded(
  name: string,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<readonly DumpedKey[]> {
  const reader = new Parser(name);
  for await (const chunk of chunks) {
    const page = reader.feed(chunk);
    if (page.length > 0) yield page;
  }
  reader.end();
}

/** Takes bytes in any portions and gives the records that are whole. */
class Parser {
  readonly #name: string;
  readonly #hash: Hash = createHash("sha256");
  #waiting: Buffer[] = [];
  #length = 0;
  /** How many bytes have to be there before it is worth looking. */
  #needed = magic.byteLength + 1;
  #begun = false;
  #ended = false;
  #count = 0;

  constructor(name: string) {
    this.#name = name;
  }

  feed(chunk: Buffer): DumpedKey[] {
    this.#waiting.push(chunk);
    this.#length += chunk.byteLength;
    if (this.#length < this.#needed) return [];
    // A long value comes in many chunks; they are joined once.
    const bytes = this.#waiting.length === 1 ? chunk : Buffer.concat(this.#waiting);
    const keys: DumpedKey[] = [];
    const rest = bytes.subarray(this.#parse(bytes, keys));
    this.#waiting = [rest];
    this.#length = rest.byteLength;
    return keys;
  }

  end(): void {
    if (!this.#ended) throw truncated(this.#name);
  }

  /** Takes what is whole and says how far that went. */
  #parse(bytes: Buffer, keys: DumpedKey[]): number {
    let at = 0;
    if (!this.#begun) {
      this.#checkStart(bytes);
      at = magic.byteLength + 1;
      this.#hash.update(bytes.subarray(0, at));
      this.#begun = true;
    }
    const recordsFrom = at;
    for (;;) {
      const left = bytes.byteLength - at;
      this.#needed = 1;
      if (left === 0) break;
      if (this.#ended) throw corrupt(this.#name, "something follows its end");
      const mark = bytes.readUInt8(at);
      if (mark === endMark) {
        this.#needed = endLength;
        if (left < endLength) break;
        this.#hash.update(bytes.subarray(recordsFrom, at + 9));
        this.#checkEnd(bytes.subarray(at, at + endLength));
        return at + endLength;
      }
      if (mark !== recordMark) throw corrupt(this.#name, "a record has no known beginning");
      this.#needed = recordHead;
      if (left < recordHead) break;
      const keyLength = bytes.readUInt32BE(at + 11);
      const payloadLength = bytes.readUInt32BE(at + 15);
      this.#needed = recordHead + keyLength + payloadLength;
      if (left < this.#needed) break;
      const expiresAt = Number(bytes.readBigInt64BE(at + 3));
      const payloadAt = at + recordHead + keyLength;
      keys.push({
        database: bytes.readUInt16BE(at + 1),
        key: bytes.subarray(at + recordHead, payloadAt),
        payload: bytes.subarray(payloadAt, payloadAt + payloadLength),
        ...(expiresAt === 0 ? {} : { expiresAt }),
      });
      at += this.#needed;
      this.#count += 1;
    }
    this.#hash.update(bytes.subarray(recordsFrom, at));
    return at;
  }

  #checkStart(bytes: Buffer): void {
    if (!bytes.subarray(0, magic.byteLength).equals(magic)) {
      throw terminal("snapshot-foreign", `${this.#name} is no part of a snapshot`);
    }
    const written = bytes.readUInt8(magic.byteLength);
    if (written > version) {
      throw terminal(
        "snapshot-future",
        `${this.#name} is of version ${written}; this service reads ${version}`,
      );
    }
  }

  #checkEnd(end: Buffer): void {
    if (Number(end.readBigUInt64BE(1)) !== this.#count) {
      throw corrupt(this.#name, "it holds another number of keys than it says");
    }
    if (!end.subarray(9).equals(this.#hash.digest())) {
      throw corrupt(this.#name, "its hash is another");
    }
    this.#ended = true;
  }
}

const corrupt = (name: string, what: string) => terminal("snapshot-corrupt", `${name}: ${what}`);
const truncated = (name: string) =>
  terminal("snapshot-truncated", `${name} ends before it has ended`);

/** What zlib says of bytes that are no gzip, or not all of it. */
function damaged(name: string, error: unknown): Error | undefined {
  const { code } = error as { code?: unknown };
  if (code === "Z_BUF_ERROR") return truncated(name);
  if (code === "Z_DATA_ERROR") {
    return (error as Error).message === "incorrect header check"
      ? terminal("snapshot-foreign", `${name} is no part of a snapshot`)
      : corrupt(name, (error as Error).message);
  }
  return undefined;
}
