import { describeProblem, type RestorableKind, type SetProblem } from "../backup.js";
import { honorsRpo } from "../backup-schedule.js";
import { describeDuration, hours, type Milliseconds } from "../duration.js";
import { elapsed, isAfter, plus, type Instant } from "../instant.js";
import { printDuration, milliseconds } from "../duration.js";
import type { CheckResult, Found } from "./readiness.js";
import { scenariosOfBackup } from "./scope-of-resource.js";

/** What is known of one kind of backup of an environment. */
export interface BackupFacts {
  readonly kind: RestorableKind;
  readonly interval: Milliseconds;
  readonly rpo: Milliseconds;
  /** The newest set that can be trusted. */
  readonly newest?: {
    readonly set: string;
    readonly takenAt: Instant;
    /** Whether it was seen that its side is the one in use. */
    readonly observed: boolean;
  };
  /** Newer sets that cannot be used. */
  readonly problems: readonly { readonly set: string; readonly problem: SetProblem }[];
  /** When a restore of a set was proven last; without an instant it never was, since the first set there is. */
  readonly proof: {
    readonly at?: Instant;
    readonly firstTakenAt?: Instant;
    /** Why there is no place for a proof, so that sets stay verified. */
    readonly noPlace?: NoPlace;
  };
}

/** Without a scratch place sets are verified and no more. */
export interface NoPlace {
  readonly why: string;
  readonly remedy: string;
  /** The estate names one, which has to be refused: nobody need wait for a night to know that. */
  readonly isNamed: boolean;
}

/** Age, use, schedule and proof of every kind of backup. */
export function backupFindings(
  facts: readonly BackupFacts[],
  now: Instant,
  proofAge: Milliseconds,
): CheckResult[] {
  const about = (finding: (fact: BackupFacts) => Omit<Found, "about" | "scenarios"> | undefined) =>
    facts.flatMap((fact): Found[] => {
      const found = finding(fact);
      return found === undefined
        ? []
        : [{ about: fact.kind, scenarios: [...scenariosOfBackup[fact.kind]], ...found }];
    });
  return [
    { check: "backup-age", found: about((fact) => ageFinding(fact, now)) },
    { check: "backup-usable", found: about(useFinding) },
    { check: "backup-schedule", found: about(scheduleFinding) },
    { check: "backup-proof", found: about((fact) => proofFinding(fact, now, proofAge)) },
  ];
}

/** Proofs are made each night; one may be left out. */
const firstProofWithin = hours(48);

type Said = Omit<Found, "about" | "scenarios">;

function ageFinding({ kind, newest, rpo }: BackupFacts, now: Instant): Said | undefined {
  if (newest === undefined || !isAfter(now, plus(newest.takenAt, rpo))) return undefined;
  return {
    level: "not-ready",
    what: `the newest ${kind} set is ${describeDuration(elapsed(newest.takenAt, now))} old; the RPO is ${describeDuration(rpo)}`,
    remedy: `back it up now: POST /api/backups with kinds ["${kind}"]; GET /api/backups says how the last run ended`,
  };
}

function useFinding({ kind, newest, problems }: BackupFacts): Said | undefined {
  const [problem] = problems;
  const why =
    problem === undefined ? undefined : `${problem.set}: ${describeProblem[problem.problem]}`;
  if (newest === undefined) {
    return {
      level: "not-ready",
      what: `there is no ${kind} set that can be used${why === undefined ? "" : `; ${why}`}`,
      remedy: `back it up now: POST /api/backups with kinds ["${kind}"]`,
    };
  }
  if (why !== undefined) {
    return {
      level: "degraded",
      what: `a newer ${kind} set cannot be used, so a recovery takes ${newest.set}; ${why}`,
      remedy: `make a new set by POST /api/backups with kinds ["${kind}"], and find out who changed the other one`,
    };
  }
  if (newest.observed) return undefined;
  return {
    level: "degraded",
    what: `the newest ${kind} set is of a side that was only taken to be in use`,
    remedy:
      "see why the app does not say what it uses: its variables in GET /api/readiness, and the findings of the last backup's record",
  };
}

function scheduleFinding({ kind, interval, rpo }: BackupFacts): Said | undefined {
  if (honorsRpo(interval, rpo)) return undefined;
  return {
    level: "degraded",
    what: `a ${kind} backup every ${describeDuration(interval)} cannot hold an RPO of ${describeDuration(rpo)}`,
    remedy: `write an interval of ${printDuration(milliseconds(rpo / 2))} or less under backups in the estate, or a longer objective`,
  };
}

function proofFinding(
  { kind, newest, proof }: BackupFacts,
  now: Instant,
  proofAge: Milliseconds,
): Said | undefined {
  if (newest === undefined) return undefined;
  const { at, firstTakenAt = newest.takenAt, noPlace } = proof;
  // The first night of a set proves it.
  const due = at === undefined ? plus(firstTakenAt, firstProofWithin) : plus(at, proofAge);
  if (!isAfter(now, due) && noPlace?.isNamed !== true) return undefined;
  if (noPlace !== undefined) {
    return {
      level: "degraded",
      what: `${kind} sets stay verified, and no restore of them is proven: ${noPlace.why}`,
      remedy: noPlace.remedy,
    };
  }
  return {
    level: "degraded",
    what:
      at === undefined
        ? `no restore of a ${kind} set was ever proven`
        : `the last proof of a ${kind} restore is ${describeDuration(elapsed(at, now))} old`,
    remedy: `have it proven now: POST /api/proofs with kinds ["${kind}"]; the proof's record says what it found`,
  };
}
