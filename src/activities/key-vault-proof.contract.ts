import { z } from "zod";
import { declareActivity } from "../durable/activity-contract.js";
import { mutated, observed } from "../durable/step-output.js";
import { Comparison } from "../domain/backup-proof.js";
import { nightly, SetToProve } from "./proof.contract.js";

/** The vault that the estate names as scratch, and the estate's own vaults, none of which is one. */
const Scratch = { vault: z.string(), estate: z.array(z.string()) };

/** See that the scratch vault is one, and that nothing is in it but what proofs have left there. */
export const checkScratchVault = declareActivity({
  name: "checkScratchVault",
  input: z.strictObject(Scratch),
  output: z.strictObject({
    ...observed,
    /** Why nothing can be proven there, if so. */
    refused: z.string().optional(),
    /** What is not as it should be, and stops nothing. */
    findings: z.array(z.string()),
  }),
  patience: nightly,
});

/** Restore a sample of a set's secrets into the scratch vault and compare them; values stay inside. */
export const proveSecrets = declareActivity({
  name: "proveSecrets",
  input: SetToProve.extend({ ...Scratch, count: z.int().positive() }),
  output: z.discriminatedUnion("kind", [
    z.strictObject({ ...observed, kind: z.literal("no-place") }),
    z.strictObject({ ...mutated, kind: z.literal("compared"), comparison: Comparison }),
  ]),
  patience: nightly,
});

/** Delete and purge what proofs have restored into the scratch vault, until nothing of it is left. */
export const clearScratchVault = declareActivity({
  name: "clearScratchVault",
  input: z.strictObject(Scratch),
  output: z.strictObject({ ...mutated }),
  patience: nightly,
});
