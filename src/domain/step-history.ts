import { z } from "zod";
import { Milliseconds, milliseconds } from "./duration.js";
import { elapsed } from "./instant.js";
import { median } from "./median.js";
import type { RecordEntry } from "./record-entry.js";
import type { RunRecord } from "./run-record.js";

/** Fewer say nothing. */
const leastRuns = 3;
/** Older ones ran on another service. */
const mostRuns = 10;

/** What the steps of a scenario have taken in an environment: of each the median. */
export const StepHistory = z.strictObject({
  runs: z.int().min(leastRuns),
  /** By step id; a step that was seldom come to is not among them. */
  steps: z.record(z.string(), Milliseconds),
});
export type StepHistory = z.infer<typeof StepHistory>;

/** The runs to learn from: the latest that have recovered. None where they are too few. */
export function runsToLearnFrom(entries: readonly RecordEntry[]): readonly RecordEntry[] {
  const recovered = entries
    .filter(({ mode, recoveryTime }) => mode === "execute" && recoveryTime !== undefined)
    .sort((one, other) => other.endedAt.localeCompare(one.endedAt))
    .slice(0, mostRuns);
  return recovered.length < leastRuns ? [] : recovered;
}

export function stepHistory(records: readonly RunRecord[]): StepHistory | undefined {
  if (records.length < leastRuns) return undefined;
  const took = new Map<string, number[]>();
  for (const { steps } of records) {
    for (const { id, status, startedAt, endedAt, round } of steps) {
      // What was repeated or left out says nothing of what the step takes.
      if (status !== "done" || endedAt === undefined || round !== undefined) continue;
      took.set(id, [...(took.get(id) ?? []), elapsed(startedAt, endedAt)]);
    }
  }
  const known = [...took].flatMap(([id, times]) => {
    const middle = times.length < leastRuns ? undefined : median(times);
    return middle === undefined ? [] : [[id, milliseconds(middle)] as const];
  });
  return { runs: records.length, steps: Object.fromEntries(known) };
}
