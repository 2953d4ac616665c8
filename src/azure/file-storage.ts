import type { BlobServiceClient, ContainerClient } from "@azure/storage-blob" with {
  "resolution-mode": "import",
};
import type { TokenCredential } from "@azure/identity";
import { z } from "zod";
import { hours, minutes } from "../domain/duration.js";
import type { ArmRest } from "./arm-rest.js";
import type { AzureSettings } from "./azure-settings.js";
import { shortRegion } from "./redis-caches.js";

/** Where files lie: below a prefix of a container of an account. */
export interface FilePlace {
  /** The account's blob endpoint, as ARM shows it. */
  readonly endpoint: string;
  readonly container: string;
  readonly prefix: string;
}

export interface StoredFile {
  readonly name: string;
  readonly bytes: number;
}

/** How a server-side copy stands, by the properties of what it writes. */
export type CopyState =
  | { readonly state: "none" }
  | { readonly state: "running" }
  | { readonly state: "done"; readonly bytes: number }
  | { readonly state: "failed"; readonly message: string };

/** Files of exports, in any account. What is in them is read in portions, and copied by the service itself. */
export interface FileStorage {
  account(id: string): Promise<{ readonly endpoint: string; readonly location: string }>;
  /** Makes the container, unless it is there. */
  prepare(place: FilePlace): Promise<void>;
  files(place: FilePlace): Promise<readonly StoredFile[]>;
  /** The URL of a container or a blob that anybody can use for some hours. It never leaves the activity. */
  open(place: FilePlace, blob?: string): Promise<string>;
  /** The plain URL, for whoever has a role there. */
  url(place: FilePlace, blob?: string): string;
  /** A stretch of a blob, in portions; the end is exclusive. */
  read(place: FilePlace, blob: string, begin: number, end: number): AsyncIterable<Buffer>;
  /** Begins to copy a blob, or does it at once. */
  startCopy(from: FilePlace, blob: string, to: FilePlace, target: string): Promise<void>;
  copyState(place: FilePlace, blob: string): Promise<CopyState>;
  /** Removes a blob; harmless to repeat. */
  remove(place: FilePlace, blob: string): Promise<void>;
  /** Removes a container with all that is in it; harmless to repeat. */
  removeContainer(place: FilePlace): Promise<void>;
}

const Account = z.looseObject({
  location: z.string(),
  properties: z.looseObject({ primaryEndpoints: z.looseObject({ blob: z.string() }) }),
});
const ACCOUNT_API_VERSION = "2023-05-01";
/** As much of a stream is read by one call. */
const portion = 4 * 1024 * 1024;
/** What a cache does with the container of its exports ("Import and Export data in Azure Cache for Redis"). */
const ofContainer = "racwdltm";
/** A cache wants an hour at least; an export of a large one takes several. */
const lasting = hours(6);

export function fileStorage(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
  arm: ArmRest,
): FileStorage {
  const limit = () => ({ abortSignal: AbortSignal.timeout(settings.callTimeLimit) });
  // Made anew for each call: a client is only an address and a pipeline. Repeating is the
  // orchestrator's decision alone; see container-apps.ts.
  const service = async ({ endpoint }: FilePlace): Promise<BlobServiceClient> => {
    const { BlobServiceClient } = await import("@azure/storage-blob");
    const audience = `${settings.storageAudience}/.default`;
    return new BlobServiceClient(endpoint, await credential(), {
      audience,
      retryOptions: { maxTries: 1 },
    });
  };
  const container = async (place: FilePlace): Promise<ContainerClient> =>
    (await service(place)).getContainerClient(place.container);
  const url = ({ endpoint, container: name }: FilePlace, blob?: string): string => {
    const at = new URL(name, endpoint.endsWith("/") ? endpoint : `${endpoint}/`).href;
    return blob === undefined ? at : `${at}/${blob.split("/").map(encodeURIComponent).join("/")}`;
  };
  const open = async (place: FilePlace, blob?: string): Promise<string> => {
    const sdk = await import("@azure/storage-blob");
    const client = await service(place);
    // Clocks differ; the key may begin earlier, the SAS itself has no beginning.
    const begins = new Date(Date.now() - minutes(15));
    const ends = new Date(Date.now() + lasting);
    const key = await client.getUserDelegationKey(begins, ends, limit());
    const permissions =
      blob === undefined
        ? sdk.ContainerSASPermissions.parse(ofContainer)
        : sdk.BlobSASPermissions.parse("r");
    const sas = sdk.generateBlobSASQueryParameters(
      {
        containerName: place.container,
        ...(blob === undefined ? {} : { blobName: blob }),
        permissions,
        expiresOn: ends,
      },
      key,
      client.accountName,
    );
    return `${url(place, blob)}?${sas.toString()}`;
  };

  return {
    async account(id) {
      const { location, properties } = Account.parse(await arm.get(id, ACCOUNT_API_VERSION));
      return { endpoint: properties.primaryEndpoints.blob, location: shortRegion(location) };
    },

    async prepare(place) {
      await (await container(place)).createIfNotExists(limit());
    },

    async files(place) {
      const found: StoredFile[] = [];
      try {
        const listed = (await container(place)).listBlobsFlat({ prefix: place.prefix, ...limit() });
        for await (const { name, properties } of listed) {
          found.push({ name, bytes: properties.contentLength ?? 0 });
        }
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
      return found;
    },

    open,
    url,

    async *read(place, blob, begin, end) {
      const client = (await container(place)).getBlobClient(blob);
      for (let at = begin; at < end; at += portion) {
        const answer = await client.download(at, Math.min(portion, end - at), limit());
        for await (const chunk of answer.readableStreamBody ?? []) yield Buffer.from(chunk);
      }
    },

    async startCopy(from, blob, to, target) {
      const source = await open(from, blob);
      const client = (await container(to)).getBlobClient(target);
      // The poller holds the SAS and is dropped: how the copy stands is seen at what it writes.
      await client.beginCopyFromURL(source, limit());
    },

    async copyState(place, blob) {
      const client = (await container(place)).getBlobClient(blob);
      try {
        const { copyStatus, copyStatusDescription, contentLength } =
          await client.getProperties(limit());
        if (copyStatus === undefined || copyStatus === "success") {
          return { state: "done", bytes: contentLength ?? 0 };
        }
        return copyStatus === "pending"
          ? { state: "running" }
          : { state: "failed", message: copyStatusDescription ?? copyStatus };
      } catch (error) {
        if (isMissing(error)) return { state: "none" };
        throw error;
      }
    },

    async remove(place, blob) {
      await (await container(place)).getBlobClient(blob).deleteIfExists(limit());
    },

    async removeContainer(place) {
      await (await container(place)).deleteIfExists(limit());
    },
  };
}

const isMissing = (error: unknown): boolean =>
  (error as { statusCode?: unknown }).statusCode === 404;
