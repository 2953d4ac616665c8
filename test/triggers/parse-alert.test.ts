import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { Alert, alertKey } from "../../src/domain/alert.js";
import { triage } from "../../src/domain/triage.js";
import { catalogue } from "../../src/scenarios/catalogue.js";
import { parseAlert } from "../../src/triggers/alerts/parse-alert.js";
import { sampleEstate } from "../support/estates.js";

const folder = path.join(__dirname, "../fixtures/alerts");
const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(path.join(folder, `${name}.json`), "utf8"));

function parsed(name: string): Alert {
  const result = parseAlert(fixture(name));
  if (!result.success) throw result.error;
  return result.data;
}

describe("parse alert", () => {
  it.each(readdirSync(folder))("reads %s into an alert", (file) => {
    const alert = parsed(path.basename(file, ".json"));

    expect(Alert.parse(alert)).toEqual(alert);
    expect(alert.firedAt).toBe("2026-11-22T13:58:24.371Z");
  });

  it.each([
    ["metric", { kind: "metric", metrics: ["Requests"] }],
    ["availability-test", { kind: "metric", conditionType: "WebtestLocationAvailabilityCriteria" }],
    ["log", { kind: "log", conditionType: "LogQueryCriteria" }],
    [
      "service-health",
      {
        kind: "service-health",
        trackingId: "ABCD-1Z2",
        regions: ["East US"],
        services: ["Container Apps"],
      },
    ],
    ["resource-health", { kind: "resource-health", currentHealthStatus: "Unavailable" }],
    [
      "administrative",
      { kind: "administrative", operationName: "Microsoft.App/containerApps/stop/action" },
    ],
    ["unknown-service", { kind: "unknown", monitoringService: "Smart Detector" }],
  ])("knows the context of %s", (name, context) => {
    expect(parsed(name).context).toMatchObject(context);
  });

  it("names each member that is wrong", () => {
    const result = parseAlert({
      schemaId: "azureMonitorCommonAlertSchema",
      data: { essentials: { monitorCondition: "Sometimes", firedDateTime: "yesterday" } },
    });

    const found = result.error?.issues.map(
      ({ path: at, message }) => `${at.join(".")}: ${message}`,
    );
    expect(found).toEqual([
      "data.essentials.alertId: alertId is missing or no text",
      "data.essentials.monitorCondition: monitorCondition must be Fired or Resolved",
      "data.essentials.firedDateTime: firedDateTime is not a date and time",
    ]);
  });

  it("says how to turn the common schema on when it gets another one", () => {
    const message = parseAlert({ schemaId: "AzureMonitorMetricAlert" }).error?.issues[0]?.message;

    expect(message).toContain("turn on the common alert schema");
  });

  it("keeps the names that people gave short and free of credentials", () => {
    const body = fixture("metric") as { data: { essentials: Record<string, string> } };
    body.data.essentials["alertRule"] = `password=hunter2hunter2 ${"x".repeat(20_000)}`;
    const long = structuredClone(body);
    long.data.essentials["alertId"] = "x".repeat(600);

    const result = parseAlert(body);

    expect(result.data?.rule.length).toBeLessThanOrEqual(200);
    expect(result.data?.rule).not.toContain("hunter2");
    expect(parseAlert(long).error?.issues[0]?.message).toContain("longer than 500");
  });

  it("never throws, whatever is posted", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        expect(typeof parseAlert(body).success).toBe("boolean");
      }),
    );
  });
});

describe("alert key", () => {
  it("tells fired from resolved, and holds for a repeated delivery", () => {
    expect(alertKey(parsed("metric"))).toBe(alertKey(parsed("metric")));
    expect(alertKey(parsed("metric"))).not.toBe(alertKey(parsed("metric-resolved")));
  });

  it("takes the updates of a service health event as one", () => {
    const update = { ...parsed("service-health"), alertId: "another" };

    expect(alertKey(update)).toBe(alertKey(parsed("service-health")));
  });
});

describe("triage", () => {
  const decide = (alert: Alert, scenarios = catalogue) => triage(alert, sampleEstate(), scenarios);

  it.each(["metric", "availability-test", "log", "resource-health"])("recovers on %s", (name) => {
    expect(decide(parsed(name))).toMatchObject({
      kind: "recover",
      scenario: "container-app-failure",
      place: { environment: "production", kind: "container-app", side: "primary" },
    });
  });

  it.each([
    ["metric-resolved", "resolved"],
    ["service-health", "never a trigger alone"],
    ["administrative", "not a failure"],
    ["unknown-service", "Smart Detector"],
  ])("starts nothing on %s and says why", (name, reason) => {
    const decision = decide(parsed(name));

    expect(decision.kind).toBe("ignored");
    expect(decision.kind === "ignored" ? decision.reason : "").toContain(reason);
  });

  it("takes the deletion of a resource for its failure", () => {
    const vault = sampleEstate().environments.production?.keyVault.primary ?? "";
    const context = { kind: "administrative", operationName: "Microsoft.KeyVault/vaults/delete" };

    expect(
      decide(Alert.parse({ ...parsed("administrative"), targets: [vault], context })),
    ).toMatchObject({ kind: "recover", scenario: "key-vault-failure", place: { id: vault } });
  });

  it("ignores what is not in the estate, and what no scenario recovers", () => {
    const metric = parsed("metric");
    const storage = sampleEstate().environments.production?.storage.primary ?? "";

    expect(decide({ ...metric, targets: ["/subscriptions/x/y"] })).toMatchObject({
      kind: "ignored",
    });
    expect(decide({ ...metric, targets: [] })).toMatchObject({ kind: "ignored" });
    const others = catalogue.filter(({ resource }) => resource !== "storage");
    expect(decide({ ...metric, targets: [storage.toLowerCase()] }, others)).toEqual({
      kind: "ignored",
      reason: "no scenario recovers storage automatically",
    });
  });

  it("does not answer to a resource that has become available", () => {
    const alert = parsed("resource-health");
    if (alert.context.kind !== "resource-health") throw new Error("no resource health");
    const available = { ...alert.context, currentHealthStatus: "Available" };

    expect(decide({ ...alert, context: available }).kind).toBe("ignored");
  });

  it("recovers the secondary app when the alert names it", () => {
    const id = sampleEstate().environments.production?.containerApp.secondary ?? "";

    expect(decide({ ...parsed("metric"), targets: [id.toUpperCase()] })).toMatchObject({
      kind: "recover",
      place: { side: "secondary", id },
    });
  });
});
