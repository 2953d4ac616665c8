import { z } from "zod";
import { QUERY_STRINGS } from "./state.js";

/*
 * What PATCH of Microsoft.Cdn, api-version 2024-02-01, may say of origins and endpoints. Members that are not listed here
 * but exist are refused as not simulated.
 */

const text = z.string();
const port = z.int().min(1).max(65_535);
const hostName = text.regex(
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i,
  "must be a domain name or an IP address",
);
/** Empty: none. */
const hostHeader = z.union([z.literal(""), hostName]);

const common = {
  hostName: hostName.optional(),
  originHostHeader: hostHeader.optional(),
  httpPort: port.optional(),
  httpsPort: port.optional(),
  priority: z.int().min(1).max(5).optional(),
  weight: z.int().min(1).max(1000).optional(),
};

export const OriginUpdate = z.strictObject({
  properties: z
    .strictObject({
      ...common,
      azureOrigin: z.strictObject({ id: text.optional() }).optional(),
      enabledState: z.enum(["Enabled", "Disabled"]).optional(),
      enforceCertificateNameCheck: z.boolean().optional(),
    })
    .default({}),
});

export const ClassicOriginUpdate = z.strictObject({
  properties: z.strictObject({ ...common, enabled: z.boolean().optional() }).default({}),
});

export const ClassicEndpointUpdate = z.strictObject({
  properties: z
    .strictObject({
      originHostHeader: hostHeader.optional(),
      queryStringCachingBehavior: z.enum(QUERY_STRINGS).optional(),
    })
    .default({}),
});

const path = text.regex(/^\/[^*]*(\*)?$/, "must start with '/' and have '*' at its end only");
const contentPaths = z.array(path).min(1).max(100);

export const Purge = z.strictObject({ contentPaths, domains: z.array(text).optional() });
export const ClassicPurge = z.strictObject({ contentPaths });

/** What exists and is not simulated. */
export const NOT_SIMULATED = new Set([
  "sharedPrivateLinkResource",
  "privateLinkAlias",
  "privateLinkApprovalMessage",
  "privateLinkLocation",
  "privateLinkResourceId",
  "originPath",
  "contentTypesToCompress",
  "isCompressionEnabled",
  "isHttpAllowed",
  "isHttpsAllowed",
  "optimizationType",
  "probePath",
  "geoFilters",
  "defaultOriginGroup",
  "urlSigningKeys",
  "deliveryPolicy",
  "webApplicationFirewallPolicyLink",
]);
