import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { BlobStreams } from "../azure/blob-container.js";
import { classifyError } from "../azure/classify-error.js";
import type { LogQueries } from "../azure/log-queries.js";
import { BackupItem, type SkippedItem } from "../domain/backup.js";
import { hours, minutes, type Milliseconds } from "../domain/duration.js";
import type { EnvironmentName } from "../domain/environment-name.js";
import { terminal } from "../domain/failure.js";
import { inParallel } from "../domain/in-parallel.js";
import { Instant, instantOf, isAfter } from "../domain/instant.js";
import {
  dayIn,
  dayName,
  dayOf,
  daysOf,
  fileOf,
  halvesOf,
  mostRows,
  reachFacts,
  rowsIn,
  rowsVersion,
  slicesOf,
  type Count,
  type Stretch,
} from "../domain/telemetry-slices.js";
import type { Activity } from "../durable/activity-contract.js";
import { verifyCsvPart, writeCsvPart, type Rows } from "../state/csv-part.js";
import type { Backups } from "../state/backups.js";
import * as contract from "./telemetry-backup.contract.js";

/** What of a request is exported; an item count above one says that it stands for others, which were not kept. */
const columns = [
  "TimeGenerated",
  "Name",
  "Url",
  "Success",
  "ResultCode",
  "DurationMs",
  "ItemCount",
  "OperationId",
  "AppRoleName",
  "AppRoleInstance",
];

/** One piece of the export: a stretch of a day that becomes a file, or a day that an earlier set has. */
const Piece = z.union([
  z.strictObject({ day: Instant, file: z.string(), begin: Instant, end: Instant }),
  z.strictObject({ day: Instant, items: z.array(BackupItem) }),
]);
type Piece = z.infer<typeof Piece>;

const piecesIn = (set: string): string => `${set}work/pieces.jsonl`;

/** A stretch is halved at most so often that one activity can do it. */
const mostQueries = 40;

/** Whose requests are asked for, and where. */
interface Asked {
  readonly workspaceId: string;
  readonly component: string;
}

/** The export of requests, which Azure Monitor alone has. */
export function telemetryBackupActivities(
  logs: Pick<LogQueries, "table">,
  store: Backups,
  streams: BlobStreams,
  sliceRows = mostRows,
): readonly Activity[] {
  const { container } = store;

  /** The items of whole days that a verified set has, by the day's name, with the rows they hold. */
  async function daysOfBase(
    {
      base,
      component,
      environment,
    }: { base?: string | undefined; component: string; environment: EnvironmentName },
    now: Instant,
  ): Promise<
    { readonly until: Instant; readonly days: ReadonlyMap<string, BackupItem[]> } | undefined
  > {
    if (base === undefined) return undefined;
    const source = { kind: "application-insights" as const, environment, source: component };
    const found = await store.read(base, source, now);
    if (found.kind === "unusable" || found.manifest.check.level === "none") return undefined;
    const until = Instant.safeParse(found.manifest.facts[reachFacts.until]).data;
    if (until === undefined) return undefined;
    const days = new Map<string, BackupItem[]>();
    for await (const items of store.items(found.manifest)) {
      for (const item of items) {
        const day = dayIn(item.name) ?? "";
        days.set(day, [...(days.get(day) ?? []), item]);
      }
    }
    return { until, days };
  }

  const isThere = async ({ blob, bytes }: BackupItem): Promise<boolean> =>
    (await container.look(blob))?.bytes === bytes;

  return [
    contract.planTelemetry.implementedBy(classifyError, async (wanted, { now }) => {
      const { set, begin, end } = wanted;
      const byHour = await countsBy(logs, wanted, { begin, end }, hours(1), "1h");
      const isDense = byHour.some(({ rows }) => rows > sliceRows);
      const fine = isDense
        ? await countsBy(logs, wanted, { begin, end }, minutes(1), "1m")
        : byHour;
      const base = await daysOfBase(wanted, now());
      const all = daysOf({ begin, end });
      const pieces = await inParallel(all, 4, async (day): Promise<readonly Piece[]> => {
        const rows = total(byHour.filter(({ at }) => dayOf(at) === day.begin));
        const kept = base?.days.get(dayName(day.begin)) ?? [];
        const isSame =
          base !== undefined &&
          !isAfter(day.end, base.until) &&
          total(kept.map((item) => ({ rows: rowsIn(item.sourceVersion) ?? -1 }))) === rows;
        if (rows > 0 && isSame && (await inParallel(kept, 8, isThere)).every(Boolean)) {
          return [{ day: day.begin, items: kept }];
        }
        return slicesOf(day, fine, sliceRows).map((slice, index) => ({
          day: day.begin,
          file: fileOf(day.begin, index + 1),
          begin: slice.begin,
          end: slice.end,
        }));
      });
      const [last] = all.slice(-1);
      const listed = pieces.flat();
      // A set holds something also where nobody asked anything of the app: that is known then.
      if (listed.length === 0 && last !== undefined) {
        listed.push({ day: last.begin, file: fileOf(last.begin, 1), begin: last.begin, end });
      }
      const text = listed.map((piece) => `${JSON.stringify(piece)}\n`).join("");
      await container.put(piecesIn(set), text);
      const rows = total(byHour);
      const reused = listed.filter((piece) => "items" in piece).length;
      return {
        pieces: listed.length,
        rows,
        detail: `${rows} requests in ${listed.length} pieces; ${reused} days are in an earlier set`,
      };
    }),

    contract.exportTelemetry.implementedBy(classifyError, async ({ set, nth, ...asked }) => {
      const text = (await container.read(piecesIn(set)))?.text;
      const line = text?.split("\n")[nth - 1] ?? "";
      if (line === "") throw terminal("work-list-missing", `${piecesIn(set)} has no piece ${nth}`);
      const piece = Piece.parse(JSON.parse(line));
      const { day } = piece;
      if ("items" in piece) {
        const done = total(piece.items.map((item) => ({ rows: rowsIn(item.sourceVersion) ?? 0 })));
        const part = await store.writePart(set, nth, piece.items);
        const detail = `${dayName(day)}: ${done} requests in an earlier set`;
        return { done, day, reused: true, part, skipped: [], detail };
      }
      const { file } = piece;
      const skipped: SkippedItem[] = [];
      // Where it runs twice at once, neither writes over what the other has answered with.
      const blob = `${set}${file.replace(".csv.gz", `-${randomUUID().slice(0, 8)}.csv.gz`)}`;
      const pages = answersIn(logs, asked, piece, skipped);
      const written = await writeCsvPart(streams, blob, columns, pages);
      await verifyCsvPart(streams, blob, written);
      const { rows, bytes, sha256 } = written;
      const item = { name: file, blob, bytes, sha256, sourceVersion: rowsVersion(rows) };
      return {
        done: rows,
        day,
        reused: false,
        part: await store.writePart(set, nth, [item]),
        skipped,
        detail: `${file}: ${rows} requests exported and read back`,
      };
    }),

    contract.compareTelemetry.implementedBy(classifyError, async ({ exported, ...wanted }) => {
      const byHour = await countsBy(logs, wanted, wanted, hours(1), "1h");
      const counted = total(byHour);
      const differences = daysOf(wanted).flatMap(({ begin: day }) => {
        const there = total(byHour.filter(({ at }) => dayOf(at) === day));
        const taken = total(exported.filter((each) => each.day === day));
        return there === taken
          ? []
          : [`${dayName(day)}: ${taken} requests exported, ${there} counted afterwards`];
      });
      const detail =
        differences.length === 0
          ? `${counted} requests counted once more, day by day the same`
          : `${counted} requests counted once more; ${differences.length} days differ`;
      return { counted, differences, detail };
    }),
  ];
}

