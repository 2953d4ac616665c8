import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";
import { Milliseconds } from "../domain/duration.js";
import { HealthRule } from "../domain/estate.js";
import { Instant } from "../domain/instant.js";
import { once, patiently } from "../domain/patience.js";

const AppRef = z.strictObject({ app: z.string() });
const RevisionRef = AppRef.extend({ revision: z.string() });

/** Which revisions answer the app's traffic, and where. */
export const observeApp = declareActivity({
  name: "observeApp",
  input: AppRef,
  output: z.strictObject({
    ...observed,
    fqdn: z.string().optional(),
    mode: z.enum(["single", "multiple"]),
    provisioningState: z.string(),
    runningStatus: z.string(),
    latestRevision: z.string().optional(),
    latestReadyRevision: z.string().optional(),
    /** Newest first. */
    serving: z.array(z.string()),
  }),
  patience: patiently,
});

/** One probe of the application's health, from outside. */
export const probeHealth = declareActivity({
  name: "probeHealth",
  input: z.strictObject({ fqdn: z.string(), rule: HealthRule }),
  output: z.strictObject({
    ...observed,
    healthy: z.boolean(),
    status: z.int().optional(),
    latency: Milliseconds,
  }),
  patience: once,
});

/** What the app says of one of its own checks. An app without such a check is judged as a whole. */
export const probeAppCheck = declareActivity({
  name: "probeAppCheck",
  input: z.strictObject({ fqdn: z.string(), rule: HealthRule, check: z.string() }),
  output: z.strictObject({ ...observed, well: z.boolean(), healthy: z.boolean() }),
  patience: once,
});

/** Which of several serving revisions are well, each probed at its own address. Newest first. */
export const probeRevisions = declareActivity({
  name: "probeRevisions",
  input: AppRef.extend({ revisions: z.array(z.string()), rule: HealthRule }),
  output: z.strictObject({
    ...observed,
    failing: z.array(z.string()),
    well: z.array(z.string()),
  }),
  patience: once,
});

/** Restart a revision by name. Its trace is a replica that is younger than the act. */
export const restartRevision = declareActivity({
  name: "restartRevision",
  input: RevisionRef,
  output: z.strictObject({ ...mutated }),
  patience: patiently,
});

/** How far a restart has come: whether every replica is new and ready, and what a probe says. */
export const observeRestart = declareActivity({
  name: "observeRestart",
  input: AppRef.extend({
    revisions: z.array(z.string()),
    since: Instant,
    fqdn: z.string(),
    rule: HealthRule,
  }),
  output: z.strictObject({ ...observed, healthy: z.boolean(), replaced: z.boolean() }),
  patience: once,
});

/** The newest revision that ran well and does not serve now: by health and age, never by position. */
export const chooseKnownGood = declareActivity({
  name: "chooseKnownGood",
  input: AppRef.extend({ failing: z.array(z.string()) }),
  output: z.discriminatedUnion("kind", [
    z.strictObject({
      ...observed,
      kind: z.literal("found"),
      revision: z.string(),
      createdAt: Instant,
    }),
    z.strictObject({ ...observed, kind: z.literal("none") }),
  ]),
  patience: patiently,
});

/** Activate a revision by name. In single-revision mode it becomes the one that serves. */
export const activateRevision = declareActivity({
  name: "activateRevision",
  input: RevisionRef,
  output: z.strictObject({ ...mutated }),
  patience: patiently,
});

/** Whether a revision runs, or has failed for good. */
export const observeRevision = declareActivity({
  name: "observeRevision",
  input: RevisionRef,
  output: z.strictObject({ ...observed, running: z.boolean(), failed: z.boolean() }),
  patience: once,
});

const Started = z.strictObject({
  ...mutated,
  /** The SDK's serialized poller; absent if the goal already held. */
  operation: z.string().optional(),
});

/** Begin to send all traffic to one revision (multiple-revision mode). */
export const startTrafficShift = declareActivity({
  name: "startTrafficShift",
  input: RevisionRef,
  output: Started,
  patience: patiently,
});

/** Begin to make a new revision from a good one's template; the suffix makes it repeatable. */
export const startRollForward = declareActivity({
  name: "startRollForward",
  input: AppRef.extend({ from: z.string(), suffix: z.string() }),
  output: Started.extend({ revision: z.string() }),
  patience: patiently,
});

/** One look at a long operation on the app. */
export const pollAppOperation = declareActivity({
  name: "pollAppOperation",
  input: AppRef.extend({ operation: z.string() }),
  output: z.strictObject({
    ...observed,
    state: z.enum(["running", "succeeded", "failed"]),
    operation: z.string().optional(),
  }),
  patience: once,
});
