import { z } from "zod";
import { describeDuration, hours, milliseconds, minutes, type Milliseconds } from "./duration.js";
import { EnvironmentName } from "./environment-name.js";
import type { Environment } from "./estate.js";
import { compact, elapsed, Instant, isAfter, plus } from "./instant.js";
import { RunOrder } from "./run-order.js";
import { ScenarioId } from "./scenario-id.js";

/** The drill of each quarter: container app, key vault, cache, region. */
export const DrillId = z.enum(["q1", "q2", "q3", "q4"]);
export type DrillId = z.infer<typeof DrillId>;

/** Which nodes of the cache its drill reboots. */
export const DrilledNodes = z.enum(["primary", "all"]);
export type DrilledNodes = z.infer<typeof DrilledNodes>;

/** What a drill is started with. */
export const DrillOrder = RunOrder.extend({
  drill: DrillId,
  /** Of the drill of the cache alone; the primary one where it is absent. */
  nodes: DrilledNodes.optional(),
});
export type DrillOrder = z.infer<typeof DrillOrder>;

/** What the run is started with that undoes a drill's fault in its stead. */
export const UndoOrder = DrillOrder.extend({
  /** The run of the drill. */
  of: z.string(),
});
export type UndoOrder = z.infer<typeof UndoOrder>;

/** What a drill that reboots all nodes of a cache brings back afterwards. */
export const CacheExport = z.strictObject({
  cache: z.string(),
  /** The set, as a restore names it. */
  set: z.string(),
  takenAt: Instant,
  way: z.enum(["snapshot", "export"]),
  /** How many keys the cache held when the set was chosen. */
  held: z.int().nonnegative(),
  /** Whether the cache saves what it holds, and loads it by itself. */
  persistent: z.boolean(),
});
export type CacheExport = z.infer<typeof CacheExport>;

/** How what a drill breaks is mended. It is written down before anything is broken. */
export const Undo = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("activate-revision"), app: z.string(), revision: z.string() }),
  z.strictObject({
    kind: z.literal("recover-secret"),
    vault: z.string(),
    address: z.string(),
    secret: z.string(),
  }),
  /** Azure brings a rebooted node up by itself. */
  z.strictObject({ kind: z.literal("none") }),
  /** Users are led back by the region's own failback. */
  z.strictObject({ kind: z.literal("fail-back-region") }),
  /** All nodes of a cache are rebooted; what it has lost comes back by the ordinary restore. */
  z.strictObject({ kind: z.literal("restore-cache"), ...CacheExport.shape }),
]);
export type Undo = z.infer<typeof Undo>;

/**
 * The drill that an environment has in hand, or had last: what tells its alerts from real ones, and what
 * mends its fault where its run no longer can. `begun`: nothing is broken yet. `broken`: it may be.
 */
export const DrillInHand = z.strictObject({
  version: z.literal(1),
  environment: EnvironmentName,
  drill: DrillId,
  run: z.string(),
  /** ARM id of what it breaks, and the scenario that answers it. */
  resource: z.string(),
  scenario: ScenarioId.optional(),
  status: z.enum(["begun", "broken", "undone", "ended"]),
  begunAt: Instant,
  brokenAt: Instant.optional(),
  undo: Undo.optional(),
  /** When somebody else undoes it, should its run not have done so. */
  undoBy: Instant.optional(),
  undoneAt: Instant.optional(),
  /** The recovery that answers the fault, and the rule whose alert started it. */
  recovery: z.string().optional(),
  rule: z.string().optional(),
});
export type DrillInHand = z.infer<typeof DrillInHand>;

/** How long beyond its target a drill may leave its fault before others undo it. */
const undoGrace: Milliseconds = minutes(15);

/** What an alert of an environment is to the drill that is in hand there. */
export type AlertAndDrill =
  /** The drill has broken what the alert speaks of. */
  | "practised"
  /** It was fired by the drill's fault and comes late: there is nothing to be recovered any more. */
  | "late"
  /** It is real, and the drill gives way. */
  | "real-during-drill"
  | "real";

export function alertAndDrill(
  drill: DrillInHand | undefined,
  alert: { readonly scenario: ScenarioId; readonly resource: string; readonly firedAt: Instant },
): AlertAndDrill {
  if (drill === undefined) return "real";
  const { status, brokenAt, undoneAt } = drill;
  const concerned =
    drill.scenario === alert.scenario &&
    drill.resource.toLowerCase() === alert.resource.toLowerCase() &&
    brokenAt !== undefined &&
    !isAfter(brokenAt, alert.firedAt);
  if (concerned && status === "broken") return "practised";
  if (concerned && undoneAt !== undefined && !isAfter(alert.firedAt, undoneAt)) return "late";
  return status === "ended" ? "real" : "real-during-drill";
}

