import { z } from "zod";
import { ChecklistItem, ChecklistProof } from "../domain/checklist.js";
import { ChecklistProbe } from "../domain/checklist-probe.js";
import { HealthRule, TrafficManager } from "../domain/estate.js";
import { Instant } from "../domain/instant.js";
import { once } from "../domain/patience.js";
import { Trigger } from "../domain/run-record.js";
import { declareActivity } from "../durable/activity-contract.js";
import { observed } from "../durable/step-output.js";

/** The app that users are led to, and the vault that it uses. */
const UsersSide = z.strictObject({
  app: z.string(),
  /** Where it answers; absent without ingress. */
  fqdn: z.string().optional(),
  vault: z.string().optional(),
});
export type UsersSide = z.infer<typeof UsersSide>;

/** Which side users are led to at the moment. */
export const findUsersSide = declareActivity({
  name: "findUsersSide",
  input: z.strictObject({
    primary: z.string(),
    secondary: z.string().optional(),
    /** Without it there is nothing but the primary side to be led to. */
    front: TrafficManager.optional(),
  }),
  output: z.strictObject({ ...observed, side: UsersSide }),
  patience: once,
});

/** What is looked at for one item. */
const Check = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("health"), side: UsersSide, rule: HealthRule }),
  z.strictObject({
    kind: z.literal("probes"),
    side: UsersSide,
    probes: z.array(ChecklistProbe),
    component: z.string(),
    workspaceId: z.string(),
    since: Instant,
  }),
  z.strictObject({ kind: z.literal("receipts") }),
  z.strictObject({
    kind: z.literal("audit"),
    trigger: Trigger,
    /** How often people have said something to the run. */
    interventions: z.int().nonnegative(),
  }),
  z.strictObject({ kind: z.literal("papers"), incident: z.string().optional() }),
]);
export type Check = z.infer<typeof Check>;

/** Look once whether an item of the checklist holds. */
export const checkItem = declareActivity({
  name: "checkItem",
  input: z.strictObject({ item: ChecklistItem, check: Check }),
  output: z.strictObject({
    ...observed,
    holds: z.boolean(),
    /** Whether a later look may find otherwise: it is under way, or could not be seen. */
    open: z.boolean(),
    proof: z.array(ChecklistProof),
  }),
  patience: once,
});
