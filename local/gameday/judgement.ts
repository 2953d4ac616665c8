import { describeDuration, type Milliseconds } from "../../src/domain/duration.js";
import { elapsed } from "../../src/domain/instant.js";
import { servesAgain, type RunRecord } from "../../src/domain/run-record.js";
import type { Ending } from "./attendance.js";
import type { CompoundDay } from "./days/day.js";
import { duplicatesIn } from "./duplicates.js";
import { describeEffect, isAction } from "./effects.js";
import type { Exercise } from "./exercise.js";
import type { Fault } from "./faults.js";
import { gapsIn, type Gaps } from "./gaps.js";
import { untoldLoss, type StoreLoss } from "./losses.js";
import { differencesOf } from "./record-against-log.js";
import type { Measured } from "./watch.js";

/** What was seen of one run under one fault. */
export interface Observed extends Measured {
  readonly record?: RunRecord;
  /** Why there is no record. */
  readonly lacking?: string;
  /** False where the moment of the fault never came. */
  readonly injected: boolean;
}

/** What was seen of a compound day. */
export interface DayObserved extends Measured {
  readonly endings: readonly Ending[];
  /** What was said of alerts that no run took up. */
  readonly unanswered: readonly string[];
  /** False where what was to come later never came. */
  readonly injected: boolean;
}

export interface Verdict {
  /** As in the record, or `none`; of a day those of all its runs. */
  readonly outcome: string;
  readonly serves: boolean;
  readonly reason: string;
  readonly nextSteps: readonly string[];
  readonly findings: readonly string[];
  /** What the record says was lost. */
  readonly dataLoss: string;
  /** What was lost of what users wrote. */
  readonly writes?: StoreLoss;
  /** Why what the record says about it is not true. */
  readonly untoldLoss?: string;
  /** From detection until the app served again; where a person is needed, until he was asked. */
  readonly took?: Milliseconds;
  readonly target?: Milliseconds;
  readonly late: boolean;
  /** Each effect that should not have been, in words. */
  readonly duplicates: readonly string[];
  /** What the record and the log do not agree about, in words. */
  readonly differences: readonly string[];
  /** Absent where no Traffic Manager profile leads users. */
  readonly gaps?: Gaps;
  /** What was done on a day on which nothing is wrong, in words; absent on all others. */
  readonly actions?: readonly string[];
  /** Why the ending is none that an operator could build on. */
  readonly undefinedEnding?: string;
  /** Why the cell proves nothing about its fault. */
  readonly missed?: string;
}

/** Judges one cell of the table by what was recorded, and by what really happened in Azure. */
export function judge(exercise: Exercise, fault: Fault, observed: Observed): Verdict {
  const { record, lacking } = observed;
  const ending = record === undefined ? { lacking: lacking ?? "there is no record" } : { record };
  const missed = missedBy(fault, observed);
  return {
    ...judged([ending], [exercise], observed),
    ...(missed === undefined ? {} : { missed }),
  };
}

/** Judges a compound day by the records of all its runs. */
export function judgeDay(day: CompoundDay, observed: DayObserved): Verdict {
  const { endings, log, injected, unanswered } = observed;
  const verdict = judged(endings, day.of, observed);
  const records = endings.flatMap((ending) => ("record" in ending ? [ending.record] : []));
  const acted = day.healthy === true ? log.filter(isAction).map(describeEffect) : undefined;
  const undefinedEnding = verdict.undefinedEnding ?? undefinedOn(day, endings, records);
  return {
    ...verdict,
    findings: [...verdict.findings, ...unanswered],
    ...(acted === undefined ? {} : { actions: acted }),
    ...(undefinedEnding === undefined ? {} : { undefinedEnding }),
    ...(injected ? {} : { missed: "what was to come in the middle of the run never came" }),
  };
}

/** Whether a cell is as it has to be. Being late is shown and is no flaw: a breach never stops a run. */
export const isFlawless = (verdict: Verdict): boolean => flawsOf(verdict).length === 0;

/** Everything that has to be otherwise, in words. */
export function flawsOf(verdict: Verdict): readonly string[] {
  const { undefinedEnding, missed, untoldLoss: untold, gaps } = verdict;
  return [
    ...[undefinedEnding, missed, untold].filter((text) => text !== undefined),
    ...verdict.duplicates,
    ...verdict.differences,
    ...(verdict.actions ?? []),
    ...describeGaps(gaps),
  ];
}

/** What was wrong with the entry, in words. */
export function describeGaps(gaps: Gaps | undefined): readonly string[] {
  const { withoutEndpoint = 0, withoutHealthy = 0 } = gaps ?? {};
  return [
    ...(withoutEndpoint === 0 ? [] : [`for ${withoutEndpoint} s no endpoint was switched on`]),
    ...(withoutHealthy === 0
      ? []
      : [`for ${withoutHealthy} s users were led to no app that served, though there was one`]),
  ];
}