const total = (counts: readonly { readonly rows: number }[]): number =>
  counts.reduce((sum, { rows }) => sum + rows, 0);

/**
 * The requests of a stretch, answer by answer. One that the service cut short is thrown away, and each
 * half of its stretch is asked for; what cannot be had whole even so is named and left out.
 */
async function* answersIn(
  logs: Pick<LogQueries, "table">,
  { workspaceId, component }: Asked,
  { begin, end }: Stretch,
  skipped: SkippedItem[],
): AsyncGenerator<Rows> {
  const waiting: Stretch[] = [{ begin, end }];
  for (let queries = 0; waiting.length > 0; queries++) {
    const [next = { begin, end }] = waiting.splice(0, 1);
    const answer =
      queries < mostQueries
        ? await logs.table(workspaceId, requestsIn(component, next), next)
        : undefined;
    if (answer?.partial === false) {
      yield answer;
      continue;
    }
    const halves = answer === undefined ? undefined : halvesOf(next);
    if (halves !== undefined) waiting.unshift(...halves);
    else {
      const reason = "the log service answers with a part of it alone";
      skipped.push({ name: `requests from ${next.begin} to ${next.end}`, reason });
    }
  }
}

async function countsBy(
  logs: Pick<LogQueries, "table">,
  { workspaceId, component }: Asked,
  { begin, end }: Stretch,
  bin: Milliseconds,
  binText: string,
): Promise<readonly Count[]> {
  const kql = `${within(component, { begin, end })}
| summarize Requests = count() by bin(TimeGenerated, ${binText})`;
  const { columns: names, rows, partial } = await logs.table(workspaceId, kql, { begin, end });
  if (partial) {
    throw terminal(
      "count-cut-short",
      `the requests by ${bin / minutes(1)} min were not all counted`,
    );
  }
  const [time, count] = [names.indexOf("TimeGenerated"), names.indexOf("Requests")];
  return rows.map((row) => ({
    at: instantOf(new Date(row[time] as string | Date)),
    rows: Number(row[count]),
  }));
}

const requestsIn = (component: string, stretch: Stretch): string => `${within(component, stretch)}
| order by TimeGenerated asc
| project ${columns.join(", ")}`;

/** The interval of a query takes in its end; these bounds do not. */
const within = (component: string, { begin, end }: Stretch): string => `AppRequests
| where _ResourceId =~ "${component.replace(/["\\]/g, "\\$&")}"
| where TimeGenerated >= datetime(${begin}) and TimeGenerated < datetime(${end})`;
