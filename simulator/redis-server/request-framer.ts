/** One command of a Redis client as it came over the wire. */
export interface ClientRequest {
  readonly raw: Buffer;
  readonly words: readonly Buffer[];
}

const CR = 0x0d;
const ARRAY = 0x2a;

/** Cuts what a client sends into commands: arrays of bulk strings, or lines of words. */
export class RequestFramer {
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Less than this cannot hold a whole command. */
  #needed = 1;

  push(chunk: Buffer): ClientRequest[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#needed) return [];
    const all = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    const requests: ClientRequest[] = [];
    let start = 0;
    this.#needed = 1;
    while (start < all.length) {
      const found = all[start] === ARRAY ? readArray(all, start) : readLine(all, start);
      if ("missing" in found) {
        this.#needed = all.length - start + found.missing;
        break;
      }
      requests.push({ raw: all.subarray(start, found.end), words: found.words });
      start = found.end;
    }
    const rest = all.subarray(start);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
    return requests;
  }
}

/** A command in the protocol's array form. */
export function encodeRequest(words: readonly (string | Buffer)[]): Buffer {
  const parts = words.flatMap((word) => [
    Buffer.from(`$${Buffer.byteLength(word)}\r\n`),
    Buffer.from(word),
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...parts]);
}

type Found =
  | { readonly words: readonly Buffer[]; readonly end: number }
  /** How many bytes must come at the least before it is worth another look. */
  | { readonly missing: number };

function readArray(all: Buffer, start: number): Found {
  const words: Buffer[] = [];
  const head = readNumber(all, start);
  if (head === undefined) return { missing: 1 };
  let { end } = head;
  for (let index = 0; index < head.value; index += 1) {
    const length = readNumber(all, end);
    if (length === undefined) return { missing: 1 };
    const after = length.end + length.value + 2;
    if (after > all.length) return { missing: after - all.length };
    words.push(all.subarray(length.end, after - 2));
    end = after;
  }
  return { words, end };
}

/** The number behind a type byte, and where the next line begins. */
function readNumber(all: Buffer, start: number): { value: number; end: number } | undefined {
  const at = all.indexOf(CR, start);
  if (at === -1 || at + 1 >= all.length) return undefined;
  const value = Number(all.toString("latin1", start + 1, at));
  // What is no number is for the server to refuse.
  return { value: Number.isInteger(value) && value > 0 ? value : 0, end: at + 2 };
}

function readLine(all: Buffer, start: number): Found {
  const at = all.indexOf("\n", start);
  if (at === -1) return { missing: 1 };
  const text = all.toString("latin1", start, at).trim();
  const words = text === "" ? [] : text.split(/\s+/).map((word) => Buffer.from(word, "latin1"));
  return { words, end: at + 1 };
}
