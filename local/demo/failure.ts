import type { BackupKind } from "../../src/domain/backup.js";
import { servesAgain, type RunRecord } from "../../src/domain/run-record.js";
import type { ScenarioId } from "../../src/domain/scenario-id.js";
import type { Stack } from "../stack/stack.js";
import { approver, operator, People } from "./people.js";
import { planTable } from "./plan-table.js";
import { as, operatorOf, say, watch, type Options } from "./show.js";

/** Seconds after which Azure Monitor alerts. */
export const untilNoticed = 120;

/** The night before: a verified set of each of these kinds. */
export async function backUpFirst(
  stack: Stack,
  options: Options,
  environment: string,
  kinds: readonly BackupKind[],
): Promise<void> {
  const service = operatorOf(stack, options);
  const wish = { environment, kinds, reason: "the night before" };
  const answer = await service.call("POST", "/api/backups", JSON.stringify(wish));
  if (answer.status !== 202) throw new Error(`no backup was started: ${answer.text}`);
  const { backups } = answer.json as { backups: { id: string }[] };
  for (const { id } of backups) await watch(service, id);
  say();
}

/** Posts the alert of something that failed, and shows the recovery with the people it asks. */
export async function recoverByAlert(
  stack: Stack,
  options: Options,
  alert: unknown,
): Promise<RunRecord> {
  const service = operatorOf(stack, options);
  const cast = {
    operator: service,
    approver: as(stack, approver, "approver", options),
    silent: options.silent,
  };
  const answer = await service.postAlert(alert);
  say(`Alert posted: ${answer.status}, ${answer.reason}`);
  if (answer.run === undefined) throw new Error("the alert started no run");
  say(`Run ${answer.run}\n`);
  return watch(service, answer.run, new People(cast, stack.simulator, say));
}

/** Switches the automation to "propose", where the demo is to be asked. */
export async function proposeFirst(
  stack: Stack,
  options: Options,
  environment: string,
): Promise<void> {
  if (!options.propose) return;
  const wish = { mode: "propose", reason: "the demo wants to be asked" };
  const service = operatorOf(stack, options);
  await service.call("PUT", `/api/automation/${environment}`, JSON.stringify(wish));
  say(`${operator} switches the automation of ${environment} to "propose".`);
}

/** Asks what a recovery would do. */
export async function planOf(
  stack: Stack,
  options: Options,
  scenario: ScenarioId,
  environment: string,
): Promise<RunRecord> {
  const service = operatorOf(stack, options);
  const order = { scenario, environment, reason: "what would it do?", mode: "plan" };
  const answer = await service.call("POST", "/api/recoveries", JSON.stringify(order));
  if (answer.status !== 202) throw new Error(`no plan was started: ${answer.text}`);
  const { id } = answer.json as { id: string };
  say(`${operator} asks for a plan: ${id}\n`);
  const record = await watch(service, id);
  if (record.plan !== undefined) say(`\n${planTable(record.plan)}`);
  return record;
}

/** Says how the app is after a recovery, and gives the exit code. */
export async function conclude(stack: Stack, record: RunRecord, id: string): Promise<number> {
  if (record.outcome === "planned") return 0;
  const app = await stack.simulator.app(id);
  const healthy = app.revisions.some(
    ({ active, weight, replicas }) =>
      active &&
      weight > 0 &&
      replicas.some((replica) => replica.ready && replica.ailment === undefined),
  );
  say(`The app is ${healthy ? "healthy" : "NOT healthy"}.`);
  if (record.outcome === "needs-operator") return 3;
  return healthy && servesAgain(record.outcome) ? 0 : 1;
}
