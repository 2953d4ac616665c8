import type { BlobContainer } from "../azure/blob-container.js";
import { scrub } from "../domain/credential-scrubbing.js";
import type { EvidenceReference } from "../domain/evidence-reference.js";
import { sha256 } from "./hash.js";

/** What a run saw but did not write: scrubbed, a blob of its own, kept for 30 days. */
export interface Evidence {
  keep(run: string, title: string, text: string): Promise<EvidenceReference>;
}

const longest = 1_000_000;

export function evidence(blobs: BlobContainer): Evidence {
  return {
    async keep(run, title, text) {
      const scrubbed = scrub(text).slice(0, longest);
      const blob = `evidence/${run}/${title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.txt`;
      await blobs.put(blob, scrubbed, { contentType: "text/plain; charset=utf-8" });
      return { title, blob, bytes: Buffer.byteLength(scrubbed), sha256: sha256(scrubbed) };
    },
  };
}
