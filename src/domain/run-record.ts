import { z } from "zod";
import { AuditEntry } from "./audit.js";
import { ChecklistResult } from "./checklist.js";
import { EvidenceReference } from "./evidence-reference.js";
import { IdentitySource } from "./identity.js";
import { Deadlines, WithinRto } from "./objectives.js";
import { EnvironmentName } from "./environment-name.js";
import { Milliseconds } from "./duration.js";
import { Instant } from "./instant.js";
import { ApprovalRecord, DecisionRecord, Intervention } from "./verb.js";
import { RecoveryPoint } from "./recovery-point.js";
import { RecoveryTime } from "./recovery-time.js";
import { NoticeReceipt } from "./notice-receipt.js";

/**
 * How a run can end; `passed` and `failed` are for backups, restores, proofs and drills. A run that
 * skipped a step never looks like a clean pass.
 */
export const Outcome = z.enum([
  "not-needed",
  "restored",
  "restored-with-findings",
  "failed-over",
  "failed-back",
  "needs-operator",
  "superseded",
  "canceled",
  "planned",
  "passed",
  "passed-with-findings",
  "failed",
]);
export type Outcome = z.infer<typeof Outcome>;

/** `planned`: a plan came by here; nothing was changed. */
export const StepStatus = z.enum(["running", "done", "failed", "skipped", "planned"]);
export type StepStatus = z.infer<typeof StepStatus>;

/** One step of a run, as it went. */
export const StepRecord = z.strictObject({
  id: z.string(),
  title: z.string(),
  status: StepStatus,
  startedAt: Instant,
  endedAt: Instant.optional(),
  attempts: z.int().nonnegative(),
  /** Whether the step changed anything in Azure; absent for steps that only look. */
  changed: z.boolean().optional(),
  detail: z.string(),
  evidence: z.array(EvidenceReference),
  /** Which time round, where a person had the scenario done again, or a proof came to its second set. */
  round: z.int().min(2).optional(),
});
export type StepRecord = z.infer<typeof StepRecord>;

export const RunKind = z.enum(["recovery", "failback", "drill", "backup", "restore", "proof"]);
export type RunKind = z.infer<typeof RunKind>;

export const Trigger = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("timer"), schedule: z.string() }),
  z.strictObject({
    kind: z.literal("alert"),
    alertId: z.string(),
    rule: z.string(),
    severity: z.string(),
    /** The drill whose fault the alert speaks of. */
    drill: z.string().optional(),
  }),
  z.strictObject({
    kind: z.literal("drill"),
    /** The run that practises; whoever approved it has approved what it orders. */
    drill: z.string(),
    reason: z.string(),
  }),
  z.strictObject({
    kind: z.literal("operator"),
    who: z.string(),
    source: IdentitySource,
    reason: z.string(),
  }),
]);
export type Trigger = z.infer<typeof Trigger>;

/** What a plan found: every change it would make, and what it would fall back to. */
export const Plan = z.strictObject({
  /** The main path, in order. */
  changes: z.array(
    z.strictObject({
      step: z.string(),
      title: z.string(),
      /** What would be changed, or that it is so already. */
      detail: z.string(),
      expected: Milliseconds,
      /** Who has to approve it first, in words; absent where nobody has to. */
      approval: z.string().optional(),
    }),
  ),
  fallbacks: z.array(
    z.strictObject({
      when: z.string(),
      steps: z.array(z.string()),
      expected: Milliseconds,
      dataLoss: z.string(),
    }),
  ),
  /** Of the main path, from its first step to the verified end. */
  expected: Milliseconds,
  dataLoss: z.string(),
});
export type Plan = z.infer<typeof Plan>;

/** The one record that a run leaves behind; reports are rendered from it and from nothing else. */
export const RunRecord = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  kind: RunKind,
  environment: EnvironmentName,
  scenario: z.string(),
  title: z.string(),
  resource: z.string(),
  mode: z.enum(["execute", "plan"]),
  trigger: Trigger,
  detectedAt: Instant,
  startedAt: Instant,
  endedAt: Instant,
  /** When the verify step held; recovery time runs from detection to here. */
  restoredAt: Instant.optional(),
  outcome: Outcome,
  /** Why it ended so, in a sentence. */
  reason: z.string(),
  deadlines: Deadlines,
  withinRto: WithinRto,
  dataLoss: z.string(),
  /** Of a recovery that may have to fall back on backups: what there was when the failure was detected. */
  recoveryPoints: z.array(RecoveryPoint).optional(),
  /** What earlier runs of the scenario took, the latest last. */
  earlier: z.array(RecoveryTime).optional(),
  /** What a person has to do now, in order; empty after a clean run. */
  nextSteps: z.array(z.string()),
  findings: z.array(z.string()),
  steps: z.array(StepRecord),
  approvals: z.array(ApprovalRecord),
  decisions: z.array(DecisionRecord),
  interventions: z.array(Intervention),
  /** Present in the record of a plan. */
  plan: Plan.optional(),
  /** What was checked once the service worked again; empty where nothing called for it. */
  checklist: z.array(ChecklistResult),
  /** Who was told, as far as is known when the record is written. */
  notifications: z.array(NoticeReceipt),
  /** Who wanted what of this run; taken from the state store when the record is written. */
  audit: z.array(AuditEntry).default([]),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** Whether an outcome means that the service works again, or never stopped. */
export const servesAgain = (outcome: Outcome): boolean =>
  outcome === "not-needed" ||
  outcome === "restored" ||
  outcome === "restored-with-findings" ||
  outcome === "failed-over" ||
  outcome === "failed-back";
