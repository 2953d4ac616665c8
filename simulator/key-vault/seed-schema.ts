import { z } from "zod";
import { parseResourceId } from "../arm/resource-id.js";
import { isVaultName } from "./rules.js";
import { AccessPolicy, NetworkRuleSet } from "./schema.js";

const Version = z.strictObject({
  value: z.string(),
  enabled: z.boolean().optional(),
  ageMinutes: z.number().nonnegative().optional(),
});

const SeedSecret = z
  .strictObject({
    name: z.string().regex(/^[0-9a-zA-Z-]{1,127}$/, "must be 1 to 127 letters, digits and hyphens"),
    value: z.string().optional(),
    /** The id of a cache of the seed: the value is the connection string of it, with its primary key. */
    connectionStringOf: z.string().startsWith("/subscriptions/").optional(),
    /** Oldest first. */
    versions: z.array(Version).min(1).optional(),
    enabled: z.boolean().optional(),
    contentType: z.string().optional(),
    tags: z.record(z.string(), z.string()).optional(),
    expiresOn: z.iso.datetime().optional(),
    /** Belongs to a certificate of the same name. */
    managed: z.boolean().optional(),
    /** In soft deletion. */
    deleted: z.boolean().optional(),
  })
  .refine(
    ({ value, versions, connectionStringOf }) =>
      [value, versions, connectionStringOf].filter((one) => one !== undefined).length === 1,
    { error: "needs value, versions or connectionStringOf, one of them" },
  );
export type SeedSecret = z.infer<typeof SeedSecret>;

const members = {
  id: z
    .string()
    .refine((id) => parseResourceId(id)?.type.toLowerCase() === "microsoft.keyvault/vaults", {
      error:
        "must be a resource id of type Microsoft.KeyVault/vaults (/subscriptions/…/resourceGroups/…/providers/Microsoft.KeyVault/vaults/…)",
    })
    .refine((id) => isVaultName(id.split("/").at(-1) ?? ""), {
      error: "must end with a name of 3 to 24 letters, digits and single hyphens",
    }),
  location: z.string().min(1),
  sku: z.enum(["standard", "premium"]).optional(),
  rbac: z.boolean().optional(),
  purgeProtection: z.boolean().optional(),
  retentionDays: z.int().min(7).max(90).optional(),
  publicNetworkAccess: z.enum(["Enabled", "Disabled"]).optional(),
  networkAcls: NetworkRuleSet.optional(),
  accessPolicies: z.array(AccessPolicy).optional(),
  tags: z.record(z.string(), z.string()).optional(),
  secrets: z.array(SeedSecret).optional(),
  /** Secrets beside those that are listed, `<prefix>-00001` and so on, each with a value of its own. */
  generate: z
    .strictObject({ count: z.int().min(1).max(100_000), prefix: z.string().min(1) })
    .optional(),
};

export const SeedVault = z.strictObject(members);
export type SeedVault = z.infer<typeof SeedVault>;

export const SeedDeletedVault = z.strictObject({
  ...members,
  deletedDaysAgo: z.number().nonnegative().optional(),
});
export type SeedDeletedVault = z.infer<typeof SeedDeletedVault>;
