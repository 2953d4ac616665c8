import type { RunOrder } from "../domain/run-order.js";
import { pruningRunId } from "../domain/backup-schedule.js";
import type { EnvironmentName } from "../domain/environment-name.js";
import { environmentOf, type Estate } from "../domain/estate.js";
import type { Instant } from "../domain/instant.js";
import type { Trigger } from "../domain/run-record.js";
import { backupPruning } from "../scenarios/backup-pruning.js";
import type { DurableRuns } from "./durable-runs.js";

/** Starts the day's pruning of an environment, unless the day had one. */
export async function startPruning(
  runs: DurableRuns,
  estate: Estate,
  now: Instant,
  environment: EnvironmentName,
  trigger: Trigger,
): Promise<void> {
  const run = pruningRunId(environment, now);
  if ((await runs.state(run)).kind !== "unknown") return;
  const resources = environmentOf(estate, environment);
  const order: RunOrder = {
    environment,
    resource: resources.storage.primary,
    mode: "execute",
    authority: "act",
    trigger,
    detectedAt: now,
    estate: resources,
  };
  await runs.start(backupPruning.orchestrator, run, order);
}
