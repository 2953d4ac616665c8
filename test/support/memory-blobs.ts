import { createHash } from "node:crypto";
import type {
  BlobCopies,
  BlobPlace,
  BlobView,
  ContainerPlace,
  CopyAnswer,
  CopyOrder,
} from "../../src/azure/blob-copies.js";

interface StoredBlob {
  bytes: Buffer;
  etag: string;
  /** The MD5 that is stored with it, which need not be its content's. */
  md5: string | undefined;
  modifiedAt: string;
  copy: BlobView["copy"];
  archived: boolean;
  tagged: boolean;
}

/** Blobs of any account in memory, and copies between them under the conditions of the real service. */
export class MemoryBlobs implements BlobCopies {
  readonly blobs = new Map<string, StoredBlob>();
  readonly copied: CopyOrder[] = [];
  /** As many as a page holds at most. */
  pageSize = 400;
  /** Copies of more than this many bytes are only begun. */
  atOnce = 1_000;
  readsTags = true;
  /** Called when a copy begins, before its source is read. */
  beforeCopy: (order: CopyOrder) => void = () => undefined;
  afterCopy: (order: CopyOrder) => void = () => undefined;
  /** What arrives at the target instead of the source. */
  corrupt: (name: string, bytes: Buffer) => Buffer = (_name, bytes) => bytes;
  #containers = new Set<string>();
  #writes = 0;
  #now = Date.parse("2024-11-22T12:00:00Z");

  put(place: BlobPlace, text: string, more: Partial<StoredBlob> = {}): void {
    const bytes = Buffer.from(text);
    this.#containers.add(at(place));
    this.#now += 1_000;
    this.blobs.set(nameOf(place), {
      bytes,
      etag: `"0x${++this.#writes}"`,
      md5: md5Of(bytes),
      modifiedAt: new Date(this.#now).toISOString(),
      copy: undefined,
      archived: false,
      tagged: false,
      ...more,
    });
  }

  text(place: BlobPlace): string | undefined {
    return this.blobs.get(nameOf(place))?.bytes.toString();
  }

  /** Ends every copy that is under way. */
  finishCopies(status: "success" | "failed" = "success"): void {
    for (const blob of this.blobs.values()) {
      if (blob.copy?.status === "pending") blob.copy = { ...blob.copy, status };
    }
  }

  isSlow({ bytes, isBlockBlob }: Pick<BlobView, "bytes" | "isBlockBlob">): boolean {
    return !isBlockBlob || bytes > this.atOnce;
  }

  page(place: ContainerPlace, token = "0", size = this.pageSize) {
    if (!this.#containers.has(at(place))) return Promise.resolve(undefined);
    const prefix = `${at(place)}/`;
    const names = [...this.blobs.keys()].filter((name) => name.startsWith(prefix)).sort();
    const end = Number(token) + Math.min(size, this.pageSize);
    const blobs = names
      .slice(Number(token), end)
      .map((name) => this.#view(name.slice(prefix.length), this.blobs.get(name)!));
    return Promise.resolve({ blobs, next: end < names.length ? String(end) : undefined });
  }

  properties(place: BlobPlace) {
    const blob = this.blobs.get(nameOf(place));
    return Promise.resolve(blob && this.#view(place.name, blob));
  }

  tags() {
    return Promise.resolve(this.readsTags ? { owner: "brand" } : undefined);
  }

  copy(order: CopyOrder): Promise<CopyAnswer> {
    this.copied.push(order);
    this.beforeCopy(order);
    const answer = this.#copy(order);
    this.afterCopy(order);
    return Promise.resolve(answer);
  }

  hash(place: BlobPlace, etag: string) {
    const blob = this.blobs.get(nameOf(place));
    if (blob?.etag !== etag) return Promise.resolve(undefined);
    const sha256 = createHash("sha256").update(blob.bytes).digest("hex");
    return Promise.resolve({ md5: md5Of(blob.bytes), sha256, bytes: blob.bytes.byteLength });
  }

  ensureContainer(place: ContainerPlace) {
    const made = !this.#containers.has(at(place));
    this.#containers.add(at(place));
    return Promise.resolve(made);
  }

  remove(place: BlobPlace) {
    this.blobs.delete(nameOf(place));
    return Promise.resolve();
  }

  #copy({ from, to, over }: CopyOrder): CopyAnswer {
    const [source, target] = [this.blobs.get(nameOf(from)), this.blobs.get(nameOf(to))];
    const refused = (why: Extract<CopyAnswer, { kind: "refused" }>["why"]): CopyAnswer => ({
      kind: "refused",
      why,
    });
    if (source === undefined) return refused("source-gone");
    if (source.etag !== from.etag) return refused("source-changed");
    const mayBe =
      over === "anything" || (over === "nothing" ? !target : target?.etag === over.etag);
    if (!mayBe) return refused("target-changed");
    const isSlow = this.isSlow(from);
    if (!isSlow && from.md5 !== undefined && from.md5 !== md5Of(source.bytes)) {
      return refused("content-differs");
    }
    this.put(to, "", { md5: source.md5, tagged: source.tagged });
    const stored = this.blobs.get(nameOf(to))!;
    stored.bytes = this.corrupt(to.name, source.bytes);
    if (!isSlow) return { kind: "copied", etag: stored.etag };
    stored.copy = { id: `copy-${this.#writes}`, status: "pending", why: undefined };
    return { kind: "pending", copyId: stored.copy.id };
  }

  #view(name: string, { bytes, archived, tagged, ...blob }: StoredBlob): BlobView {
    return {
      ...blob,
      name,
      bytes: bytes.byteLength,
      contentType: undefined,
      isBlockBlob: true,
      isArchived: archived,
      hasTags: tagged,
    };
  }
}

const at = ({ endpoint, container }: ContainerPlace): string => `${endpoint}/${container}`;
const nameOf = (place: BlobPlace): string => `${at(place)}/${place.name}`;
const md5Of = (bytes: Buffer): string => createHash("md5").update(bytes).digest("base64");
