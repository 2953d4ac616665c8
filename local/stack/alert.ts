import { metricAlert, webTestAlert } from "../../simulator/alerts/common-alert.js";
import { parseResourceId } from "../../src/domain/resource-id.js";

/** The alert that a failing availability test sends, in the common alert schema. */
export function availabilityAlert(
  component: string,
  webTest: string,
  firedAt: Date,
  alertId?: string,
): unknown {
  const { name: rule = "" } = parseResourceId(webTest) ?? {};
  return webTestAlert(firedAt, alertId, { webTest, component, rule });
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
