import type { OrchestrationContext, OrchestrationHandler } from "durable-functions";
import type { z } from "zod";
import type { Durable } from "../durable/durable.js";
import { closeIncident, confirmMandate, saveRecord } from "../activities/run.contract.js";
import { sidesOf } from "../domain/backup-order.js";
import { describeChecklist } from "../domain/checklist.js";
import {
  callsForChecklist,
  findingsOfChecklist,
  outcomeWithMisses,
  withMisses,
} from "../domain/checklist-outcome.js";
import { scrub } from "../domain/credential-scrubbing.js";
import type { RunOrder } from "../domain/run-order.js";
import type { Scenario } from "../scenarios/scenario.js";
import { runChecklist } from "./checklist.js";
import { Canceled, NotApproved, Superseded, type Ending } from "./endings.js";
import { describeFailure, Recovery } from "./recovery.js";

/** What a run returns: the record holds the rest. */
export interface RunResult {
  readonly run: string;
  readonly outcome: Ending["outcome"];
}

type Recover<StepId extends string, Order> = (
  recovery: Recovery<StepId>,
  order: Order,
) => Durable<Ending>;

/**
 * The frame around every runbook: mandate where it answers an incident, the scenario itself, a person's decision where it could
 * not do it, record, reports, end of the incident. It delegates, so that run id and instance id are
 * one and all history is in one place.
 */
export function framed<StepId extends string, Order extends RunOrder>(
  scenario: Scenario<StepId>,
  schema: z.ZodType<Order>,
  recover: Recover<StepId, Order>,
): OrchestrationHandler {
  return function* (context: OrchestrationContext) {
    const order = schema.parse(context.df.getInput());
    const recovery = new Recovery(context, scenario, order);
    recovery.publish();
    return order.mode === "plan"
      ? yield* planned(recovery, order, recover)
      : yield* executed(recovery, order, recover);
  };
}

function* executed<StepId extends string, Order extends RunOrder>(
  recovery: Recovery<StepId>,
  order: Order,
  recover: Recover<StepId, Order>,
): Durable<RunResult> {
  const { incident } = order;
  if (incident !== undefined) {
    const mandate = yield* recovery.quietly("confirm-mandate", confirmMandate, { incident });
    if (mandate.ok && !mandate.value.mandated) {
      const ending = recovery.end("superseded", mandate.value.detail);
      recovery.publish(ending);
      return { run: recovery.run(), outcome: ending.outcome };
    }
    const warnings = mandate.ok ? (mandate.value.readiness ?? []) : [];
    for (const warning of warnings) recovery.journal.warn(warning);
    if (mandate.ok && mandate.value.history !== undefined) {
      recovery.journal.learn(mandate.value.history);
    }
  }

  yield* recovery.tell({ kind: "started" });
  const decision = yield* decided(recovery, order, recover);
  const { kind } = recovery.journal.scenario;
  const checked = callsForChecklist(kind, decision.outcome)
    ? yield* checkedAfter(recovery, order, decision)
    : { ending: decision, isClosed: false };
  const nextSteps = [...checked.ending.nextSteps, ...recovery.journal.later];
  const ending = { ...checked.ending, nextSteps };
  yield* recovery.tell({ kind: "ended", nextSteps, ...checked.told }, ending);
  const at = recovery.now();
  const saved = yield* save(recovery, ending);
  if (incident !== undefined && !checked.isClosed) {
    const { outcome } = ending;
    yield* recovery.quietly("close-incident", closeIncident, { incident, outcome, at });
  }
  recovery.publish(saved);
  return { run: recovery.run(), outcome: ending.outcome };
}

interface Checked {
  readonly ending: Ending;
  readonly isClosed: boolean;
  /** What people are told of it. */
  readonly told?: { readonly checklist: string };
}

/**
 * The service works again: people are told so, what is known is written down, and the incident is
 * closed, so that an alert from now on is no longer given to this run. Then it is checked.
 */
function* checkedAfter<StepId extends string>(
  recovery: Recovery<StepId>,
  order: RunOrder,
  ending: Ending,
): Durable<Checked> {
  const { journal } = recovery;
  const { kind } = journal.scenario;
  const { incident } = order;
  if (kind !== "drill") yield* recovery.tell({ kind: "restored" }, ending);
  const at = recovery.now();
  const record = journal.record(recovery.run(), at, ending);
  const findings = [
    ...record.findings,
    "the recovery checklist was under way when this was written",
  ];
  const draft = { record: { ...record, findings }, isDraft: true };
  yield* recovery.briefly("save-record", saveRecord, draft);
  const { outcome } = ending;
  const closed =
    incident === undefined
      ? undefined
      : yield* recovery.briefly("close-incident", closeIncident, { incident, outcome, at });
  const isClosed = closed?.ok === true;
  try {
    const results = yield* runChecklist(recovery, order);
    journal.checked(results);
    for (const text of findingsOfChecklist(results)) journal.finding(text);
    const told = { checklist: describeChecklist(results) };
    return { ending: withMisses(kind, ending, results), isClosed, told };
  } catch (error) {
    // A defect of ours must not take the outcome from a run that has restored the service.
    const reason = `${ending.reason}; the recovery checklist: ${defectIn(error)}`;
    journal.finding(`the recovery checklist was not run to its end: ${defectIn(error)}`);
    const nextSteps = ["Go through the recovery checklist by hand", ...ending.nextSteps];
    return { ending: { outcome: outcomeWithMisses(kind), reason, nextSteps }, isClosed };
  }
}

