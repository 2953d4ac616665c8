import type { BlobServiceProperties, StorageAccount } from "@azure/arm-storage" with {
  "resolution-mode": "import",
};
import type { TokenCredential } from "@azure/identity";
import { sameHost } from "../domain/address.js";
import { instantOf, type Instant } from "../domain/instant.js";
import type { AzureSettings } from "./azure-settings.js";
import { accountFor, storageManagement } from "./storage-management.js";
import { unlessMissing } from "./unless-missing.js";

/** How the copy in the other region stands. */
export interface GeoReplication {
  readonly status: "Live" | "Bootstrap" | "Unavailable";
  /** Everything written before is in the other region. */
  readonly lastSyncAt: Instant | undefined;
  readonly canFailover: boolean;
  /** Whether both regions can change places without a loss; they have to be up for it. */
  readonly canPlannedFailover: boolean;
}

/** A storage account as ARM shows it. */
export interface StorageAccountView {
  readonly id: string;
  readonly name: string;
  /** `Standard_LRS` and the like. */
  readonly sku: string;
  /** Where the account is managed; it stays so after a failover. */
  readonly location: string;
  /** Where the blobs are written now. */
  readonly primaryLocation: string;
  readonly secondaryLocation: string | undefined;
  /** The address of its blobs, without a slash at the end; never built from the name. */
  readonly blobEndpoint: string;
  /** Where the copy in the other region can be read; absent where it cannot. */
  readonly secondaryEndpoint: string | undefined;
  readonly provisioningState: string;
  readonly primaryIsAvailable: boolean;
  readonly failoverInProgress: boolean;
  readonly lastFailoverAt: Instant | undefined;
  /** Whether Azure is moving the account to another redundancy, which takes days. */
  readonly conversionInProgress: boolean;
  /** Absent where there is no copy in another region. */
  readonly geo: GeoReplication | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** What keeps the blobs of an account from being lost by a mistake; 0 days where a thing is off. */
export interface DataProtection {
  readonly versioning: boolean;
  readonly blobRetentionDays: number;
  readonly containerRetentionDays: number;
}

/** Storage accounts as Resource Manager keeps them. Ids are full ARM ids. */
export interface StorageAccounts {
  /** Undefined if there is no such account. */
  account(id: string): Promise<StorageAccountView | undefined>;
  /** The account of a subscription that has this address for its blobs, whoever made it. */
  accountAt(subscription: string, address: string): Promise<StorageAccountView | undefined>;
  dataProtection(id: string): Promise<DataProtection>;
  /** Turns versions on and lengthens what is kept shorter; nothing else is changed, and nothing is made weaker. */
  protect(id: string, retentionDays: number): Promise<DataProtection>;
}

export function storageAccounts(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
): StorageAccounts {
  const client = storageManagement(settings, credential);
  const limit = () => ({ abortSignal: AbortSignal.timeout(settings.callTimeLimit) });
  const place = (id: string) => accountFor(client, id);

  return {
    async account(id) {
      const { azure, group, name } = await place(id);
      const account = await unlessMissing(
        () => azure.storageAccounts.getProperties(group, name, limit()),
        ["ResourceNotFound", "ResourceGroupNotFound"],
      );
      if (account === undefined) return undefined;
      // Azure refuses to expand what an account of one region has not.
      if (account.secondaryLocation === undefined) return viewOf(account);
      const expanded = { ...limit(), expand: "geoReplicationStats" as const };
      return viewOf(await azure.storageAccounts.getProperties(group, name, expanded));
    },

    async accountAt(subscription, address) {
      const azure = await client(subscription);
      for await (const account of azure.storageAccounts.list(limit())) {
        if (sameHost(account.primaryEndpoints?.blob ?? "", address)) return viewOf(account);
      }
      return undefined;
    },

    async dataProtection(id) {
      const { azure, group, name } = await place(id);
      return protectionOf(await azure.blobServices.getServiceProperties(group, name, limit()));
    },

    async protect(id, retentionDays) {
      const { azure, group, name } = await place(id);
      // What is set replaces all settings, so what is there goes along.
      const found = await azure.blobServices.getServiceProperties(group, name, limit());
      const { blobRetentionDays, containerRetentionDays } = protectionOf(found);
      const kept = (policy: BlobServiceProperties["deleteRetentionPolicy"], days: number) => ({
        ...policy,
        enabled: true,
        days: Math.max(days, retentionDays),
      });
      const wanted: BlobServiceProperties = {
        ...found,
        isVersioningEnabled: true,
        deleteRetentionPolicy: kept(found.deleteRetentionPolicy, blobRetentionDays),
        containerDeleteRetentionPolicy: kept(
          found.containerDeleteRetentionPolicy,
          containerRetentionDays,
        ),
      };
      return protectionOf(
        await azure.blobServices.setServiceProperties(group, name, wanted, limit()),
      );
    },
  };
}

const withoutSlash = (address: string): string => address.replace(/\/+$/, "");

function viewOf(account: StorageAccount): StorageAccountView {
  const { geoReplicationStats: geo, primaryEndpoints, secondaryEndpoints } = account;
  return {
    id: account.id ?? "",
    name: account.name ?? "",
    sku: account.sku?.name ?? "unknown",
    location: account.location,
    primaryLocation: account.primaryLocation ?? account.location,
    secondaryLocation: account.secondaryLocation,
    blobEndpoint: withoutSlash(primaryEndpoints?.blob ?? ""),
    secondaryEndpoint:
      secondaryEndpoints?.blob === undefined ? undefined : withoutSlash(secondaryEndpoints.blob),
    provisioningState: account.provisioningState ?? "Unknown",
    primaryIsAvailable: account.statusOfPrimary !== "unavailable",
    failoverInProgress: account.failoverInProgress ?? false,
    lastFailoverAt: account.lastGeoFailoverTime && instantOf(account.lastGeoFailoverTime),
    conversionInProgress: account.accountMigrationInProgress ?? false,
    geo: geo && {
      status: geo.status === "Live" || geo.status === "Bootstrap" ? geo.status : "Unavailable",
      lastSyncAt: geo.lastSyncTime && instantOf(geo.lastSyncTime),
      canFailover: geo.canFailover ?? false,
      canPlannedFailover: geo.canPlannedFailover ?? false,
    },
    tags: { ...account.tags },
  };
}

function protectionOf(properties: BlobServiceProperties): DataProtection {
  const { deleteRetentionPolicy: blobs, containerDeleteRetentionPolicy: containers } = properties;
  return {
    versioning: properties.isVersioningEnabled ?? false,
    blobRetentionDays: blobs?.enabled === true ? (blobs.days ?? 0) : 0,
    containerRetentionDays: containers?.enabled === true ? (containers.days ?? 0) : 0,
  };
}
