import type { ChecklistProof } from "../domain/checklist.js";
import type { EvidenceReference } from "../domain/evidence-reference.js";

/** What one probe or look of an item has shown. */
export interface Seen {
  readonly holds: boolean;
  /** Whether a later look may find otherwise. */
  readonly open: boolean;
  readonly detail: string;
  readonly proof: ChecklistProof;
}

/** Keeps what others wrote as evidence of the run; undefined where it cannot be kept. */
export type Kept = (title: string, text: string) => Promise<EvidenceReference | undefined>;
