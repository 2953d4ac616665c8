import { milliseconds } from "./duration.js";
import { earlier, elapsed, isAfter, plus, type Instant } from "./instant.js";
import type { Deadlines } from "./objectives.js";

/** A moment on a run's clock that people are told of. */
export type Milestone =
  | { readonly kind: "half-rto-used" }
  | { readonly kind: "breached"; readonly distinction: "scenario" | "environment" };

/** As much of an earlier notice as tells which milestone it was about. */
interface Told {
  readonly kind: string;
  readonly distinction?: string | undefined;
}

/** When half of the time from an instant to the first deadline is used. */
export function halfUsedAt(deadlines: Deadlines, from: Instant): Instant {
  const first = earlier(deadlines.scenarioAt, deadlines.environmentAt);
  return plus(from, milliseconds(elapsed(from, first) / 2));
}

/**
 * What has to be told now and has not been. The gravest alone: what a later milestone has overtaken
 * is not told any more. Once the service is restored, that moment is the `now` to ask with.
 */
export function dueMilestone(
  deadlines: Deadlines,
  detectedAt: Instant,
  now: Instant,
  already: readonly Told[],
): Milestone | undefined {
  const passed = milestones(deadlines, detectedAt).findLast(({ from }) => !isAfter(from, now));
  return passed === undefined || wasTold(passed.milestone, already) ? undefined : passed.milestone;
}

/** When the next one becomes due, so that a run that waits for something else wakes for it. */
export const nextMilestoneAt = (
  deadlines: Deadlines,
  detectedAt: Instant,
  now: Instant,
): Instant | undefined =>
  milestones(deadlines, detectedAt).find(({ from }) => isAfter(from, now))?.from;

/** In the order in which they come; a scenario's target beyond the environment's ceiling is none. */
function milestones(
  deadlines: Deadlines,
  detectedAt: Instant,
): readonly { readonly milestone: Milestone; readonly from: Instant }[] {
  const { scenarioAt, environmentAt } = deadlines;
  const breach = (distinction: "scenario" | "environment", deadline: Instant) => ({
    milestone: { kind: "breached", distinction } as const,
    // At the deadline itself the objective is met.
    from: plus(deadline, milliseconds(1)),
  });
  return [
    { milestone: { kind: "half-rto-used" }, from: halfUsedAt(deadlines, detectedAt) },
    ...(isAfter(environmentAt, scenarioAt) ? [breach("scenario", scenarioAt)] : []),
    breach("environment", environmentAt),
  ];
}

const wasTold = (milestone: Milestone, already: readonly Told[]): boolean =>
  already.some(
    ({ kind, distinction }) =>
      kind === milestone.kind &&
      distinction === ("distinction" in milestone ? milestone.distinction : undefined),
  );
