import type { StorageAccounts, StorageAccountView } from "../azure/storage-accounts.js";
import { terminal } from "../domain/failure.js";
import { shortRegion } from "../azure/redis-caches.js";

/** The environment's account in a region: a cache exchanges files with accounts of its own region alone. */
export async function storageInRegion(
  accounts: StorageAccounts,
  { primary, secondary }: { readonly primary: string; readonly secondary?: string | undefined },
  region: string,
): Promise<StorageAccountView> {
  for (const id of [primary, secondary]) {
    const account = id === undefined ? undefined : await accounts.account(id);
    if (account !== undefined && shortRegion(account.primaryLocation) === region) return account;
  }
  throw terminal(
    "no-storage-in-region",
    `the environment has no storage account in ${region}, and the cache uses no other region's`,
  );
}
