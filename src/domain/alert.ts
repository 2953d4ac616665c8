import { z } from "zod";
import { Instant } from "./instant.js";

/** What an alert says beyond its essentials; the parts this service decides by. */
export const AlertContext = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("metric"),
    conditionType: z.string(),
    metrics: z.array(z.string()),
  }),
  z.strictObject({ kind: z.literal("log"), conditionType: z.string() }),
  z.strictObject({
    kind: z.literal("service-health"),
    trackingId: z.string(),
    incidentType: z.string(),
    stage: z.string(),
    regions: z.array(z.string()),
    services: z.array(z.string()),
  }),
  z.strictObject({
    kind: z.literal("resource-health"),
    currentHealthStatus: z.string(),
    previousHealthStatus: z.string(),
    cause: z.string(),
  }),
  z.strictObject({ kind: z.literal("administrative"), operationName: z.string() }),
  /** A monitoring service this version does not know: people are told, nothing is started. */
  z.strictObject({ kind: z.literal("unknown"), monitoringService: z.string() }),
]);
export type AlertContext = z.infer<typeof AlertContext>;

/** An alert of Azure Monitor, read from the common alert schema. */
export const Alert = z.strictObject({
  alertId: z.string().min(1),
  rule: z.string(),
  severity: z.string(),
  condition: z.enum(["fired", "resolved"]),
  firedAt: Instant,
  resolvedAt: Instant.optional(),
  /** ARM ids, lower-cased by Azure. */
  targets: z.array(z.string()),
  description: z.string(),
  context: AlertContext,
});
export type Alert = z.infer<typeof Alert>;

/**
 * What makes two deliveries the same alert: retries repeat alert id and condition, and the updates
 * of a service-health event come with new alert ids but one tracking id.
 */
export function alertKey(alert: Alert): string {
  const subject =
    alert.context.kind === "service-health" ? alert.context.trackingId : alert.alertId;
  return `${subject}|${alert.condition}`;
}
