import type { AuditEntry } from "./audit.js";
import { allPassed, type ChecklistProof, type ChecklistResult } from "./checklist.js";
import { describeDuration } from "./duration.js";
import { describePerson } from "./identity.js";
import { elapsed } from "./instant.js";
import type { NoticeReceipt } from "./notice-receipt.js";
import { describeBreach } from "./objectives.js";
import { measured } from "./record-entry.js";
import { describeRecoveryPoint } from "./recovery-point.js";
import type { RecoveryTime } from "./recovery-time.js";
import type { Outcome, RunRecord, StepRecord } from "./run-record.js";

/** What a report says, before it is Markdown or HTML: the record in an operator's words. */
export interface Report {
  readonly title: string;
  readonly verdict: string;
  readonly tone: "good" | "warning" | "bad";
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly nextSteps: readonly string[];
  readonly findings: readonly string[];
  /** What a plan would change, in order, and what it would fall back to. */
  readonly plan: readonly string[];
  readonly fallbacks: readonly string[];
  /** What people were asked, and what they said. */
  readonly people: readonly string[];
  readonly steps: readonly ReportedStep[];
  readonly checklist: readonly ReportedCheck[];
  /** Who was told of what, and whether it reached them. */
  readonly notifications: readonly string[];
  readonly evidence: readonly {
    readonly title: string;
    readonly blob: string;
    readonly sha256: string;
  }[];
  readonly requests: readonly ReportedRequest[];
  /** What the scenario's runs took, this one last; empty where there is no other to compare it with. */
  readonly times: readonly RecoveryTime[];
}

/** A request about the run, from its audit; repetitions of the same one are a single line. */
export interface ReportedRequest {
  readonly at: string;
  readonly who: string;
  readonly action: string;
  readonly result: string;
  readonly reason: string;
  readonly detail: string;
}

/** One item of the recovery checklist, with its proof in words. */
export interface ReportedCheck {
  readonly title: string;
  readonly status: string;
  readonly took: string;
  readonly detail: string;
  readonly proof: string;
}

export interface ReportedStep {
  readonly title: string;
  readonly status: string;
  readonly begunAfter: string;
  readonly took: string;
  readonly attempts: number;
  readonly changed: string;
  readonly detail: string;
}

export function report(record: RunRecord): Report {
  const breach = describeBreach(record.deadlines, record.restoredAt ?? record.endedAt);
  return {
    title: `${record.title}: ${record.environment}`,
    verdict: `${verdicts[record.outcome].words}: ${record.reason}`,
    tone:
      breach === undefined && allPassed(record.checklist)
        ? verdicts[record.outcome].tone
        : worse(verdicts[record.outcome].tone),
    facts: [
      ["Run", record.id],
      ["Outcome", record.outcome],
      ["Resource", record.resource],
      ["Started by", startedBy(record)],
      ["Detected", record.detectedAt],
      ["Run started", record.startedAt],
      ...(record.restoredAt === undefined ? [] : [["Restored", record.restoredAt] as const]),
      ["Run ended", record.endedAt],
      ...(record.plan === undefined
        ? isCarriedOut(record)
          ? timesOf(record)
          : []
        : [["Expected duration", describeDuration(record.plan.expected)] as const]),
      ["Data loss", record.dataLoss],
      ...(record.recoveryPoints ?? []).map(
        (point) => [`Newest backup: ${point.kind}`, describeRecoveryPoint(point)] as const,
      ),
    ],
    nextSteps: record.nextSteps,
    findings: record.findings,
    plan: (record.plan?.changes ?? []).map(
      ({ title, detail, expected, approval }) =>
        `${title}: ${detail}; about ${describeDuration(expected)}${approval === undefined ? "" : `; needs the approval of ${approval}`}`,
    ),
    fallbacks: (record.plan?.fallbacks ?? []).map(
      ({ when, steps, expected, dataLoss }) =>
        `If ${when}: ${steps.join(" → ")}; about ${describeDuration(expected)} more; data loss: ${dataLoss}`,
    ),
    people: peopleIn(record),
    steps: record.steps.map((step) => reportedStep(step, record)),
    checklist: record.checklist.map(reportedCheck),
    notifications: record.notifications.map((receipt) => told(receipt, record)),
    evidence: [
      ...record.steps.flatMap(({ evidence }) => evidence),
      ...record.checklist.flatMap(({ proof }) => proof.flatMap(({ evidence }) => evidence ?? [])),
    ],
    requests: reportedRequests(record.audit),
    times: timesSoFar(record),
  };
}

/** A drill that was refused or not approved has broken nothing, so there is nothing to measure. */
const isCarriedOut = ({ kind, steps }: RunRecord): boolean =>
  kind !== "drill" || steps.some(({ id, status }) => id === "inject" && status === "done");

/** How the run stands to its objectives; a plan has nothing to hold against them. */
function timesOf(record: RunRecord): Report["facts"] {
  const recovery =
    record.restoredAt === undefined
      ? "not restored"
      : describeDuration(elapsed(record.detectedAt, record.restoredAt));
  const breach = describeBreach(record.deadlines, record.restoredAt ?? record.endedAt);
  return [
    ["Recovery time", recovery],
    ["Scenario RTO", target(record, "scenarioAt", record.withinRto.scenario)],
    ["Environment RTO", target(record, "environmentAt", record.withinRto.environment)],
    ...(breach === undefined ? [] : [["Breach", breach] as const]),
  ];
}

