import type { World } from "../world/world.js";
import { geoReplicationStats, isAvailable, readsSecondary } from "./replication.js";
import { redundancyOf } from "./skus.js";
import type { StorageAccount } from "./state.js";

export const ACCOUNT_TYPE = "Microsoft.Storage/storageAccounts";

/** What an account has where nobody has said otherwise. */
const DEFAULTS = {
  supportsHttpsTrafficOnly: true,
  minimumTlsVersion: "TLS1_2",
  allowBlobPublicAccess: false,
  allowCrossTenantReplication: false,
  defaultToOAuthAuthentication: false,
  dnsEndpointType: "Standard",
  publicNetworkAccess: "Enabled",
  networkAcls: {
    bypass: "AzureServices",
    virtualNetworkRules: [],
    ipRules: [],
    defaultAction: "Allow",
  },
} as const;

/** An account as its resource provider shows it; `expand` adds the statistics of its replication. */
export function accountResource(
  account: StorageAccount,
  world: World,
  expand?: "geoReplicationStats",
): unknown {
  const { id, name, location, kind, sku, tags } = account;
  return {
    id,
    name,
    type: ACCOUNT_TYPE,
    location,
    kind,
    tags,
    sku: skuResource(sku),
    properties: {
      ...DEFAULTS,
      accessTier: kind === "BlockBlobStorage" ? "Premium" : "Hot",
      ...account.settings,
      encryption: encryptionOf(account),
      provisioningState: account.provisioningState,
      creationTime: instant(account.createdAt),
      keyCreationTime: { key1: instant(account.createdAt), key2: instant(account.createdAt) },
      privateEndpointConnections: [],
      primaryLocation: account.primaryLocation,
      statusOfPrimary: statusOf(account, "primary", world),
      primaryEndpoints: { blob: `https://${name}.blob.core.windows.net/` },
      ...secondaryOf(account, world),
      ...(account.lastGeoFailoverAt !== undefined && {
        lastGeoFailoverTime: instant(account.lastGeoFailoverAt),
      }),
      // True or absent, never false.
      ...(account.failover !== undefined && { failoverInProgress: true }),
      ...(isMigrating(account) && { accountMigrationInProgress: true }),
      ...(expand && { geoReplicationStats: geoReplicationStats(account, world) }),
    },
  };
}

export function skuResource(sku: string): unknown {
  return { name: sku, tier: redundancyOf(sku).premium ? "Premium" : "Standard" };
}

function isMigrating({ migration }: StorageAccount): boolean {
  return migration?.status === "SubmittedForConversion" || migration?.status === "InProgress";
}

function secondaryOf(account: StorageAccount, world: World): Record<string, unknown> {
  const { name, secondaryLocation } = account;
  if (secondaryLocation === undefined) return {};
  return {
    secondaryLocation,
    statusOfSecondary: statusOf(account, "secondary", world),
    ...(readsSecondary(account) && {
      secondaryEndpoints: { blob: `https://${name}-secondary.blob.core.windows.net/` },
    }),
  };
}

function statusOf(
  account: StorageAccount,
  place: "primary" | "secondary",
  world: World,
): "available" | "unavailable" {
  return isAvailable(account, place, world) ? "available" : "unavailable";
}

function encryptionOf({ settings, createdAt }: StorageAccount): unknown {
  const service = { keyType: "Account", enabled: true, lastEnabledTime: instant(createdAt) };
  return {
    keySource: "Microsoft.Storage",
    ...(settings.encryption?.requireInfrastructureEncryption !== undefined && {
      requireInfrastructureEncryption: settings.encryption.requireInfrastructureEncryption,
    }),
    services: { blob: service, file: service },
  };
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
