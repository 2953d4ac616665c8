import type { InvocationContext, Timer } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import { days, hours, minutes } from "../domain/duration.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { earlierBy } from "../domain/instant.js";
import { periodOf } from "../domain/backup-schedule.js";
import {
  evaluationId,
  evaluationOrchestrator,
  type EvaluationOrder,
} from "../domain/readiness/evaluation.js";
import { durableRuns } from "./durable-runs.js";
import type { EndpointDependencies } from "./endpoint.js";

/** What costs little is looked at every ten minutes; what takes many calls every hour, beside it. */
export const readinessTimers = [
  { name: "startReadinessChecks", schedule: "0 */10 * * * *", weight: "light" },
  { name: "startReadinessChecksInDepth", schedule: "0 5 * * * *", weight: "heavy" },
] as const;

const periods = { light: minutes(10), heavy: hours(1) } as const;

/** How long the platform keeps the history of an evaluation; its result is in the state store. */
const kept = days(1);

/** Starts an evaluation of every environment. One that cannot start holds up no other. */
export const startEvaluations =
  ({ estate, now }: EndpointDependencies, weight: "light" | "heavy") =>
  async (_timer: Timer, client: DurableClient, context: InvocationContext): Promise<void> => {
    if (!estate.ok) {
      context.error("readiness is not evaluated: this service is not configured", estate.findings);
      return;
    }
    const runs = durableRuns(client);
    const period = periodOf(now(), periods[weight]);
    const failures: unknown[] = [];
    for (const environment of EnvironmentName.options) {
      const resources = estate.estate.environments[environment];
      if (resources === undefined) continue;
      const order: EvaluationOrder = { environment, estate: resources, weight };
      try {
        await runs.start(evaluationOrchestrator, evaluationId(order, period), order);
        await client.purgeInstanceHistory(evaluationId(order, earlierBy(period, kept)));
      } catch (error) {
        context.error(`the readiness of ${environment} could not be evaluated`, error);
        failures.push(error);
      }
    }
    // The platform shows an invocation that throws; it is not repeated before the next one.
    if (failures.length > 0) throw failures[0];
  };
