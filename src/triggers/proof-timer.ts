import type { InvocationContext, Timer } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import { RestorableKind } from "../domain/backup.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { isProofDue } from "../domain/proof-schedule.js";
import { durableRuns } from "./durable-runs.js";
import type { EndpointDependencies } from "./endpoint.js";
import { startProof } from "./start-proof.js";

/** Often enough that a night's proof comes soon after its hour, and after a restart of the service. */
export const proofTimer = "0 */15 * * * *";

/** Starts the night's proof of each kind in each environment. One that cannot start holds up no other. */
export const startDueProofs =
  ({ estate, now }: EndpointDependencies) =>
  async (_timer: Timer, client: DurableClient, context: InvocationContext): Promise<void> => {
    if (!estate.ok) {
      context.error("nothing is proven: this service is not configured", estate.findings);
      return;
    }
    const runs = durableRuns(client);
    const trigger = { kind: "timer", schedule: proofTimer } as const;
    const failures: unknown[] = [];
    for (const environment of EnvironmentName.options) {
      const resources = estate.estate.environments[environment];
      if (resources === undefined || !isProofDue(now(), resources.proof.hour)) continue;
      for (const kind of RestorableKind.options) {
        try {
          const wish = { environment, kind, trigger, most: 1 };
          const { run, status } = await startProof(runs, estate.estate, now(), wish);
          if (status === "started") context.log(`started ${run}`);
        } catch (error) {
          context.error(`the proof of ${kind} of ${environment} could not be started`, error);
          failures.push(error);
        }
      }
    }
    // The platform shows an invocation that throws; it is not repeated before the next one.
    if (failures.length > 0) throw failures[0];
  };
