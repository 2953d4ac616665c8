import type { BlobSASSignatureValues, ContainerClient } from "@azure/storage-blob" with {
  "resolution-mode": "import",
};
import type { AccessToken, TokenCredential } from "@azure/identity";
import { createHash } from "node:crypto";
import { days, minutes } from "../domain/duration.js";
import { instantOf, type Instant } from "../domain/instant.js";
import type { AzureSettings } from "./azure-settings.js";
import { lazily } from "./lazily.js";
import { errorCodeOf, unlessMissing } from "./unless-missing.js";

/** A container of any account, by the account's blob endpoint. */
export interface ContainerPlace {
  readonly endpoint: string;
  readonly container: string;
}

export interface BlobPlace extends ContainerPlace {
  readonly name: string;
}

/** A blob as a listing or its own properties show it. */
export interface BlobView {
  readonly name: string;
  readonly etag: string;
  readonly bytes: number;
  /** The MD5 that is stored with it, in base64; what was written in blocks has often none. */
  readonly md5: string | undefined;
  readonly modifiedAt: Instant;
  readonly contentType: string | undefined;
  /** Page and append blobs are copied another way. */
  readonly isBlockBlob: boolean;
  /** Nothing can read it until it is rehydrated, which takes hours. */
  readonly isArchived: boolean;
  /** Index tags need a permission of their own. */
  readonly hasTags: boolean;
  /** The copy that made it, where the service still knows. */
  readonly copy: CopyView | undefined;
}

export interface CopyView {
  readonly id: string;
  readonly status: "pending" | "success" | "aborted" | "failed";
  /** Why it failed, in the service's words. */
  readonly why: string | undefined;
}

export interface BlobPage {
  readonly blobs: readonly BlobView[];
  /** Where the next page begins; absent at the end. */
  readonly next: string | undefined;
}

