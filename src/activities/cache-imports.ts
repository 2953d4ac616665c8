import type { CacheView } from "../azure/redis-caches.js";
import type { BackupManifest } from "../domain/backup.js";
import { snapshotFormat } from "../state/snapshot-part.js";

/** Whether a set is of keys one by one, or an export that is imported as a whole. */
export const wayOf = ({ facts }: BackupManifest): "snapshot" | "export" =>
  facts["format"] === snapshotFormat ? "snapshot" : "export";

/**
 * Why a cache does not take a set, if it does not. What Azure imports where: "Import and Export data in
 * Azure Cache for Redis". A snapshot goes anywhere.
 */
export function whyNotTaken(
  manifest: BackupManifest,
  { name, kind, tier }: CacheView,
): string | undefined {
  if (wayOf(manifest) === "snapshot" || kind === "managed") return undefined;
  if (tier !== "Premium") return `${name} is of the ${tier} tier, which imports nothing`;
  if (manifest.facts["format"] === "rdb.gz") {
    return `an export of Azure Managed Redis cannot be imported into ${name}, an Azure Cache for Redis`;
  }
  return undefined;
}
