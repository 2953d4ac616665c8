import { z } from "zod";
import type { BlobContainer } from "../azure/blob-container.js";
import { sha256 } from "./hash.js";
import { jsonDocuments } from "./json-document.js";

const Used = z.strictObject({ version: z.literal(1), body: z.string(), run: z.string() });

/** What an Idempotency-Key has been used for. */
export interface IdempotencyKeys {
  /** Ties a key to a request and a run; says which request and run it was tied to first. */
  use(key: string, body: string, run: string): Promise<{ readonly sameBody: boolean; readonly run: string }>;
  /** The run of an earlier use, if any. */
  find(key: string, body: string): Promise<{ sameBody: boolean; run: string } | undefined>;
}

export function idempotencyKeys(blobs: BlobContainer): IdempotencyKeys {
  const documents = jsonDocuments(blobs, Used);
  const nameOf = (key: string): string => `idempotency/${sha256(key)}.json`;
  const find: IdempotencyKeys["find"] = async (key, body) => {
    const used = (await documents.read(nameOf(key)))?.value;
    return used && { sameBody: used.body === sha256(body), run: used.run };
  };
  return {
    find,
    async use(key, body, run) {
      await documents.create(nameOf(key), { version: 1, body: sha256(body), run });
      return (await find(key, body)) ?? { sameBody: true, run };
    },
  };
}
