import { z } from "zod";
import { Instant } from "./instant.js";

/**
 * Written before an act and completed after it, so that a repeat knows whether the act was ever
 * begun and what came of it. Azure knows no such thing; this is how "at least once" becomes safe.
 */
export const Claim = z.strictObject({
  version: z.literal(1),
  run: z.string(),
  step: z.string(),
  activity: z.string(),
  /** `refused`: Azure said no, so nothing happened. `open`: it may have happened. */
  status: z.enum(["open", "refused", "complete"]),
  /** When the act was begun first, and last. */
  openedAt: Instant,
  begunAt: Instant,
  attempts: z.int().positive(),
  result: z.unknown().optional(),
});
export type Claim = z.infer<typeof Claim>;
