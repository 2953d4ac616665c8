import { z } from "zod";
import { keyOf } from "../arm/resource-id.js";
import { seededId } from "../world/seeded-id.js";

const ACCOUNT = "Microsoft.Storage/storageAccounts";
const IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities";

const name = z.string().min(1).max(90);
const host = z.string().min(1).toLowerCase();

const SeedOrigin = z
  .strictObject({
    name,
    /** The account whose blobs it has: host name and host header are the account's. */
    storageAccount: seededId(ACCOUNT).optional(),
    hostName: host.optional(),
    originHostHeader: host.optional(),
    enabled: z.boolean().default(true),
    priority: z.int().min(1).max(5).default(1),
    weight: z.int().min(1).max(1000).default(1000),
  })
  .refine(
    ({ storageAccount, hostName }) => (storageAccount === undefined) !== (hostName === undefined),
    {
      error: "needs storageAccount or hostName, one of the two",
    },
  );
export type SeedOrigin = z.infer<typeof SeedOrigin>;

const origins = z.array(SeedOrigin).min(1);
const customDomains = z.array(host).default([]);

/** A profile of Azure Front Door. Each endpoint has one route, for everything, to one group of origins. */
export const SeedFrontDoor = z.strictObject({
  id: seededId("Microsoft.Cdn/profiles"),
  sku: z
    .enum(["Standard_AzureFrontDoor", "Premium_AzureFrontDoor"])
    .default("Standard_AzureFrontDoor"),
  originGroups: z
    .array(
      z.strictObject({
        name,
        /** The identity as which origins are asked; without it they are asked as anybody. */
        identity: seededId(IDENTITY).optional(),
        healthProbe: z
          .strictObject({
            path: z.string().startsWith("/"),
            intervalSeconds: z.int().min(1).max(255).default(100),
            requestType: z.enum(["GET", "HEAD"]).default("HEAD"),
            protocol: z.enum(["Http", "Https"]).default("Https"),
          })
          .optional(),
        loadBalancing: z
          .strictObject({
            sampleSize: z.int().min(1).max(255).default(4),
            successfulSamplesRequired: z.int().min(1).max(255).default(3),
          })
          .refine(
            ({ sampleSize, successfulSamplesRequired }) => successfulSamplesRequired <= sampleSize,
            {
              error: "asks for more successful samples than there are",
            },
          )
          .prefault({}),
        origins,
      }),
    )
    .min(1),
  endpoints: z
    .array(
      z.strictObject({
        name,
        hostName: host.endsWith(".azurefd.net").optional(),
        customDomains,
        originGroup: name,
        /** How the route keeps answers; null: it keeps none. */
        queryStrings: z
          .enum(["IgnoreQueryString", "UseQueryString"])
          .nullable()
          .default("IgnoreQueryString"),
      }),
    )
    .default([]),
});
export type SeedFrontDoor = z.infer<typeof SeedFrontDoor>;

/** A profile of Azure CDN from Microsoft (classic). */
export const SeedCdnProfile = z.strictObject({
  id: seededId("Microsoft.Cdn/profiles"),
  endpoints: z
    .array(
      z.strictObject({
        name,
        customDomains,
        originHostHeader: host.optional(),
        queryStrings: z
          .enum(["IgnoreQueryString", "UseQueryString", "BypassCaching"])
          .default("IgnoreQueryString"),
        origins,
      }),
    )
    .min(1),
});
export type SeedCdnProfile = z.infer<typeof SeedCdnProfile>;

interface Seeded {
  readonly frontDoors: readonly SeedFrontDoor[];
  readonly cdnProfiles: readonly SeedCdnProfile[];
  readonly storageAccounts: readonly { readonly id: string }[];
  readonly identities: readonly { readonly resourceId: string }[];
}

/** What must hold between profiles and the rest of a seed. */
export function checkEdge(
  { frontDoors, cdnProfiles, storageAccounts, identities }: Seeded,
  fail: (path: (string | number)[], message: string) => void,
): void {
  const accounts = new Set(storageAccounts.map(({ id }) => keyOf(id)));
  const known = new Set(identities.map(({ resourceId }) => keyOf(resourceId)));
  const hosts = new Set<string>();
  const checkOrigins = (path: (string | number)[], listed: readonly SeedOrigin[]): void => {
    listed.forEach(({ storageAccount }, index) => {
      if (storageAccount === undefined || accounts.has(keyOf(storageAccount))) return;
      fail([...path, "origins", index, "storageAccount"], "names no account of the seed");
    });
  };
  const checkHost = (path: (string | number)[], given: string): void => {
    if (hosts.has(given)) fail(path, `is the second to have the host name ${given}`);
    hosts.add(given);
  };
  frontDoors.forEach(({ originGroups, endpoints }, index) => {
    const path = ["frontDoors", index];
    originGroups.forEach(({ identity, origins: listed }, place) => {
      const group = [...path, "originGroups", place];
      checkOrigins(group, listed);
      if (identity !== undefined && !known.has(keyOf(identity))) {
        fail([...group, "identity"], "names no identity of the seed");
      }
    });
    endpoints.forEach(({ originGroup, hostName, customDomains: domains }, place) => {
      const endpoint = [...path, "endpoints", place];
      if (!originGroups.some((one) => keyOf(one.name) === keyOf(originGroup))) {
        fail([...endpoint, "originGroup"], "names no origin group of the profile");
      }
      for (const one of [...(hostName === undefined ? [] : [hostName]), ...domains]) {
        checkHost(endpoint, one);
      }
    });
  });
  cdnProfiles.forEach(({ endpoints }, index) => {
    endpoints.forEach((endpoint, place) => {
      const path = ["cdnProfiles", index, "endpoints", place];
      checkOrigins(path, endpoint.origins);
      for (const one of [classicHost(endpoint.name), ...endpoint.customDomains])
        checkHost(path, one);
      if (endpoint.originHostHeader !== undefined && endpoint.origins.length > 1) {
        fail([...path, "originHostHeader"], "is for an endpoint with one origin");
      }
    });
  });
}

/** Names of classic endpoints are global. */
export function classicHost(endpoint: string): string {
  return `${endpoint.toLowerCase()}.azureedge.net`;
}