/** Whether a drill's fault is to be undone by others: its run is over, or has taken too long. */
export const isOverdue = (
  { status, undoBy }: DrillInHand,
  runIsOver: boolean,
  now: Instant,
): boolean => status === "broken" && (runIsOver || (undoBy !== undefined && isAfter(now, undoBy)));

/** Whether two environment states are the same, field by field; what differs, in words. */
export function residueOf(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return fields.flatMap((field) => {
    const [was, is] = [before[field] ?? "absent", after[field] ?? "absent"];
    return was === is ? [] : [`${field} was ${was} and is ${is}`];
  });
}

type Drills = Environment["drills"];

/** The window in which no drill may begin, if one is open. */
export function blockedAt(
  drills: Pick<Drills, "blocked">,
  at: Instant,
): Drills["blocked"][number] | undefined {
  return drills.blocked.find(({ from, until }) => !isAfter(from, at) && isAfter(until, at));
}

export const describeWindow = ({ from, until, reason }: Drills["blocked"][number]): string =>
  `no drill from ${from} until ${until}: ${reason}`;

/** The drill of the quarter that an instant lies in, and the day it is planned for. */
export function drillOfQuarter(
  quarterly: NonNullable<Drills["quarterly"]>,
  now: Instant,
): { readonly drill: DrillId; readonly plannedAt: Instant; readonly quarter: string } {
  const date = new Date(now);
  const [year, index] = [date.getUTCFullYear(), Math.floor(date.getUTCMonth() / 3)];
  const { month, day, hour } = quarterly;
  return {
    drill: DrillId.options[index] ?? "q1",
    plannedAt: new Date(Date.UTC(year, index * 3 + month - 1, day, hour)).toISOString(),
    quarter: `${year}-Q${index + 1}`,
  };
}

/** For so long after its hour a planned drill is begun; in a blocked window it waits until that is over. */
const dueFor = hours(4);

/**
 * When the drill of the quarter is due: at its hour, or when the window that blocks it has ended. One
 * that has been missed altogether is not begun at a time that nobody knows of.
 */
export function isDrillDue(drills: Drills, plannedAt: Instant, now: Instant): boolean {
  const due = dueAt(drills, plannedAt);
  return !isAfter(due, now) && elapsed(due, now) < dueFor;
}

function dueAt(drills: Drills, plannedAt: Instant): Instant {
  let due = plannedAt;
  for (let window = blockedAt(drills, due); window !== undefined; window = blockedAt(drills, due)) {
    due = window.until;
  }
  return due;
}

/** The drill that begins by itself next, and when; of this quarter, or of the next one where this has had its. */
export function nextDrill(
  drills: Drills & { readonly quarterly: NonNullable<Drills["quarterly"]> },
  now: Instant,
): { readonly drill: DrillId; readonly quarter: string; readonly at: Instant } {
  const date = new Date(now);
  const nextQuarter = Date.UTC(
    date.getUTCFullYear(),
    3 * Math.floor(date.getUTCMonth() / 3) + 3,
    1,
  );
  const coming = [now, new Date(nextQuarter).toISOString()].map((at) => {
    const { drill, quarter, plannedAt } = drillOfQuarter(drills.quarterly, at);
    return { drill, quarter, at: dueAt(drills, plannedAt) };
  });
  const [first, second] = coming as [(typeof coming)[number], (typeof coming)[number]];
  return elapsed(first.at, now) < dueFor ? first : second;
}

/** `drill-q1-production-<when planned>`: a second start of the same drill finds the first. */
export const plannedDrillRun = (
  drill: DrillId,
  environment: EnvironmentName,
  plannedAt: Instant,
): string => `drill-${drill}-${environment}-${compact(plannedAt)}`;

/** An earlier drill of the same kind, as much as the trend shows of it. */
export interface EarlierDrill {
  readonly startedAt: Instant;
  readonly outcome: string;
  readonly took: Milliseconds | undefined;
}

/** How this drill stands to those before it, newest first. */
export function trendOf(took: Milliseconds | undefined, earlier: readonly EarlierDrill[]): string {
  if (earlier.length === 0) return "the first drill of its kind here";
  const before = earlier
    .map(
      (each) =>
        `${each.startedAt.slice(0, 10)} ${each.took === undefined ? each.outcome : describeDuration(each.took)}`,
    )
    .join(", ");
  const last = earlier.find((each) => each.took !== undefined)?.took;
  if (took === undefined || last === undefined) return `before: ${before}`;
  const change =
    took === last
      ? "as long as"
      : `${describeDuration(elapsedBetween(took, last))} ${took < last ? "faster than" : "slower than"}`;
  return `${change} the last one; before: ${before}`;
}

const elapsedBetween = (one: Milliseconds, other: Milliseconds): Milliseconds =>
  milliseconds(Math.abs(one - other));

/** When others undo a drill's fault. */
export const undoByOf = (brokenAt: Instant, target: Milliseconds): Instant =>
  plus(plus(brokenAt, target), undoGrace);
