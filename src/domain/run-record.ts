import { z } from "zod";
import { Deadlines, WithinRto } from "./objectives.js";
import { EnvironmentName } from "./environment-name.js";
import { Instant } from "./instant.js";
import { NoticeReceipt } from "./notice-receipt.js";

/** How a recovery or failback can end. A run that skipped a step never looks like a clean pass. */
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
]);
export type Outcome = z.infer<typeof Outcome>;

/** Where a piece of evidence lies: a blob of its own, scrubbed, kept for 30 days. */
export const EvidenceReference = z.strictObject({
  title: z.string(),
  blob: z.string(),
  bytes: z.int().nonnegative(),
  sha256: z.string(),
});
export type EvidenceReference = z.infer<typeof EvidenceReference>;

export const StepStatus = z.enum(["running", "done", "failed", "skipped"]);
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
});
export type StepRecord = z.infer<typeof StepRecord>;

export const Trigger = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("alert"),
    alertId: z.string(),
    rule: z.string(),
    severity: z.string(),
  }),
  z.strictObject({ kind: z.literal("operator"), who: z.string(), reason: z.string() }),
]);
export type Trigger = z.infer<typeof Trigger>;

/** The one record that a run leaves behind; reports are rendered from it and from nothing else. */
export const RunRecord = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  kind: z.enum(["recovery", "failback", "drill", "backup", "restore", "proof"]),
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
  /** What a person has to do now, in order; empty after a clean run. */
  nextSteps: z.array(z.string()),
  findings: z.array(z.string()),
  steps: z.array(StepRecord),
  approvals: z.array(z.unknown()),
  decisions: z.array(z.unknown()),
  checklist: z.array(z.unknown()),
  /** Who was told, as far as is known when the record is written. */
  notifications: z.array(NoticeReceipt),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** Whether an outcome means that the service works again, or never stopped. */
export const servesAgain = (outcome: Outcome): boolean =>
  outcome === "not-needed" ||
  outcome === "restored" ||
  outcome === "restored-with-findings" ||
  outcome === "failed-over" ||
  outcome === "failed-back";
