import type { BackupKind, RestorableKind } from "./backup.js";
import { periodOf } from "./backup-schedule.js";
import { days, hours } from "./duration.js";
import { compact, earlierBy, elapsed, plus, type Instant } from "./instant.js";

/** For so long after its hour a night's proof is begun; a service that was down longer waits for the next. */
const dueFor = hours(4);

/** The night that an instant belongs to, which begins at an hour of the day (UTC). */
export const nightOf = (now: Instant, hour: number): Instant =>
  plus(periodOf(earlierBy(now, hours(hour)), days(1)), hours(hour));

/** Whether the proofs of the night are to be started now. */
export const isProofDue = (now: Instant, hour: number): boolean =>
  elapsed(nightOf(now, hour), now) < dueFor;

/** What the ids of all runs that prove a kind in an environment begin with. */
export const proofRunsOf = (kind: BackupKind, environment: string): string =>
  `proof-${kind}-${environment}-`;

/**
 * `proof-<kind>-<environment>-<night>`: a second start in the same night finds the first. What a
 * person orders besides ends in `-2` and so on.
 */
export const proofRunId = (
  kind: RestorableKind,
  environment: string,
  night: Instant,
  nth = 1,
): string => `${proofRunsOf(kind, environment)}${compact(night)}${nth === 1 ? "" : `-${nth}`}`;
