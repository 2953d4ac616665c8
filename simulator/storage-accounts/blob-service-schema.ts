import { z } from "zod";

const flag = z.boolean();
const days = z.int().min(1).max(365);

const DeleteRetention = z
  .strictObject({
    enabled: flag.optional(),
    days: days.optional(),
    allowPermanentDelete: flag.optional(),
  })
  .refine((policy) => policy.enabled !== true || policy.days !== undefined, {
    error: "days is required where enabled is true",
  });

const CorsRule = z.strictObject({
  allowedOrigins: z.array(z.string()),
  allowedMethods: z.array(z.string()),
  maxAgeInSeconds: z.int().min(0),
  exposedHeaders: z.array(z.string()),
  allowedHeaders: z.array(z.string()),
});

/** The writable members of the blob service's properties, api-version 2026-09-01. */
const BlobServiceSettings = z.strictObject({
  automaticSnapshotPolicyEnabled: flag.optional(),
  changeFeed: z
    .strictObject({
      enabled: flag.optional(),
      retentionInDays: z.int().min(1).max(146_000).optional(),
    })
    .optional(),
  containerDeleteRetentionPolicy: DeleteRetention.optional(),
  cors: z.strictObject({ corsRules: z.array(CorsRule).max(5).optional() }).optional(),
  defaultServiceVersion: z.string().optional(),
  deleteRetentionPolicy: DeleteRetention.optional(),
  isVersioningEnabled: flag.optional(),
  lastAccessTimeTrackingPolicy: z
    .strictObject({
      enable: flag,
      name: z.literal("AccessTimeTracking").optional(),
      trackingGranularityInDays: z.literal(1).optional(),
      blobType: z.array(z.string()).optional(),
    })
    .optional(),
  restorePolicy: z
    .strictObject({
      enabled: flag,
      days: days.optional(),
      lastEnabledTime: z.unknown(),
      minRestoreTime: z.unknown(),
    })
    .partial({ lastEnabledTime: true, minRestoreTime: true })
    .optional(),
});
export type BlobServiceSettings = z.infer<typeof BlobServiceSettings>;

/**
 * What Azure demands between them: a point-in-time restore needs versions and the change feed, and reaches back less
 * far than deleted blobs are kept.
 */
export const CheckedBlobService = BlobServiceSettings.superRefine((settings, context) => {
  const { restorePolicy, deleteRetentionPolicy, changeFeed, isVersioningEnabled } = settings;
  if (restorePolicy?.enabled !== true) return;
  const fail = (member: string, message: string): void => {
    context.addIssue({ code: "custom", path: ["restorePolicy", member], message });
  };
  if (isVersioningEnabled !== true) fail("enabled", "needs isVersioningEnabled");
  if (changeFeed?.enabled !== true) fail("enabled", "needs changeFeed.enabled");
  if (deleteRetentionPolicy?.enabled !== true) fail("enabled", "needs deleteRetentionPolicy");
  if (restorePolicy.days === undefined) fail("days", "is required where enabled is true");
  else if (restorePolicy.days >= (deleteRetentionPolicy?.days ?? 0)) {
    fail("days", "must be less than deleteRetentionPolicy.days");
  }
});
