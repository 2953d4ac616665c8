import type { BlobContainer } from "../azure/blob-container.js";
import { RecordEntry } from "../domain/record-entry.js";

/** An entry travels in its blob's metadata as well, so that listing is one call. */
const pack = (entry: RecordEntry): string => Buffer.from(JSON.stringify(entry)).toString("base64");

export function unpacked(packed = ""): RecordEntry | undefined {
  try {
    return RecordEntry.parse(JSON.parse(Buffer.from(packed, "base64").toString()));
  } catch {
    return undefined;
  }
}

/** The index of one folder of records: one blob for each, written after all that it names. */
export interface RecordIndex {
  /** Harmless to repeat: the first entry stands. */
  enter(entry: RecordEntry): Promise<void>;
  /** Of the runs whose ids begin so. */
  list(idPrefix: string): Promise<readonly RecordEntry[]>;
  forget(id: string): Promise<void>;
}

export const recordIndex = (blobs: BlobContainer, folder: string): RecordIndex => ({
  async enter(entry) {
    await blobs.create(`${folder}${entry.id}.json`, `${JSON.stringify(entry, null, 2)}\n`, {
      metadata: { entry: pack(entry) },
    });
  },
  list: async (idPrefix) =>
    (await blobs.list(`${folder}${idPrefix}`)).flatMap(
      ({ metadata }) => unpacked(metadata["entry"]) ?? [],
    ),
  async forget(id) {
    await blobs.remove(`${folder}${id}.json`);
  },
});
