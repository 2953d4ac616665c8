import { z } from "zod";
import { describeDuration, hours, minutes, type Milliseconds } from "../duration.js";
import { EnvironmentName } from "../environment-name.js";
import type { Environment } from "../estate.js";
import { elapsed, Instant, isAfter, plus } from "../instant.js";
import { breakGlass, hasOtherRegion } from "../region-sides.js";
import { checkOf, readinessChecks, type ReadinessCheck } from "./catalogue.js";

/** The failures that a recovery answers. */
export const RecoveryScenario = z.enum([
  "container-app-failure",
  "redis-failure",
  "key-vault-failure",
  "storage-failure",
  "region-outage",
]);
export type RecoveryScenario = z.infer<typeof RecoveryScenario>;

/**
 * How bad a finding is. `not-ready`: a recovery would fail or lose more than it may. `degraded`: it
 * would work, but worse. `unknown`: the check could not be made, which is never taken for a yes.
 */
export const FindingLevel = z.enum(["not-ready", "degraded", "unknown"]);
export type FindingLevel = z.infer<typeof FindingLevel>;

/** What a check has found, as the check itself says it. */
export const Found = z.strictObject({
  /** What it is about: an ARM id, a name. With the check it tells a finding from others, whatever it says. */
  about: z.string(),
  level: FindingLevel,
  what: z.string(),
  remedy: z.string(),
  /** Narrower than the check's own. */
  scenarios: z.array(RecoveryScenario).min(1).optional(),
});
export type Found = z.infer<typeof Found>;

/** What one check has found; nothing is well. */
export const CheckResult = z.strictObject({ check: z.string(), found: z.array(Found) });
export type CheckResult = z.infer<typeof CheckResult>;

export const ReadinessFinding = z
  .strictObject({
    check: z.string(),
    scenarios: z.array(RecoveryScenario),
    level: FindingLevel,
    about: z.string(),
    what: z.string(),
    remedy: z.string(),
    /** The first evaluation that found it and has found it ever since. */
    since: Instant,
  })
  .meta({ id: "ReadinessFinding" });
export type ReadinessFinding = z.infer<typeof ReadinessFinding>;

/** `not-applicable`: nothing that this service could do; the findings say what people can. */
export const Verdict = z.enum(["ready", "degraded", "not-ready", "not-applicable"]);
export type Verdict = z.infer<typeof Verdict>;

const Verdicts = z.record(RecoveryScenario, Verdict);
export type Verdicts = z.infer<typeof Verdicts>;

const Standing = z.strictObject({
  check: z.string(),
  /** When the check was made last, be it in vain. */
  at: Instant,
  findings: z.array(ReadinessFinding),
});

/** What is known of an environment's readiness: the last result of each check. */
export const ReadinessRecord = z.strictObject({
  version: z.literal(1),
  environment: EnvironmentName,
  at: Instant,
  checks: z.array(Standing),
  verdicts: z.array(
    z.strictObject({ scenario: RecoveryScenario, verdict: Verdict, since: Instant }),
  ),
  /** What the contacts know. */
  told: Verdicts.optional(),
  /** What they are to be told, and since when; the same notice however often it is begun. */
  pending: z.strictObject({ at: Instant, verdicts: Verdicts }).optional(),
});
export type ReadinessRecord = z.infer<typeof ReadinessRecord>;

/** How long the last result of a check counts. */
const freshFor = { light: minutes(30), heavy: hours(3) } as const;

/** What could not be looked at for less than this is not worth waking anybody. */
const settling: Milliseconds = minutes(30);

/** The verdict of one scenario: the worst of what was found about it. */
export function verdictOf(
  scenario: RecoveryScenario,
  findings: readonly Pick<ReadinessFinding, "scenarios" | "level">[],
  estate: Environment,
): Verdict {
  if (scenario === "region-outage" && !hasOtherRegion(estate)) return "not-applicable";
  const levels = findings
    .filter(({ scenarios }) => scenarios.includes(scenario))
    .map(({ level }) => level);
  if (levels.includes("not-ready")) return "not-ready";
  return levels.length > 0 ? "degraded" : "ready";
}

