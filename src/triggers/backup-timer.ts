import type { InvocationContext, Timer } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import { BackupKind } from "../domain/backup.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { backupProcedures } from "../scenarios/procedures.js";
import { durableRuns } from "./durable-runs.js";
import type { EndpointDependencies } from "./endpoint.js";
import { startBackup } from "./start-backup.js";
import { startPruning } from "./start-pruning.js";

/** Often enough that no period of any estate is missed, and that a failed one is tried again in it. */
export const backupTimer = "0 */5 * * * *";

/** How often the timer begins a period's backup again after it failed. */
const attempts = 3;

/** Starts every backup that is due, and once a day the pruning. One that cannot start holds up no other. */
export const startDueBackups =
  ({ estate, store, now }: EndpointDependencies) =>
  async (_timer: Timer, client: DurableClient, context: InvocationContext): Promise<void> => {
    if (!estate.ok) {
      context.error("nothing is backed up: this service is not configured", estate.findings);
      return;
    }
    const runs = durableRuns(client);
    const trigger = { kind: "timer", schedule: backupTimer } as const;
    const failures: unknown[] = [];
    const unlessItFails = async (what: string, start: () => Promise<void>): Promise<void> => {
      await start().catch((error: unknown) => {
        context.error(`${what} could not be started`, error);
        failures.push(error);
      });
    };
    for (const environment of EnvironmentName.options) {
      if (estate.estate.environments[environment] === undefined) continue;
      for (const kind of BackupKind.options) {
        if (backupProcedures[kind] === undefined) continue;
        await unlessItFails(`the ${kind} backup of ${environment}`, async () => {
          const wish = { environment, kind, trigger, attempts };
          const { run, status } = await startBackup(runs, store, estate.estate, now(), wish);
          if (status === "started") context.log(`started ${run}`);
        });
      }
      await unlessItFails(`the pruning of ${environment}`, () =>
        startPruning(runs, store, estate.estate, now(), environment, trigger),
      );
    }
    // The platform shows an invocation that throws; it is not repeated before the next one.
    if (failures.length > 0) throw failures[0];
  };
