import { z } from "zod";
import { CacheExport, DrillId, Undo } from "../domain/drill.js";
import { Milliseconds } from "../domain/duration.js";
import { EnvironmentName } from "../domain/environment-name.js";
import { FrontDoor, HealthRule, TrafficManager } from "../domain/estate.js";
import { Instant } from "../domain/instant.js";
import { once, patiently, persistently } from "../domain/patience.js";
import { Outcome } from "../domain/run-record.js";
import { PracticeRun } from "../domain/practice-run.js";
import { RecoveryScenario } from "../domain/readiness/readiness.js";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";

const InEnvironment = z.strictObject({ environment: EnvironmentName });

/** Whether a drill may begin now. It has the environment in hand from then on. */
export const admitDrill = declareActivity({
  name: "admitDrill",
  input: InEnvironment.extend({
    drill: DrillId,
    resource: z.string(),
    /** What answers what the drill breaks; it has to be ready. */
    scenario: RecoveryScenario,
    blocked: z.array(z.strictObject({ from: Instant, until: Instant, reason: z.string() })),
  }),
  output: z.strictObject({ ...observed, admitted: z.boolean(), findings: z.array(z.string()) }),
  patience: patiently,
});

/** How what a drill touches is, field by field, and whether all is well with it. */
export const observeDrilled = declareActivity({
  name: "observeDrilled",
  input: z.discriminatedUnion("what", [
    z.strictObject({ what: z.literal("app"), app: z.string(), rule: HealthRule }),
    z.strictObject({ what: z.literal("secret"), address: z.string(), secret: z.string() }),
    z.strictObject({ what: z.literal("cache"), cache: z.string() }),
    z.strictObject({
      what: z.literal("region"),
      front: TrafficManager,
      apps: z.array(z.strictObject({ app: z.string(), rule: HealthRule })),
      /** Of both sides, by ARM id. */
      caches: z.array(z.string()),
      accounts: z.array(z.string()),
      /** The secret from which the app that users have takes its cache, which is the first of the apps. */
      connectionSecret: z.string(),
      edge: FrontDoor.optional(),
    }),
  ]),
  output: z.strictObject({
    ...observed,
    steady: z.boolean(),
    fields: z.record(z.string(), z.string()),
    /** Of an app: the one revision that serves. */
    revision: z.string().optional(),
  }),
  patience: patiently,
});

/** Make the secret that a drill deletes, where it is missing. Its value is random and means nothing. */
export const makeTestSecret = declareActivity({
  name: "makeTestSecret",
  input: z.strictObject({ vault: z.string(), address: z.string(), secret: z.string() }),
  output: z.strictObject({ ...mutated }),
  patience: patiently,
});

/** The newest verified set of a cache, with what the cache holds now and whether it saves that itself. */
export const findCacheExport = declareActivity({
  name: "findCacheExport",
  input: InEnvironment.extend({ cache: z.string() }),
  output: z.strictObject({
    ...observed,
    found: CacheExport.optional(),
    /** Whether it is linked with a cache of another region: it takes no import then. */
    linked: z.boolean(),
  }),
  patience: patiently,
});

/** Write down how the fault is undone, and then break what the drill breaks. */
export const injectFault = declareActivity({
  name: "injectFault",
  input: InEnvironment.extend({
    fault: z.discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("deactivate-revision"),
        app: z.string(),
        revision: z.string(),
      }),
      z.strictObject({
        kind: z.literal("delete-secret"),
        vault: z.string(),
        address: z.string(),
        secret: z.string(),
      }),
      z.strictObject({ kind: z.literal("reboot-primary"), cache: z.string() }),
      z.strictObject({ kind: z.literal("reboot-all"), cache: z.string() }),
      /** Nothing is broken; users are led away by the recovery that follows. */
      z.strictObject({ kind: z.literal("none"), of: z.string() }),
    ]),
    undo: Undo,
    /** Within what time the drill is to be over, its fault undone. */
    target: Milliseconds,
  }),
  output: z.strictObject({ ...mutated, brokenAt: Instant }),
  patience: patiently,
});

/** Mend what the drill of an environment has broken. */
export const undoFault = declareActivity({
  name: "undoFault",
  input: z.strictObject({ undo: Undo }),
  output: z.strictObject({ ...mutated }),
  patience: patiently,
});

/** What became of a drill so far: whether an alert has come, and which run it started. */
export const observeDrill = declareActivity({
  name: "observeDrill",
  input: InEnvironment,
  output: z.strictObject({
    ...observed,
    recovery: z.string().optional(),
    rule: z.string().optional(),
    brokenAt: Instant.optional(),
    undo: Undo.optional(),
  }),
  patience: persistently,
});

/** The drill's fault is undone, or the drill has ended. What is so already stays so. */
export const markDrill = declareActivity({
  name: "markDrill",
  input: InEnvironment.extend({ drill: z.string(), status: z.enum(["undone", "ended"]) }),
  output: z.strictObject({ ...mutated }),
  patience: persistently,
});

/** Start an ordinary run for a drill, unless one is under way already. */
export const orderPracticeRun = declareActivity({
  name: "orderPracticeRun",
  input: InEnvironment.extend({
    order: PracticeRun,
    /** When it was wanted first; the run's id is made of it. */
    at: Instant,
    detectedAt: Instant,
    reason: z.string(),
  }),
  output: z.strictObject({ ...mutated, run: z.string().optional() }),
  patience: patiently,
});

/** How a run stands that a drill has ordered, or an alert of its fault has started. */
export const observeRun = declareActivity({
  name: "observeRun",
  input: z.strictObject({ run: z.string() }),
  output: z.strictObject({
    ...observed,
    ended: z.boolean(),
    outcome: Outcome.optional(),
    restoredAt: Instant.optional(),
    reason: z.string().optional(),
    findings: z.array(z.string()),
  }),
  patience: once,
});

/** Cancel a run that a drill has set off: the drill ends, and undoes its fault itself. */
export const stopPracticeRun = declareActivity({
  name: "stopPracticeRun",
  input: z.strictObject({ run: z.string(), reason: z.string() }),
  output: z.strictObject({ ...mutated }),
  patience: patiently,
});

/** How a drill stands to its target and to those before it. */
export const compareDrill = declareActivity({
  name: "compareDrill",
  input: InEnvironment.extend({
    scenario: z.string(),
    target: Milliseconds,
    took: Milliseconds.optional(),
  }),
  output: z.strictObject({ ...observed, within: z.boolean() }),
  patience: patiently,
});
