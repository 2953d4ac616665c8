import { describeDuration, type Milliseconds } from "../../src/domain/duration.js";
import { elapsed } from "../../src/domain/instant.js";
import { servesAgain, type Outcome, type RunRecord } from "../../src/domain/run-record.js";
import type { LogEntry } from "../stack/simulator-client.js";
import { duplicatesIn } from "./duplicates.js";
import type { Exercise } from "./exercise.js";
import type { Fault } from "./faults.js";

/** What was seen of one run under one fault. */
export interface Observed {
  readonly record?: RunRecord;
  /** Why there is no record. */
  readonly lacking?: string;
  /** Every request from the failure on. */
  readonly log: readonly LogEntry[];
  /** Whether the app serves at the end, by the simulator's own state. */
  readonly well: boolean;
  /** False where the moment of the fault never came. */
  readonly injected: boolean;
}

export interface Verdict {
  readonly outcome: Outcome | "none";
  readonly reason: string;
  readonly nextSteps: readonly string[];
  readonly findings: readonly string[];
  readonly dataLoss: string;
  /** From detection until the app served again; where a person is needed, until he was asked. */
  readonly took?: Milliseconds;
  readonly target?: Milliseconds;
  readonly late: boolean;
  /** Each effect that should not have been, in words. */
  readonly duplicates: readonly string[];
  /** Why the ending is none that an operator could build on. */
  readonly undefinedEnding?: string;
  /** Why the cell proves nothing about its fault. */
  readonly missed?: string;
}

/** Judges one cell of the table by what was recorded, and by what really happened in Azure. */
export function judge(exercise: Exercise, fault: Fault, observed: Observed): Verdict {
  const { record, log } = observed;
  const duplicates = duplicatesIn(log, exercise.repeatable).map(
    ({ at, operation, effect }) => `${operation} of ${effect?.resource ?? "?"} again at ${at}`,
  );
  const missed = missedBy(fault, observed);
  const common = { duplicates, ...(missed === undefined ? {} : { missed }) };
  if (record === undefined) {
    const undefinedEnding = observed.lacking ?? "there is no record";
    const nothing = {
      outcome: "none",
      reason: "",
      nextSteps: [],
      findings: [],
      dataLoss: "",
      late: true,
    } as const;
    return { ...nothing, undefinedEnding, ...common };
  }
  const undefinedEnding = undefinedIn(record, observed.well);
  const { outcome, reason, nextSteps, findings, dataLoss, detectedAt, deadlines } = record;
  const took = elapsed(detectedAt, servedOrAskedAt(record));
  const target = elapsed(detectedAt, deadlines.scenarioAt);
  return {
    outcome,
    reason,
    nextSteps,
    findings,
    dataLoss,
    took,
    target,
    late: took > target,
    ...(undefinedEnding === undefined ? {} : { undefinedEnding }),
    ...common,
  };
}

/** Whether a cell is as it has to be. Being late is shown and is no flaw: a breach never stops a run. */
export const isFlawless = ({ duplicates, undefinedEnding, missed }: Verdict): boolean =>
  duplicates.length === 0 && undefinedEnding === undefined && missed === undefined;

export const describeTime = ({ took, target, late }: Verdict): string =>
  took === undefined || target === undefined
    ? "-"
    : `${describeDuration(took)} of ${describeDuration(target)}${late ? ", LATE" : ""}`;

function undefinedIn(record: RunRecord, well: boolean): string | undefined {
  const { outcome, reason, nextSteps, dataLoss } = record;
  if (reason.trim() === "") return "the record gives no reason";
  if (dataLoss.trim() === "") return "the record does not say what was lost";
  if (servesAgain(outcome)) {
    return well ? undefined : `it ended as ${outcome}, and the app is not well`;
  }
  if (outcome !== "needs-operator") return `nobody asked for an end as ${outcome}`;
  return nextSteps.length > 0 ? undefined : "an operator is needed and is not told what to do";
}

/** The clock stops when the app serves; where a person has to help, when he was asked or it ended. */
function servedOrAskedAt({ outcome, restoredAt, decisions, endedAt }: RunRecord): string {
  if (servesAgain(outcome)) return restoredAt ?? endedAt;
  return decisions[0]?.askedAt ?? endedAt;
}

function missedBy({ shows }: Fault, { injected, log }: Observed): string | undefined {
  if (!injected) return "the run made no change, so the moment of the fault never came";
  if (shows !== undefined && !log.some(shows)) return "the fault met no request";
  return undefined;
}
