import { z } from "zod";
import { minutes, seconds } from "../../src/domain/duration.js";
import { RecoveryOrder } from "../../src/domain/recovery-order.js";
import { once } from "../../src/domain/patience.js";
import { declareActivity } from "../../src/durable/activity-contract.js";
import { mutated, observed } from "../../src/durable/step-output.js";
import { framed } from "../../src/recovery/framed.js";
import { declareScenario } from "../../src/scenarios/scenario.js";

/*
 * A scenario that exists in tests alone: a thing fails, it is replaced, which destroys what it held
 * and has to be approved; else it is patched; and in the end it is labeled, which can be left out.
 */

export const lookAtThing = declareActivity({
  name: "lookAtThing",
  input: z.strictObject({ thing: z.string() }),
  output: z.strictObject({ ...observed, well: z.boolean(), reachable: z.boolean() }),
  patience: once,
});

export const replaceThing = declareActivity({
  name: "replaceThing",
  input: z.strictObject({ thing: z.string() }),
  output: z.strictObject({ ...mutated }),
  patience: once,
});

export const patchThing = declareActivity({
  name: "patchThing",
  input: z.strictObject({ thing: z.string(), strength: z.int().positive() }),
  output: z.strictObject({ ...mutated }),
  patience: once,
});

export const labelThing = declareActivity({
  name: "labelThing",
  input: z.strictObject({ thing: z.string() }),
  output: z.strictObject({ ...mutated }),
  patience: once,
});

const thingFailure = declareScenario({
  id: "storage-failure",
  kind: "recovery",
  title: "Thing failure",
  orchestrator: "replaceThingRun",
  resource: "storage",
  symptoms: ["The thing is not well"],
  signals: [],
  rto: minutes(30),
  automatic: true,
  dataLoss: "what the thing held, if it is replaced",
  steps: {
    confirm: { title: "Confirm that the thing failed", expected: seconds(5), path: "main" },
    replace: {
      title: "Replace the thing",
      expected: minutes(2),
      path: "main",
      destroys: { asks: "always", loss: "all that the thing holds" },
    },
    patch: { title: "Patch the thing", expected: minutes(5), path: "fallback" },
    label: { title: "Label the thing", expected: seconds(5), path: "main" },
  },
  fallbacks: [{ when: "the replacement is not approved", steps: ["patch"], dataLoss: "nothing" }],
});

export const replaceThingRun = framed(thingFailure, RecoveryOrder, function* (recovery, order) {
  const thing = order.resource;
  const seen = yield* recovery.until(
    "confirm",
    lookAtThing,
    { thing },
    {
      done: ({ well }) => well,
      failed: ({ well }) => !well,
      failedInARow: 2,
      eitherWay: true,
      inPlan: "failed",
      within: minutes(1),
      first: seconds(5),
      longest: seconds(5),
    },
  );
  if (seen === "done") return recovery.end("not-needed", "the thing is well");
  const state = yield* recovery.look("confirm", lookAtThing, { thing });
  const reachable = state.ok && state.value.reachable;
  const held = recovery.unconfirmed([
    { kind: "own-probe", says: reachable ? "failed" : "unknown", detail: "our own look" },
  ]);
  if (held !== undefined) return held;
  const done = yield* recovery.holding(thing, function* () {
    const replaced = yield* recovery.step("replace", replaceThing, { thing });
    if (!replaced.ok) {
      const patched = yield* recovery.insist("patch", patchThing, { thing, strength: 1 });
      if (patched.kind !== "done") return recovery.end("needs-operator", "no patch held");
    }
    const labeled = yield* recovery.insist("label", labelThing, { thing }, { canBeSkipped: true });
    if (labeled.kind === "failed") return recovery.end("needs-operator", "no label stuck");
    recovery.journal.restored(recovery.now());
    return recovery.end(
      labeled.kind === "skipped" ? "restored-with-findings" : "restored",
      replaced.ok ? "replaced" : "patched",
    );
  });
  return done.ok ? done.value : recovery.end("needs-operator", done.failure.message);
});
