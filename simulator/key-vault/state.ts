import type { Secrets } from "./secrets.js";
import type { NetworkRuleSet, VaultProperties } from "./schema.js";

/** What decides who gets through to the data plane, apart from roles. */
export interface NetworkRules {
  readonly publicNetworkAccess: "Enabled" | "Disabled";
  readonly networkAcls: NetworkRuleSet | undefined;
}

export interface Vault {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly region: string;
  readonly createdAt: number;
  readonly createdBy: string;
  modifiedAt: number;
  modifiedBy: string;
  tags: Readonly<Record<string, string>>;
  properties: VaultProperties;
  provisioningState: "RegisteringDns" | "Succeeded";
  /** The id of the operation that registers its name, the latest one. */
  registration: string | undefined;
  /** What ARM shows takes a while to reach the front end of the data plane. */
  networkRulesInForce: NetworkRules;
  /** Set while a fault keeps it closed: the rules from before, and those that the fault put there. */
  closing:
    | {
        readonly fault: string;
        readonly before: NetworkRuleSet | undefined;
        readonly put: NetworkRuleSet;
      }
    | undefined;
  readonly secrets: Secrets;
}

/** A vault in soft deletion: it keeps its name and its contents. */
export interface DeletedVault {
  readonly vault: Vault;
  readonly deletedAt: number;
  readonly purgesAt: number;
  /** Being removed for good. */
  purging: boolean;
}

/** The address of the vault, as ARM gives it out. */
export function vaultUri({ name }: Pick<Vault, "name">): string {
  return `https://${name.toLowerCase()}${VAULT_SUFFIX}/`;
}

export const VAULT_SUFFIX = ".vault.azure.net";

/** The network rules that a vault's properties ask for. */
export function networkRulesOf({
  publicNetworkAccess,
  networkAcls,
}: VaultProperties): NetworkRules {
  return { publicNetworkAccess, networkAcls };
}
