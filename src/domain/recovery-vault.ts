import { parseResourceId } from "./resource-id.js";

const longestName = 24;

/** The tag that says which run made a vault, so that a repeat knows its own. */
export const madeByTag = "mcp-dr-run";

/**
 * A name for a vault that a run makes: of the old one's name and the run, the same whenever it is asked
 * for. Names are global, at most 24 characters, without a hyphen at the end or two in a row.
 */
export function recoveryVaultName(old: string, distinction: string): string {
  const tail = `-${distinction.slice(0, 6)}`;
  const head = old.slice(0, longestName - tail.length).replace(/-+$/, "");
  return `${head}${tail}`.toLowerCase();
}

/** Where a new vault is made: beside the standby, where the estate has one, else beside the original. */
export function recoveryVaultId(
  sides: { readonly primary: string; readonly secondary?: string | undefined },
  name: string,
): string {
  const beside = parseResourceId(sides.secondary ?? sides.primary);
  return `/subscriptions/${beside?.subscription ?? ""}/resourceGroups/${beside?.group ?? ""}/providers/Microsoft.KeyVault/vaults/${name}`;
}
