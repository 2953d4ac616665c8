import { compact } from "../domain/instant.js";
import type { Recovery } from "../recovery/recovery.js";

/**
 * The suffix of a revision that a run makes: unique to the run and to which of its revisions it is, so
 * that a repeat finds the one it made. With the longest app name (32 characters) it just fits the
 * longest revision name (54).
 */
export function freshSuffix<StepId extends string>(
  recovery: Recovery<StepId>,
  nth: number,
  ofEachRound: number,
): string {
  const startedAt = compact(recovery.journal.startedAt).slice(6, 15).replace("T", "");
  const count = nth + ofEachRound * (recovery.journal.round - 1);
  return `dr-${recovery.run().slice(-6)}-${startedAt}${count === 1 ? "" : `-${count}`}`.toLowerCase();
}