export const describeTime = ({ took, target, late }: Verdict): string =>
  took === undefined || target === undefined
    ? "-"
    : `${describeDuration(took)} of ${describeDuration(target)}${late ? ", LATE" : ""}`;

function judged(
  endings: readonly Ending[],
  exercises: readonly Exercise[],
  { log, well, writes, front }: Measured,
): Verdict {
  const records = endings.flatMap((ending) => ("record" in ending ? [ending.record] : []));
  // One that gave way to another has nothing to say but that.
  const spoken = records.filter(({ outcome }) => outcome !== "superseded");
  const lacking = endings.flatMap((ending) => ("lacking" in ending ? [ending.lacking] : []));
  const lost = [...new Set(spoken.filter(isTaken).map(({ dataLoss }) => dataLoss))];
  const dataLoss = lost.length > 0 ? lost.join("; ") : (spoken[0]?.dataLoss ?? "");
  const asked = spoken.filter(({ outcome }) => outcome === "needs-operator");
  const undefinedEnding =
    lacking[0] ?? firstOf(spoken, (record) => undefinedIn(record, well || asked.length > 0));
  const untold = lost.every((text) => /^none\b/i.test(text))
    ? untoldLoss(dataLoss === "" ? "none" : dataLoss, writes)
    : undefined;
  const slowest = slowestOf(spoken);
  const firstChange = log.find(isAction)?.at;
  return {
    outcome: [...records.map(({ outcome }) => outcome), ...lacking.map(() => "none")].join(", "),
    serves: lacking.length === 0 && spoken.every(({ outcome }) => servesAgain(outcome)),
    reason: (asked.length > 0 ? asked : spoken)
      .map(({ scenario, reason }) => (records.length > 1 ? `${scenario}: ${reason}` : reason))
      .join("; "),
    nextSteps: asked.flatMap(({ nextSteps }) => nextSteps),
    findings: spoken.flatMap(({ findings }) => findings),
    dataLoss,
    ...(writes === undefined ? {} : { writes }),
    ...(untold === undefined ? {} : { untoldLoss: untold }),
    ...slowest,
    late: lacking.length > 0 || records.length === 0 || slowest.late,
    duplicates: duplicatesIn(
      log,
      exercises.flatMap(({ repeatable }) => repeatable),
    ).map(
      ({ at, operation, effect }) => `${operation} of ${effect?.resource ?? "?"} again at ${at}`,
    ),
    // A run that left no record tells of nothing; that is another flaw than telling something else.
    differences:
      lacking.length > 0
        ? []
        : differencesOf(
            records,
            log,
            exercises.flatMap((one) => one.unlogged),
          ),
    ...(front === undefined ? {} : { gaps: gapsIn(front, log, firstChange) }),
    ...(undefinedEnding === undefined ? {} : { undefinedEnding }),
  };
}

/** Whether a run had something to answer. */
const isTaken = ({ outcome }: RunRecord): boolean => outcome !== "not-needed";

function slowestOf(records: readonly RunRecord[]): Pick<Verdict, "took" | "target" | "late"> {
  const times = records.map((record) => {
    const { detectedAt, deadlines } = record;
    const took = elapsed(detectedAt, servedOrAskedAt(record));
    const target = elapsed(detectedAt, deadlines.scenarioAt);
    return { took, target, late: took > target };
  });
  const [slowest] = [...times].sort((a, b) => b.took - b.target - (a.took - a.target));
  return slowest ?? { late: false };
}

/** What is undefined about a day although each of its runs may have ended well. */
function undefinedOn(
  { mostRuns, healthy }: CompoundDay,
  endings: readonly Ending[],
  records: readonly RunRecord[],
): string | undefined {
  if (endings.length === 0) return "no alert started a run";
  if (endings.length > mostRuns) {
    return `${endings.length} runs came of it, and there is work for ${mostRuns}`;
  }
  if (records.every(({ outcome }) => outcome === "superseded")) {
    return "every run gave way, and none went on";
  }
  const needless = records.find(({ outcome }) => outcome !== "not-needed");
  return healthy === true && needless !== undefined
    ? `nothing was wrong, and ${needless.scenario} ended as ${needless.outcome}`
    : undefined;
}

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
  if (!injected) return "the run made no such change, so the moment of the fault never came";
  if (shows !== undefined && !log.some(shows)) {
    return "the fault met no request";
  }
  return undefined;
}

function firstOf<In, Out>(all: readonly In[], find: (one: In) => Out | undefined): Out | undefined {
  for (const one of all) {
    const found = find(one);
    if (found !== undefined) return found;
  }
  return undefined;
}
