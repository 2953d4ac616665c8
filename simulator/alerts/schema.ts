import { z } from "zod";

/*
 * Bodies of Azure Monitor's rules and action groups as PUT takes them, as far as the members are in use;
 * criteria are kept as they come. Source: the published descriptions of the api-versions below.
 */

const text = z.string();
const tags = z.record(text, text).optional();
const anything = z.record(text, z.unknown());
const id = text.regex(/^\/subscriptions\//i, "must be a resource id");
const duration = text.regex(/^P(\d+D)?(T(\d+H)?(\d+M)?)?$/, "must be an ISO 8601 duration");
const severity = z.int().min(0).max(4);
const actionGroupId = text.regex(
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/microsoft\.insights\/actionGroups\/[^/]+$/i,
  "must be the id of an action group",
);

const MetricAlert = z.strictObject({
  location: z.literal("global", { error: "metric alerts are global resources" }),
  tags,
  properties: z.strictObject({
    description: text.optional(),
    severity,
    enabled: z.boolean(),
    scopes: z.array(id).min(1),
    evaluationFrequency: duration,
    windowSize: duration,
    targetResourceType: text.optional(),
    targetResourceRegion: text.optional(),
    criteria: z.looseObject({ "odata.type": text }),
    autoMitigate: z.boolean().optional(),
    actions: z
      .array(z.strictObject({ actionGroupId, webHookProperties: anything.optional() }))
      .optional(),
  }),
});

const ActivityLogAlert = z.strictObject({
  location: z
    .string()
    .regex(/^(global|westeurope|northeurope)$/i)
    .default("Global"),
  tags,
  properties: z.strictObject({
    description: text.optional(),
    enabled: z.boolean().default(true),
    scopes: z.array(id).min(1),
    condition: z.strictObject({ allOf: z.array(anything).min(1) }),
    actions: z.strictObject({
      actionGroups: z
        .array(z.strictObject({ actionGroupId, webhookProperties: anything.optional() }))
        .optional(),
    }),
  }),
});

const QueryRule = z.strictObject({
  location: text.min(1),
  kind: z.enum(["LogAlert"]).optional(),
  tags,
  properties: z.strictObject({
    displayName: text.optional(),
    description: text.optional(),
    severity: severity.optional(),
    enabled: z.boolean().default(true),
    scopes: z.array(id).min(1),
    evaluationFrequency: duration,
    windowSize: duration,
    criteria: z.strictObject({ allOf: z.array(anything).min(1) }),
    autoMitigate: z.boolean().optional(),
    actions: z
      .strictObject({
        actionGroups: z.array(actionGroupId).optional(),
        customProperties: anything.optional(),
      })
      .optional(),
  }),
});

const receivers = z.array(z.looseObject({ name: text.min(1) })).optional();

const ActionGroup = z.strictObject({
  location: z.string().min(1),
  tags,
  properties: z.strictObject({
    groupShortName: text.min(1).max(12, "must have at most 12 characters"),
    enabled: z.boolean(),
    emailReceivers: receivers,
    smsReceivers: receivers,
    azureFunctionReceivers: receivers,
    webhookReceivers: z
      .array(
        z.strictObject({
          name: text.min(1),
          serviceUri: z.url({ protocol: /^https?$/, error: "must be an address" }),
          useCommonAlertSchema: z.boolean().optional(),
          useAadAuth: z.boolean().optional(),
          objectId: text.optional(),
          identifierUri: text.optional(),
          tenantId: text.optional(),
        }),
      )
      .optional(),
  }),
});

/** What PATCH takes of every type but metric alerts, which take any of their properties. */
const Switch = z.strictObject({
  tags,
  properties: z.strictObject({ enabled: z.boolean().optional() }).optional(),
});

interface AlertType {
  readonly type: string;
  readonly apiVersions: readonly string[];
  readonly put: z.ZodType<AlertBody>;
  readonly patch: z.ZodType<Readonly<Record<string, unknown>>>;
}

/** A rule or action group as it was put. */
export interface AlertBody {
  readonly location: string;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly properties: object;
}

const MetricPatch = z.strictObject({
  tags,
  properties: MetricAlert.shape.properties.partial().optional(),
});

export const alertTypes: readonly AlertType[] = [
  {
    type: "Microsoft.Insights/metricAlerts",
    apiVersions: ["2018-03-01", "2026-01-01"],
    put: MetricAlert,
    patch: MetricPatch,
  },
  {
    type: "Microsoft.Insights/activityLogAlerts",
    apiVersions: ["2020-10-01", "2026-01-01"],
    put: ActivityLogAlert,
    patch: Switch,
  },
  {
    type: "Microsoft.Insights/scheduledQueryRules",
    apiVersions: ["2021-08-01", "2022-06-15", "2023-12-01", "2026-03-01"],
    put: QueryRule,
    patch: Switch,
  },
  {
    type: "Microsoft.Insights/actionGroups",
    apiVersions: ["2021-09-01", "2022-06-01", "2023-01-01", "2024-10-01-preview"],
    put: ActionGroup,
    patch: Switch,
  },
];
