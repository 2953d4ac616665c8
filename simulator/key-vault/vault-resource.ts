import { type DeletedVault, type Vault, vaultUri } from "./state.js";

export const VAULT_TYPE = "Microsoft.KeyVault/vaults";

/** A vault as ARM shows it. */
export function vaultResource(vault: Vault): unknown {
  const { id, name, location, tags, properties, provisioningState } = vault;
  return {
    id,
    name,
    type: VAULT_TYPE,
    location,
    tags,
    systemData: {
      createdBy: vault.createdBy,
      createdByType: "Application",
      createdAt: instant(vault.createdAt),
      lastModifiedBy: vault.modifiedBy,
      lastModifiedByType: "Application",
      lastModifiedAt: instant(vault.modifiedAt),
    },
    properties: {
      sku: properties.sku,
      tenantId: properties.tenantId,
      networkAcls: properties.networkAcls,
      accessPolicies: properties.accessPolicies,
      enabledForDeployment: properties.enabledForDeployment,
      enabledForDiskEncryption: properties.enabledForDiskEncryption,
      enabledForTemplateDeployment: properties.enabledForTemplateDeployment,
      enableSoftDelete: true,
      softDeleteRetentionInDays: properties.softDeleteRetentionInDays,
      enableRbacAuthorization: properties.enableRbacAuthorization,
      enablePurgeProtection: properties.enablePurgeProtection,
      vaultUri: vaultUri(vault),
      provisioningState,
      publicNetworkAccess: properties.publicNetworkAccess,
    },
  };
}

/** A vault in soft deletion as ARM shows it. */
export function deletedVaultResource({ vault, deletedAt, purgesAt }: DeletedVault): unknown {
  const { id, name, region, tags, properties } = vault;
  const [, , subscription = ""] = id.split("/");
  return {
    id: `/subscriptions/${subscription}/providers/Microsoft.KeyVault/locations/${region}/deletedVaults/${name}`,
    name,
    type: "Microsoft.KeyVault/deletedVaults",
    properties: {
      vaultId: id,
      location: region,
      tags,
      deletionDate: instant(deletedAt),
      scheduledPurgeDate: instant(purgesAt),
      purgeProtectionEnabled: properties.enablePurgeProtection,
    },
  };
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
