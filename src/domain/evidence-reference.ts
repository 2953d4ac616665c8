import { z } from "zod";

/** Where a piece of evidence lies: a blob of its own, scrubbed, kept for 30 days. */
export const EvidenceReference = z.strictObject({
  title: z.string(),
  blob: z.string(),
  bytes: z.int().nonnegative(),
  sha256: z.string(),
});
export type EvidenceReference = z.infer<typeof EvidenceReference>;
