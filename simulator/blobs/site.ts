import { redundancyOf } from "../storage-accounts/skus.js";
import type { StorageAccount } from "../storage-accounts/state.js";
import type { World } from "../world/world.js";

export const SUFFIX = ".blob.core.windows.net";
const SECONDARY = "-secondary";

/** What a host name of the blob service leads to: an account where it is written, or its copy in the other region. */
export interface Site {
  readonly account: StorageAccount;
  readonly secondary: boolean;
}

/** Undefined where no such name is in DNS: an account keeps its name when it fails over, and loses it with itself. */
export function siteOf(
  host: string,
  { storageAccounts }: Pick<World, "storageAccounts">,
): Site | undefined {
  if (!host.endsWith(SUFFIX)) return undefined;
  const label = host.slice(0, -SUFFIX.length);
  const secondary = label.endsWith(SECONDARY);
  const account = storageAccounts.get(secondary ? label.slice(0, -SECONDARY.length) : label);
  if (account?.provisioningState !== "Succeeded") return undefined;
  if (secondary && !redundancyOf(account.sku).geo) return undefined;
  return { account, secondary };
}

export function regionOfSite({ account, secondary }: Site): string | undefined {
  return secondary ? account.secondaryLocation : account.primaryLocation;
}
