import { z } from "zod";
import { EvidenceReference } from "../domain/evidence-reference.js";

/** What every activity of a step tells the record besides its own result. */
export const observed = {
  /** A sentence for the operator: what was seen or done. */
  detail: z.string(),
  evidence: z.array(EvidenceReference).optional(),
};

/** The same for activities that change something. */
export const mutated = { ...observed, changed: z.boolean() };

/** The members of an output that the record takes in. */
export interface StepOutput {
  readonly detail: string;
  readonly evidence?: readonly EvidenceReference[] | undefined;
  readonly changed?: boolean;
}
