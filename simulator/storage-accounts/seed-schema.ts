import { z } from "zod";
import { regionOf } from "../world/names.js";
import { CheckedBlobService } from "./blob-service-schema.js";
import { VALID_NAME } from "./rules.js";
import { isOffered, redundancyOf, SKUS } from "./skus.js";
import { nameIn, PUBLIC_ACCESS } from "./state.js";

const SeedContainer = z
  .strictObject({
    name: z.string().min(3),
    publicAccess: z.enum(PUBLIC_ACCESS).optional(),
    immutabilityDays: z.int().min(1).optional(),
    locked: z.boolean().optional(),
    legalHolds: z.array(z.string().min(3)).optional(),
  })
  .refine(({ locked, immutabilityDays }) => locked !== true || immutabilityDays !== undefined, {
    error: "is locked without immutabilityDays",
  });

const SeedBlob = z
  .strictObject({
    container: z.string().min(3),
    name: z.string().min(1),
    text: z.string().optional(),
    base64: z.base64().optional(),
    contentType: z.string().optional(),
    metadata: z.record(z.string(), z.string()).optional(),
  })
  .refine(({ text, base64 }) => (text === undefined) !== (base64 === undefined), {
    error: "needs text or base64, one of the two",
  });
export type SeedBlob = z.infer<typeof SeedBlob>;

/** A storage account of a seed; `id` is the schema of its resource id. */
export function storageAccountSchema(id: z.ZodType<string, string>) {
  return z
    .strictObject({
      id,
      location: z.string().min(1),
      sku: z.enum([...SKUS.keys()] as [string, ...string[]]),
      kind: z.enum(["StorageV2", "BlockBlobStorage"]).optional(),
      accessTier: z.enum(["Hot", "Cool", "Cold"]).optional(),
      allowSharedKeyAccess: z.boolean().optional(),
      allowBlobPublicAccess: z.boolean().optional(),
      tags: z.record(z.string(), z.string()).optional(),
      /** How far the copy in the other region is behind; default: the profile's lag. */
      lagSeconds: z.number().nonnegative().optional(),
      blobService: CheckedBlobService.optional(),
      containers: z.array(SeedContainer).optional(),
      blobs: z.array(SeedBlob).optional(),
    })
    .superRefine((account, context) => {
      const fail = (path: string, message: string): void => {
        context.addIssue({ code: "custom", path: [path], message });
      };
      const { premium, geo } = redundancyOf(account.sku);
      if (!VALID_NAME.test(nameIn(account.id))) {
        fail("id", "names no account: 3 to 24 lower-case letters and digits");
      }
      if (!isOffered(account.sku, regionOf(account.location))) {
        fail(
          "sku",
          `is not offered in ${account.location}, which is unknown or has no zones or no pair`,
        );
      }
      if (premium !== (account.kind === "BlockBlobStorage")) {
        fail("kind", "BlockBlobStorage goes with a Premium sku, and only with one");
      }
      const open = (account.containers ?? []).some(
        ({ publicAccess = "None" }) => publicAccess !== "None",
      );
      if (open && account.allowBlobPublicAccess !== true) {
        fail("containers", "are open to the public only with allowBlobPublicAccess");
      }
      if (account.lagSeconds !== undefined && !geo) {
        fail("lagSeconds", "is for a geo-redundant sku");
      }
    });
}
