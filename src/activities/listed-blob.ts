import type { BlobView } from "../azure/blob-copies.js";
import type { BackupItem } from "../domain/backup.js";
import type { ListedItem } from "../state/work-list.js";

/** A copy's name has the set's folder before it, and Azure takes names of up to this length. */
const longestName = 1_024;

/**
 * As much as one activity reads within a minute, at some 40 MB/s. A copy is read back where the service
 * has not compared an MD5 itself, and without an MD5 the blob is read as well.
 */
const mostRead = 2 * 2 ** 30;

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
      : tooLarge(blob);
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

function tooLarge({ bytes, md5 }: BlobView): string | undefined {
  if (bytes > mostRead) {
    return "it is larger than 2 GiB, which cannot be read back for proof in time; copy it with a tool of its own";
  }
  return md5 === undefined && bytes > mostRead / 2
    ? "it is larger than 1 GiB and has no MD5, so that both sides cannot be read for proof in time; copy it with a tool of its own"
    : undefined;
}
