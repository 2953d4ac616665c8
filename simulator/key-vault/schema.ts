import { z } from "zod";
import { isObject, withoutNulls } from "../arm/merge-patch.js";
import { invalidContent } from "../arm/invalid-content.js";
import { Refusal } from "../server/refusal.js";

/*
 * The writable members of Microsoft.KeyVault/vaults, api-version 2026-02-01. Older versions know a subset; what they
 * do not know is accepted there too.
 */

const text = z.string();

export const NetworkRuleSet = z.strictObject({
  bypass: z.enum(["AzureServices", "None"]).default("AzureServices"),
  defaultAction: z.enum(["Allow", "Deny"]).default("Allow"),
  ipRules: z.array(z.strictObject({ value: text.min(1) })).default([]),
  virtualNetworkRules: z
    .array(
      z.strictObject({
        id: text.startsWith("/subscriptions/"),
        ignoreMissingVnetServiceEndpoint: z.boolean().optional(),
      }),
    )
    .default([]),
});
export type NetworkRuleSet = z.infer<typeof NetworkRuleSet>;

export const AccessPolicy = z.strictObject({
  tenantId: text.min(1),
  objectId: text.min(1),
  applicationId: text.optional(),
  permissions: z.strictObject({
    keys: z.array(text).optional(),
    secrets: z.array(text).optional(),
    certificates: z.array(text).optional(),
    storage: z.array(text).optional(),
  }),
});
export type AccessPolicy = z.infer<typeof AccessPolicy>;

export const Sku = z.strictObject({
  family: z.literal("A"),
  name: text.toLowerCase().pipe(z.enum(["standard", "premium"])),
});

const properties = {
  tenantId: text.min(1).optional(),
  sku: Sku.optional(),
  accessPolicies: z.array(AccessPolicy).optional(),
  enabledForDeployment: z.boolean().optional(),
  enabledForDiskEncryption: z.boolean().optional(),
  enabledForTemplateDeployment: z.boolean().optional(),
  enableSoftDelete: z.boolean().optional(),
  softDeleteRetentionInDays: z.int().optional(),
  enableRbacAuthorization: z.boolean().optional(),
  enablePurgeProtection: z.boolean().optional(),
  createMode: z.enum(["default", "recover"]).optional(),
  networkAcls: NetworkRuleSet.optional(),
  publicNetworkAccess: text
    .toLowerCase()
    .pipe(z.enum(["enabled", "disabled", "securedbyperimeter"]))
    .optional(),
};
const tags = z.record(text, text).optional();

const Put = z.strictObject({
  location: text.min(1),
  tags,
  properties: z.strictObject(properties),
});
const Patch = z.strictObject({ tags, properties: z.strictObject(properties).optional() });

export type VaultPut = z.infer<typeof Put>;
export type VaultPatch = z.infer<typeof Patch>;

/** A vault's properties once every default has been filled in. */
export interface VaultProperties {
  readonly tenantId: string;
  readonly sku: z.infer<typeof Sku>;
  readonly accessPolicies: readonly AccessPolicy[];
  readonly enabledForDeployment: boolean;
  readonly enabledForDiskEncryption: boolean | undefined;
  readonly enabledForTemplateDeployment: boolean | undefined;
  readonly softDeleteRetentionInDays: number;
  readonly enableRbacAuthorization: boolean;
  /** Absent until it is turned on; then it stays. */
  readonly enablePurgeProtection: true | undefined;
  readonly networkAcls: NetworkRuleSet | undefined;
  readonly publicNetworkAccess: "Enabled" | "Disabled";
}

/** What Azure alone writes: it may be sent back and is ignored. */
const READ_ONLY = ["id", "name", "type", "systemData"];
const READ_ONLY_PROPERTIES = [
  "vaultUri",
  "hsmPoolResourceId",
  "provisioningState",
  "privateEndpointConnections",
];

export function parsePut(body: unknown): VaultPut {
  return parse(Put, body);
}

export function parsePatch(body: unknown): VaultPatch {
  return parse(Patch, body);
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(withoutReadOnly(withoutNulls(body)));
  if (!parsed.success) throw invalidContent(parsed.error);
  return parsed.data;
}

function withoutReadOnly(body: unknown): unknown {
  if (!isObject(body)) return body;
  const kept = Object.entries(body).filter(([name]) => !READ_ONLY.includes(name));
  return Object.fromEntries(
    kept.map(([name, value]) =>
      name === "properties" && isObject(value)
        ? [
            name,
            Object.fromEntries(
              Object.entries(value).filter(([member]) => !READ_ONLY_PROPERTIES.includes(member)),
            ),
          ]
        : [name, value],
    ),
  );
}

/** What Microsoft.KeyVault says about a value that it does not take. */
export function badRequest(message: string): Refusal {
  return new Refusal(400, "BadRequest", message);
}
