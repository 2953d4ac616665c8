import { Refusal } from "../server/refusal.js";
import type { AccountSettings } from "./account-schema.js";
import { REGIONS } from "./regions.js";
import { changeOf, isOffered, SKUS } from "./skus.js";
import type { StorageAccount } from "./state.js";

export const VALID_NAME = /^[a-z0-9]{3,24}$/;

export function nameNotValid(name: string): string {
  return `${name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.`;
}

export function nameTaken(name: string): string {
  return `The storage account named ${name} is already taken.`;
}

/** Another operation has the account for itself. */
export function checkNoOperation({ operation }: StorageAccount): void {
  if (operation === undefined) return;
  throw new Refusal(
    409,
    "StorageAccountOperationInProgress",
    "An operation is currently performing on this storage account that requires exclusive access.",
  );
}

export function checkLocation(location: string): void {
  if (REGIONS.has(location)) return;
  throw new Refusal(
    400,
    "LocationNotAvailableForResourceType",
    `The provided location '${location}' is not available for resource type 'Microsoft.Storage/storageAccounts'. List of available regions for the resource type is '${[...REGIONS.keys()].join(",")}'.`,
  );
}

/** Whether Azure has the sku, and has it there. */
export function checkSku(sku: string, kind: string, region: string): void {
  if (/^(StandardV2|PremiumV2)_/.test(sku)) throw notSimulated(`the sku ${sku} of file shares`);
  const redundancy = SKUS.get(sku);
  if (redundancy === undefined) {
    throw new Refusal(400, "InvalidAccountType", `The AccountType ${sku} is invalid.`);
  }
  if (kind !== "StorageV2" && kind !== "BlockBlobStorage") throw notSimulated(`the kind ${kind}`);
  if (redundancy.premium !== (kind === "BlockBlobStorage")) {
    throw redundancy.premium && kind === "StorageV2"
      ? notSimulated(`the sku ${sku} of the kind ${kind}, which is for page blobs`)
      : notAvailable(sku, kind, region);
  }
  if (!isOffered(sku, region)) throw notAvailable(sku, kind, region);
}

/** A change of the sku by PATCH or PUT; the two others that Azure knows are refused with the way to go. */
export function checkSkuChange(account: StorageAccount, sku: string): void {
  const change = changeOf(account.sku, sku);
  if (change === "none" || change === "setting") return;
  const [ways, to] = [{ conversion: 1, "two-steps": 2, impossible: 0 } as const, sku];
  const hint = [
    "",
    " Adding or removing zone redundancy is a conversion: start an account migration.",
    " Change geo-redundancy first, then start an account migration for zone redundancy.",
  ][ways[change]];
  throw new Refusal(
    400,
    "StorageAccountTypeConversionNotAllowed",
    `Storage account type cannot be changed to ${to}.${hint ?? ""}`,
  );
}

/** What Azure has and the blobs here do not do is refused before anything relies on it. */
export function checkSettings(settings: AccountSettings, kind: string): void {
  const beyond = [
    [settings.isHnsEnabled === true, "isHnsEnabled"],
    [settings.isSftpEnabled === true, "isSftpEnabled"],
    [settings.isNfsV3Enabled === true, "isNfsV3Enabled"],
    [settings.dnsEndpointType === "AzureDnsZone", "dnsEndpointType 'AzureDnsZone'"],
    [settings.immutableStorageWithVersioning?.enabled === true, "immutableStorageWithVersioning"],
    [settings.encryption?.keySource === "Microsoft.Keyvault", "a customer-managed key"],
    [settings.publicNetworkAccess === "SecuredByPerimeter", "a network security perimeter"],
  ] as const;
  const [found] = beyond.filter(([asked]) => asked);
  if (found) throw notSimulated(`${found[1]} of a storage account`);
  if ((settings.accessTier === "Premium") !== (kind === "BlockBlobStorage")) {
    if (settings.accessTier !== undefined) {
      throw new Refusal(
        400,
        "InvalidAccessTier",
        `The access tier '${settings.accessTier}' is not allowed for the account kind '${kind}'.`,
      );
    }
  }
}

export function checkIdentity(identity: { readonly type: string } | undefined): void {
  if (identity !== undefined && identity.type !== "None") {
    throw notSimulated("an identity of a storage account");
  }
}

function notAvailable(sku: string, kind: string, region: string): Refusal {
  return new Refusal(
    400,
    "RedundancyConfigurationNotAvailableInRegion",
    `The storage account failed to create due to redundancy configuration - Sku: ${sku}, Kind: ${kind} - not available in selected Region - ${region}. Please make sure the redundancy configuration selected is available in your region.`,
  );
}

function notSimulated(what: string): Refusal {
  return new Refusal(501, "NotSimulated", `${what} is not simulated.`);
}
