import type { StorageAccounts, StorageAccountView } from "../azure/storage-accounts.js";
import { terminal } from "../domain/failure.js";
import { shortRegion } from "../azure/redis-caches.js";

/** The accounts that an estate names for an environment. */
interface NamedAccounts {
  readonly primary: string;
  readonly secondary?: string | undefined;
  /** Where it is named, files of caches pass through it and through no other. */
  readonly staging?: string | undefined;
}

/**
 * The account in a region that a cache exchanges files with: it reaches none of another region. One that
 * cannot be looked at keeps nobody from using another: its region may be away.
 */
export async function storageInRegion(
  accounts: StorageAccounts,
  { primary, secondary, staging }: NamedAccounts,
  region: string,
): Promise<StorageAccountView> {
  const named = (staging === undefined ? [primary, secondary] : [staging]).flatMap(
    (id) => id ?? [],
  );
  const looks = await Promise.allSettled(named.map((id) => accounts.account(id)));
  for (const look of looks) {
    const account = look.status === "fulfilled" ? look.value : undefined;
    if (account !== undefined && shortRegion(account.primaryLocation) === region) return account;
  }
  for (const look of looks) if (look.status === "rejected") throw look.reason;
  throw terminal(
    "no-storage-in-region",
    staging === undefined
      ? `the environment has no storage account in ${region}, and the cache uses no other region's`
      : `${staging}, which redis.staging names, is not in ${region}, and the cache uses no other region's`,
  );
}
