import { randomUUID } from "node:crypto";
import { parseResourceId } from "../../src/domain/resource-id.js";

/** The alert that a failing availability test sends, in the common alert schema. */
export function availabilityAlert(
  component: string,
  webTest: string,
  firedAt: Date,
  alertId: string = randomUUID(),
): unknown {
  const { subscription = "", name = "" } = parseResourceId(webTest) ?? {};
  const windowStart = new Date(firedAt.getTime() - 300_000);
  return {
    schemaId: "azureMonitorCommonAlertSchema",
    data: {
      essentials: {
        alertId: `/subscriptions/${subscription}/providers/Microsoft.AlertsManagement/alerts/${alertId}`,
        alertRule: name,
        severity: "Sev0",
        signalType: "Metric",
        monitorCondition: "Fired",
        monitoringService: "Platform",
        alertTargetIDs: [webTest.toLowerCase(), component.toLowerCase()],
        configurationItems: [name],
        originAlertId: `${subscription}_${name}_-117781227`,
        firedDateTime: firedAt.toISOString(),
        description: "The health endpoint does not answer from several locations.",
        essentialsVersion: "1.0",
        alertContextVersion: "1.0",
      },
      alertContext: {
        properties: null,
        conditionType: "WebtestLocationAvailabilityCriteria",
        condition: {
          windowSize: "PT5M",
          allOf: [
            {
              metricName: "Failed Location",
              metricNamespace: null,
              operator: "GreaterThan",
              threshold: "2",
              timeAggregation: "Sum",
              dimensions: [],
              metricValue: 5,
              webTestName: name,
            },
          ],
          windowStartTime: windowStart.toISOString(),
          windowEndTime: firedAt.toISOString(),
        },
      },
      customProperties: {},
    },
  };
}

/** The alert of a cache that no client is connected with any more, in the common alert schema. */
export function cacheAlert(cache: string, firedAt: Date, alertId: string = randomUUID()): unknown {
  const { subscription = "", name = "" } = parseResourceId(cache) ?? {};
  const rule = `${name}-no-clients`;
  return {
    schemaId: "azureMonitorCommonAlertSchema",
    data: {
      essentials: {
        alertId: `/subscriptions/${subscription}/providers/Microsoft.AlertsManagement/alerts/${alertId}`,
        alertRule: rule,
        severity: "Sev1",
        signalType: "Metric",
        monitorCondition: "Fired",
        monitoringService: "Platform",
        alertTargetIDs: [cache.toLowerCase()],
        configurationItems: [name],
        originAlertId: `${subscription}_${rule}_-117781228`,
        firedDateTime: firedAt.toISOString(),
        description: "No client is connected with the cache.",
        essentialsVersion: "1.0",
        alertContextVersion: "1.0",
      },
      alertContext: {
        properties: null,
        conditionType: "SingleResourceMultipleMetricCriteria",
        condition: {
          windowSize: "PT5M",
          allOf: [
            {
              metricName: "connectedclients",
              metricNamespace: "Microsoft.Cache/redis",
              operator: "LessThan",
              threshold: "1",
              timeAggregation: "Maximum",
              dimensions: [],
              metricValue: 0,
            },
          ],
          windowStartTime: new Date(firedAt.getTime() - 300_000).toISOString(),
          windowEndTime: firedAt.toISOString(),
        },
      },
      customProperties: {},
    },
  };
}

/** The alert of a metric rule on a key vault: its own availability, in the common alert schema. */
export function vaultAlert(vault: string, firedAt: Date, alertId: string = randomUUID()): unknown {
  const { subscription = "", name = "" } = parseResourceId(vault) ?? {};
  const windowStart = new Date(firedAt.getTime() - 300_000);
  return {
    schemaId: "azureMonitorCommonAlertSchema",
    data: {
      essentials: {
        alertId: `/subscriptions/${subscription}/providers/Microsoft.AlertsManagement/alerts/${alertId}`,
        alertRule: `${name}-availability`,
        severity: "Sev1",
        signalType: "Metric",
        monitorCondition: "Fired",
        monitoringService: "Platform",
        alertTargetIDs: [vault.toLowerCase()],
        configurationItems: [name],
        originAlertId: `${subscription}_${name}_-40219`,
        firedDateTime: firedAt.toISOString(),
        description: "Requests to the vault fail.",
        essentialsVersion: "1.0",
        alertContextVersion: "1.0",
      },
      alertContext: {
        properties: null,
        conditionType: "SingleResourceMultipleMetricCriteria",
        condition: {
          windowSize: "PT5M",
          allOf: [
            {
              metricName: "Availability",
              metricNamespace: "Microsoft.KeyVault/vaults",
              operator: "LessThan",
              threshold: "99.9",
              timeAggregation: "Average",
              dimensions: [],
              metricValue: 12.5,
              webTestName: null,
            },
          ],
          windowStartTime: windowStart.toISOString(),
          windowEndTime: firedAt.toISOString(),
        },
      },
      customProperties: {},
    },
  };
}