const verdictsOf = (findings: readonly ReadinessFinding[], estate: Environment): Verdicts =>
  Object.fromEntries(
    RecoveryScenario.options.map((scenario) => [scenario, verdictOf(scenario, findings, estate)]),
  ) as Verdicts;

/** The worst of several verdicts; what is not applicable is not bad. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  for (const verdict of ["not-ready", "degraded"] as const) {
    if (verdicts.includes(verdict)) return verdict;
  }
  return "ready";
}

/** Takes new results in: what was found before keeps its time, what was mended is forgotten. */
export function concluded(
  before: ReadinessRecord | undefined,
  results: readonly CheckResult[],
  {
    environment,
    estate,
    at,
  }: { readonly environment: EnvironmentName; readonly estate: Environment; readonly at: Instant },
): ReadinessRecord {
  const known = new Map((before?.checks ?? []).map((standing) => [standing.check, standing]));
  for (const { check: id, found } of results) {
    const check = checkOf(id);
    const standing = known.get(id);
    // Of two evaluations at once the later one counts, whichever is written last.
    if (check === undefined || (standing !== undefined && isAfter(standing.at, at))) continue;
    const findings = found.flatMap((each) => {
      const scenarios = applicable(each.scenarios ?? check.scenarios, estate);
      return scenarios.length === 0 ? [] : [finding(check, { ...each, scenarios }, standing, at)];
    });
    known.set(id, { check: id, at, findings });
  }
  const checks = readinessChecks.flatMap(({ id }) => known.get(id) ?? []);
  const findings = checks.flatMap((each) => each.findings);
  const verdicts = Object.entries(verdictsOf(findings, estate)).map(([name, verdict]) => {
    const scenario = RecoveryScenario.parse(name);
    const last = before?.verdicts.find((each) => each.scenario === scenario);
    return { scenario, verdict, since: last?.verdict === verdict ? last.since : at };
  });
  const toTell = verdictsOf(
    findings.filter(({ level, since }) => level !== "unknown" || elapsed(since, at) >= settling),
    estate,
  );
  const pending = sameVerdicts(toTell, toldIn(before, estate))
    ? undefined
    : before?.pending !== undefined && sameVerdicts(before.pending.verdicts, toTell)
      ? before.pending
      : { at, verdicts: toTell };
  return {
    version: 1,
    environment,
    at: before !== undefined && isAfter(before.at, at) ? before.at : at,
    checks,
    verdicts,
    ...(before?.told === undefined ? {} : { told: before.told }),
    ...(pending === undefined ? {} : { pending }),
  };
}

/** Once the contacts know: the same record, and nothing left to tell unless it has changed since. */
export function toldOf(
  record: ReadinessRecord,
  pending: NonNullable<ReadinessRecord["pending"]>,
): ReadinessRecord {
  const { pending: left, ...rest } = record;
  const told = { ...rest, told: pending.verdicts };
  return left === undefined || sameVerdicts(left.verdicts, pending.verdicts)
    ? told
    : { ...told, pending: left };
}

/** What the contacts take to be so; before they were told anything, that all is well. */
export const toldIn = (record: ReadinessRecord | undefined, estate: Environment): Verdicts =>
  record?.told ?? verdictsOf([], estate);

export const sameVerdicts = (one: Verdicts, other: Verdicts): boolean =>
  RecoveryScenario.options.every((scenario) => one[scenario] === other[scenario]);

const applicable = (
  scenarios: readonly RecoveryScenario[],
  estate: Environment,
): RecoveryScenario[] =>
  scenarios.filter((scenario) => scenario !== "region-outage" || hasOtherRegion(estate));

function finding(
  { id }: ReadinessCheck,
  { scenarios = [], ...found }: Found,
  standing: z.infer<typeof Standing> | undefined,
  at: Instant,
): ReadinessFinding {
  const before = standing?.findings.find(
    ({ about, level }) => about === found.about && level === found.level,
  );
  return { check: id, scenarios, ...found, since: before?.since ?? at };
}

