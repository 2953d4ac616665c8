import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";
import { Comparison } from "../domain/backup-proof.js";
import { nightly, SetToProve } from "./proof.contract.js";

/** The cache that the estate names as scratch, and those that are none. */
const Scratch = { cache: z.string(), estate: z.array(z.string()) };

/** Hold the set, and see how it can be proven, and in which cache. */
export const findProofPlace = declareActivity({
  name: "findProofPlace",
  input: SetToProve.extend({
    scratch: z.string().optional(),
    /** The cache that the app uses, where that is known. */
    active: z.string().optional(),
    estate: z.array(z.string()),
  }),
  output: z.discriminatedUnion("kind", [
    /** There is none; `detail` says why. */
    z.strictObject({ ...observed, kind: z.literal("none") }),
    /** A sample of keys, into the scratch cache or the one in use. */
    z.strictObject({ ...observed, kind: z.literal("sample"), cache: z.string() }),
    /** All of it, into the scratch cache. */
    z.strictObject({
      ...observed,
      kind: z.literal("import"),
      cache: z.string(),
      keys: z.int().nonnegative().optional(),
      files: z.array(z.string()),
      name: z.string(),
      location: z.string(),
      hasIdentity: z.boolean(),
      empty: z.boolean(),
    }),
  ]),
  patience: nightly,
});

/** Restore a sample of a snapshot's keys below a prefix of the service's own, compare and remove them. */
export const proveKeys = declareActivity({
  name: "proveKeys",
  input: SetToProve.extend({ cache: z.string(), count: z.int().positive() }),
  output: z.discriminatedUnion("kind", [
    z.strictObject({ ...observed, kind: z.literal("none") }),
    z.strictObject({ ...mutated, kind: z.literal("compared"), comparison: Comparison }),
  ]),
  patience: nightly,
});

/** Write down that the scratch cache is being filled, so that whoever finds keys there knows whose they are. */
export const beginScratchImport = declareActivity({
  name: "beginScratchImport",
  input: z.strictObject(Scratch),
  output: z.strictObject({ ...mutated }),
  patience: nightly,
});

/** Hold what an import brought against what the set says; where it failed, look at the set's files. */
export const compareImport = declareActivity({
  name: "compareImport",
  input: SetToProve.extend({ cache: z.string(), imported: z.boolean() }),
  output: z.strictObject({
    ...observed,
    /** Absent where nothing can be said: no key came back, and the time of all may be over. */
    comparison: Comparison.optional(),
  }),
  patience: nightly,
});

/** Remove every key of the scratch cache. */
export const emptyScratchCache = declareActivity({
  name: "emptyScratchCache",
  input: z.strictObject(Scratch),
  output: z.strictObject({ ...mutated }),
  patience: nightly,
});
