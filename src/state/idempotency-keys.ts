import { z } from "zod";
import type { BlobContainer } from "../azure/blob-container.js";
import { sha256 } from "./hash.js";
import { jsonDocuments } from "./json-document.js";

const Used = z.strictObject({ version: z.literal(1), body: z.string(), run: z.string() });

/** What an Idempotency-Key has been used for. */
export interface IdempotencyKeys {
  /** Ties a key to a request and a run, unless it is tied already; says to which. */
  tie(
    key: string,
    body: string,
    run: string,
  ): Promise<{ readonly sameBody: boolean; readonly run: string }>;
}

export function idempotencyKeys(blobs: BlobContainer): IdempotencyKeys {
  const documents = jsonDocuments(blobs, Used);
  return {
    async tie(key, body, run) {
      const name = `idempotency/${sha256(key)}.json`;
      const wanted = { version: 1 as const, body: sha256(body), run };
      const tied = (await documents.create(name, wanted)) ?? (await documents.read(name));
      return {
        sameBody: tied?.value.body === wanted.body,
        run: tied?.value.run ?? run,
      };
    },
  };
}
