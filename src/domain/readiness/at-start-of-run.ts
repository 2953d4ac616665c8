import { describeDuration, hours, minutes } from "../duration.js";
import { elapsed, isAfter, plus, type Instant } from "../instant.js";
import { checkOf } from "./catalogue.js";
import { RecoveryScenario, type ReadinessRecord } from "./readiness.js";

/** A result that is older says too little of the moment at which a recovery begins. */
const youngEnough = hours(1);

/** What is evaluated beside a run is of its beginning only if it was found that soon. */
const besideFor = minutes(10);

/** Lines of a record; GET /api/readiness has all. */
const longest = 10;

const prefix = "readiness: ";

/** When the checks that cost little were made last; undefined where they never were. */
function lightlyEvaluatedAt({ checks }: ReadinessRecord): Instant | undefined {
  return checks
    .filter(({ check }) => checkOf(check)?.weight === "light")
    .map(({ at }) => at)
    .sort()
    .at(-1);
}

/** Whether what is known is too old for a run that begins now. What was never evaluated is not old. */
export function isOutdated(record: ReadinessRecord | undefined, now: Instant): boolean {
  const at = record && lightlyEvaluatedAt(record);
  return at !== undefined && isAfter(now, plus(at, youngEnough));
}

/** What a run writes down of readiness when it begins: it warns, and never locks out. */
export function readinessAtStart(
  record: ReadinessRecord | undefined,
  scenario: string,
  now: Instant,
): readonly string[] {
  const at = record && lightlyEvaluatedAt(record);
  if (record === undefined || at === undefined) {
    return [`${prefix}never evaluated; see whether the timers of this service run`];
  }
  if (isOutdated(record, now)) {
    return [
      `${prefix}last evaluated ${describeDuration(elapsed(at, now))} before this run, which is too long ago`,
    ];
  }
  return linesOf(record, scenario);
}

/** What an evaluation beside a run has found by its end; nothing where it came to nothing. */
export function readinessBeside(
  record: ReadinessRecord | undefined,
  scenario: string,
  startedAt: Instant,
): readonly string[] {
  const at = record && lightlyEvaluatedAt(record);
  if (record === undefined || at === undefined) return [];
  if (isAfter(startedAt, at) || isAfter(at, plus(startedAt, besideFor))) return [];
  return linesOf(record, scenario);
}

/** Whether a record says that what was known was too old. */
export const saysOutdated = (findings: readonly string[]): boolean =>
  findings.some((finding) => finding.startsWith(`${prefix}last evaluated`));

function linesOf({ checks }: ReadinessRecord, scenario: string): readonly string[] {
  const of = RecoveryScenario.safeParse(scenario).data;
  const lines = checks
    .flatMap(({ findings }) => findings)
    .filter(({ scenarios }) => of !== undefined && scenarios.includes(of))
    .map(({ level, what }) => `${prefix}${level}: ${what}`);
  const rest = lines.length - longest;
  return rest > 0 ? [...lines.slice(0, longest), `${prefix}${rest} more findings`] : lines;
}
