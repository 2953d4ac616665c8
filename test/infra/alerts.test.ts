import type { Alert, AlertContext } from "../../src/domain/alert.js";
import { EnvironmentName } from "../../src/domain/environment-name.js";
import { environmentOf } from "../../src/domain/estate.js";
import { sameResource } from "../../src/domain/resource-id.js";
import { triage } from "../../src/domain/triage.js";
import { catalogue } from "../../src/scenarios/catalogue.js";
import { detectedAt, sampleEstate } from "../support/estates.js";
import { madeBy, ofType, type PredictedResource } from "../support/templates.js";

const estate = sampleEstate();
const made = [...madeBy("alerts.production"), ...madeBy("alerts.non-production")];
const rules = ["metricAlerts", "scheduledQueryRules", "activityLogAlerts"].flatMap((type) =>
  ofType(made, `Microsoft.Insights/${type}`),
);
const groups = ofType(made, "Microsoft.Insights/actionGroups");
const signalOf = ({ tags }: PredictedResource): string => tags?.["signal"] ?? "";
const isOfService = (rule: PredictedResource): boolean =>
  /^service-(?!health-region)/.test(signalOf(rule));
const ofEstate = rules.filter((rule) => !isOfService(rule));

/** What stands anywhere in a resource. */
const says = ({ properties }: PredictedResource): string => JSON.stringify(properties);
const calledBy = (rule: PredictedResource): readonly PredictedResource[] =>
  groups.filter(({ id }) => says(rule).toLowerCase().includes(`${id.toLowerCase()}"`));
const webhooksOf = ({ properties }: PredictedResource): readonly Record<string, unknown>[] =>
  (properties["webhookReceivers"] as Record<string, unknown>[] | undefined) ?? [];

/** The alerts that Azure Monitor would send of a rule: one for each resource that it can be about. */
function alertsOf(rule: PredictedResource): Alert[] {
  const deleted = /"([^"]+\/delete)"/.exec(says(rule))?.[1];
  const about = /"field":"resourceId","equals":"([^"]+)"/.exec(says(rule))?.[1];
  const scopes = about === undefined ? (rule.properties["scopes"] as string[]) : [about];
  return scopes.map((scope) => ({
    alertId: `/alerts/${rule.name}`,
    rule: rule.name,
    severity: "Sev1",
    condition: "fired",
    firedAt: detectedAt,
    targets: [scope.toLowerCase()],
    description: "",
    context: contextOf(rule, deleted),
  }));
}

function contextOf(rule: PredictedResource, deletion: string | undefined): AlertContext {
  if (rule.type.endsWith("metricAlerts")) {
    return { kind: "metric", conditionType: "SingleResourceMultipleMetricCriteria", metrics: [] };
  }
  if (rule.type.endsWith("scheduledQueryRules")) {
    return { kind: "log", conditionType: "LogQueryCriteria" };
  }
  if (deletion !== undefined) return { kind: "administrative", operationName: deletion };
  if (says(rule).includes('"ResourceHealth"')) {
    const [currentHealthStatus, previousHealthStatus] = ["Unavailable", "Available"];
    return {
      kind: "resource-health",
      currentHealthStatus,
      previousHealthStatus,
      cause: "PlatformInitiated",
    };
  }
  return {
    kind: "service-health",
    ...{ trackingId: "T-1", incidentType: "Incident", stage: "Active", regions: [], services: [] },
  };
}

