import { z } from "zod";
import type { Scalar } from "./kql/syntax.js";
import type { TimeSpan } from "./time-span.js";

const HOUR_MS = 3_600_000;

/** Requests of the past, as many in each hour. They follow from their number and are not stored. */
export const SeedRequestHistory = z.strictObject({
  hours: z
    .int()
    .min(1)
    .max(24 * 90),
  perHour: z.int().min(1).max(3_600_000),
});

export interface RequestHistory {
  /** The start of the first hour. */
  readonly from: number;
  readonly hours: number;
  readonly perHour: number;
}

export const requestHistoryOf = (
  { hours, perHour }: z.infer<typeof SeedRequestHistory>,
  now: number,
): RequestHistory => ({
  // All of it has been ingested when the seed is laid.
  from: (Math.floor(now / HOUR_MS) - 1 - hours) * HOUR_MS,
  hours,
  perHour,
});

/** Names as people and attackers send them: most are plain, some a spreadsheet would run, some break lines. */
const NAMES = ["POST /mcp", "GET /health", "POST /mcp", "GET /records/{id}", "POST /mcp"] as const;
const STRANGE = [
  '=HYPERLINK("http://example.net","POST /mcp")',
  'GET /search?q="a, b"',
  "+1 POST /mcp",
  "@SUM(1+1)",
  "GET /line\nbreak",
  "-2+3 GET /größe",
] as const;

/** The rows of a history in a time span, oldest first. */
export function* historyBetween(
  { from, hours, perHour }: RequestHistory,
  span: TimeSpan,
  component: string,
): Generator<Readonly<Record<string, Scalar>>> {
  const step = HOUR_MS / perHour;
  const first = Math.max(0, Math.floor((span.from - from) / step) - 1);
  for (let nth = first; nth < hours * perHour; nth += 1) {
    const at = from + Math.floor(nth * step);
    if (at < span.from) continue;
    if (at > span.to) return;
    const failed = nth % 97 === 0;
    const id = nth.toString(16).padStart(16, "0");
    const name =
      nth % 1_009 === 7 ? STRANGE[nth % STRANGE.length] : NAMES[(nth * 7) % NAMES.length];
    yield {
      TimeGenerated: new Date(at),
      Name: name ?? "",
      Url: `https://mcp.example.com/mcp?session=${id}`,
      Success: !failed,
      ResultCode: failed ? "503" : "200",
      DurationMs: 20 + ((nth * 7) % 611) / 10,
      ItemCount: 1,
      OperationId: `${id}${id}`,
      AppRoleName: "mcp-server",
      AppRoleInstance: `mcp-server--v41-${nth % 3}`,
      _ResourceId: component.toLowerCase(),
      Type: "AppRequests",
    };
  }
}
