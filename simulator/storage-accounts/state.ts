import { regionOf } from "../world/names.js";
import type { AccountSettings } from "./account-schema.js";
import type { BlobServiceSettings } from "./blob-service-schema.js";
import { REGIONS } from "./regions.js";
import { redundancyOf } from "./skus.js";

/** A time-based retention policy of a container: its blobs can be written once and not changed. */
export interface ImmutabilityPolicy {
  days: number;
  state: "Locked" | "Unlocked";
  appends: boolean;
  appendsAll: boolean;
  etag: string;
  /** How often it was extended since it was locked; five times at most. */
  extensions: number;
}

export const PUBLIC_ACCESS = ["None", "Blob", "Container"] as const;
export type PublicAccess = (typeof PUBLIC_ACCESS)[number];

/** What ARM knows of a container; its blobs are kept elsewhere. */
export interface Container {
  readonly name: string;
  /** What anybody may read, where the account lets containers say so. */
  readonly publicAccess: PublicAccess;
  policy: ImmutabilityPolicy | undefined;
  /** The tags of its legal holds. */
  holds: string[];
  holdAppendsAll: boolean;
}

/** The copy in the other region and how far behind it is. */
export interface GeoReplication {
  /** `Unavailable` until the copy of a new account is there, `Bootstrap` until that of an old one is. */
  readonly until: "Unavailable" | "Bootstrap";
  /** When the copy is whole; infinite while nothing is copied before it is. */
  liveFrom: number;
  readonly lag: number;
  /** Whatever was written by then is in both regions: a planned failover waits for it. */
  wholeAt?: number;
  /** Set while nothing is copied: what the last sync time stays at, or how long the first copy still takes. */
  stall: { readonly syncedAt: number } | { readonly remaining: number } | undefined;
}

/** A conversion between zonal and non-zonal redundancy, which Azure carries out when it likes. */
export interface Migration {
  readonly targetSku: string;
  status: "SubmittedForConversion" | "InProgress" | "Complete" | "Failed";
}

export interface StorageAccount {
  readonly id: string;
  readonly name: string;
  /** Where it was created; its resource provider stays there even when its data moves. */
  readonly location: string;
  readonly kind: string;
  readonly createdAt: number;
  /** The account of the process behind that keeps its blobs. */
  readonly store: string;
  provisioningState: "Creating" | "ResolvingDNS" | "Succeeded";
  sku: string;
  tags: Readonly<Record<string, string>>;
  settings: AccountSettings;
  blobService: BlobServiceSettings;
  primaryLocation: string;
  secondaryLocation: string | undefined;
  geo: GeoReplication | undefined;
  lastGeoFailoverAt: number | undefined;
  /** The region in which it is kept in zones, if it was zonal there: a failback finds it so again. */
  zonalRegion: string | undefined;
  /** The id of the operation that has the account for itself. */
  operation: string | undefined;
  /** What is under way; `changing-places` is the last part of a planned one, while neither region serves. */
  failover: "unplanned" | "planned" | "changing-places" | undefined;
  /** Set by a failover until the blobs written since are gone: their copies never reached the other region. */
  lostSince: number | undefined;
  migration: Migration | undefined;
  readonly containers: Map<string, Container>;
}

type Given = Pick<
  StorageAccount,
  "id" | "location" | "kind" | "createdAt" | "store" | "sku" | "tags" | "settings" | "blobService"
>;

/** An account as it is right after its creation has been asked for. */
export function newAccount(given: Given, geo: GeoReplication): StorageAccount {
  const location = regionOf(given.location);
  const redundancy = redundancyOf(given.sku);
  return {
    ...given,
    name: nameIn(given.id),
    location,
    provisioningState: "Creating",
    primaryLocation: location,
    secondaryLocation: redundancy.geo ? REGIONS.get(location)?.pair : undefined,
    geo: redundancy.geo ? geo : undefined,
    lastGeoFailoverAt: undefined,
    zonalRegion: redundancy.zones ? location : undefined,
    operation: undefined,
    failover: undefined,
    lostSince: undefined,
    migration: undefined,
    containers: new Map(),
  };
}

export function newContainer(name: string, publicAccess: PublicAccess = "None"): Container {
  return { name, publicAccess, policy: undefined, holds: [], holdAppendsAll: false };
}

/** Whether something keeps its blobs from being changed. */
export function isProtected({ policy, holds }: Container): boolean {
  return policy !== undefined || holds.length > 0;
}

/** Account names are global and in lower case, however an id spells them. */
export function nameIn(id: string): string {
  return (id.split("/").at(-1) ?? "").toLowerCase();
}
