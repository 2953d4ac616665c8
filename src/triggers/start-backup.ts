import type { BackupKind } from "../domain/backup.js";
import { scheduleOf, sidesOf, type BackupOrder } from "../domain/backup-order.js";
import { backupRunId, backupRunsOf, periodOf } from "../domain/backup-schedule.js";
import { Checkpoint } from "../domain/checkpoint.js";
import type { EnvironmentName } from "../domain/environment-name.js";
import { environmentOf, type Estate } from "../domain/estate.js";
import { compact, type Instant } from "../domain/instant.js";
import type { Trigger } from "../domain/run-record.js";
import type { StateStore } from "../state/state-store.js";
import { backupProcedures } from "../scenarios/procedures.js";
import type { DurableRuns, RunState } from "./durable-runs.js";

/** A backup that is wanted now, by the timer or by a person. */
export interface BackupWish {
  readonly environment: EnvironmentName;
  readonly kind: BackupKind;
  readonly trigger: Trigger;
  /** How often a period's backup is begun again after it failed. */
  readonly attempts: number;
}

/** The run that makes the backup of the present period; `ended`: it has been made. */
export interface BackupStart {
  readonly run: string;
  readonly status: "started" | "running" | "ended";
}

/**
 * Starts the backup of the present period, unless it was started before: the run's id is made of the
 * period. One that failed is begun again. While an earlier period's backup still runs, that is the
 * answer.
 */
export async function startBackup(
  runs: DurableRuns,
  store: StateStore,
  estate: Estate,
  now: Instant,
  { environment, kind, trigger, attempts }: BackupWish,
): Promise<BackupStart> {
  const resources = environmentOf(estate, environment);
  const { interval } = scheduleOf(resources, kind);
  const period = periodOf(now, interval);
  let last = "";
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const run = backupRunId(kind, environment, period, attempt);
    const state = await runs.state(run);
    if (state.kind === "active") return { run, status: "running" };
    if (state.kind === "ended" && !hasFailed(state)) return { run, status: "ended" };
    last = run;
    if (state.kind === "ended") continue;
    const others = backupRunsOf(kind, environment);
    const other = (await runs.active()).find(({ id }) => id.startsWith(others));
    if (other !== undefined) return { run: other.id, status: "running" };
    const order: BackupOrder = {
      environment,
      kind,
      resource: sidesOf(resources, kind).primary,
      mode: "execute",
      authority: "act",
      trigger,
      detectedAt: now,
      estate: resources,
      period,
      scope: await scopeOf(store, kind, environment, period),
    };
    await runs.start(orchestratorOf(kind), run, order);
    return { run, status: "started" };
  }
  return { run: last, status: "ended" };
}

/** What a person has canceled is not begun again before the next period. */
function hasFailed(state: Extract<RunState, { kind: "ended" }>): boolean {
  const outcome = outcomeOf(state);
  return outcome !== "passed" && outcome !== "passed-with-findings" && outcome !== "canceled";
}

const outcomeOf = (state: Extract<RunState, { kind: "ended" }>) =>
  Checkpoint.safeParse(state.checkpoint).data?.outcome;

/** A day's first set that passes is a full one, whatever becomes of the period of midnight. */
async function scopeOf(
  store: StateStore,
  kind: BackupKind,
  environment: EnvironmentName,
  period: Instant,
): Promise<BackupOrder["scope"]> {
  const day = compact(period).slice(0, "yyyyMMddT".length);
  const runs = await store.runs.backups(`${backupRunsOf(kind, environment)}${day}`);
  return runs.some(({ outcome }) => outcome.startsWith("passed")) ? "interval" : "full";
}

function orchestratorOf(kind: BackupKind): string {
  const orchestrator = backupProcedures[kind]?.orchestrator;
  if (orchestrator === undefined) throw new Error(`no orchestrator backs up ${kind}`);
  return orchestrator;
}
