import type { BlobContainer, BlobStreams } from "../../src/azure/blob-container.js";

/** Blobs in memory with the conditions of the real service; everything works unless told to fail. */
export class MemoryContainer implements BlobContainer, BlobStreams {
  readonly blobs = new Map<
    string,
    { text: string; bytes?: Buffer; etag: string; metadata: Record<string, string> }
  >();
  /** Thrown by the next calls, one each. */
  readonly failures: Error[] = [];
  /** Called before a conditional write is decided: another writer may come in between. */
  beforeWrite: ((name: string) => void) | undefined;
  #writes = 0;

  async read(name: string) {
    await this.#turn();
    const blob = this.blobs.get(name);
    return blob && { text: blob.text, etag: blob.etag };
  }

  async create(
    name: string,
    text: string,
    description?: { metadata?: Readonly<Record<string, string>> },
  ) {
    await this.#turn();
    this.beforeWrite?.(name);
    return this.blobs.has(name) ? undefined : this.#store(name, text, description?.metadata);
  }

  async replace(name: string, text: string, etag: string) {
    await this.#turn();
    this.beforeWrite?.(name);
    return this.blobs.get(name)?.etag === etag ? this.#store(name, text) : undefined;
  }

  async put(
    name: string,
    text: string,
    description?: { metadata?: Readonly<Record<string, string>> },
  ) {
    await this.#turn();
    this.#store(name, text, description?.metadata);
  }

  async list(prefix: string, atMost = Infinity) {
    await this.#turn();
    return [...this.blobs]
      .filter(([name]) => name.startsWith(prefix))
      .slice(0, atMost)
      .map(([name, { metadata }]) => ({ name, metadata }));
  }

  async folders(prefix: string) {
    const below = (await this.list(prefix)).flatMap(({ name }) => {
      const end = name.indexOf("/", prefix.length);
      return end === -1 ? [] : [name.slice(0, end + 1)];
    });
    return [...new Set(below)];
  }

  async readBytes(name: string) {
    await this.#turn();
    const blob = this.blobs.get(name);
    return blob && (blob.bytes ?? Buffer.from(blob.text));
  }

  async look(name: string) {
    await this.#turn();
    const blob = this.blobs.get(name);
    const bytes = blob && (blob.bytes ?? Buffer.from(blob.text)).byteLength;
    return blob && { bytes: bytes ?? 0, metadata: blob.metadata };
  }

  async putBytes(
    name: string,
    bytes: Uint8Array,
    description?: { metadata?: Readonly<Record<string, string>> },
  ) {
    await this.#turn();
    this.#store(name, Buffer.from(bytes).toString("utf8"), description?.metadata);
    this.blobs.get(name)!.bytes = Buffer.from(bytes);
  }

  async putStream(name: string, chunks: AsyncIterable<Uint8Array>) {
    const all: Uint8Array[] = [];
    for await (const chunk of chunks) all.push(chunk);
    await this.putBytes(name, Buffer.concat(all));
  }

  /** In small portions, so that whoever reads has to put them together. */
  async *readStream(name: string) {
    const bytes = await this.readBytes(name);
    if (bytes === undefined) throw restError(404, "BlobNotFound");
    for (let at = 0; at < bytes.byteLength; at += 1_000) yield bytes.subarray(at, at + 1_000);
  }

  /** Names that a policy of immutability keeps. */
  readonly immutable = new Set<string>();

  async remove(name: string): Promise<"removed" | "kept"> {
    await this.#turn();
    if (this.immutable.has(name)) return "kept";
    this.blobs.delete(name);
    return "removed";
  }

  /** Whether a legal hold lies on it. */
  held = false;

  async protection() {
    await this.#turn();
    return { hold: this.held, policy: this.immutable.size > 0 };
  }

  /** Whether the container itself is gone. */
  isRemoved = false;

  async removeIfEmpty(): Promise<void> {
    await this.#turn();
    this.isRemoved ||= this.blobs.size === 0;
  }

  check(): Promise<void> {
    return this.#turn();
  }

  #turn(): Promise<void> {
    const failure = this.failures.shift();
    return failure === undefined ? Promise.resolve() : Promise.reject(failure);
  }

  #store(name: string, text: string, metadata: Readonly<Record<string, string>> = {}): string {
    const etag = `"${++this.#writes}"`;
    this.blobs.set(name, { text, etag, metadata: { ...metadata } });
    return etag;
  }
}

/** What the SDK throws for an answer with this status and code. */
export const restError = (statusCode: number, code: string): Error =>
  Object.assign(new Error(`${code} (${statusCode})`), { name: "RestError", statusCode, code });
