import { days, hours, type Milliseconds } from "./duration.js";
import { compact, elapsed, instantOf, isAfter, plus, type Instant } from "./instant.js";
import { folderOf, type BackupCheck, type BackupKind } from "./backup.js";

/** The start of the interval that an instant lies in; all starts within it are one backup. */
export function periodOf(now: Instant, interval: Milliseconds): Instant {
  const at = Date.parse(now);
  return instantOf(new Date(at - (at % interval)));
}

/** What the ids of all runs that back up a kind in an environment begin with. */
export const backupRunsOf = (kind: BackupKind, environment: string): string =>
  `backup-${kind}-${environment}-`;

/**
 * `backup-<kind>-<environment>-<period>`: a second start of the same period finds the first. The
 * period's second attempt, after a failure, ends in `-2`.
 */
export const backupRunId = (
  kind: BackupKind,
  environment: string,
  period: Instant,
  attempt = 1,
): string =>
  `${backupRunsOf(kind, environment)}${compact(period)}${attempt === 1 ? "" : `-${attempt}`}`;

/** What the ids of all runs that do the same as this one, period after period, begin with. */
export const seriesOf = (run: string): string => run.replace(/\d{8}T\d{6}Z(-\d+)?$/, "");

/** `backup-pruning-<environment>-<day>`: once a day. */
export const pruningRunId = (environment: string, now: Instant): string =>
  `backup-pruning-${environment}-${compact(periodOf(now, days(1)))}`;

/** How long a set that is not a nightly full one is kept. */
const intervalRetention: Milliseconds = hours(48);

/** As much of a set as decides whether it is pruned. */
export interface PrunableSet {
  readonly set: string;
  readonly takenAt: Instant;
  readonly scope: "full" | "interval";
  readonly check: BackupCheck;
  /** Its manifest cannot be read: never pruned by age, because nobody knows what it is. */
  readonly unreadable?: boolean;
  /** It has no manifest: it was begun and never completed, or is half removed. */
  readonly incomplete?: boolean;
  /** The sets, by folder name, whose copies it uses. */
  readonly references?: readonly string[];
}

export interface PruningDecision {
  readonly set: string;
  readonly prune: boolean;
  readonly why: string;
}

/**
 * What of a resource's sets may go. Never the newest verified one, nor the newest complete one, however
 * old; never what cannot be read; the rest by age and scope, whether it could be verified or not.
 */
export function pruningPlan(
  sets: readonly PrunableSet[],
  retention: Milliseconds,
  now: Instant,
): readonly PruningDecision[] {
  const complete = sets.filter(
    ({ unreadable, incomplete }) => unreadable !== true && incomplete !== true,
  );
  const verified = newestOf(complete.filter(({ check }) => check.level !== "none"));
  const latest = newestOf(complete);
  const decisions = sets.map((each) => {
    const keep = (why: string): PruningDecision => ({ set: each.set, prune: false, why });
    if (each.unreadable === true) return keep("its manifest cannot be read; look at it");
    if (each === verified) return keep("the newest verified set");
    if (each === latest) return keep("the newest set; it was never verified");
    if (latest === undefined) return keep("there is no complete set to keep instead");
    const limit = each.scope === "full" ? retention : intervalRetention;
    const old = isAfter(now, plus(each.takenAt, limit));
    const age = Math.floor(elapsed(each.takenAt, now) / hours(1));
    return old
      ? { set: each.set, prune: true, why: `${each.scope} set, ${age} h old` }
      : keep(`${each.scope} set, ${age} h old, kept for ${limit / hours(1)} h`);
  });
  return keepingReferenced(sets, decisions);
}

const newestOf = (sets: readonly PrunableSet[]): PrunableSet | undefined =>
  sets.reduce<PrunableSet | undefined>(
    (best, each) => (best === undefined || isAfter(each.takenAt, best.takenAt) ? each : best),
    undefined,
  );

/** A set stays as long as one that stays uses its copies, however far the chain goes. */
function keepingReferenced(
  sets: readonly PrunableSet[],
  decisions: readonly PruningDecision[],
): readonly PruningDecision[] {
  const referencesOf = new Map(sets.map(({ set, references = [] }) => [set, references]));
  const user = new Map<string, string>();
  const kept = decisions.filter(({ prune }) => !prune).map(({ set }) => set);
  for (const set of kept) {
    for (const folder of referencesOf.get(set) ?? []) {
      const used = sets.find((each) => folderOf(each.set) === folder)?.set;
      if (used === undefined || user.has(used)) continue;
      user.set(used, set);
      kept.push(used);
    }
  }
  return decisions.map((decision) => {
    const used = decision.prune ? user.get(decision.set) : undefined;
    if (used === undefined) return decision;
    return { set: decision.set, prune: false, why: `${folderOf(used)} uses copies of it` };
  });
}

/** Whether a schedule can keep an RPO: its interval is at most half of it. */
export const honorsRpo = (interval: Milliseconds, rpo: Milliseconds): boolean =>
  interval * 2 <= rpo;
