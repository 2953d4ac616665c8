import { z } from "zod";
import { Instant } from "./instant.js";
import { Person } from "./identity.js";

/** The name of the event that carries a verb to its run. */
export const verbEvent = "operatorVerb";

export const DecisionChoice = z.enum(["retry", "skip", "abort"]);
export type DecisionChoice = z.infer<typeof DecisionChoice>;

const said = {
  /** One saying, however often it is delivered. */
  id: z.string(),
  by: Person,
  at: Instant,
  reason: z.string(),
};

/** What a person says to a run under way. */
export const Verb = z.discriminatedUnion("verb", [
  z.strictObject({
    ...said,
    verb: z.literal("approval"),
    /** Of the request that is answered, so that an answer never fits a later question. */
    nonce: z.string(),
    decision: z.enum(["approve", "deny"]),
  }),
  z.strictObject({
    ...said,
    verb: z.literal("decision"),
    step: z.string(),
    choice: DecisionChoice,
    /** Members of the step's input to change for the retry. */
    input: z.record(z.string(), z.unknown()).optional(),
  }),
  z.strictObject({ ...said, verb: z.literal("pause") }),
  z.strictObject({ ...said, verb: z.literal("resume") }),
  z.strictObject({ ...said, verb: z.literal("cancel") }),
]);
export type Verb = z.infer<typeof Verb>;

/** An approval that a run asked for, and what became of it. */
export const ApprovalRecord = z.strictObject({
  nonce: z.string(),
  step: z.string(),
  /** What would be done, in a sentence. */
  title: z.string(),
  /** What may be lost by it, and how long it usually takes. */
  expectedLoss: z.string(),
  expectedDuration: z.string(),
  requestedAt: Instant,
  expiresAt: Instant,
  /** Who may not answer it, where identities are known: whoever ordered the run. */
  requester: Person.optional(),
  status: z.enum(["open", "approved", "denied", "expired", "withdrawn"]),
  answeredAt: Instant.optional(),
  by: Person.optional(),
  reason: z.string().optional(),
});
export type ApprovalRecord = z.infer<typeof ApprovalRecord>;

/** A decision about a step that failed for good. */
export const DecisionRecord = z.strictObject({
  step: z.string(),
  title: z.string(),
  failure: z.string(),
  choices: z.array(DecisionChoice),
  askedAt: Instant,
  expiresAt: Instant,
  status: z.enum(["open", "decided", "expired", "withdrawn"]),
  decidedAt: Instant.optional(),
  choice: DecisionChoice.optional(),
  by: Person.optional(),
  reason: z.string().optional(),
  input: z.record(z.string(), z.unknown()).optional(),
});
export type DecisionRecord = z.infer<typeof DecisionRecord>;

/** A verb that reached the run, and what it did there. */
export const Intervention = z.strictObject({
  verb: z.string(),
  by: Person,
  at: Instant,
  reason: z.string(),
  effect: z.string(),
});
export type Intervention = z.infer<typeof Intervention>;
