import {
  checklistItems,
  describeChecklist,
  missesIn,
  type ChecklistResult,
  type ChecklistStatus,
} from "./checklist.js";
import { servesAgain, type Outcome, type RunKind } from "./run-record.js";

/** Whether the checklist is run after a run that ends so: the service works again, and something was done. */
export function callsForChecklist(kind: RunKind, outcome: Outcome): boolean {
  switch (kind) {
    case "recovery":
    case "failback":
      return servesAgain(outcome) && outcome !== "not-needed";
    case "drill":
      return outcome === "passed" || outcome === "passed-with-findings";
    case "backup":
    case "restore":
    case "proof":
      return false;
  }
}

interface Ended {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly nextSteps: readonly string[];
}

/** What a run ends as whose checklist misses something. */
export const outcomeWithMisses = (kind: RunKind): Outcome =>
  kind === "drill" ? "passed-with-findings" : "restored-with-findings";

/**
 * A move keeps its name where nobody could tell whether an item holds: what has to be asked for it,
 * such as telemetry, often stands where users were led away from.
 */
const isMove = (outcome: Outcome): boolean =>
  outcome === "failed-over" || outcome === "failed-back";

/** The ending as the checklist leaves it: what it misses is a finding, and work for a person. */
export function withMisses(
  kind: RunKind,
  ending: Ended,
  results: readonly ChecklistResult[],
): Ended {
  const misses = missesIn(results);
  if (misses.length === 0) return ending;
  const names = misses.map(({ title }) => title).join(", ");
  return {
    outcome:
      misses.some(({ status }) => status === "failed") || !isMove(ending.outcome)
        ? outcomeWithMisses(kind)
        : ending.outcome,
    reason: `${ending.reason}; recovery checklist: ${describeChecklist(results)} (${names})`,
    nextSteps: [
      ...misses.map(
        ({ item, title, detail }) =>
          `Recovery checklist, ${title}: ${checklistItems[item].remedy} (${detail})`,
      ),
      ...ending.nextSteps,
    ],
  };
}

/**
 * What the record says besides: an item that nobody looked at leaves the outcome as it is, for the
 * service was restored, but the run must not look as if all had been checked.
 */
export function findingsOfChecklist(results: readonly ChecklistResult[]): readonly string[] {
  const named = (status: ChecklistStatus): readonly ChecklistResult[] =>
    results.filter((result) => result.status === status);
  const told = missesIn(results).map(
    ({ title, status, detail }) => `recovery checklist, ${title}: ${status}: ${detail}`,
  );
  const list = (of: readonly ChecklistResult[]): string => of.map(({ title }) => title).join(", ");
  const [unconfigured, canceled] = [named("not-configured"), named("canceled")];
  return [
    ...told,
    ...(unconfigured.length === 0
      ? []
      : [`recovery checklist, not checked because not configured: ${list(unconfigured)}`]),
    ...(canceled.length === 0
      ? []
      : [`recovery checklist, ended by a person before it was known: ${list(canceled)}`]),
  ];
}
