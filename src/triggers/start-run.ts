import { environmentOf, type Environment, type Estate } from "../domain/estate.js";
import type { EnvironmentName } from "../domain/environment-name.js";
import { mayStart, type Leave } from "../domain/automation.js";
import {
  runId,
  runsUntil,
  stoppedOutcome,
  type Incident,
  type RunOfIncident,
} from "../domain/incident.js";
import type { Instant } from "../domain/instant.js";
import { isOutdated } from "../domain/readiness/at-start-of-run.js";
import {
  evaluationId,
  evaluationOrchestrator,
  type EvaluationOrder,
} from "../domain/readiness/evaluation.js";
import type { RunOrder } from "../domain/run-order.js";
import type { Trigger } from "../domain/run-record.js";
import type { ProcedureId, ScenarioId } from "../domain/scenario-id.js";
import { scenarioOf } from "../scenarios/catalogue.js";
import { failbackOf } from "../scenarios/procedures.js";
import { sha256 } from "../state/hash.js";
import { incidentName } from "../state/incidents.js";
import type { StateStore } from "../state/state-store.js";
import type { DurableRuns } from "./durable-runs.js";

/** A wish to recover something, from whichever trigger. */
export interface StartRequest {
  readonly scenario: ScenarioId;
  /** What is run instead of the scenario; its incident is held all the same. */
  readonly procedure?: ProcedureId;
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
  | { readonly kind: "ended"; readonly run: string }
  /** Automation is switched off, or has had its tries; nothing was started. */
  | { readonly kind: "held-back"; readonly reason: string };

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
  // What a drill has broken is recovered as it would be, and counts for no limit afterwards.
  const automatic = request.trigger.kind === "alert" && request.trigger.drill === undefined;
  const resources = environmentOf(estate, environment);
  const openedAt = now();
  const leave = async (earlier: readonly RunOfIncident[]): Promise<Leave> =>
    // A person's order is always carried out; alerts are held to the switch and the limits.
    automatic
      ? mayStart(await store.automation.read(environment), resources.automation, earlier, openedAt)
      : { kind: "granted", authority: "act" };

  // Each turn of this loop was lost to another trigger, which by that has left an incident behind.
  for (let turn = 1; turn <= 5; turn++) {
    const standing = await store.incidents.read(name);
    if (standing?.value.status === "open") {
      const { run } = standing.value;
      const state = await runs.state(run);
      // The trigger that opened it died before it could start the run.
      if (state.kind === "unknown") return begin(runs, standing.value, "attached");
      if (state.kind === "active") return { kind: "attached", run };
      // Terminated from outside, or failed: the run could not close its incident itself.
      if (await closedMeanwhile(store, name, run)) continue;
      await store.incidents.close(name, run, stoppedOutcome, now());
      continue;
    }
    // The same alert or order again, whose trigger died before it could remember it.
    if (standing?.value.distinction === sha256(request.distinction)) {
      return { kind: "ended", run: standing.value.run };
    }
    const earlier = standing === undefined ? [] : runsUntil(standing.value);
    const granted = await leave(earlier);
    if (granted.kind === "held-back") return granted;
    const order = orderOf(request, resources, name, granted.authority);
    const incident = { ...newIncident(request, openedAt, order), automatic, earlier };
    const opened =
      standing === undefined
        ? await store.incidents.open(name, incident)
        : await store.incidents.reopen(name, standing, incident);
    if (opened) {
      const start = await begin(runs, incident);
      if (request.procedure === undefined)
        await evaluateBeside({ store, runs, estate, now }, environment);
      return start;
    }
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
  await runs.start(orchestratorOf(incident), incident.run, incident.order);
  return { kind, run: incident.run };
}

/** How long a trigger lets itself be held up by what only warns; the run is under way by then. */
const besideLimit = 500;

/**
 * Where what is known of readiness is too old for the record of a run that begins now, it is evaluated
 * anew beside the run. It holds up nothing, and a failure of it is no failure of the start.
 */
async function evaluateBeside(
  { store, runs, estate, now }: StartDependencies,
  environment: EnvironmentName,
): Promise<void> {
  const begin = async (): Promise<void> => {
    if (!isOutdated(await store.readiness.read(environment), now())) return;
    const order: EvaluationOrder = {
      environment,
      estate: environmentOf(estate, environment),
      weight: "light",
    };
    await runs.start(evaluationOrchestrator, evaluationId(order, now()), order);
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, besideLimit);
  });
  await Promise.race([begin(), late]).catch(() => undefined);
  clearTimeout(timer);
}

/** A run closes its incident before it ends, so between two reads it may have done both. */
async function closedMeanwhile(store: StateStore, name: string, run: string): Promise<boolean> {
  const standing = await store.incidents.read(name);
  return standing?.value.run !== run || standing.value.status === "closed";
}

function newIncident(
  { scenario, procedure, environment, resource, detectedAt, distinction, run }: StartRequest,
  openedAt: Instant,
  order: RunOrder,
): Omit<Incident, "automatic" | "earlier"> {
  const hash = sha256(distinction);
  return {
    version: 1,
    environment,
    scenario,
    ...(procedure === undefined ? {} : { procedure }),
    resource,
    run: run ?? runId(scenario, environment, openedAt, hash),
    distinction: hash,
    status: "open",
    openedAt,
    detectedAt,
    order,
  };
}

/** A failure's run is told which scenario it answers; a procedure knows itself. */
const namedIn = ({ scenario, procedure }: StartRequest) =>
  procedure === undefined ? { scenario } : {};

const orderOf = (
  request: StartRequest,
  estate: Environment,
  incident: string,
  authority: RunOrder["authority"],
): RunOrder => ({
  ...namedIn(request),
  environment: request.environment,
  resource: request.resource,
  mode: "execute",
  authority,
  trigger: request.trigger,
  detectedAt: request.detectedAt,
  estate,
  incident,
});

/** Starts a run that only shows what it would do; it has no incident and may run beside a recovery. */
export async function startPlan(
  { runs, estate }: StartDependencies,
  request: StartRequest & { readonly run: string },
): Promise<void> {
  const { environment, resource, trigger, detectedAt } = request;
  const order: RunOrder = {
    ...namedIn(request),
    environment,
    resource,
    mode: "plan",
    authority: "act",
    trigger,
    detectedAt,
    estate: environmentOf(estate, environment),
  };
  await runs.start(orchestratorOf(request), request.run, order);
}

function orchestratorOf({
  scenario,
  procedure,
}: {
  readonly scenario: ScenarioId;
  readonly procedure?: ProcedureId | undefined;
}): string {
  const runbook = procedure === undefined ? scenarioOf(scenario) : failbackOf(procedure);
  if (runbook === undefined) throw new Error(`no orchestrator for ${procedure ?? scenario}`);
  return runbook.orchestrator;
}