/** What an operator is shown of an environment. */
export const EnvironmentReadiness = z
  .strictObject({
    environment: EnvironmentName,
    /** The worst of its scenarios. */
    verdict: Verdict,
    /** When something was evaluated last; absent where it never was. */
    evaluatedAt: Instant.optional(),
    /** How long ago that was. */
    age: z.int().nonnegative().optional(),
    scenarios: z.array(
      z.strictObject({
        scenario: RecoveryScenario,
        verdict: Verdict,
        since: Instant.optional(),
        /** What people can do where this service can do nothing. */
        byHand: z.array(z.string()).optional(),
      }),
    ),
    findings: z.array(ReadinessFinding),
    checks: z.array(
      z.strictObject({
        check: z.string(),
        title: z.string(),
        weight: z.enum(["light", "heavy"]),
        /** When it was made last; absent where it never was. */
        at: Instant.optional(),
        findings: z.int().nonnegative(),
      }),
    ),
  })
  .meta({ id: "EnvironmentReadiness" });
export type EnvironmentReadiness = z.infer<typeof EnvironmentReadiness>;

/** What a record says now: a result that has grown old is no result any more. */
export function readinessNow(
  record: ReadinessRecord | undefined,
  {
    environment,
    estate,
    now,
    also = [],
  }: {
    readonly environment: EnvironmentName;
    readonly estate: Environment;
    readonly now: Instant;
    readonly also?: readonly ReadinessFinding[];
  },
): EnvironmentReadiness {
  const standings = new Map((record?.checks ?? []).map((each) => [each.check, each]));
  const stale = readinessChecks.flatMap((check) =>
    outdated(check, standings.get(check.id)?.at, now),
  );
  const findings = [
    ...also,
    ...(record?.checks ?? []).flatMap((each) => each.findings),
    ...grouped(stale, estate, now),
  ];
  const verdicts = verdictsOf(findings, estate);
  return {
    environment,
    verdict: worstOf(Object.values(verdicts)),
    ...(record === undefined ? {} : { evaluatedAt: record.at, age: elapsed(record.at, now) }),
    scenarios: RecoveryScenario.options.map((scenario) => {
      const verdict = verdicts[scenario];
      const known = record?.verdicts.find((each) => each.scenario === scenario);
      return {
        scenario,
        verdict,
        ...(known?.verdict === verdict ? { since: known.since } : {}),
        ...(verdict === "not-applicable" ? { byHand: [...breakGlass(estate)] } : {}),
      };
    }),
    findings,
    checks: readinessChecks.map(({ id, title, weight }) => {
      const standing = standings.get(id);
      return {
        check: id,
        title,
        weight,
        ...(standing === undefined ? {} : { at: standing.at }),
        findings: standing?.findings.length ?? 0,
      };
    }),
  };
}

interface Outdated {
  readonly check: ReadinessCheck;
  readonly at: Instant | undefined;
}

function outdated(check: ReadinessCheck, at: Instant | undefined, now: Instant): Outdated[] {
  const isFresh = at !== undefined && !isAfter(now, plus(at, freshFor[check.weight]));
  return isFresh ? [] : [{ check, at }];
}

/** One finding for all results of an age: a service that stands still is one trouble, not thirty. */
function grouped(
  stale: readonly Outdated[],
  estate: Environment,
  now: Instant,
): ReadinessFinding[] {
  const ages = [...new Set(stale.map(({ at }) => at))];
  return ages.map((at) => {
    const checks = stale.filter((each) => each.at === at).map(({ check }) => check);
    const scenarios = RecoveryScenario.options.filter((scenario) =>
      checks.some((check) => applicable(check.scenarios, estate).includes(scenario)),
    );
    const names = checks.map(({ id }) => id).join(", ");
    const every = checks.length === readinessChecks.length;
    return {
      check: "evaluation",
      scenarios,
      level: "unknown",
      about: at ?? "never",
      what:
        at === undefined
          ? `never evaluated: ${every ? "any check" : names}`
          : `last evaluated ${describeDuration(elapsed(at, now))} ago: ${every ? "every check" : names}`,
      remedy:
        "evaluate now: POST /api/readiness; if that changes nothing, see whether the timers of this service run",
      since: at ?? now,
    };
  });
}
