import { modeNow } from "../domain/automation.js";
import { BackupKind } from "../domain/backup.js";
import type { RunOrder } from "../domain/run-order.js";
import { pruningRunId } from "../domain/backup-schedule.js";
import type { EnvironmentName } from "../domain/environment-name.js";
import { environmentOf, type Estate } from "../domain/estate.js";
import type { Instant } from "../domain/instant.js";
import type { Trigger } from "../domain/run-record.js";
import type { StateStore } from "../state/state-store.js";
import { backupPruning } from "../scenarios/backup-pruning.js";
import type { DurableRuns } from "./durable-runs.js";

/**
 * Starts the day's pruning of an environment, unless the day had one. While something is restored, or
 * the automation is switched off, nothing is removed: the next turn of the timer asks again.
 */
export async function startPruning(
  runs: DurableRuns,
  store: StateStore,
  estate: Estate,
  now: Instant,
  environment: EnvironmentName,
  trigger: Trigger,
): Promise<void> {
  const run = pruningRunId(environment, now);
  if ((await runs.state(run)).kind !== "unknown") return;
  if (modeNow(await store.automation.read(environment), now) === "off") return;
  const restores = BackupKind.options.map((kind) => `restore-${kind}-${environment}-`);
  const active = await runs.active();
  if (active.some(({ id }) => restores.some((prefix) => id.startsWith(prefix)))) return;
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
