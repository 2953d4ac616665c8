import { randomUUID } from "node:crypto";
import type { TokenCredential } from "@azure/identity";
import { terminal } from "../domain/failure.js";
import type { AzureSettings } from "./azure-settings.js";
import { lazily } from "./lazily.js";

/** The container that this service writes a few bytes into, to see whether an account takes them. */
const probeContainer = "mcp-dr-probe";

/** Whether an account can be used, seen as a client of it. Failures are thrown as the service says them. */
export interface BlobProbe {
  /** Reads the first names of a container; `false` where there is no such container. */
  read(endpoint: string, container: string): Promise<boolean>;
  /** Writes a blob of its own, in a container of its own, and reads it. */
  writeAndRead(endpoint: string): Promise<void>;
}

export function blobProbe(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
): BlobProbe {
  const sdk = lazily(() => import("@azure/storage-blob"));
  const limit = () => ({ abortSignal: AbortSignal.timeout(settings.probeTimeLimit) });
  const containerOf = async (endpoint: string, container: string) => {
    const { ContainerClient } = await sdk();
    return new ContainerClient(new URL(container, `${endpoint}/`).href, await credential(), {
      audience: `${settings.storageAudience}/.default`,
      retryOptions: { maxTries: 1 },
    });
  };

  return {
    async read(endpoint, container) {
      const client = await containerOf(endpoint, container);
      try {
        await client.listBlobsFlat(limit()).byPage({ maxPageSize: 1 }).next();
        return true;
      } catch (error) {
        if ((error as { code?: unknown }).code === "ContainerNotFound") return false;
        throw error;
      }
    },

    async writeAndRead(endpoint) {
      const client = await containerOf(endpoint, probeContainer);
      const blob = client.getBlockBlobClient("probe");
      const text = randomUUID();
      const write = () => blob.upload(text, text.length, limit());
      try {
        await write();
      } catch (error) {
        if ((error as { code?: unknown }).code !== "ContainerNotFound") throw error;
        await client.createIfNotExists(limit());
        await write();
      }
      const read = await blob.downloadToBuffer(0, undefined, limit());
      // Two probes at once write over each other, and each has proven what it came for.
      if (read.length !== text.length) {
        throw terminal("blob-lost-write", "what was written could not be read");
      }
    },
  };
}
