import type { Failure, FailureClass } from "./failure.js";
import { milliseconds, minutes, seconds, type Milliseconds } from "./duration.js";

/** How long a call is repeated while its failures are of one class. */
interface Endurance {
  readonly first: Milliseconds;
  readonly longest: Milliseconds;
  readonly within: Milliseconds;
}

/** For each class of failure that repeating can heal: how often, and for how long. */
export type Patience = Partial<Record<FailureClass, Endurance>>;

/** For calls that a recovery cannot do without. */
export const patiently: Patience = {
  transient: { first: seconds(5), longest: seconds(60), within: minutes(5) },
  // Somebody else's operation on a resource takes minutes, and nothing can be done before its end.
  busy: { first: seconds(15), longest: seconds(60), within: minutes(7) },
};

/** For the state store: without it a run can neither act nor report. */
export const persistently: Patience = {
  transient: { first: seconds(5), longest: minutes(2), within: minutes(120) },
  busy: { first: seconds(5), longest: seconds(30), within: minutes(120) },
  "permission-lag": { first: seconds(15), longest: minutes(5), within: minutes(120) },
};

/** For data planes that throttle for tens of seconds at a time, by a 429 or a 503; a backup has time. */
export const throttled: Patience = {
  transient: { first: seconds(5), longest: seconds(60), within: minutes(20) },
  busy: { first: seconds(15), longest: seconds(60), within: minutes(10) },
};

/** For what is only useful now: evidence, and observations that are repeated anyway. */
export const once: Patience = {};

/** When to try again after a failure, or undefined to give up. `spent` counts from the first attempt. */
export function nextAttempt(
  failure: Failure,
  attempt: number,
  spent: Milliseconds,
  patience: Patience,
): Milliseconds | undefined {
  const endurance = patience[failure.class];
  if (endurance === undefined) return undefined;
  const backedOff = Math.min(endurance.first * 2 ** (attempt - 1), endurance.longest);
  const delay = milliseconds(Math.max(backedOff, failure.retryAfter ?? 0));
  return spent + delay <= endurance.within ? delay : undefined;
}
