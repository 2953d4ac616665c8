import type { Environment } from "../../src/domain/estate.js";
import { parseResourceId } from "../../src/domain/resource-id.js";

/** The host that action groups call, in the simulated Azure. */
export const alertHostName = "mcp-dr.azurewebsites.net";

/** The rules of each environment and the action group that they call: this service's webhook. */
export function seededAlerting(environments: readonly Environment[]) {
  const all = environments.flatMap((environment) => {
    const { alerting, serviceRegion } = environment;
    if (alerting === undefined) return [];
    const rules = alerting.rules.map((id) => ({ id, body: ruleOf(id, environment) }));
    const actionGroup = { id: alerting.actionGroup, body: actionGroupOf(alerting.actionGroup) };
    const groups = [...alerting.rules, alerting.actionGroup].map((id) =>
      id.split("/").slice(0, 5).join("/"),
    );
    return [{ serviceRegion, groups: [...new Set(groups)], alerts: [...rules, actionGroup] }];
  });
  return {
    resourceGroups: all.flatMap(({ groups, serviceRegion }) =>
      groups.map((group) => [group, serviceRegion] as const),
    ),
    alerts: all.flatMap(({ alerts }) => alerts),
  };
}

/** Some key stands in the address of every such webhook. */
const actionGroupOf = (id: string) => ({
  location: "Global",
  properties: {
    groupShortName: (parseResourceId(id)?.name ?? "mcp-dr").slice(0, 12),
    enabled: true,
    webhookReceivers: [
      {
        name: "recovery",
        serviceUri: `https://${alertHostName}/api/alerts?code=simulated`,
        useCommonAlertSchema: true,
      },
    ],
  },
});

function ruleOf(id: string, environment: Environment): object {
  const { alerting, subscriptionId, applicationInsights, primaryRegion } = environment;
  const { name = "", type = "" } = parseResourceId(id) ?? {};
  const group = alerting?.actionGroup ?? "";
  if (type === "microsoft.insights/activitylogalerts") {
    return {
      location: "Global",
      properties: {
        scopes: [`/subscriptions/${subscriptionId}`],
        condition: { allOf: [{ field: "category", equals: "ServiceHealth" }] },
        actions: { actionGroups: [{ actionGroupId: group }] },
        enabled: true,
      },
    };
  }
  const times = { evaluationFrequency: "PT1M", windowSize: "PT5M" };
  if (type === "microsoft.insights/scheduledqueryrules") {
    return {
      location: primaryRegion,
      properties: {
        severity: 2,
        enabled: true,
        scopes: [applicationInsights.component],
        ...times,
        criteria: {
          allOf: [
            {
              query: "exceptions",
              timeAggregation: "Count",
              operator: "GreaterThan",
              threshold: 50,
            },
          ],
        },
        actions: { actionGroups: [group] },
      },
    };
  }
  return {
    location: "global",
    properties: {
      severity: 1,
      enabled: true,
      scopes: scopesOf(name, environment),
      ...times,
      criteria: { "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria" },
      autoMitigate: true,
      actions: [{ actionGroupId: group }],
    },
  };
}

/** A rule's name says what it is about; without a known word it is about the app. */
function scopesOf(name: string, environment: Environment): readonly string[] {
  const { redis, keyVault, storage, trafficManager, applicationInsights } = environment;
  if (name.includes("redis")) return [redis.primary];
  if (name.includes("vault")) return [keyVault.primary];
  if (name.includes("storage")) return [storage.primary];
  if (name.includes("traffic") && trafficManager !== undefined) return [trafficManager.profile];
  const { component, availabilityTests } = applicationInsights;
  return [...availabilityTests, component];
}
