import type { BlobContainer } from "../azure/blob-container.js";
import type { EnvironmentName } from "../domain/environment-name.js";
import { ClassifiedError } from "../domain/failure.js";
import { ReadinessRecord } from "../domain/readiness/readiness.js";
import { jsonDocuments } from "./json-document.js";

/** What was found of each environment's readiness when it was evaluated last. */
export interface Readiness {
  read(environment: EnvironmentName): Promise<ReadinessRecord | undefined>;
  /** Makes a new record of what stands; of several at once each takes in what the others wrote. */
  change(
    environment: EnvironmentName,
    next: (standing: ReadinessRecord | undefined) => ReadinessRecord,
  ): Promise<ReadinessRecord>;
  /** Writes a few bytes beside the records and reads them; throws unless both can be done. */
  probe(text: string): Promise<void>;
}

const nameOf = (environment: EnvironmentName): string => `readiness/${environment}.json`;
const probeName = "readiness/probe.txt";

export function readiness(blobs: BlobContainer): Readiness {
  const documents = jsonDocuments(blobs, ReadinessRecord);
  return {
    read: async (environment) => (await documents.read(nameOf(environment)))?.value,
    change: (environment, next) => documents.change(nameOf(environment), next, "readiness-race"),
    async probe(text) {
      await blobs.put(probeName, text);
      const read = await blobs.read(probeName);
      // Two probes at once write over each other, and each has proven what it came for.
      if (read?.text.length !== text.length) {
        throw new ClassifiedError({
          class: "terminal",
          code: "lost-write",
          message: "what was written could not be read",
        });
      }
    },
  };
}
