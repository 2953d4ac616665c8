import type { BlobContainer } from "../azure/blob-container.js";
import { DrillInHand } from "../domain/drill.js";
import type { EnvironmentName } from "../domain/environment-name.js";
import { jsonDocuments } from "./json-document.js";

/** The drill that each environment has in hand, or had last. */
export interface Drills {
  read(environment: EnvironmentName): Promise<DrillInHand | undefined>;
  /** Makes a new document of what stands, or leaves it where the answer is undefined. Says what stands then. */
  change(
    environment: EnvironmentName,
    next: (standing: DrillInHand | undefined) => DrillInHand | undefined,
  ): Promise<DrillInHand | undefined>;
}

const nameOf = (environment: EnvironmentName): string => `drills/${environment}.json`;

export function drills(blobs: BlobContainer): Drills {
  const documents = jsonDocuments(blobs, DrillInHand);
  return {
    read: async (environment) => (await documents.read(nameOf(environment)))?.value,
    change: (environment, next) => documents.change(nameOf(environment), next, "drill-race"),
  };
}
