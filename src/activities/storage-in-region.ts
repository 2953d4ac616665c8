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

/** The account in a region that a cache exchanges files with: it reaches none of another region. */
export async function storageInRegion(
  accounts: StorageAccounts,
  { primary, secondary, staging }: NamedAccounts,
  region: string,
): Promise<StorageAccountView> {
  for (const id of staging === undefined ? [primary, secondary] : [staging]) {
    const account = id === undefined ? undefined : await accounts.account(id);
    if (account !== undefined && shortRegion(account.primaryLocation) === region) return account;
  }
  throw terminal(
    "no-storage-in-region",
    staging === undefined
      ? `the environment has no storage account in ${region}, and the cache uses no other region's`
      : `${staging}, which redis.staging names, is not in ${region}, and the cache uses no other region's`,
  );
}
