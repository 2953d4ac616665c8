import { z } from "zod";
import { scrub } from "../../domain/credential-scrubbing.js";
import type { Alert, AlertContext } from "../../domain/alert.js";

/*
 * The common alert schema of Azure Monitor (Microsoft Learn, "Common alert schema"). Unknown
 * members pass: Azure adds to it. What this service needs is required, with a message for people.
 */
const required = (member: string) => z.string({ error: `${member} is missing or no text` }).min(1);

/** Azure writes up to seven decimals of a second; ours are three. */
const instant = (member: string) =>
  z
    .string({ error: `${member} is missing or no text` })
    .refine((text) => !Number.isNaN(Date.parse(text)), {
      error: `${member} is not a date and time`,
    })
    .transform((text) => new Date(text).toISOString());

/** Names that people gave enter history and reports, so they are scrubbed and kept short. */
const shortName = (otherwise: string, longest: number) =>
  z
    .string()
    .default(otherwise)
    .transform((text) => scrub(text).slice(0, longest));

const Essentials = z.object({
  alertId: required("alertId").max(500, { error: "alertId is longer than 500 characters" }),
  alertRule: shortName("(unnamed rule)", 200),
  severity: shortName("Sev4", 20),
  signalType: z.string().default(""),
  monitorCondition: z.enum(["Fired", "Resolved"], {
    error: "monitorCondition must be Fired or Resolved",
  }),
  monitoringService: z.string().default(""),
  alertTargetIDs: z.array(z.string()).nullish(),
  firedDateTime: instant("firedDateTime"),
  resolvedDateTime: instant("resolvedDateTime").nullish(),
  description: z.string().nullish(),
});

export const CommonAlert = z.object({
  schemaId: z.literal("azureMonitorCommonAlertSchema", {
    error:
      'must be "azureMonitorCommonAlertSchema": turn on the common alert schema for this receiver of the action group',
  }),
  data: z.object({
    essentials: Essentials,
    alertContext: z.record(z.string(), z.unknown()).nullish(),
  }),
});

const Condition = z.object({
  conditionType: z.string().default(""),
  condition: z
    .object({ allOf: z.array(z.object({ metricName: z.string().nullish() })).nullish() })
    .nullish(),
});
const ServiceHealth = z.object({
  properties: z.object({
    trackingId: z.string().min(1),
    incidentType: z.string().default(""),
    stage: z.string().default(""),
    impactedServices: z.string().nullish(),
  }),
});
const ImpactedServices = z.array(
  z.object({
    ServiceName: z.string().default(""),
    ImpactedRegions: z.array(z.object({ RegionName: z.string() })).default([]),
  }),
);
const ResourceHealth = z.object({
  properties: z.object({
    currentHealthStatus: z.string().default("Unknown"),
    previousHealthStatus: z.string().default("Unknown"),
    cause: z.string().default(""),
  }),
});
const Administrative = z.object({ operationName: z.string().default("") });

/** Reads what the action group posted; the error lists each member that is wrong. */
export function parseAlert(body: unknown): z.ZodSafeParseResult<Alert> {
  const parsed = CommonAlert.safeParse(body);
  if (!parsed.success) return parsed as z.ZodSafeParseError<never>;
  const { essentials, alertContext } = parsed.data.data;
  return {
    success: true,
    data: {
      alertId: essentials.alertId,
      rule: essentials.alertRule,
      severity: essentials.severity,
      condition: essentials.monitorCondition === "Fired" ? "fired" : "resolved",
      firedAt: essentials.firedDateTime,
      ...(typeof essentials.resolvedDateTime === "string"
        ? { resolvedAt: essentials.resolvedDateTime }
        : {}),
      targets: essentials.alertTargetIDs ?? [],
      description: essentials.description ?? "",
      context: contextOf(essentials.monitoringService, alertContext ?? {}),
    },
  };
}

/** What cannot be read as its kind is of no known kind: people are told, nothing is started. */
function contextOf(monitoringService: string, context: unknown): AlertContext {
  const unknown: AlertContext = { kind: "unknown", monitoringService };
  if (monitoringService === "Platform") {
    const metric = Condition.safeParse(context);
    if (!metric.success) return unknown;
    const { conditionType, condition } = metric.data;
    const metrics = (condition?.allOf ?? []).flatMap(({ metricName }) => metricName ?? []);
    return { kind: "metric", conditionType, metrics };
  }
  if (/^(Log Alerts( V2)?|Application Insights|Log Analytics)$/.test(monitoringService)) {
    const log = Condition.safeParse(context);
    return log.success ? { kind: "log", conditionType: log.data.conditionType } : unknown;
  }
  if (/^(Activity Log - )?Service ?Health$/.test(monitoringService)) {
    const event = ServiceHealth.safeParse(context);
    return event.success ? serviceHealth(event.data.properties) : unknown;
  }
  if (/^(Activity Log - )?Resource ?Health$/.test(monitoringService)) {
    const event = ResourceHealth.safeParse(context);
    return event.success ? { kind: "resource-health", ...event.data.properties } : unknown;
  }
  if (monitoringService.startsWith("Activity Log")) {
    const event = Administrative.safeParse(context);
    return event.success ? { kind: "administrative", ...event.data } : unknown;
  }
  return unknown;
}

/** The impacted services come as JSON inside a string. */
function serviceHealth(properties: z.infer<typeof ServiceHealth>["properties"]): AlertContext {
  const { trackingId, incidentType, stage, impactedServices } = properties;
  let impacted: z.infer<typeof ImpactedServices> = [];
  try {
    impacted = ImpactedServices.parse(JSON.parse(impactedServices ?? "[]"));
  } catch {
    // The event itself counts even where its details cannot be read.
  }
  return {
    kind: "service-health",
    trackingId,
    incidentType,
    stage,
    services: impacted.map(({ ServiceName }) => ServiceName),
    regions: [
      ...new Set(impacted.flatMap((of) => of.ImpactedRegions.map(({ RegionName }) => RegionName))),
    ],
  };
}
