import type { OrchestrationContext } from "durable-functions";
import { postNotice } from "../activities/notices.contract.js";
import * as contract from "../activities/readiness.contract.js";
import { checksOf, groupsOf, type CheckGroup } from "../domain/readiness/catalogue.js";
import { EvaluationOrder } from "../domain/readiness/evaluation.js";
import type { CheckResult } from "../domain/readiness/readiness.js";
import type { Answer } from "../durable/activity-contract.js";
import type { Durable } from "../durable/durable.js";
import { fanOut } from "../durable/fan-out.js";
import { patientCalls } from "../durable/patient-calls.js";

/** How an evaluation ended, for whoever looks at its instance; the record holds the rest. */
export interface Evaluated {
  readonly checks: number;
  readonly findings: number;
  readonly recorded: boolean;
}

/**
 * Could we recover right now? Make every check side by side, take down what was found, and tell people
 * what has changed.
 */
export function* evaluateReadiness(context: OrchestrationContext): Durable<Evaluated> {
  const { environment, estate, weight } = EvaluationOrder.parse(context.df.getInput());
  const input = { environment, estate };
  const groups = groupsOf(weight);
  const calls = groups.map((group) => ({ contract: contract[group], step: group, input }));
  const answers = yield* fanOut(context, calls);
  const results = groups.flatMap((group, index) => resultsOf(group, answers[index]));
  const findings = results.flatMap(({ found }) => found).length;

  const [concluded] = yield* patientCalls(context, contract.concludeReadiness, [
    { step: "conclude", input: { ...input, results } },
  ]);
  const ending = concluded?.answer;
  const recorded = ending?.ok === true;
  const tell = ending?.ok === true ? ending.value.tell : undefined;
  if (tell !== undefined) {
    const { notice, pending } = tell;
    const channels = estate.notifications?.channels ?? [];
    const [posted] = yield* patientCalls(context, postNotice, [
      { step: "tell", input: { notice, channels } },
    ]);
    // What could not be handed over is told by the next evaluation, under the same id.
    if (posted?.answer?.ok === true) {
      yield* patientCalls(context, contract.rememberTold, [
        { step: "remember", input: { environment, pending } },
      ]);
    }
  }
  return { checks: results.length, findings, recorded };
}

/** A group that gave no answer leaves each of its checks unknown: none is silently well. */
function resultsOf(
  group: CheckGroup,
  answer: Answer<{ readonly results: readonly CheckResult[] }> | undefined,
): readonly CheckResult[] {
  const results = answer?.ok === true ? answer.value.results : [];
  const why =
    answer?.ok === false ? `${answer.failure.code}: ${answer.failure.message}` : "it said nothing";
  return checksOf(group).map(
    ({ id, title }): CheckResult =>
      results.find(({ check }) => check === id) ?? {
        check: id,
        found: [
          {
            about: id,
            level: "unknown",
            what: `"${title}" could not be looked at; ${why}`,
            remedy:
              "evaluate again by POST /api/readiness; if it stays so, see the log of this service",
          },
        ],
      },
  );
}
