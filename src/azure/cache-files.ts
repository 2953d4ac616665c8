import type { ContainerClient } from "@azure/storage-blob" with { "resolution-mode": "import" };
import type { TokenCredential } from "@azure/identity";
import { hours, minutes } from "../domain/duration.js";
import type { AzureSettings } from "./azure-settings.js";
import type { BlobPlace, ContainerPlace } from "./blob-copies.js";

export interface CacheFile {
  readonly name: string;
  readonly bytes: number;
}

/** The files that caches write exports to and read imports from, in any account. */
export interface CacheFiles {
  /** What lies below a prefix; nothing where there is no such container. */
  list(place: ContainerPlace, prefix: string): Promise<readonly CacheFile[]>;
  /** The URL of a container or blob, for whoever has a role there. */
  url(place: ContainerPlace, name?: string): string;
  /** The same with a SAS that anybody can use for some hours: it never leaves the activity. */
  signedUrl(place: ContainerPlace, name?: string): Promise<string>;
  /** One version of a blob from a position to its end, in portions. */
  read(place: BlobPlace, etag: string, from: number, bytes: number): AsyncIterable<Buffer>;
  /** Removes a container with all that is in it; harmless to repeat. */
  removeContainer(place: ContainerPlace): Promise<void>;
}

/** As much is read by one call. */
const portion = 4 * 1024 * 1024;
/** What a cache does with the container of its exports: "Import and Export data in Azure Cache for Redis". */
const ofContainer = "racwdltm";
/** A cache wants an hour at least; the export of a large one takes several. */
const lasting = hours(6);
const clocksDiffer = minutes(15);

export function cacheFiles(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
): CacheFiles {
  const limit = () => ({ abortSignal: AbortSignal.timeout(settings.callTimeLimit) });
  const audience = `${settings.storageAudience}/.default`;
  // Repeating is the orchestrator's decision alone; see container-apps.ts.
  const options = { audience, retryOptions: { maxTries: 1 } };
  const containerUrl = ({ endpoint, container }: ContainerPlace): string =>
    new URL(container, `${endpoint}/`).href;
  const containerAt = async (place: ContainerPlace): Promise<ContainerClient> => {
    const { ContainerClient } = await import("@azure/storage-blob");
    return new ContainerClient(containerUrl(place), await credential(), options);
  };
  const url: CacheFiles["url"] = (place, name) =>
    name === undefined
      ? containerUrl(place)
      : `${containerUrl(place)}/${name.split("/").map(encodeURIComponent).join("/")}`;

  return {
    async list(place, prefix) {
      const found: CacheFile[] = [];
      try {
        const listed = (await containerAt(place)).listBlobsFlat({ prefix, ...limit() });
        for await (const { name, properties } of listed) {
          found.push({ name, bytes: properties.contentLength ?? 0 });
        }
      } catch (error) {
        if ((error as { statusCode?: unknown }).statusCode !== 404) throw error;
      }
      return found;
    },

    url,

    async signedUrl(place, name) {
      const sdk = await import("@azure/storage-blob");
      const service = new sdk.BlobServiceClient(place.endpoint, await credential(), options);
      const expiresOn = new Date(Date.now() + lasting);
      // The key begins earlier because clocks differ; the SAS itself has no beginning.
      const begins = new Date(Date.now() - clocksDiffer);
      const key = await service.getUserDelegationKey(begins, expiresOn, limit());
      const sas = sdk.generateBlobSASQueryParameters(
        {
          containerName: place.container,
          expiresOn,
          ...(name === undefined
            ? { permissions: sdk.ContainerSASPermissions.parse(ofContainer) }
            : { permissions: sdk.BlobSASPermissions.parse("r"), blobName: name }),
        },
        key,
        service.accountName,
      );
      return `${url(place, name)}?${sas.toString()}`;
    },

    async *read(place, etag, from, bytes) {
      const blob = (await containerAt(place)).getBlobClient(place.name);
      const conditions = { ifMatch: etag };
      for (let at = from; at < bytes; at += portion) {
        const count = Math.min(portion, bytes - at);
        const answer = await blob.download(at, count, { ...limit(), conditions });
        for await (const chunk of answer.readableStreamBody ?? []) yield Buffer.from(chunk);
      }
    },

    async removeContainer(place) {
      await (await containerAt(place)).deleteIfExists(limit());
    },
  };
}
