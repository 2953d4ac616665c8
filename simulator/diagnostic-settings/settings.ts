import { z } from "zod";

const text = z.string();
const retention = z.strictObject({ enabled: z.boolean(), days: z.int().min(0) }).optional();

const LogSetting = z
  .strictObject({
    category: text.optional(),
    categoryGroup: text.optional(),
    enabled: z.boolean(),
    retentionPolicy: retention,
  })
  .refine(
    ({ category, categoryGroup }) => (category === undefined) !== (categoryGroup === undefined),
    { error: "needs category or categoryGroup, one of the two" },
  );

const MetricSetting = z.strictObject({
  category: text.optional(),
  enabled: z.boolean(),
  timeGrain: text.optional(),
  retentionPolicy: retention,
});

/** The body of a PUT, api-version 2021-05-01-preview. */
export const SettingBody = z.strictObject({
  properties: z.strictObject({
    storageAccountId: text.optional(),
    workspaceId: text.optional(),
    eventHubAuthorizationRuleId: text.optional(),
    eventHubName: text.optional(),
    serviceBusRuleId: text.optional(),
    marketplacePartnerId: text.optional(),
    logAnalyticsDestinationType: text.optional(),
    logs: z.array(LogSetting).optional(),
    metrics: z.array(MetricSetting).optional(),
  }),
});
export type SettingProperties = z.infer<typeof SettingBody>["properties"];

/** Which logs and metrics of a resource go where. */
export interface DiagnosticSetting {
  readonly resourceId: string;
  readonly name: string;
  readonly properties: SettingProperties;
}

interface Categories {
  readonly logs: readonly string[];
  /** The members of the category group `audit`; `allLogs` has all. */
  readonly audit: readonly string[];
}

/** Published log categories of the types that are known; other types take category groups only. */
const CATEGORIES: Readonly<Record<string, Categories>> = {
  "microsoft.keyvault/vaults": {
    logs: ["AuditEvent", "AzurePolicyEvaluationDetails"],
    audit: ["AuditEvent"],
  },
  "microsoft.insights/components": {
    logs: [
      "AppAvailabilityResults",
      "AppBrowserTimings",
      "AppDependencies",
      "AppEvents",
      "AppExceptions",
      "AppMetrics",
      "AppPageViews",
      "AppPerformanceCounters",
      "AppRequests",
      "AppSystemEvents",
      "AppTraces",
    ],
    audit: [],
  },
};

/** The log categories of a resource type; undefined where they are not known here. */
export function categoriesOf(type: string): Categories | undefined {
  return CATEGORIES[type.toLowerCase()];
}
