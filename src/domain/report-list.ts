import type { Instant } from "./instant.js";
import type { RecordEntry } from "./record-entry.js";

/** What a list of reports is narrowed by; what is left out narrows nothing. */
export interface ReportFilter {
  readonly environment?: string | undefined;
  readonly scenario?: string | undefined;
  readonly kind?: string | undefined;
  readonly outcome?: string | undefined;
  /** Ended at this instant or after it. */
  readonly since?: Instant | undefined;
  /** Ended before this instant. */
  readonly until?: Instant | undefined;
}

export interface ReportPage {
  readonly entries: readonly RecordEntry[];
  /** Where the next page begins; absent on the last one. */
  readonly next?: Position;
}

/** Of the last entry of a page: what is written meanwhile moves no page behind it. */
export interface Position {
  readonly endedAt: Instant;
  readonly id: string;
}

/** One page of what a filter leaves, the newest end first. */
export function pageOf(
  entries: readonly RecordEntry[],
  filter: ReportFilter,
  limit: number,
  after?: Position,
): ReportPage {
  const wanted = entries
    .filter((entry) => passes(entry, filter))
    .sort(byEnd)
    .filter((entry) => after === undefined || byEnd(after, entry) < 0);
  const page = wanted.slice(0, limit);
  const last = page.at(-1);
  if (last === undefined || wanted.length <= limit) return { entries: page };
  return { entries: page, next: { endedAt: last.endedAt, id: last.id } };
}

const byEnd = (one: Position, other: Position): number =>
  Date.parse(other.endedAt) - Date.parse(one.endedAt) || other.id.localeCompare(one.id, "en");

function passes(entry: RecordEntry, filter: ReportFilter): boolean {
  const { since, until } = filter;
  const ended = Date.parse(entry.endedAt);
  return (
    (["environment", "scenario", "kind", "outcome"] as const).every(
      (member) => filter[member] === undefined || filter[member] === entry[member],
    ) &&
    (since === undefined || ended >= Date.parse(since)) &&
    (until === undefined || ended < Date.parse(until))
  );
}