/** A plan has no incident and takes nothing; its record is all that it writes. */
function* planned<StepId extends string, Order extends RunOrder>(
  recovery: Recovery<StepId>,
  order: Order,
  recover: Recover<StepId, Order>,
): Durable<RunResult> {
  const found = yield* ended(recovery, order, recover);
  const incomplete = found.outcome === "needs-operator" || found.outcome === "failed";
  const ending =
    found.outcome === "canceled"
      ? found
      : recovery.end(
          "planned",
          incomplete ? `the plan is incomplete: ${found.reason}` : "nothing was changed",
          incomplete ? found.nextSteps : [],
        );
  recovery.publish(yield* save(recovery, ending));
  return { run: recovery.run(), outcome: ending.outcome };
}

function* save<StepId extends string>(recovery: Recovery<StepId>, ending: Ending): Durable<Ending> {
  const record = recovery.journal.record(recovery.run(), recovery.now(), ending);
  const saved = yield* recovery.quietly("save-record", saveRecord, {
    record,
    ...fallbackOf(recovery),
  });
  if (saved.ok) return ending;
  return { ...ending, reason: `${ending.reason}; no record: ${describeFailure(saved.failure)}` };
}

/** The backups that a recovery may have had to fall back on. */
function fallbackOf({ journal: { scenario }, order: { estate } }: Recovery) {
  const { fallsBackOn } = scenario;
  if (fallsBackOn === undefined) return {};
  const backups = fallsBackOn.map((kind) => {
    const { primary, secondary } = sidesOf(estate, kind);
    return { kind, primary, ...(secondary === undefined ? {} : { secondary }) };
  });
  return { fallsBackOn: { rpo: estate.objectives.rpo, backups } };
}

/** A scenario that needs a person asks him, for as long as the estate says, and starts over if he wants. */
function* decided<StepId extends string, Order extends RunOrder>(
  recovery: Recovery<StepId>,
  order: Order,
  recover: Recover<StepId, Order>,
): Durable<Ending> {
  for (;;) {
    const ending = yield* ended(recovery, order, recover);
    if (ending.outcome !== "needs-operator") return ending;
    const step = recovery.journal.currentStep;
    const decision = yield* canceling(recovery, () =>
      recovery.decide(step, ending.reason, ["retry", "abort"]),
    );
    if (decision.kind === "ended") return decision.ending;
    if (decision.value === undefined) return ending;
    const { choice, status, by } = decision.value;
    if (choice !== "retry") {
      const said =
        status === "expired" ? "nobody decided in time" : `aborted by ${by?.name ?? "a person"}`;
      return { ...ending, reason: `${ending.reason}; ${said}` };
    }
    recovery.journal.nextRound();
  }
}

/** A scenario that throws is a defect of ours; a person takes over, and the run still reports. */
function* ended<StepId extends string, Order extends RunOrder>(
  recovery: Recovery<StepId>,
  order: Order,
  recover: Recover<StepId, Order>,
): Durable<Ending> {
  const attempt = yield* canceling(recovery, () => recover(recovery, order));
  return attempt.kind === "ended" ? attempt.ending : attempt.value;
}

type Attempt<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "ended"; readonly ending: Ending };

function* canceling<StepId extends string, T>(
  recovery: Recovery<StepId>,
  body: () => Durable<T>,
): Durable<Attempt<T>> {
  try {
    return { kind: "value", value: yield* body() };
  } catch (error) {
    return { kind: "ended", ending: endingOf(recovery, error) };
  }
}

function endingOf<StepId extends string>(recovery: Recovery<StepId>, error: unknown): Ending {
  if (error instanceof Superseded) return recovery.end("superseded", error.message);
  if (error instanceof Canceled) {
    return recovery.end("canceled", error.message, [
      "Check the resource by hand: what Azure had begun for this run goes on without it",
      "Start a recovery by POST /api/recoveries when one is wanted again",
    ]);
  }
  if (error instanceof NotApproved) {
    return error.denied
      ? recovery.end("canceled", error.message)
      : recovery.end("needs-operator", error.message, [
          "Start the recovery by POST /api/recoveries; a person's order needs no proposal",
        ]);
  }
  const reason = defectIn(error);
  const report = "Report the defect with this run's id";
  const { kind } = recovery.journal.scenario;
  if (kind !== "recovery" && kind !== "failback") return recovery.end("failed", reason, [report]);
  return recovery.end("needs-operator", reason, ["Recover the resource by hand", report]);
}

function defectIn(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `this service failed itself: ${scrub(message).slice(0, 300)}`;
}
