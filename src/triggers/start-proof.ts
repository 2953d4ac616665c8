import type { RestorableKind } from "../domain/backup.js";
import { sidesOf, type ProofOrder } from "../domain/backup-order.js";
import type { EnvironmentName } from "../domain/environment-name.js";
import { environmentOf, type Estate } from "../domain/estate.js";
import type { Instant } from "../domain/instant.js";
import { nightOf, proofRunId, proofRunsOf } from "../domain/proof-schedule.js";
import type { Trigger } from "../domain/run-record.js";
import { proofProcedures } from "../scenarios/procedures.js";
import type { DurableRuns } from "./durable-runs.js";

/** The run that proves; `ended`: tonight's has, and no more are wanted of a night. */
export interface ProofStart {
  readonly run: string;
  readonly status: "started" | "running" | "ended";
}

/**
 * Starts the proof of a kind, so many in a night at most: the run's id is made of the night, so that a
 * second start finds the first. While one runs, that is the answer.
 */
export async function startProof(
  runs: DurableRuns,
  estate: Estate,
  now: Instant,
  wish: {
    readonly environment: EnvironmentName;
    readonly kind: RestorableKind;
    readonly trigger: Trigger;
    readonly most: number;
  },
): Promise<ProofStart> {
  const { environment, kind, trigger, most } = wish;
  const resources = environmentOf(estate, environment);
  const night = nightOf(now, resources.proof.hour);
  const others = proofRunsOf(kind, environment);
  const other = (await runs.active()).find(({ id }) => id.startsWith(others));
  if (other !== undefined) return { run: other.id, status: "running" };
  let run = "";
  for (let nth = 1; nth <= most; nth++) {
    run = proofRunId(kind, environment, night, nth);
    const state = await runs.state(run);
    if (state.kind === "active") return { run, status: "running" };
    if (state.kind === "ended") continue;
    const order: ProofOrder = {
      environment,
      kind,
      resource: sidesOf(resources, kind).primary,
      mode: "execute",
      authority: "act",
      trigger,
      detectedAt: now,
      estate: resources,
    };
    await runs.start(proofProcedures[kind].orchestrator, run, order);
    return { run, status: "started" };
  }
  return { run, status: "ended" };
}
