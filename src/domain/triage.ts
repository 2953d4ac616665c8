import type { Alert } from "./alert.js";
import { placeOf, type Estate, type ResourceKind, type ResourcePlace } from "./estate.js";
import type { ScenarioId } from "./scenario-id.js";

/** The part of a scenario that triage needs: what it answers to. */
export interface AnsweredFailure {
  readonly id: ScenarioId;
  readonly resource: ResourceKind;
  readonly automatic: boolean;
}

export type Triage =
  | { readonly kind: "recover"; readonly scenario: ScenarioId; readonly place: ResourcePlace }
  | { readonly kind: "ignored"; readonly reason: string };

/** Decides what an alert asks for. It always answers, and says why where nothing is started. */
export function triage(
  alert: Alert,
  estate: Estate,
  scenarios: readonly AnsweredFailure[],
): Triage {
  if (alert.condition === "resolved") return ignored("the alert is resolved");
  const { context } = alert;
  if (context.kind === "unknown") {
    return ignored(
      `no recovery answers alerts of the monitoring service "${context.monitoringService}"`,
    );
  }
  if (context.kind === "service-health") {
    return ignored(
      `service health event ${context.trackingId} is evidence about a region, never a trigger alone`,
    );
  }
  if (context.kind === "administrative" && !/\/delete$/i.test(context.operationName)) {
    return ignored(`an administrative event (${context.operationName}) is not a failure`);
  }
  if (context.kind === "resource-health" && context.currentHealthStatus === "Available") {
    return ignored("resource health says the resource is available");
  }

  const places = alert.targets.flatMap((target) => placeOf(estate, target) ?? []);
  if (places.length === 0) {
    const targets = alert.targets.length > 0 ? alert.targets.join(", ") : "none named";
    return ignored(`the estate has no resource with the alert's target (${targets})`);
  }
  for (const place of places) {
    const scenario = scenarios.find(
      ({ resource, automatic }) => automatic && resource === place.kind,
    );
    if (scenario !== undefined) return { kind: "recover", scenario: scenario.id, place };
  }
  const kinds = [...new Set(places.map(({ kind }) => kind))].join(", ");
  return ignored(`no scenario recovers ${kinds} automatically`);
}

const ignored = (reason: string): Triage => ({ kind: "ignored", reason });
