import type { ContainerClient } from "@azure/storage-blob" with { "resolution-mode": "import" };
import type { TokenCredential } from "@azure/identity";
import type { AzureSettings } from "./azure-settings.js";
import { lazily } from "./lazily.js";
import { errorCodeOf, unlessMissing } from "./unless-missing.js";

export interface StoredText {
  readonly text: string;
  readonly etag: string;
}

/** A blob as it is seen without being read. */
export interface SeenBytes {
  readonly bytes: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ListedBlob {
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** One container of small blobs with the conditional writes that decide races. */
export interface BlobContainer {
  read(name: string): Promise<StoredText | undefined>;
  /** Writes only where nothing is; the new etag, or undefined if something was there. */
  create(name: string, text: string, description?: BlobDescription): Promise<string | undefined>;
  /** Writes only over the version that was read; undefined if another write came first. */
  replace(
    name: string,
    text: string,
    etag: string,
    description?: BlobDescription,
  ): Promise<string | undefined>;
  /** Writes whatever is there. For content that is the same however often it is written. */
  put(name: string, text: string, description?: BlobDescription): Promise<void>;
  list(prefix: string, atMost?: number): Promise<readonly ListedBlob[]>;
  /** The names one level below a prefix that ends in a slash, each with its slash. */
  folders(prefix: string): Promise<readonly string[]>;
  readBytes(name: string): Promise<Buffer | undefined>;
  /** Looks at a blob without reading it; undefined where there is none. */
  look(name: string): Promise<SeenBytes | undefined>;
  /** Writes whatever is there, as `put` does. */
  putBytes(name: string, bytes: Uint8Array, description?: BlobDescription): Promise<void>;
  /**
   * Removes a blob; harmless to repeat. `kept` says that a policy of immutability or a legal hold
   * keeps it.
   */
  remove(name: string): Promise<"removed" | "kept">;
  /** Whether a legal hold lies on the container, and whether a policy keeps young blobs in it. */
  protection(): Promise<{ readonly hold: boolean; readonly policy: boolean }>;
  /** Removes the container itself, if nothing is in it. */
  removeIfEmpty(): Promise<void>;
  /** Throws unless the container can be reached and read. */
  check(): Promise<void>;
}

/** The same container's blobs of any length, never whole in memory. */
export interface BlobStreams {
  /** Writes whatever is there, as `put` does, in blocks as they come; nothing is there until all is. */
  putStream(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** A blob of any length, in portions; a failure for good where there is none. */
  readStream(name: string): AsyncIterable<Buffer>;
}

export interface BlobDescription {
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A container of Azure Blob Storage, made if it is missing. */
export function blobContainer(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
  place: { readonly endpoint: string; readonly container: string },
): BlobContainer & BlobStreams {
  const clients = lazily(async () => {
    const { ContainerClient } = await import("@azure/storage-blob");
    const identity = await credential();
    const url = new URL(place.container, withSlash(place.endpoint)).href;
    const audience = `${settings.storageAudience}/.default`;
    return {
      reading: new ContainerClient(url, identity, { audience, retryOptions: { maxTries: 2 } }),
      writing: new ContainerClient(url, identity, { audience, retryOptions: { maxTries: 1 } }),
    };
  });
  const limit = () => ({ abortSignal: AbortSignal.timeout(settings.callTimeLimit) });

  const write = async (
    name: string,
    content: string | Uint8Array,
    conditions: { ifNoneMatch?: string; ifMatch?: string },
    description: BlobDescription = {},
  ): Promise<string | undefined> => {
    const { writing } = await clients();
    const upload = () =>
      writing.getBlockBlobClient(name).upload(content, Buffer.byteLength(content), {
        ...limit(),
        conditions,
        metadata: { ...description.metadata },
        blobHTTPHeaders: {
          blobContentType: description.contentType ?? "application/json; charset=utf-8",
        },
      });
    try {
      const { etag } = await whereContainerExists(writing, upload, limit);
      return etag ?? "";
    } catch (error) {
      if (conflicts.has(errorCodeOf(error))) return undefined;
      throw error;
    }
  };

  const download = async (name: string) => {
    const { reading } = await clients();
    return unlessMissing(async () => {
      const answer = await reading.getBlobClient(name).download(0, undefined, limit());
      const chunks: Buffer[] = [];
      for await (const chunk of answer.readableStreamBody ?? []) chunks.push(Buffer.from(chunk));
      return { bytes: Buffer.concat(chunks), etag: answer.etag ?? "" };
    }, absences);
  };

  return {
    async read(name) {
      const found = await download(name);
      return found && { text: found.bytes.toString("utf8"), etag: found.etag };
    },
    readBytes: async (name) => (await download(name))?.bytes,
    async look(name) {
      const { reading } = await clients();
      const found = await unlessMissing(
        () => reading.getBlobClient(name).getProperties(limit()),
        absences,
      );
      return found && { bytes: found.contentLength ?? 0, metadata: { ...found.metadata } };
    },
    async putBytes(name, bytes, description) {
      const type = { contentType: "application/octet-stream" };
      await write(name, bytes, {}, { ...type, ...description });
    },
    async putStream(name, chunks) {
      const { writing } = await clients();
      const blob = writing.getBlockBlobClient(name);
      const ids: string[] = [];
      for await (const block of inBlocks(chunks)) {
        const id = Buffer.from(String(ids.length).padStart(6, "0")).toString("base64");
        const stage = () => blob.stageBlock(id, block, block.byteLength, limit());
        await whereContainerExists(writing, stage, limit);
        ids.push(id);
      }
      const blobHTTPHeaders = { blobContentType: "application/octet-stream" };
      await blob.commitBlockList(ids, { ...limit(), blobHTTPHeaders });
    },
    async *readStream(name) {
      const { reading } = await clients();
      const blob = reading.getBlobClient(name);
      const { contentLength = 0, etag } = await blob.getProperties(limit());
      // What is read is one version of the blob, and each portion has a time limit of its own.
      const conditions = etag === undefined ? {} : { ifMatch: etag };
      for (let at = 0; at < contentLength; at += portion) {
        const count = Math.min(portion, contentLength - at);
        const answer = await blob.download(at, count, { ...limit(), conditions });
        for await (const chunk of answer.readableStreamBody ?? []) yield Buffer.from(chunk);
      }
    },
    async remove(name) {
      const { writing } = await clients();
      try {
        await writing.getBlobClient(name).deleteIfExists(limit());
        return "removed";
      } catch (error) {
        if (immutabilities.has(errorCodeOf(error))) return "kept";
        throw error;
      }
    },
    async create(name, text, description) {
      try {
        return await write(name, text, { ifNoneMatch: "*" }, description);
      } catch (error) {
        // What is immutable is there.
        if (immutabilities.has(errorCodeOf(error))) return undefined;
        throw error;
      }
    },
    replace: (name, text, etag, description) => write(name, text, { ifMatch: etag }, description),
    async put(name, text, description) {
      await write(name, text, {}, description);
    },
    async protection() {
      const { reading } = await clients();
      try {
        const found = await reading.getProperties(limit());
        return {
          hold: found.hasLegalHold === true,
          policy: found.hasImmutabilityPolicy === true,
        };
      } catch (error) {
        if (errorCodeOf(error) === "ContainerNotFound") return { hold: false, policy: false };
        throw error;
      }
    },
    async removeIfEmpty() {
      if ((await this.list("", 1)).length > 0) return;
      const { writing } = await clients();
      await writing.deleteIfExists(limit());
    },
    async list(prefix, atMost = Infinity) {
      const { reading } = await clients();
      const found: ListedBlob[] = [];
      try {
        const pages = reading.listBlobsFlat({ prefix, includeMetadata: true, ...limit() });
        for await (const { name, metadata } of pages) {
          if (found.length >= atMost) break;
          found.push({ name, metadata: { ...metadata } });
        }
      } catch (error) {
        if (errorCodeOf(error) !== "ContainerNotFound") throw error;
      }
      return found;
    },
    async folders(prefix) {
      const { reading } = await clients();
      const found: string[] = [];
      try {
        for await (const each of reading.listBlobsByHierarchy("/", { prefix, ...limit() })) {
          if (each.kind === "prefix") found.push(each.name);
        }
      } catch (error) {
        if (errorCodeOf(error) !== "ContainerNotFound") throw error;
      }
      return found;
    },
    async check() {
      const { reading, writing } = await clients();
      await whereContainerExists(writing, () => reading.getProperties(limit()), limit);
    },
  };
}

/** As much of a stream is written or read by one call. */
const portion = 4 * 1024 * 1024;

async function* inBlocks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let [waiting, length]: [Uint8Array[], number] = [[], 0];
  for await (const chunk of chunks) {
    waiting.push(chunk);
    length += chunk.byteLength;
    if (length < portion) continue;
    yield Buffer.concat(waiting);
    [waiting, length] = [[], 0];
  }
  if (length > 0) yield Buffer.concat(waiting);
}

/** The service's own container is made by its deployment; where it is missing, it is made here. */
async function whereContainerExists<T>(
  container: ContainerClient,
  act: () => Promise<T>,
  limit: () => { abortSignal: AbortSignal },
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (errorCodeOf(error) !== "ContainerNotFound") throw error;
    await container.createIfNotExists(limit());
    return act();
  }
}

const conflicts = new Set(["BlobAlreadyExists", "ConditionNotMet"]);
/** Azure's code for a blob under a policy or a hold; not verified against the real service. */
const immutabilities = new Set(["BlobImmutableDueToPolicy", "BlobImmutableDueToLegalHold"]);
const absences = ["BlobNotFound", "ContainerNotFound"];

const withSlash = (endpoint: string): string =>
  endpoint.endsWith("/") ? endpoint : `${endpoint}/`;