function timesSoFar({ earlier = [], ...record }: RunRecord): readonly RecoveryTime[] {
  const { recoveryTime: took, target: within } = measured(record);
  const own = { run: record.id, detectedAt: record.detectedAt, target: within };
  const all = [...earlier, ...(took === undefined ? [] : [{ ...own, took }])];
  return all.length < 2 ? [] : all;
}

function peopleIn({ approvals, decisions, interventions }: RunRecord): readonly string[] {
  const answer = (by: { name: string } | undefined, reason: string | undefined): string =>
    by === undefined ? "" : ` by ${by.name}: ${reason ?? ""}`;
  return [
    ...approvals.map(
      ({ requestedAt, title, expectedLoss, status, by, reason }) =>
        `${requestedAt} approval wanted: ${title} (may lose: ${expectedLoss}); ${status}${answer(by, reason)}`,
    ),
    ...decisions.map(
      ({ askedAt, title, failure, status, choice, by, reason }) =>
        `${askedAt} decision wanted: ${title} (${failure}); ${choice ?? status}${answer(by, reason)}`,
    ),
    ...interventions.map(
      ({ at, verb, by, reason, effect }) => `${at} ${verb} by ${by.name}: ${reason}; ${effect}`,
    ),
  ].sort();
}

/** Outcomes in words. */
export const verdicts: Record<Outcome, { readonly words: string; readonly tone: Report["tone"] }> =
  {
    "not-needed": { words: "Nothing had to be done", tone: "good" },
    restored: { words: "Restored", tone: "good" },
    "restored-with-findings": { words: "Restored, with findings", tone: "warning" },
    "failed-over": { words: "Failed over", tone: "good" },
    "failed-back": { words: "Failed back", tone: "good" },
    "needs-operator": { words: "Not restored: an operator is needed", tone: "bad" },
    superseded: { words: "Superseded by another run", tone: "warning" },
    canceled: { words: "Canceled", tone: "warning" },
    passed: { words: "Passed", tone: "good" },
    "passed-with-findings": { words: "Passed, with findings", tone: "warning" },
    failed: { words: "Failed", tone: "bad" },
    planned: { words: "Plan", tone: "good" },
  };

const worse = (tone: Report["tone"]): Report["tone"] => (tone === "good" ? "warning" : tone);

function target(record: RunRecord, deadline: "scenarioAt" | "environmentAt", met: boolean): string {
  const length = describeDuration(elapsed(record.detectedAt, record.deadlines[deadline]));
  if (record.restoredAt === undefined && record.outcome !== "not-needed") {
    return `${length}, until ${record.deadlines[deadline]}: ${met ? "still running when the run ended" : "missed"}`;
  }
  return `${length}: ${met ? "met" : "missed"}`;
}

export function startedBy({ trigger }: RunRecord): string {
  switch (trigger.kind) {
    case "alert":
      return `alert "${trigger.rule}" (${trigger.severity})${trigger.drill === undefined ? "" : `, of drill ${trigger.drill}`}`;
    case "drill":
      return `drill ${trigger.drill}: ${trigger.reason}`;
    case "timer":
      return `schedule ${trigger.schedule}`;
    case "operator":
      return `${describePerson({ name: trigger.who, source: trigger.source })}: ${trigger.reason}`;
  }
}

/** A storm of alerts is mostly one alert, delivered again and again. */
function reportedRequests(entries: readonly AuditEntry[]): readonly ReportedRequest[] {
  const alike = new Map<string, AuditEntry[]>();
  for (const entry of entries) {
    const { who, action, result, reason, detail } = entry;
    const key = JSON.stringify([who, action, result, reason, detail]);
    alike.set(key, [...(alike.get(key) ?? []), entry]);
  }
  return [...alike.values()].flatMap((same) =>
    same.slice(0, 1).map(({ at, who, action, result, reason, detail }) => ({
      at,
      who: describePerson(who),
      action: same.length === 1 ? action : `${action} (${same.length} times)`,
      result,
      reason,
      detail,
    })),
  );
}

function reportedStep(step: StepRecord, record: RunRecord): ReportedStep {
  return {
    title: step.title,
    status: step.status,
    begunAfter: describeDuration(elapsed(record.detectedAt, step.startedAt)),
    took: step.endedAt === undefined ? "" : describeDuration(elapsed(step.startedAt, step.endedAt)),
    attempts: step.attempts,
    changed: step.changed === undefined ? "looked only" : step.changed ? "changed" : "already so",
    detail: step.detail,
  };
}

const reportedCheck = (result: ChecklistResult): ReportedCheck => ({
  title: result.title,
  status: result.status.replace("-", " "),
  took: describeDuration(elapsed(result.startedAt, result.endedAt)),
  detail: result.detail,
  proof: result.proof.map(describeProof).join("; "),
});

const describeProof = ({ what, status, latency, value }: ChecklistProof): string =>
  [
    what,
    ...(status === undefined ? [] : [`HTTP ${status}`]),
    ...(latency === undefined ? [] : [`${latency} ms`]),
    ...(value === undefined ? [] : [value]),
  ].join(", ");

function told(receipt: NoticeReceipt, { detectedAt }: RunRecord): string {
  const { kind, noticeAt, to, channel, status, attempts, detail } = receipt;
  const after = describeDuration(elapsed(detectedAt, noticeAt));
  const tries = attempts > 1 ? ` at attempt ${attempts}` : "";
  return `after ${after}: ${kind}, to ${to.join(", ")} over ${channel}: ${status}${tries} (${detail})`;
}
