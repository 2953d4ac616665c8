import { z } from "zod";
import { EnvironmentName } from "./environment-name.js";
import { Identity } from "./identity.js";
import { Instant } from "./instant.js";

/**
 * What became of a request. `accepted` is entered before the act, so that there is no act without
 * an entry; what the act led to stands in the run's record.
 */
export const AuditResult = z.enum(["accepted", "refused", "already-done", "held-back", "ignored"]);
export type AuditResult = z.infer<typeof AuditResult>;

/** One request that could have changed something: who wanted what, why, and what was answered. */
export const AuditEntry = z.strictObject({
  version: z.literal(1),
  /** The id of the function's invocation, by which the platform's own log can be found. */
  id: z.string(),
  at: Instant,
  who: Identity,
  /** In the imperative: `start-recovery`, `approve`, `pause`; `alert` for an alert. */
  action: z.string(),
  run: z.string().optional(),
  environment: EnvironmentName.optional(),
  result: AuditResult,
  /** What whoever sent it said about it. */
  reason: z.string(),
  /** What was answered. */
  detail: z.string(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;
