import { z } from "zod";
import { describeDuration } from "./duration.js";
import { EnvironmentName } from "./environment-name.js";
import type { Environment } from "./estate.js";
import { stoppedOutcome, type RunOfIncident } from "./incident.js";
import { elapsed, Instant, isAfter, plus } from "./instant.js";
import { Person } from "./identity.js";

/**
 * What alerts may set off. `act`: recover. `propose`: confirm, show the plan, wait for approval.
 * `off`: record and tell people, start nothing.
 */
export const AutomationMode = z.enum(["act", "propose", "off"]);
export type AutomationMode = z.infer<typeof AutomationMode>;

/** The switch of an environment, as a person set it. */
export const AutomationSwitch = z.strictObject({
  version: z.literal(1),
  environment: EnvironmentName,
  mode: AutomationMode,
  /** When it falls back to `act`; without it, it stays. */
  until: Instant.optional(),
  reason: z.string(),
  by: Person,
  at: Instant,
});
export type AutomationSwitch = z.infer<typeof AutomationSwitch>;

/** The mode that holds now: what was set last, unless its time is over. */
export function modeNow(set: AutomationSwitch | undefined, now: Instant): AutomationMode {
  if (set === undefined) return "act";
  return set.until !== undefined && !isAfter(set.until, now) ? "act" : set.mode;
}

export type Leave =
  | { readonly kind: "granted"; readonly authority: "act" | "propose" }
  | { readonly kind: "held-back"; readonly reason: string };

/** Whether an alert may start a run now, by the switch and by the limits of the estate. */
export function mayStart(
  set: AutomationSwitch | undefined,
  limits: Environment["automation"],
  earlier: readonly RunOfIncident[],
  now: Instant,
): Leave {
  const mode = modeNow(set, now);
  if (mode === "off" && set !== undefined) {
    const until = set.until === undefined ? "until it is switched on" : `until ${set.until}`;
    return heldBack(`automation is off ${until}: ${set.reason} (${set.by.name})`);
  }
  const automatic = earlier.filter((run) => run.automatic);
  // A run that was stopped never got to settle anything; the next alert takes its place at once.
  const ended = automatic
    .flatMap(({ endedAt, outcome }) => (outcome === stoppedOutcome ? [] : (endedAt ?? [])))
    .sort();
  const last = ended.at(-1);
  if (last !== undefined && isAfter(plus(last, limits.coolDown), now)) {
    return heldBack(
      `the last automatic run ended ${describeDuration(elapsed(last, now))} ago, within the cool-down of ${describeDuration(limits.coolDown)}`,
    );
  }
  const recent = automatic.filter(({ startedAt }) => isAfter(plus(startedAt, limits.window), now));
  if (recent.length >= limits.attempts) {
    return heldBack(
      `${recent.length} automatic runs in ${describeDuration(limits.window)} did not settle it`,
    );
  }
  return { kind: "granted", authority: mode === "propose" ? "propose" : "act" };
}

const heldBack = (reason: string): Leave => ({ kind: "held-back", reason });
