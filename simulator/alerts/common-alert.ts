import { randomUUID } from "node:crypto";

/** A metric rule as the common alert schema tells of it. */
export interface MetricRule {
  readonly rule: string;
  readonly severity: string;
  /** ARM ids; what names the alert first. */
  readonly targets: readonly [string, ...string[]];
  readonly description: string;
  readonly conditionType: string;
  readonly criterion: Readonly<Record<string, unknown>>;
}

/** What Azure Monitor sends when a metric rule fires, in the common alert schema. */
export function metricAlert(
  firedAt: Date,
  alertId: string = randomUUID(),
  { rule, severity, targets, description, conditionType, criterion }: MetricRule,
): unknown {
  const parts = targets[0].split("/");
  const [subscription = "", name = ""] = [parts[2], parts.at(-1)];
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

/** The alert that a failing availability test sends. */
export const webTestAlert = (
  firedAt: Date,
  alertId: string | undefined,
  test: { readonly webTest: string; readonly component: string; readonly rule: string },
): unknown =>
  metricAlert(firedAt, alertId, {
    rule: test.rule,
    severity: "Sev0",
    targets: [test.webTest, test.component],
    description: "The health endpoint does not answer from several locations.",
    conditionType: "WebtestLocationAvailabilityCriteria",
    criterion: {
      metricName: "Failed Location",
      metricNamespace: null,
      operator: "GreaterThan",
      threshold: "2",
      timeAggregation: "Sum",
      metricValue: 5,
      webTestName: test.webTest.split("/").at(-1),
    },
  });