describe("alerts of the estate", () => {
  it.each(
    ofEstate.flatMap((rule) => alertsOf(rule).map((alert) => [rule.name, rule, alert] as const)),
  )("%s is answered by the scenario that names its signal", (_, rule, alert) => {
    const answering = catalogue.filter(({ signals }) => signals.includes(signalOf(rule)));
    const decision = triage(alert, estate, catalogue);

    if (alert.context.kind === "service-health") {
      // Evidence about a region; it is kept, and never acted on alone.
      expect(answering.map(({ id }) => id)).toEqual(["region-outage"]);
      expect(decision).toMatchObject({
        kind: "ignored",
        reason: expect.stringMatching(/evidence/) as unknown,
      });
      return;
    }
    expect(decision.kind === "recover" ? decision.scenario : decision).toBe(
      answering.find(({ id }) => decision.kind === "recover" && id === decision.scenario)?.id ??
        `one of ${answering.map(({ id }) => id).join(", ")}`,
    );
  });

  it.each(
    EnvironmentName.options.flatMap((name) =>
      catalogue
        .filter(({ automatic }) => automatic)
        .flatMap(({ id, signals }) => signals.map((signal) => [name, id, signal] as const)),
    ),
  )("in %s, %s has a rule for %s", (name, _, signal) => {
    const { alerting, trafficManager } = environmentOf(estate, name);
    const found = ofEstate.filter(
      (rule) =>
        signalOf(rule) === signal &&
        calledBy(rule).some(({ id }) => sameResource(id, alerting?.actionGroup ?? "")),
    );

    const wanted = signal === "traffic-manager-endpoint" && trafficManager === undefined ? 0 : 1;
    expect(found.length).toBe(wanted);
  });

  it.each(EnvironmentName.options)("what the estate names for %s is made", (name) => {
    const { alerting, applicationInsights } = environmentOf(estate, name);
    const ids = made.map(({ id }) => id.toLowerCase());

    for (const id of [
      alerting?.actionGroup ?? "",
      ...(alerting?.rules ?? []),
      ...applicationInsights.availabilityTests,
    ]) {
      expect(ids).toContain(id.toLowerCase());
    }
  });

  it.each(EnvironmentName.options)("the rules of %s lie outside of its primary region", (name) => {
    const { alerting, primaryRegion, containerApp } = environmentOf(estate, name);
    const [, , , , group] = (alerting?.actionGroup ?? "").split("/");
    const [, , , , primaryGroup] = containerApp.primary.split("/");

    expect([primaryRegion, group]).not.toEqual([primaryRegion, primaryGroup]);
  });
});

describe("action groups", () => {
  it("call the service with the common alert schema and the key, and no key stands in a template", () => {
    const callers = groups.filter((group) => webhooksOf(group).length > 0);

    expect(callers.map(({ name }) => name).sort()).toEqual([
      "mcp-dr-dev",
      "mcp-dr-prod",
      "mcp-dr-stg",
    ]);
    for (const [webhook] of callers.map(webhooksOf)) {
      expect(webhook?.["useCommonAlertSchema"]).toBe(true);
      expect(webhook?.["serviceUri"]).toMatch(
        /^\[format\('\{0\}\/api\/alerts\?code=\{1\}', 'https:\/\/mcp-dr(-nonprod)?\.azurewebsites\.net', parameters\('alertKey'\)\)\]$/,
      );
    }
  });

  it.each(EnvironmentName.options)("reach each contact of %s by e-mail and by SMS", (name) => {
    const { alerting, contacts } = environmentOf(estate, name);
    for (const level of ["primary", "secondary", "escalation"] as const) {
      const id = `${alerting?.actionGroup ?? ""}-${level}`;
      const group = groups.find((one) => sameResource(one.id, id));

      expect(group?.properties).toMatchObject({
        emailReceivers: [{ emailAddress: contacts[level].email, useCommonAlertSchema: true }],
        smsReceivers: [{ countryCode: "1", phoneNumber: contacts[level].phone?.slice(2) }],
      });
    }
  });
});

describe("alerts of the service itself", () => {
  const own = rules.filter(isOfService);

  it("tell when it is away, when its webhook is dead, when readiness is silent and when a backup fails", () => {
    const signals = own.filter(({ name }) => !name.includes("nonprod")).map(signalOf);

    expect(signals.sort()).toEqual([
      "service-backup-failed",
      "service-health",
      "service-readiness-silent",
      "service-webhook",
    ]);
  });

  it.each(own.map((rule) => [rule.name, rule] as const))(
    "%s goes straight to people, never to the service",
    (_, rule) => {
      const called = calledBy(rule);

      expect(called.length).toBeGreaterThanOrEqual(2);
      expect(called.flatMap(webhooksOf)).toEqual([]);
    },
  );

  it.each(
    ofType(made, "Microsoft.Insights/scheduledQueryRules").map(
      (rule) => [rule.name, rule] as const,
    ),
  )("%s asks a component in the names of a component", (_, rule) => {
    expect(rule.properties["scopes"]).toEqual([expect.stringMatching(/\/components\/[^/]+$/i)]);
    expect(says(rule)).toMatch(/"query":"[^"]*\b(requests|traces) \|/);
    expect(says(rule)).not.toMatch(/App(Requests|Traces)|TimeGenerated|ResultCode|Message /);
  });

  it("look at the address of its health, and post to that of the alerts as action groups do", () => {
    const tests = ofType(made, "Microsoft.Insights/webtests").filter(
      ({ name }) => name.startsWith("mcp-dr-health") || name.startsWith("mcp-dr-webhook"),
    );

    expect(tests.map(({ properties }) => properties["Request"])).toMatchObject([
      { RequestUrl: "https://mcp-dr.azurewebsites.net/api/health", HttpVerb: "GET" },
      { RequestUrl: "https://mcp-dr.azurewebsites.net/api/alerts", HttpVerb: "POST" },
    ]);
  });
});
