import { z } from "zod";
import type { ReadOnlyMembers } from "../arm/merge-patch.js";

/*
 * The writable members of Microsoft.Storage/storageAccounts, api-version 2026-09-01. Older versions know a subset;
 * what they do not know is accepted there too.
 */

const text = z.string();
const flag = z.boolean();

const NetworkAcls = z.strictObject({
  bypass: text.optional(),
  defaultAction: z.enum(["Allow", "Deny"]),
  ipRules: z.array(z.looseObject({ value: text })).optional(),
  ipv6Rules: z.array(z.looseObject({ value: text })).optional(),
  virtualNetworkRules: z.array(z.looseObject({ id: text })).optional(),
  resourceAccessRules: z.array(z.looseObject({})).optional(),
});

const EncryptedService = z.looseObject({
  enabled: flag.optional(),
  keyType: z.enum(["Account", "Service"]).optional(),
});

const Encryption = z.strictObject({
  keySource: z.enum(["Microsoft.Storage", "Microsoft.Keyvault"]).optional(),
  requireInfrastructureEncryption: flag.optional(),
  services: z
    .partialRecord(z.enum(["blob", "file", "queue", "table"]), EncryptedService)
    .optional(),
  keyvaultproperties: z.looseObject({}).optional(),
  identity: z.looseObject({}).optional(),
});

const Settings = z.strictObject({
  accessTier: z.enum(["Hot", "Cool", "Cold", "Premium"]).optional(),
  allowBlobPublicAccess: flag.optional(),
  allowCrossTenantDelegationSas: flag.optional(),
  allowCrossTenantReplication: flag.optional(),
  allowedCopyScope: z.enum(["AAD", "PrivateLink", "All"]).optional(),
  allowSharedKeyAccess: flag.optional(),
  defaultToOAuthAuthentication: flag.optional(),
  dnsEndpointType: z.enum(["Standard", "AzureDnsZone"]).optional(),
  encryption: Encryption.optional(),
  isHnsEnabled: flag.optional(),
  isLocalUserEnabled: flag.optional(),
  isNfsV3Enabled: flag.optional(),
  isSftpEnabled: flag.optional(),
  immutableStorageWithVersioning: z.looseObject({ enabled: flag.optional() }).optional(),
  keyPolicy: z.strictObject({ keyExpirationPeriodInDays: z.int() }).optional(),
  largeFileSharesState: z.enum(["Enabled", "Disabled"]).optional(),
  minimumTlsVersion: z.enum(["TLS1_0", "TLS1_1", "TLS1_2"]).optional(),
  networkAcls: NetworkAcls.optional(),
  publicNetworkAccess: z.enum(["Enabled", "Disabled", "SecuredByPerimeter"]).optional(),
  routingPreference: z
    .strictObject({
      routingChoice: z.enum(["MicrosoftRouting", "InternetRouting"]).optional(),
      publishInternetEndpoints: flag.optional(),
      publishMicrosoftEndpoints: flag.optional(),
    })
    .optional(),
  sasPolicy: z
    .strictObject({ sasExpirationPeriod: text, expirationAction: z.enum(["Log", "Block"]) })
    .optional(),
  supportsHttpsTrafficOnly: flag.optional(),
});

/** What can be set at an account, as it was set. */
export type AccountSettings = z.infer<typeof Settings>;

const tags = z.record(z.string().max(128), z.string().max(256)).optional();
const Sku = z.strictObject({ name: text.min(1), tier: text.optional() });
const kind = z.enum(["Storage", "StorageV2", "BlobStorage", "FileStorage", "BlockBlobStorage"]);
const identity = z.looseObject({ type: text }).optional();

export const CreateBody = z.strictObject({
  sku: Sku,
  kind,
  location: text.min(1),
  tags,
  identity,
  properties: Settings.optional(),
});

export const UpdateBody = z.strictObject({
  sku: Sku.optional(),
  kind: kind.optional(),
  tags,
  identity,
  properties: Settings.optional(),
});

export const READ_ONLY: ReadOnlyMembers = {
  resource: ["id", "name", "type", "systemData"],
  properties: [
    "accountMigrationInProgress",
    "blobRestoreStatus",
    "creationTime",
    "failoverInProgress",
    "geoReplicationStats",
    "isSkuConversionBlocked",
    "keyCreationTime",
    "lastGeoFailoverTime",
    "primaryEndpoints",
    "primaryLocation",
    "privateEndpointConnections",
    "provisioningState",
    "secondaryEndpoints",
    "secondaryLocation",
    "statusOfPrimary",
    "statusOfSecondary",
    "storageAccountSkuConversionStatus",
  ],
};
