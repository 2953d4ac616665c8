import { z } from "zod";
import type { Milliseconds } from "./duration.js";
import { describeDuration } from "./duration.js";
import type { Objectives } from "./estate.js";
import { elapsed, Instant, isAfter, plus } from "./instant.js";
import { ScenarioId, type RunbookId } from "./scenario-id.js";

/** By when a run must have restored the service: the scenario's target and the environment's ceiling. */
export const Deadlines = z.strictObject({ scenarioAt: Instant, environmentAt: Instant });
export type Deadlines = z.infer<typeof Deadlines>;

/** Both clocks start when the failure was detected, not when the run started. */
export function deadlines(
  objectives: Objectives,
  scenario: { readonly id: RunbookId; readonly rto: Milliseconds },
  detectedAt: Instant,
): Deadlines {
  return {
    scenarioAt: plus(detectedAt, ownTarget(objectives, scenario.id) ?? scenario.rto),
    environmentAt: plus(detectedAt, objectives.rto),
  };
}

/** The estate's own target for a scenario; procedures have the catalogue's alone. */
function ownTarget({ scenarioRto }: Objectives, id: RunbookId): Milliseconds | undefined {
  const scenario = ScenarioId.safeParse(id);
  return scenario.success ? scenarioRto[scenario.data] : undefined;
}

/** Whether an instant of recovery met the objectives; without one, whether they still can be met. */
export const WithinRto = z.strictObject({ scenario: z.boolean(), environment: z.boolean() });
export type WithinRto = z.infer<typeof WithinRto>;

export function withinRto(limits: Deadlines, at: Instant): WithinRto {
  return {
    scenario: !isAfter(at, limits.scenarioAt),
    environment: !isAfter(at, limits.environmentAt),
  };
}

/** The first of the two deadlines that has passed at an instant, in words; undefined if none has. */
export function describeBreach(limits: Deadlines, at: Instant): string | undefined {
  const within = withinRto(limits, at);
  if (!within.environment) {
    return `past the environment's RTO by ${describeDuration(elapsed(limits.environmentAt, at))}`;
  }
  if (!within.scenario) {
    return `past the scenario's RTO by ${describeDuration(elapsed(limits.scenarioAt, at))}`;
  }
  return undefined;
}
