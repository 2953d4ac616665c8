import type { OrchestrationContext, OrchestrationHandler } from "durable-functions";
import type { Durable } from "../durable/durable.js";
import { closeIncident, confirmMandate, saveRecord } from "../activities/run.contract.js";
import { scrub } from "../domain/credential-scrubbing.js";
import { RecoveryOrder } from "../domain/recovery-order.js";
import type { Scenario } from "../scenarios/scenario.js";
import { describeFailure, Recovery, Superseded, type Ending } from "./recovery.js";

/** What a run returns: the record holds the rest. */
export interface RunResult {
  readonly run: string;
  readonly outcome: Ending["outcome"];
}

/**
 * The frame around every scenario: mandate, the scenario itself, record, reports, end of the
 * incident. It delegates, so that run id and instance id are one and all history is in one place.
 */
export function framed<StepId extends string>(
  scenario: Scenario<StepId>,
  recover: (recovery: Recovery<StepId>, order: RecoveryOrder) => Durable<Ending>,
): OrchestrationHandler {
  return function* (context: OrchestrationContext) {
    const order = RecoveryOrder.parse(context.df.getInput());
    return yield* within(new Recovery(context, scenario, order), order, recover);
  };
}

function* within<StepId extends string>(
  recovery: Recovery<StepId>,
  order: RecoveryOrder,
  recover: (recovery: Recovery<StepId>, order: RecoveryOrder) => Durable<Ending>,
): Durable<RunResult> {
  recovery.publish();
  const { incident } = order;
  const mandate = yield* recovery.quietly("confirm-mandate", confirmMandate, { incident });
  if (mandate.ok && !mandate.value.mandated) {
    const ending = recovery.end("superseded", mandate.value.detail);
    recovery.publish(ending);
    return { run: recovery.run(), outcome: ending.outcome };
  }

  const ending = yield* ended(recovery, order, recover);
  const at = recovery.now();
  const record = recovery.journal.record(recovery.run(), at, ending);
  const saved = yield* recovery.quietly("save-record", saveRecord, { record });
  yield* recovery.quietly("close-incident", closeIncident, {
    incident,
    outcome: ending.outcome,
    at,
  });
  recovery.publish(
    saved.ok
      ? ending
      : { ...ending, reason: `${ending.reason}; no record: ${describeFailure(saved.failure)}` },
  );
  return { run: recovery.run(), outcome: ending.outcome };
}

/** A scenario that throws is a defect of ours; a person takes over, and the run still reports. */
function* ended<StepId extends string>(
  recovery: Recovery<StepId>,
  order: RecoveryOrder,
  recover: (recovery: Recovery<StepId>, order: RecoveryOrder) => Durable<Ending>,
): Durable<Ending> {
  try {
    return yield* recover(recovery, order);
  } catch (error) {
    if (error instanceof Superseded) return recovery.end("superseded", error.message);
    const message = error instanceof Error ? error.message : String(error);
    return recovery.end(
      "needs-operator",
      `this service failed itself: ${scrub(message).slice(0, 300)}`,
      ["Recover the resource by hand", "Report the defect with this run's id"],
    );
  }
}
