import { BlockList, isIP, isIPv4 } from "node:net";
import { Refusal } from "../server/refusal.js";
import type { World } from "../world/world.js";
import {
  badRequest,
  type NetworkRuleSet,
  type VaultPatch,
  type VaultProperties,
} from "./schema.js";

/** From this version on, a vault that says nothing about it decides by roles. */
const RBAC_BY_DEFAULT_SINCE = "2026-02-01";

type Given = NonNullable<VaultPatch["properties"]>;

/** A letter first, a letter or digit last, 3 to 24 of letters, digits and single hyphens. */
export function isVaultName(name: string): boolean {
  return /^[a-z][a-z0-9-]{1,22}[a-z0-9]$/i.test(name) && !name.includes("--");
}

export function checkVaultName(name: string): void {
  if (isVaultName(name)) return;
  throw new Refusal(400, "VaultNameNotValid", invalidNameMessage(name));
}

export function invalidNameMessage(name: string): string {
  return `The vault name '${name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens.`;
}

export function nameInUseMessage(name: string): string {
  return `The vault name '${name}' is already in use. Vault names are globally unique so it is possible that the name is already taken. If you are sure that the vault name was not taken then it is possible that a vault with the same name was recently deleted but not purged after being placed in a recoverable state. If the vault is in a recoverable state then the vault will need to be purged before reusing the name. For more information about VaultAlreadyExists, soft delete and purging a vault follow this link https://go.microsoft.com/fwlink/?linkid=2147740.`;
}

export function vaultAlreadyExists(name: string): Refusal {
  return new Refusal(409, "VaultAlreadyExists", nameInUseMessage(name));
}

/** What a PUT makes of a vault: whatever it does not name goes back to its default. */
export function propertiesOfPut(
  given: Given,
  existing: VaultProperties | undefined,
  tenantId: string,
  apiVersion: string,
): VaultProperties {
  if (given.tenantId === undefined) throw invalidValue("tenantId");
  if (given.sku === undefined) throw invalidValue("sku");
  const rbac = given.enableRbacAuthorization ?? apiVersion >= RBAC_BY_DEFAULT_SINCE;
  if (!rbac && given.accessPolicies === undefined) throw invalidValue("accessPolicies");
  return checked(
    {
      tenantId: given.tenantId,
      sku: given.sku,
      accessPolicies: given.accessPolicies ?? [],
      enabledForDeployment: given.enabledForDeployment ?? false,
      enabledForDiskEncryption: given.enabledForDiskEncryption,
      enabledForTemplateDeployment: given.enabledForTemplateDeployment,
      enableRbacAuthorization: rbac,
      networkAcls: given.networkAcls && withCheckedAddresses(given.networkAcls),
      publicNetworkAccess: publicAccess(given) ?? "Enabled",
      ...lasting(given, existing),
    },
    tenantId,
  );
}

/** What a PATCH makes of a vault: what it names is replaced, the rest stays. */
export function propertiesOfPatch(
  given: Given,
  existing: VaultProperties,
  tenantId: string,
): VaultProperties {
  return checked(
    {
      tenantId: given.tenantId ?? existing.tenantId,
      sku: given.sku ?? existing.sku,
      accessPolicies: given.accessPolicies ?? existing.accessPolicies,
      enabledForDeployment: given.enabledForDeployment ?? existing.enabledForDeployment,
      enabledForDiskEncryption: given.enabledForDiskEncryption ?? existing.enabledForDiskEncryption,
      enabledForTemplateDeployment:
        given.enabledForTemplateDeployment ?? existing.enabledForTemplateDeployment,
      enableRbacAuthorization: given.enableRbacAuthorization ?? existing.enableRbacAuthorization,
      networkAcls: given.networkAcls
        ? withCheckedAddresses(given.networkAcls)
        : existing.networkAcls,
      publicNetworkAccess: publicAccess(given) ?? existing.publicNetworkAccess,
      ...lasting(given, existing),
    },
    tenantId,
  );
}

/** The settings that cannot be taken back once they are made. */
function lasting(
  given: Given,
  existing: VaultProperties | undefined,
): Pick<VaultProperties, "enablePurgeProtection" | "softDeleteRetentionInDays"> {
  if (given.enablePurgeProtection === false) {
    throw badRequest(
      'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is an irreversible action.',
    );
  }
  if (given.enableSoftDelete === false) {
    throw badRequest(
      'The property "enableSoftDelete" cannot be set to false. Soft delete is enabled for every vault.',
    );
  }
  const days = given.softDeleteRetentionInDays;
  if (days !== undefined && (days < 7 || days > 90)) {
    throw badRequest('The property "softDeleteRetentionInDays" must be between 7 and 90.');
  }
  if (days !== undefined && existing && days !== existing.softDeleteRetentionInDays) {
    throw badRequest(
      'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.',
    );
  }
  return {
    enablePurgeProtection: given.enablePurgeProtection ?? existing?.enablePurgeProtection,
    softDeleteRetentionInDays: days ?? existing?.softDeleteRetentionInDays ?? 90,
  };
}

function publicAccess({ publicNetworkAccess }: Given): "Enabled" | "Disabled" | undefined {
  if (publicNetworkAccess === "securedbyperimeter") {
    throw new Refusal(
      501,
      "NotSimulated",
      "publicNetworkAccess SecuredByPerimeter is not simulated.",
    );
  }
  if (publicNetworkAccess === undefined) return undefined;
  return publicNetworkAccess === "enabled" ? "Enabled" : "Disabled";
}

function checked(properties: VaultProperties, tenantId: string): VaultProperties {
  if (properties.tenantId.toLowerCase() !== tenantId.toLowerCase()) throw invalidValue("tenantId");
  return properties;
}

function withCheckedAddresses(rules: NetworkRuleSet): NetworkRuleSet {
  return {
    ...rules,
    ipRules: rules.ipRules.map(({ value }) => {
      const [address = "", prefix] = value.split("/");
      const bits = Number(prefix ?? 32);
      if (!isIPv4(address) || !Number.isInteger(bits) || bits < 0 || bits > 32) {
        throw badRequest(
          `"${value}" is not a valid IPv4 address or CIDR range in networkAcls.ipRules.`,
        );
      }
      return { value: `${address}/${bits}` };
    }),
  };
}

/** Whether an address is in one of the ranges of the rules. */
export function isInRanges({ ipRules }: NetworkRuleSet, address: string): boolean {
  const list = new BlockList();
  for (const { value } of ipRules) {
    const [range = "", bits = "32"] = value.split("/");
    list.addSubnet(range, Number(bits), "ipv4");
  }
  return isIP(address) === 4 && list.check(address, "ipv4");
}

/** The tenant that a vault of the subscription must name. */
export function tenantOf(world: World, subscriptionId: string): string {
  return world.subscriptions.get(subscriptionId.toLowerCase())?.tenantId ?? world.tenantId();
}

function invalidValue(name: string): Refusal {
  return badRequest(`An invalid value was provided for '${name}'.`);
}
