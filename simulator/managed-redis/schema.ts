import { z } from "zod";
import { isObject } from "../arm/merge-patch.js";
import { Identity } from "../redis/schema.js";

/* The writable members of Microsoft.Cache/redisEnterprise, api-version 2025-07-01. */

const text = z.string();
const tags = z.record(text, text);
const either = z.enum(["Enabled", "Disabled"]);

/** Sizes in gigabytes of memory, by the name that the SKU ends with. */
const FAMILIES = {
  Balanced_B: [0, 1, 3, 5, 10, 20, 50, 100, 150, 250, 350, 500, 700, 1000],
  MemoryOptimized_M: [10, 20, 50, 100, 150, 250, 350, 500, 700, 1000, 1500, 2000],
  ComputeOptimized_X: [3, 5, 10, 20, 50, 100, 150, 250, 350, 500, 700],
  FlashOptimized_A: [250, 500, 700, 1000, 1500, 2000, 4500],
};
const SKUS: ReadonlyMap<string, number> = new Map(
  Object.entries(FAMILIES).flatMap(([family, sizes]) =>
    sizes.map((size) => [`${family}${size}`, Math.max(0.5, size)] as const),
  ),
);

export const Sku = z.strictObject({
  name: text.refine((name) => SKUS.has(name) || /^Enterprise(Flash)?_[EF]\d+$/.test(name), {
    error: "is no SKU",
  }),
  capacity: z.int().optional(),
});

const clusterProperties = {
  highAvailability: either.optional(),
  minimumTlsVersion: z.enum(["1.0", "1.1", "1.2"]).optional(),
  encryption: z.looseObject({}).optional(),
};

export const ClusterBody = z.strictObject({
  location: text.min(1),
  tags: tags.optional(),
  zones: z.array(text).optional(),
  identity: Identity.optional(),
  sku: Sku,
  // Without it the api-version that is sent refuses the cluster.
  properties: z.strictObject({ ...clusterProperties, publicNetworkAccess: either }),
});
/** A cluster as its owner describes it. */
export type ClusterEnvelope = z.infer<typeof ClusterBody>;

export const ClusterUpdateBody = z.strictObject({
  tags: tags.optional(),
  identity: Identity.optional(),
  sku: Sku.optional(),
  properties: z
    .strictObject({ ...clusterProperties, publicNetworkAccess: either.optional() })
    .optional(),
});

const Persistence = z.strictObject({
  aofEnabled: z.boolean().optional(),
  aofFrequency: z.enum(["1s", "always"]).optional(),
  rdbEnabled: z.boolean().optional(),
  rdbFrequency: z.enum(["1h", "6h", "12h"]).optional(),
});

export const GeoReplication = z.strictObject({
  groupNickname: text.min(1),
  linkedDatabases: z
    .array(z.strictObject({ id: text.min(1), state: text.optional() }))
    .min(1)
    .max(5),
});

const DatabaseProperties = z.strictObject({
  clientProtocol: z.enum(["Encrypted", "Plaintext"]).optional(),
  port: z.int().min(1).max(65_535).optional(),
  clusteringPolicy: z.enum(["EnterpriseCluster", "OSSCluster", "NoCluster"]).optional(),
  evictionPolicy: z
    .enum([
      "AllKeysLFU",
      "AllKeysLRU",
      "AllKeysRandom",
      "NoEviction",
      "VolatileLFU",
      "VolatileLRU",
      "VolatileRandom",
      "VolatileTTL",
    ])
    .optional(),
  persistence: Persistence.optional(),
  modules: z.array(z.looseObject({ name: text })).optional(),
  geoReplication: GeoReplication.optional(),
  deferUpgrade: z.enum(["Deferred", "NotDeferred"]).optional(),
  accessKeysAuthentication: either.optional(),
});
export type DatabaseProperties = z.infer<typeof DatabaseProperties>;

export const DatabaseBody = z.strictObject({ properties: DatabaseProperties.default({}) });

/** Enterprise and Enterprise Flash: Azure makes no more of them. */
export function isRetiredSku(name: string): boolean {
  return name.startsWith("Enterprise");
}

export function memoryBytesOf(name: string): number {
  return (SKUS.get(name) ?? 1) * 1024 ** 3;
}

/** As redis-server calls a policy: `VolatileLRU` is `volatile-lru`. */
export function evictionOf({ evictionPolicy = "VolatileLRU" }: DatabaseProperties): string {
  return evictionPolicy === "NoEviction"
    ? "noeviction"
    : evictionPolicy.replace(/^(AllKeys|Volatile)/, "$1-").toLowerCase();
}

const READ_ONLY = ["id", "name", "type", "kind", "systemData"];
const READ_ONLY_PROPERTIES = [
  ...["provisioningState", "resourceState", "hostName", "redisVersion", "redundancyMode"],
  "privateEndpointConnections",
];

/** The body without the members that only Azure writes. */
export function withoutReadOnly(body: unknown): unknown {
  if (!isObject(body)) return body;
  const kept = Object.entries(body).filter(([name]) => !READ_ONLY.includes(name));
  return Object.fromEntries(
    kept.map(([name, value]) => [
      name,
      name === "properties" && isObject(value)
        ? Object.fromEntries(
            Object.entries(value).filter(([inner]) => !READ_ONLY_PROPERTIES.includes(inner)),
          )
        : value,
    ]),
  );
}
