import { randomUUID } from "node:crypto";
import { parseResourceId } from "../../src/domain/resource-id.js";

/** The alert that a failing availability test sends, in the common alert schema. */
export function availabilityAlert(
  component: string,
  webTest: string,
  firedAt: Date,
  alertId?: string,
): unknown {
  const { name = "" } = parseResourceId(webTest) ?? {};
  return metricAlert(firedAt, alertId, {
    rule: name,
    severity: "Sev0",
    targets: [webTest, component],
    description: "The health endpoint does not answer from several locations.",
    conditionType: "WebtestLocationAvailabilityCriteria",
    criterion: {
      metricName: "Failed Location",
      metricNamespace: null,
      operator: "GreaterThan",
      threshold: "2",
      timeAggregation: "Sum",
      metricValue: 5,
      webTestName: name,
    },
  });
}

/** The alert of a cache that no client is connected with any more. */
export function cacheAlert(cache: string, firedAt: Date, alertId?: string): unknown {
  return metricAlert(firedAt, alertId, {
    rule: `${parseResourceId(cache)?.name ?? ""}-no-clients`,
    severity: "Sev1",
    targets: [cache],
    description: "No client is connected with the cache.",
    conditionType: "SingleResourceMultipleMetricCriteria",
    criterion: {
      metricName: "connectedclients",
      metricNamespace: "Microsoft.Cache/redis",
      operator: "LessThan",
      threshold: "1",
      timeAggregation: "Maximum",
      metricValue: 0,
    },
  });
}

/** The alert of a metric rule on a key vault: its own availability. */
export function vaultAlert(vault: string, firedAt: Date, alertId?: string): unknown {
  return metricAlert(firedAt, alertId, {
    rule: `${parseResourceId(vault)?.name ?? ""}-availability`,
    severity: "Sev1",
    targets: [vault],
    description: "Requests to the vault fail.",
    conditionType: "SingleResourceMultipleMetricCriteria",
    criterion: {
      metricName: "Availability",
      metricNamespace: "Microsoft.KeyVault/vaults",
      operator: "LessThan",
      threshold: "99.9",
      timeAggregation: "Average",
      metricValue: 12.5,
      webTestName: null,
    },
  });
}

/** The alert of a metric rule on a storage account: its own availability. */
export function storageAlert(account: string, firedAt: Date, alertId?: string): unknown {
  return metricAlert(firedAt, alertId, {
    rule: `${parseResourceId(account)?.name ?? ""}-availability`,
    severity: "Sev1",
    targets: [account],
    description: "Requests to the storage account fail.",
    conditionType: "SingleResourceMultipleMetricCriteria",
    criterion: {
      metricName: "Availability",
      metricNamespace: "Microsoft.Storage/storageAccounts",
      operator: "LessThan",
      threshold: "99.9",
      timeAggregation: "Average",
      metricValue: 3.5,
      webTestName: null,
    },
  });
}

/** The alert of Traffic Manager: an endpoint that its probes find degraded. */
export function endpointAlert(profile: string, firedAt: Date, alertId?: string): unknown {
  return metricAlert(firedAt, alertId, {
    rule: `${parseResourceId(profile)?.name ?? ""}-endpoint-degraded`,
    severity: "Sev0",
    targets: [profile],
    description: "An endpoint of the profile does not answer its probes.",
    conditionType: "SingleResourceMultipleMetricCriteria",
    criterion: {
      metricName: "ProbeAgentCurrentEndpointStateByProfileResourceId",
      metricNamespace: "Microsoft.Network/trafficManagerProfiles",
      operator: "LessThan",
      threshold: "1",
      timeAggregation: "Maximum",
      metricValue: 0,
    },
  });
}

interface MetricRule {
  readonly rule: string;
  readonly severity: string;
  /** ARM ids; what names the alert first. */
  readonly targets: readonly [string, ...string[]];
  readonly description: string;
  readonly conditionType: string;
  readonly criterion: Readonly<Record<string, unknown>>;
}

/** What Azure Monitor sends when a metric rule fires, in the common alert schema. */
function metricAlert(
  firedAt: Date,
  alertId: string = randomUUID(),
  { rule, severity, targets, description, conditionType, criterion }: MetricRule,
): unknown {
  const { subscription = "", name = "" } = parseResourceId(targets[0]) ?? {};
  return {
    schemaId: "azureMonitorCommonAlertSchema",
    data: {
      essentials: {
        alertId: `/subscriptions/${subscription}/providers/Microsoft.AlertsManagement/alerts/${alertId}`,
        alertRule: rule,
        severity,
        signalType: "Metric",
        monitorCondition: "Fired",
        monitoringService: "Platform",
        alertTargetIDs: targets.map((target) => target.toLowerCase()),
        configurationItems: [name],
        originAlertId: `${subscription}_${rule}_-117781227`,
        firedDateTime: firedAt.toISOString(),
        description,
        essentialsVersion: "1.0",
        alertContextVersion: "1.0",
      },
      alertContext: {
        properties: null,
        conditionType,
        condition: {
          windowSize: "PT5M",
          allOf: [{ dimensions: [], ...criterion }],
          windowStartTime: new Date(firedAt.getTime() - 300_000).toISOString(),
          windowEndTime: firedAt.toISOString(),
        },
      },
      customProperties: {},
    },
  };
}