/** What a copy is made of, and only while the source is as it was seen. */
export interface CopyOrder {
  readonly from: BlobPlace & Pick<BlobView, "etag" | "bytes" | "md5" | "isBlockBlob">;
  readonly to: BlobPlace;
  /** What has to be at the target: nothing, the version seen there, or whatever there is. */
  readonly over: "nothing" | "anything" | { readonly etag: string };
  /** Index tags for the copy; properties and metadata come along by themselves. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** `pending`: the service goes on with it by itself, and the target's properties tell of it. */
export type CopyAnswer =
  | { readonly kind: "copied"; readonly etag: string }
  | { readonly kind: "pending"; readonly copyId: string }
  | { readonly kind: "refused"; readonly why: CopyRefusal };

/**
 * `content-differs`: what the service read has not the MD5 that is stored with it. `target-kept`: a
 * policy of immutability or a legal hold keeps what is at the target.
 */
export type CopyRefusal =
  "source-changed" | "source-gone" | "content-differs" | "target-changed" | "target-kept";

/** Blobs of any account that the service has a role at, and copies between accounts by the service itself. */
export interface BlobCopies {
  /** A page of a container in the order of names; undefined if there is no such container. */
  page(place: ContainerPlace, token?: string, size?: number): Promise<BlobPage | undefined>;
  properties(place: BlobPlace): Promise<BlobView | undefined>;
  /** The index tags of a blob; undefined where they may not be read. */
  tags(place: BlobPlace): Promise<Readonly<Record<string, string>> | undefined>;
  /** Copies a blob on the server's side. Repeating it is harmless; a large one is only begun. */
  copy(order: CopyOrder): Promise<CopyAnswer>;
  /** Whether a copy of this size is only begun by `copy`. */
  isSlow(blob: Pick<BlobView, "bytes" | "isBlockBlob">): boolean;
  /** Reads a blob to its end and gives the hashes of what came; undefined if it is not that version. */
  hash(place: BlobPlace, etag: string): Promise<ContentHash | undefined>;
  /** Makes a private container unless there is one; whether it was made. */
  ensureContainer(place: ContainerPlace): Promise<boolean>;
  /** Removes a blob; harmless to repeat. */
  remove(place: BlobPlace): Promise<void>;
}

export interface ContentHash {
  /** In base64, as the service stores it. */
  readonly md5: string;
  /** In hex. */
  readonly sha256: string;
  readonly bytes: number;
}

/** What one call copies at most, and what one call reads. */
export interface CopyLimits {
  /**
   * Copy Blob From URL takes block blobs of up to 256 MiB. Put Blob From URL would take more, but not
   * within the time of one call; what is larger is copied by the service in its own time.
   */
  readonly atOnce: number;
  readonly range: number;
}

const azureLimits: CopyLimits = { atOnce: 256 * 2 ** 20, range: 32 * 2 ** 20 };

/** A source is readable for as long as an asynchronous copy may take; the clocks of two machines differ. */
const [readableFor, clocksDiffer] = [days(2), minutes(15)];

export function blobCopies(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
  limits: CopyLimits = azureLimits,
): BlobCopies {
  const sdk = lazily(() => import("@azure/storage-blob"));
  const audience = `${settings.storageAudience}/.default`;
  const limit = () => ({ abortSignal: AbortSignal.timeout(settings.callTimeLimit) });
  const containers = new Map<string, Promise<ContainerClient>>();
  // Repeating is the activity's decision alone: the SDK would send a copy again whatever has changed.
  const container = (place: ContainerPlace): Promise<ContainerClient> => {
    const url = new URL(place.container, `${place.endpoint}/`).href;
    const known = containers.get(url);
    if (known !== undefined) return known;
    const made = (async () => {
      const { ContainerClient } = await sdk();
      const retryOptions = { maxTries: 1 };
      return new ContainerClient(url, await credential(), { audience, retryOptions });
    })();
    containers.set(url, made);
    made.catch(() => containers.delete(url));
    return made;
  };
  const blob = async (place: BlobPlace) => (await container(place)).getBlockBlobClient(place.name);

  let token: AccessToken | undefined;
  /** Asked for once in a while: a credential takes longer to look it up than a blob takes to be copied. */
  const bearer = async (): Promise<{ scheme: "Bearer"; value: string }> => {
    if (token === undefined || token.expiresOnTimestamp - Date.now() < minutes(5)) {
      token = (await (await credential()).getToken(audience)) ?? undefined;
    }
    return { scheme: "Bearer", value: token?.token ?? "" };
  };

  /** An asynchronous copy reads its source by a SAS of its own, which is made here and never kept. */
  const readableUrl = async (place: BlobPlace): Promise<string> => {
    const { BlobSASPermissions, BlobServiceClient, generateBlobSASQueryParameters } = await sdk();
    const account = new BlobServiceClient(place.endpoint, await credential(), {
      audience,
      retryOptions: { maxTries: 1 },
    });
    const [startsOn, expiresOn] = [
      new Date(Date.now() - clocksDiffer),
      new Date(Date.now() + readableFor),
    ];
    const key = await account.getUserDelegationKey(startsOn, expiresOn, limit());
    const values: BlobSASSignatureValues = {
      containerName: place.container,
      blobName: place.name,
      permissions: BlobSASPermissions.parse("r"),
      startsOn,
      expiresOn,
    };
    const signature = generateBlobSASQueryParameters(values, key, account.accountName);
    return `${(await blob(place)).url}?${signature.toString()}`;
  };

  const isSlow: BlobCopies["isSlow"] = ({ bytes, isBlockBlob }) =>
    !isBlockBlob || bytes > limits.atOnce;

  const atOnce = async ({ from, to, over, tags }: CopyOrder): Promise<CopyAnswer> => {
    const [source, target] = await Promise.all([blob(from), blob(to)]);
    const { etag } = await target.syncCopyFromURL(source.url, {
      ...limit(),
      sourceAuthorization: await bearer(),
      sourceConditions: { ifMatch: from.etag },
      conditions: conditionsOf(over),
      ...(from.md5 !== undefined && { sourceContentMD5: Buffer.from(from.md5, "base64") }),
      ...(tags !== undefined && { tags: { ...tags } }),
    });
    return { kind: "copied", etag: etag ?? "" };
  };

  const inItsOwnTime = async ({ from, to, over, tags }: CopyOrder): Promise<CopyAnswer> => {
    const target = await blob(to);
    // The poller holds the source's address with its SAS; only the copy's id leaves this function.
    const poller = await target.beginCopyFromURL(await readableUrl(from), {
      ...limit(),
      sourceConditions: { ifMatch: from.etag },
      conditions: conditionsOf(over),
      ...(tags !== undefined && { tags: { ...tags } }),
    });
    poller.stopPolling();
    const { copyId } = poller.getOperationState() as { copyId?: string };
    return { kind: "pending", copyId: copyId ?? "" };
  };

  return {
    isSlow,

    async page(place, next, size = 5_000) {
      const client = await container(place);
      const pages = client.listBlobsFlat(limit()).byPage({
        maxPageSize: size,
        ...(next !== undefined && { continuationToken: next }),
      });
      return unlessMissing(async () => {
        const { value } = (await pages.next()) as { value: unknown };
        const { segment, continuationToken } = value as {
          segment: { blobItems: readonly Listed[] };
          continuationToken?: string;
        };
        const blobs = segment.blobItems.map(({ name, properties }) => viewOf(name, properties));
        return { blobs, next: continuationToken === "" ? undefined : continuationToken };
      }, absences);
    },

    async properties(place) {
      const client = await blob(place);
      return unlessMissing(
        async () => viewOf(place.name, await client.getProperties(limit())),
        absences,
      );
    },

    async tags(place) {
      const client = await blob(place);
      try {
        return (await client.getTags(limit())).tags;
      } catch (error) {
        if ((error as { statusCode?: unknown }).statusCode === 403) return undefined;
        throw error;
      }
    },

    async copy(order) {
      try {
        return await (isSlow(order.from) ? inItsOwnTime(order) : atOnce(order));
      } catch (error) {
        const why = refusalOf(error);
        if (why === undefined) throw error;
        return { kind: "refused", why };
      }
    },

    async hash(place, etag) {
      const client = await blob(place);
      const [md5, sha256] = [createHash("md5"), createHash("sha256")];
      let read = 0;
      for (let size = Infinity; read < size;) {
        try {
          const answer = await client.download(read, limits.range, {
            ...limit(),
            conditions: { ifMatch: etag },
          });
          size = sizeIn(answer.contentRange) ?? answer.contentLength ?? 0;
          const before = read;
          for await (const chunk of answer.readableStreamBody ?? []) {
            const bytes = chunk as Buffer;
            md5.update(bytes);
            sha256.update(bytes);
            read += bytes.byteLength;
          }
          if (read === before && read < size) throw new Error(`${place.name} was cut off`);
        } catch (error) {
          const { statusCode } = error as { statusCode?: unknown };
          // An empty blob has no range to be read.
          if (statusCode === 416 && read === 0) break;
          if (statusCode === 412 || absences.includes(errorCodeOf(error))) return undefined;
          throw error;
        }
      }
      return { md5: md5.digest("base64"), sha256: sha256.digest("hex"), bytes: read };
    },

    async ensureContainer(place) {
      return (await (await container(place)).createIfNotExists(limit())).succeeded;
    },

    async remove(place) {
      await (await blob(place)).deleteIfExists(limit());
    },
  };
}

const conditionsOf = (over: CopyOrder["over"]) =>
  over === "anything" ? {} : over === "nothing" ? { ifNoneMatch: "*" } : { ifMatch: over.etag };

const refusals = new Map<string, CopyRefusal>([
  ["SourceConditionNotMet", "source-changed"],
  ["Md5Mismatch", "content-differs"],
  ["BlobAlreadyExists", "target-changed"],
  ["ConditionNotMet", "target-changed"],
  ["TargetConditionNotMet", "target-changed"],
  ["PendingCopyOperation", "target-changed"],
  ["BlobImmutableDueToPolicy", "target-kept"],
  ["BlobImmutableDueToLegalHold", "target-kept"],
]);

/** What a refusal says about one blob; undefined where it is about the account or the service. */
function refusalOf(error: unknown): CopyRefusal | undefined {
  const code = errorCodeOf(error);
  const { statusCode } = error as { statusCode?: unknown };
  if (code === "CannotVerifyCopySource" && statusCode === 404) return "source-gone";
  return refusals.get(code);
}

const absences = ["BlobNotFound", "ContainerNotFound"];

/** The members that listings and answers have in common. */
interface Described {
  readonly etag?: string;
  readonly contentLength?: number;
  readonly contentMD5?: Uint8Array;
  readonly lastModified?: Date;
  readonly contentType?: string;
  readonly blobType?: string;
  readonly accessTier?: string;
  readonly tagCount?: number;
  readonly copyId?: string;
  readonly copyStatus?: CopyView["status"];
  readonly copyStatusDescription?: string;
}

interface Listed {
  readonly name: string;
  readonly properties: Described;
}

function viewOf(name: string, described: Described): BlobView {
  const { copyId, copyStatus, contentMD5 } = described;
  return {
    name,
    etag: quoted(described.etag ?? ""),
    bytes: described.contentLength ?? 0,
    md5: contentMD5 && Buffer.from(contentMD5).toString("base64"),
    modifiedAt: instantOf(described.lastModified ?? new Date(0)),
    contentType: described.contentType,
    isBlockBlob: described.blobType === "BlockBlob",
    isArchived: described.accessTier === "Archive",
    hasTags: (described.tagCount ?? 0) > 0,
    copy:
      copyId === undefined || copyStatus === undefined
        ? undefined
        : { id: copyId, status: copyStatus, why: described.copyStatusDescription },
  };
}

/** Listings write ETags without the quotation marks that conditions need. */
const quoted = (etag: string): string => (etag.startsWith('"') ? etag : `"${etag}"`);

/** The whole size, of `bytes 0-99/1234`. */
function sizeIn(range: string | undefined): number | undefined {
  const size = Number(range?.split("/")[1]);
  return Number.isInteger(size) ? size : undefined;
}
