import { Checkpoint } from "../domain/checkpoint.js";
import type { RestoreOrder } from "../domain/backup-order.js";
import { environmentOf, type Environment } from "../domain/estate.js";
import { failureOf, sidesToFailBack } from "../domain/failback.js";
import { runId } from "../domain/incident.js";
import type { DrillRuns, WantedRun } from "../domain/practice-run.js";
import type { ScenarioId } from "../domain/scenario-id.js";
import { failbackProcedures } from "../scenarios/procedures.js";
import { redisRestore } from "../scenarios/redis-restore.js";
import { sha256 } from "../state/hash.js";
import type { DurableRuns } from "./durable-runs.js";
import type { EndpointDependencies } from "./endpoint.js";
import { startBackup } from "./start-backup.js";
import { startProof } from "./start-proof.js";
import { startRun, type StartDependencies } from "./start-run.js";

/** The same for an activity; a service that is not configured starts nothing. */
export const drillRunsIn = (
  { store, estate, now }: EndpointDependencies,
  runs: DurableRuns,
): DrillRuns => {
  if (!estate.ok) throw new Error("this service is not configured");
  return drillRuns({ store, runs, estate: estate.estate, now });
};

/** As often is a backup begun again, or a proof made of a night, at a drill's wish. */
const attempts = 20;

/** Starts, watches and stops other runs for a drill, by the same ways as the triggers. */
export function drillRuns(dependencies: StartDependencies): DrillRuns {
  const { runs, now } = dependencies;
  return {
    async underWay(environment) {
      const active = await runs.active();
      return active
        .filter(({ id, checkpoint }) => {
          if (/^(backup|proof)-/.test(id)) return false;
          // What tells nothing of itself yet may be a run of this environment.
          const shown = Checkpoint.safeParse(checkpoint);
          return !shown.success || shown.data.environment === environment;
        })
        .map(({ id }) => id);
    },
    start: (wanted) => startWanted(dependencies, wanted),
    async state(run) {
      const state = await runs.state(run);
      const shown = state.kind === "unknown" ? undefined : Checkpoint.safeParse(state.checkpoint);
      const waits = shown?.data?.waitingFor;
      const step = shown?.data?.step.title ?? "starting";
      return {
        kind: state.kind,
        detail: typeof waits === "string" ? `${step}; it waits for a person: ${waits}` : step,
      };
    },
    cancel: (run, drill, reason) => cancelByService(runs, run, drill, reason, now()),
  };
}

/** Cancels a run in the service's own name; said twice by the same, it is heard once. */
export const cancelByService = (
  runs: Pick<DurableRuns, "say">,
  run: string,
  by: string,
  reason: string,
  at: string,
): Promise<void> =>
  runs.say(run, {
    verb: "cancel",
    id: sha256(`${run}|${by}`).slice(0, 32),
    by: { name: by, source: "key" },
    at,
    reason,
  });

async function startWanted(
  dependencies: StartDependencies,
  { drill, environment, order, at, detectedAt, reason }: WantedRun,
): Promise<string> {
  const { runs, store, estate, now } = dependencies;
  const trigger = { kind: "drill", drill, reason } as const;
  if (order.kind === "backup") {
    const wish = { environment, kind: order.of, trigger, attempts };
    return (await startBackup(runs, store, estate, now(), wish)).run;
  }
  if (order.kind === "proof") {
    const wish = { environment, kind: order.of, trigger, most: attempts };
    return (await startProof(runs, estate, now(), wish)).run;
  }
  const distinction = `${drill}|${order.kind}|${at}`;
  if (order.kind === "restore") {
    const { cache, set, items, overwrite } = order;
    const run = runId("restore-redis", environment, at, sha256(distinction));
    const wanted: RestoreOrder = {
      ...{ environment, kind: "redis", trigger, detectedAt, set, items, overwrite },
      ...{ resource: cache, source: cache, mode: "execute", authority: "act" },
      estate: environmentOf(estate, environment),
    };
    if ((await runs.state(run)).kind === "unknown") {
      await runs.start(redisRestore.orchestrator, run, wanted);
    }
    return run;
  }
  const wanted = (scenario: ScenarioId, name: string, resource: string) => ({
    ...{ scenario, environment, resource, trigger, detectedAt, distinction },
    run: runId(name, environment, at, sha256(distinction)),
  });
  const start =
    order.kind === "recovery"
      ? await startRun(dependencies, wanted(order.scenario, order.scenario, order.resource))
      : await startRun(dependencies, {
          ...wanted(
            failureOf[order.resource],
            `failback-${order.resource}`,
            original(estate.environments[environment], order.resource),
          ),
          procedure: failbackProcedures[order.resource].id,
        });
  if (start.kind === "held-back") throw new Error("a drill's order was held back");
  return start.run;
}

function original(environment: Environment | undefined, resource: "region"): string {
  if (environment === undefined)
    throw new Error("the estate no longer has the drill's environment");
  return sidesToFailBack(environment, resource).original;
}
