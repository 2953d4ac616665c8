import { z } from "zod";
import { Milliseconds } from "./duration.js";
import { EnvironmentName } from "./environment-name.js";
import { Instant } from "./instant.js";
import { Deadlines, WithinRto } from "./objectives.js";
import { Outcome, StepStatus, Trigger } from "./run-record.js";
import { ApprovalRecord, DecisionRecord } from "./verb.js";

/**
 * Where a run stands, published as the orchestration's custom status at each change. The platform
 * caps it at 16 KB, so it names steps and leaves their detail to the record.
 */
export const Checkpoint = z.strictObject({
  scenario: z.string(),
  title: z.string(),
  environment: EnvironmentName,
  resource: z.string(),
  mode: z.enum(["execute", "plan"]),
  trigger: Trigger,
  /** What a person has to give before the run goes on; the clock of the RTO does not stop for it. */
  waitingFor: z.enum(["approval", "decision", "resume"]).nullable().default(null),
  /** What a person has said that takes effect at the next safe point. */
  intent: z.enum(["pause", "cancel"]).optional(),
  /** The last few questions to people, answered or open, oldest first. */
  approvals: z.array(ApprovalRecord).default([]),
  decisions: z.array(DecisionRecord.omit({ input: true })).default([]),
  detectedAt: Instant,
  startedAt: Instant,
  at: Instant,
  step: z.strictObject({ id: z.string(), title: z.string(), since: Instant, detail: z.string() }),
  steps: z.array(z.strictObject({ id: z.string(), status: StepStatus })),
  clock: z.strictObject({
    elapsed: Milliseconds,
    deadlines: Deadlines,
    /** When the rest of the way would end; then, when it did. */
    forecastAt: Instant,
    /** What the forecast goes by: what the catalogue declares, or what earlier runs took. */
    basis: z.string().default("catalogue"),
    /** When the service worked again, as soon as that is proven. */
    restoredAt: Instant.optional(),
    /** Whether that is in time. */
    withinRto: WithinRto,
    breach: z.string().optional(),
  }),
  /** How far a long piece of work has come. */
  progress: z
    .strictObject({
      done: z.int().nonnegative(),
      /** Absent while it is still being counted. */
      total: z.int().nonnegative().optional(),
      unit: z.string(),
      perMinute: z.number().nonnegative(),
      forecastAt: Instant.optional(),
    })
    .optional(),
  outcome: Outcome.optional(),
  reason: z.string().optional(),
});
export type Checkpoint = z.infer<typeof Checkpoint>;
