import { describeDuration } from "./duration.js";
import { elapsed } from "./instant.js";
import type { NoticeReceipt } from "./notice-receipt.js";
import { describeBreach } from "./objectives.js";
import type { Outcome, RunRecord, StepRecord } from "./run-record.js";

/** What a report says, before it is Markdown or HTML: the record in an operator's words. */
export interface Report {
  readonly title: string;
  readonly verdict: string;
  readonly tone: "good" | "warning" | "bad";
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly nextSteps: readonly string[];
  readonly findings: readonly string[];
  readonly steps: readonly ReportedStep[];
  /** Who was told of what, and whether it reached them. */
  readonly notifications: readonly string[];
  readonly evidence: readonly {
    readonly title: string;
    readonly blob: string;
    readonly sha256: string;
  }[];
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
  const recovery =
    record.restoredAt === undefined
      ? "not restored"
      : describeDuration(elapsed(record.detectedAt, record.restoredAt));
  const breach = describeBreach(record.deadlines, record.restoredAt ?? record.endedAt);
  return {
    title: `${record.title}: ${record.environment}`,
    verdict: `${verdicts[record.outcome].words}: ${record.reason}`,
    tone:
      breach === undefined ? verdicts[record.outcome].tone : worse(verdicts[record.outcome].tone),
    facts: [
      ["Run", record.id],
      ["Outcome", record.outcome],
      ["Resource", record.resource],
      ["Started by", startedBy(record)],
      ["Detected", record.detectedAt],
      ["Run started", record.startedAt],
      ...(record.restoredAt === undefined ? [] : [["Restored", record.restoredAt] as const]),
      ["Run ended", record.endedAt],
      ["Recovery time", recovery],
      ["Scenario RTO", target(record, "scenarioAt", record.withinRto.scenario)],
      ["Environment RTO", target(record, "environmentAt", record.withinRto.environment)],
      ...(breach === undefined ? [] : [["Breach", breach] as const]),
      ["Data loss", record.dataLoss],
    ],
    nextSteps: record.nextSteps,
    findings: record.findings,
    steps: record.steps.map((step) => reportedStep(step, record)),
    notifications: record.notifications.map((receipt) => told(receipt, record)),
    evidence: record.steps.flatMap(({ evidence }) => evidence),
  };
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
    planned: { words: "Plan only: nothing was changed", tone: "good" },
  };

const worse = (tone: Report["tone"]): Report["tone"] => (tone === "good" ? "warning" : tone);

function target(record: RunRecord, deadline: "scenarioAt" | "environmentAt", met: boolean): string {
  const length = describeDuration(elapsed(record.detectedAt, record.deadlines[deadline]));
  if (record.restoredAt === undefined && record.outcome !== "not-needed") {
    return `${length}, until ${record.deadlines[deadline]}: ${met ? "still running when the run ended" : "missed"}`;
  }
  return `${length}: ${met ? "met" : "missed"}`;
}

function startedBy({ trigger }: RunRecord): string {
  return trigger.kind === "alert"
    ? `alert "${trigger.rule}" (${trigger.severity})`
    : `${trigger.who}: ${trigger.reason}`;
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

function told(receipt: NoticeReceipt, { detectedAt }: RunRecord): string {
  const { kind, noticeAt, to, channel, status, attempts, detail } = receipt;
  const after = describeDuration(elapsed(detectedAt, noticeAt));
  const tries = attempts > 1 ? ` at attempt ${attempts}` : "";
  return `after ${after}: ${kind}, to ${to.join(", ")} over ${channel}: ${status}${tries} (${detail})`;
}
