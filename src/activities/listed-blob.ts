import type { BlobView } from "../azure/blob-copies.js";
import type { BackupItem } from "../domain/backup.js";
import type { ListedItem } from "../state/work-list.js";

/** A copy's name has the set's folder before it, and Azure takes names of up to this length. */
const longestName = 1_024;

/** What is larger is not read back within the time that an activity has. */
const largest = 16 * 2 ** 30;

/** What a blob is called in a set. */
export const itemName = ({ container }: { readonly container: string }, name: string): string =>
  `${container}/${name}`;

/** A blob as a backup's list has it; `known` is the item of an earlier set by its name. */
export function listedOf(
  blob: BlobView,
  folder: string,
  known: BackupItem | undefined,
): ListedItem {
  const { name, etag, bytes, md5, modifiedAt } = blob;
  const isKnown = known?.sourceVersion === etag && known.bytes === bytes;
  const skip = blob.isArchived
    ? "it is in the archive tier; rehydrate it to have it backed up"
    : folder.length + 1 + name.length > longestName
      ? "its name is too long to have the set's folder before it"
      : bytes > largest
        ? "it is larger than 16 GiB; copy it with a tool of its own"
        : undefined;
  return {
    name,
    version: etag,
    updatedAt: modifiedAt,
    bytes,
    ...(md5 === undefined ? {} : { md5 }),
    ...(blob.hasTags ? { tagged: true } : {}),
    ...(isKnown ? { copied: { blob: known.blob, sha256: known.sha256 } } : {}),
    ...(skip === undefined ? {} : { skip }),
  };
}
