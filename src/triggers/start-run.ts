import type { Environment, Estate } from "../domain/estate.js";
import type { EnvironmentName } from "../domain/environment-name.js";
import { runId, type Incident } from "../domain/incident.js";
import type { Instant } from "../domain/instant.js";
import type { RecoveryOrder } from "../domain/recovery-order.js";
import type { Trigger } from "../domain/run-record.js";
import type { ScenarioId } from "../domain/scenario-id.js";
import { scenarioOf } from "../scenarios/catalogue.js";
import { sha256 } from "../state/hash.js";
import { incidentName } from "../state/incidents.js";
import type { StateStore } from "../state/state-store.js";
import type { DurableRuns } from "./durable-runs.js";

/** A wish to recover something, from whichever trigger. */
export interface StartRequest {
  readonly scenario: ScenarioId;
  readonly environment: EnvironmentName;
  readonly resource: string;
  readonly trigger: Trigger;
  readonly detectedAt: Instant;
  /** Text that tells this wish from another at the same second. */
  readonly distinction: string;
  /** The run id that an earlier, identical request was given. */
  readonly run?: string;
}

export type Start =
  /** This request opened the incident and started its run. */
  | { readonly kind: "started"; readonly run: string }
  /** An incident is open; its run takes care of it. */
  | { readonly kind: "attached"; readonly run: string }
  /** The very run that this request was given has ended. */
  | { readonly kind: "ended"; readonly run: string };

export interface StartDependencies {
  readonly store: StateStore;
  readonly runs: DurableRuns;
  readonly estate: Estate;
  readonly now: () => Instant;
}

/**
 * One incident, one run: the incident is opened by a conditional write before anything is started,
 * so that of any number of triggers one wins and the others find its run.
 */
export async function startRun(
  { store, runs, estate, now }: StartDependencies,
  request: StartRequest,
): Promise<Start> {
  const { scenario, environment, resource } = request;
  // A run that has ended is never started again, whatever has happened to the resource since.
  if (request.run !== undefined && (await hasEnded(store, runs, request.run))) {
    return { kind: "ended", run: request.run };
  }
  const name = incidentName(environment, scenario, resource);
  const wanted = newIncident(request, environmentOf(estate, environment), name, now());

  // Each turn of this loop was lost to another trigger, which by that has left an incident behind.
  for (let turn = 1; turn <= 5; turn++) {
    const standing = await store.incidents.read(name);
    if (standing === undefined) {
      if (await store.incidents.open(name, wanted)) return begin(runs, wanted);
      continue;
    }
    const incident = standing.value;
    if (incident.status === "open") {
      const state = await runs.state(incident.run);
      // The trigger that opened it died before it could start the run.
      if (state.kind === "unknown") return begin(runs, incident, "attached");
      if (state.kind === "active") return { kind: "attached", run: incident.run };
      // Terminated from outside, or failed: the run could not close its incident itself.
      if (await closedMeanwhile(store, name, incident.run)) continue;
      await store.incidents.close(name, incident.run, "needs-operator", now());
      continue;
    }
    // The same alert or order again, whose trigger died before it could remember it.
    if (incident.distinction === wanted.distinction) return { kind: "ended", run: incident.run };
    if (await store.incidents.reopen(name, standing, wanted)) return begin(runs, wanted);
  }
  throw Object.assign(new Error("too many triggers at once for one incident"), { statusCode: 503 });
}

async function hasEnded(store: StateStore, runs: DurableRuns, run: string): Promise<boolean> {
  return (await runs.state(run)).kind === "ended" || (await store.runs.read(run)) !== undefined;
}

async function begin(
  runs: DurableRuns,
  incident: Incident,
  kind: "started" | "attached" = "started",
): Promise<Start> {
  const orchestrator = scenarioOf(incident.scenario)?.orchestrator;
  if (orchestrator === undefined) throw new Error(`no orchestrator for ${incident.scenario}`);
  await runs.start(orchestrator, incident.run, incident.order);
  return { kind, run: incident.run };
}

/** A run closes its incident before it ends, so between two reads it may have done both. */
async function closedMeanwhile(store: StateStore, name: string, run: string): Promise<boolean> {
  const standing = await store.incidents.read(name);
  return standing?.value.run !== run || standing.value.status === "closed";
}

function newIncident(
  request: StartRequest,
  environment: Environment,
  name: string,
  openedAt: Instant,
): Incident {
  const { scenario, resource, trigger, detectedAt, distinction } = request;
  const order: RecoveryOrder = {
    scenario,
    environment: request.environment,
    resource,
    mode: "execute",
    trigger,
    detectedAt,
    estate: environment,
    incident: name,
  };
  return {
    version: 1,
    environment: request.environment,
    scenario,
    resource,
    run: request.run ?? runId(scenario, request.environment, openedAt, sha256(distinction)),
    distinction: sha256(distinction),
    status: "open",
    openedAt,
    detectedAt,
    order,
  };
}

function environmentOf(estate: Estate, name: EnvironmentName): Environment {
  const environment = estate.environments[name];
  if (environment === undefined) throw new Error(`the estate has no environment ${name}`);
  return environment;
}
