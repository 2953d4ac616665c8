import type { DrilledNodes, DrillId, DrillOrder } from "../domain/drill.js";
import type { EnvironmentName } from "../domain/environment-name.js";
import { environmentOf, primaryOf, type Estate } from "../domain/estate.js";
import type { Instant } from "../domain/instant.js";
import type { Trigger } from "../domain/run-record.js";
import { drillProcedures } from "../scenarios/procedures.js";
import type { DurableRuns } from "./durable-runs.js";

/** A drill that is wanted, by the calendar or by a person. */
export interface DrillWish {
  readonly environment: EnvironmentName;
  readonly drill: DrillId;
  /** Only a person has all nodes rebooted. */
  readonly nodes?: DrilledNodes | undefined;
  readonly mode: DrillOrder["mode"];
  readonly trigger: Trigger;
  readonly run: string;
  readonly at: Instant;
}

/** Starts a drill's run. It sees for itself whether it may break anything. */
export async function startDrill(
  runs: DurableRuns,
  estate: Estate,
  wish: DrillWish,
): Promise<void> {
  const { environment, drill, nodes, mode, trigger, run, at } = wish;
  const resources = environmentOf(estate, environment);
  const procedure = drillProcedures[drill];
  const order: DrillOrder = {
    ...{ environment, drill, mode, trigger },
    ...(nodes === undefined ? {} : { nodes }),
    resource: primaryOf(resources, procedure.resource),
    authority: "act",
    detectedAt: at,
    estate: resources,
  };
  await runs.start(procedure.orchestrator, run, order);
}
