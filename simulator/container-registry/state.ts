/** Where a registry's images are served from besides its own region. */
export interface Replication {
  /** It has the name of its region. */
  readonly region: string;
  readonly endpointEnabled: boolean;
}

export interface RetentionPolicy {
  readonly status: "enabled" | "disabled";
  readonly days: number;
  readonly updatedAt: number;
}

/** An image: the manifest that a tag names, and its digest. */
export interface Manifest {
  readonly tag: string;
  readonly digest: string;
  readonly content: string;
}

/** A container registry. */
export interface Registry {
  readonly id: string;
  /** As its host has it: lower case. */
  readonly name: string;
  readonly region: string;
  readonly sku: Sku;
  readonly createdAt: number;
  readonly replications: readonly Replication[];
  /** By repository. */
  readonly images: ReadonlyMap<string, readonly Manifest[]>;
  tags: Readonly<Record<string, string>>;
  adminUserEnabled: boolean;
  retention: RetentionPolicy;
}

export const SKU_NAMES = ["Basic", "Standard", "Premium"] as const;
export type Sku = (typeof SKU_NAMES)[number];

export const REGISTRY_SUFFIX = ".azurecr.io";

export const loginServerOf = ({ name }: Registry): string => `${name}${REGISTRY_SUFFIX}`;
