import { parseResourceId } from "./resource-id.js";

const longestName = 24;

/**
 * A name for a storage account that a run makes: of the old one's name and the run, the same whenever
 * it is asked for. Names are global: 3 to 24 lower-case letters and digits.
 */
export function recoveryAccountName(old: string, distinction: string): string {
  const tail = `dr${distinction.slice(0, 6)}`;
  return `${old.slice(0, longestName - tail.length)}${tail}`
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "");
}

/** Where a new account is made: beside the standby, where the estate has one, else beside the original. */
export function recoveryAccountId(
  sides: { readonly primary: string; readonly secondary?: string | undefined },
  name: string,
): string {
  const beside = parseResourceId(sides.secondary ?? sides.primary);
  return `/subscriptions/${beside?.subscription ?? ""}/resourceGroups/${beside?.group ?? ""}/providers/Microsoft.Storage/storageAccounts/${name}`;
}
