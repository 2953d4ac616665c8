import type { BlobContainer } from "../azure/blob-container.js";
import { DrillInHand } from "../domain/drill.js";
import type { EnvironmentName } from "../domain/environment-name.js";
import { ClassifiedError } from "../domain/failure.js";
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
    async change(environment, next) {
      const name = nameOf(environment);
      for (let turn = 1; turn <= 5; turn++) {
        const standing = await documents.read(name);
        const wanted = next(standing?.value);
        if (wanted === undefined) return standing?.value;
        const written =
          standing === undefined
            ? await documents.create(name, wanted)
            : await documents.replace(name, wanted, standing);
        if (written !== undefined) return wanted;
      }
      throw new ClassifiedError({
        class: "busy",
        code: "drill-race",
        message: "the drill in hand was written again and again by others",
      });
    },
  };
}
