import { z } from "zod";
import type { BlobContainer } from "../azure/blob-container.js";
import { shortNameOf } from "../domain/resource-id.js";
import { Instant } from "../domain/instant.js";
import { jsonDocuments } from "./json-document.js";

/** How far a name in a scratch place is on its way; written down before the way is taken. */
const Stage = z.enum(["restoring", "deleting", "purging"]);

/** What proofs have put into a scratch place and not yet removed. */
const ScratchNote = z.strictObject({
  version: z.literal(1),
  run: z.string(),
  at: Instant,
  /** By name; a cache that is filled as a whole has the name `*`. */
  names: z.record(z.string(), Stage),
});
export type ScratchNote = z.infer<typeof ScratchNote>;

/**
 * A scratch place is shared with nobody, and what is in it says nothing of where it came from. So it is
 * written down before it is put there: all else is somebody's, and is neither touched nor tolerated.
 */
export interface ScratchNotes {
  read(place: string): Promise<ScratchNote | undefined>;
  write(place: string, note: ScratchNote): Promise<void>;
}

export function scratchNotes(container: BlobContainer): ScratchNotes {
  const documents = jsonDocuments(container, ScratchNote);
  const nameOf = (place: string): string => `proofs/scratch/${shortNameOf(place)}.json`;
  return {
    read: async (place) => (await documents.read(nameOf(place)))?.value,
    write: (place, note) => documents.put(nameOf(place), note),
  };
}
