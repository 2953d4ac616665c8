import type { InvocationContext, Timer } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import {
  drillOfQuarter,
  isDrillDue,
  isOverdue,
  plannedDrillRun,
  type DrillInHand,
  type UndoOrder,
} from "../domain/drill.js";
import { EnvironmentName } from "../domain/environment-name.js";
import type { Environment, Estate } from "../domain/estate.js";
import { compact } from "../domain/instant.js";
import { drillUndo } from "../scenarios/drill-undo.js";
import { durableRuns, type DurableRuns } from "./durable-runs.js";
import type { EndpointDependencies } from "./endpoint.js";
import { startDrill } from "./start-drill.js";

/** Often enough that a planned drill begins soon after its hour, and after a restart of the service. */
export const drillTimer = "0 */15 * * * *";
/** A fault that a drill has left in place is there for some minutes longer at most. */
export const undoTimer = "0 */5 * * * *";

type Handler = (timer: Timer, client: DurableClient, context: InvocationContext) => Promise<void>;

/** Starts the quarter's drill of each environment whose estate plans one. */
export const startDueDrills = (dependencies: EndpointDependencies): Handler =>
  inEachEnvironment(dependencies, "no drill is started", async (at, { runs, context }) => {
    const { environment, resources, estate, now } = at;
    const { quarterly } = resources.drills;
    if (quarterly === undefined) return;
    const { drill, plannedAt, quarter } = drillOfQuarter(quarterly, now);
    if (!isDrillDue(resources.drills, plannedAt, now)) return;
    const run = plannedDrillRun(drill, environment, plannedAt);
    if ((await runs.state(run)).kind !== "unknown") return;
    const trigger = { kind: "timer", schedule: `the drill of ${quarter}` } as const;
    await startDrill(runs, estate, { environment, drill, mode: "execute", trigger, run, at: now });
    context.log(`started ${run}`);
  });

/** The dead man's switch: whatever became of a drill's run, its fault does not stay. */
export const undoForsakenDrills = (dependencies: EndpointDependencies): Handler =>
  inEachEnvironment(dependencies, "no drill is undone", async (at, { runs, context }) => {
    const { environment, resources, now } = at;
    const drill = await dependencies.store.drills.read(environment);
    if (drill?.status !== "broken") return;
    const isOver = (await runs.state(drill.run)).kind !== "active";
    if (!isOverdue(drill, isOver, now)) return;
    const run = await undoRunOf(runs, drill, now);
    if (run === undefined) return;
    const order: UndoOrder = {
      environment,
      drill: drill.drill,
      of: drill.run,
      resource: drill.resource,
      mode: "execute",
      authority: "act",
      trigger: { kind: "drill", drill: drill.run, reason: "it has left its fault in place" },
      detectedAt: now,
      estate: resources,
    };
    await runs.start(drillUndo.orchestrator, run, order);
    context.warn(`${drill.run} has left its fault in place; started ${run}`);
  });

/** One undo at a time; undefined while one is under way. */
async function undoRunOf(
  runs: DurableRuns,
  { run, environment }: DrillInHand,
  now: string,
): Promise<string | undefined> {
  const prefix = `drill-undo-${environment}-`;
  const isUnderWay = (await runs.active()).some(({ id }) => id.startsWith(prefix));
  const end = run.split("-").at(-1) ?? "";
  return isUnderWay ? undefined : `${prefix}${compact(now)}-${end}`;
}

interface Place {
  readonly environment: EnvironmentName;
  readonly resources: Environment;
  readonly estate: Estate;
  readonly now: string;
}

/** One environment that fails holds up no other; the platform shows an invocation that throws. */
function inEachEnvironment(
  { estate, now }: EndpointDependencies,
  otherwise: string,
  body: (
    place: Place,
    by: { readonly runs: DurableRuns; readonly context: InvocationContext },
  ) => Promise<void>,
): Handler {
  return async (_timer, client, context) => {
    if (!estate.ok) {
      context.error(`${otherwise}: this service is not configured`, estate.findings);
      return;
    }
    const runs = durableRuns(client);
    const failures: unknown[] = [];
    for (const environment of EnvironmentName.options) {
      const resources = estate.estate.environments[environment];
      if (resources === undefined) continue;
      try {
        const place = { environment, resources, estate: estate.estate, now: now() };
        await body(place, { runs, context });
      } catch (error) {
        context.error(`${otherwise} in ${environment}`, error);
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  };
}
