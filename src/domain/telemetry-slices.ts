import { days, milliseconds, minutes, seconds, type Milliseconds } from "./duration.js";
import {
  compact,
  earlierBy,
  earlier,
  elapsed,
  instantOf,
  isAfter,
  plus,
  type Instant,
} from "./instant.js";

/*
 * Requests are exported by stretches of time, each within one day and small enough to be held in
 * memory: a log query answers as a whole or not at all.
 */

/** From `begin` on, and before `end`. */
export interface Stretch {
  readonly begin: Instant;
  readonly end: Instant;
}

/** A stretch whose requests one file takes, as many as were counted. */
export interface Slice extends Stretch {
  readonly rows: number;
}

/** How many requests began in a bin of time. */
export interface Count {
  readonly at: Instant;
  readonly rows: number;
}

/** How many requests one query is to answer with: some megabytes, however long a day is. */
export const mostRows = 20_000;

/** What has happened may be seen only after some minutes; the export ends before that. */
const ingestionLag = minutes(15);
/** How far back an export goes. */
const reach = days(30);

/** Whole days up to the newest minute that all has arrived of. */
export function exportedStretch(now: Instant): Stretch {
  const end = floorTo(earlierBy(now, ingestionLag), minutes(1));
  return { begin: dayOf(earlierBy(end, reach)), end };
}

export const dayOf = (instant: Instant): Instant => floorTo(instant, days(1));

/** `20261122`, as in the names of files. */
export const dayName = (day: Instant): string => compact(day).slice(0, "yyyyMMdd".length);

function floorTo(instant: Instant, size: Milliseconds): Instant {
  const at = Date.parse(instant);
  return instantOf(new Date(at - (at % size)));
}

/** The days of a stretch, the last one as far as it goes. */
export function daysOf({ begin, end }: Stretch): readonly Stretch[] {
  const found: Stretch[] = [];
  for (let day = dayOf(begin); isAfter(end, day); day = plus(day, days(1))) {
    found.push({ begin: day, end: earlier(plus(day, days(1)), end) });
  }
  return found;
}

/** Cuts a day between bins so that no slice has more rows than wanted, unless a bin alone has. */
export function slicesOf(
  day: Stretch,
  counts: readonly Count[],
  most = mostRows,
): readonly Slice[] {
  const within = counts
    .filter(({ at }) => !isAfter(day.begin, at) && isAfter(day.end, at))
    .sort((one, other) => one.at.localeCompare(other.at));
  const slices: Slice[] = [];
  let open: { begin: Instant; rows: number } = { begin: day.begin, rows: 0 };
  for (const { at, rows } of within) {
    if (open.rows > 0 && open.rows + rows > most) {
      slices.push({ ...open, end: at });
      open = { begin: at, rows: 0 };
    }
    open = { ...open, rows: open.rows + rows };
  }
  return open.rows === 0 && slices.length === 0 ? [] : [...slices, { ...open, end: day.end }];
}

/** No stretch is cut into shorter ones. */
const shortest = seconds(1);

/** Two halves of a stretch; undefined where it is too short for that. */
export function halvesOf({ begin, end }: Stretch): readonly [Stretch, Stretch] | undefined {
  const half = milliseconds(Math.floor(elapsed(begin, end) / 2));
  if (half < shortest) return undefined;
  const middle = plus(begin, half);
  return [
    { begin, end: middle },
    { begin: middle, end },
  ];
}

/** `requests-20261122-01.csv.gz` */
export const fileOf = (day: Instant, nth: number): string =>
  `requests-${dayName(day)}-${String(nth).padStart(2, "0")}.csv.gz`;

/** The day that a file is of, as it is in its name. */
export const dayIn = (file: string): string | undefined => /^requests-(\d{8})-/.exec(file)?.[1];

/** How many requests a file holds, as its item says: what has as many as were counted is not exported again. */
export const rowsVersion = (rows: number): string => `rows:${rows}`;
export const rowsIn = (version: string | undefined): number | undefined => {
  const [, rows] = /^rows:(\d+)$/.exec(version ?? "") ?? [];
  return rows === undefined ? undefined : Number(rows);
};

/** The facts of a set that say what it reaches from and to. */
export const reachFacts = {
  from: "from",
  until: "until",
  rows: "rows",
  counted: "counted",
} as const;
