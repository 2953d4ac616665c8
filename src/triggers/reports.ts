import type { HttpResponseInit } from "@azure/functions";
import { z } from "zod";
import { EnvironmentName } from "../domain/environment-name.js";
import { Instant } from "../domain/instant.js";
import { RecordEntry } from "../domain/record-entry.js";
import { pageOf, type Position } from "../domain/report-list.js";
import { Outcome, RunKind } from "../domain/run-record.js";
import { accept, json, linksOf, refuse, type Endpoint } from "./endpoint.js";
import { problem } from "./problem.js";
import { environmentIn, knownForm } from "./request-forms.js";
import { RunLinks } from "./run-view.js";

const formats = ["html", "md", "json"] as const;
const ReportQuery = z.object({
  format: z.enum(formats, { error: "must be html, md or json" }),
});

/** What a list of reports can be narrowed by. */
export const ReportListQuery = z.object({
  environment: EnvironmentName.optional(),
  scenario: z.string().optional().meta({ description: "Such as redis-failure or redis-failback" }),
  kind: RunKind.optional().meta({
    description: "Backups and proofs are listed only where their kind is named",
  }),
  outcome: Outcome.optional(),
  since: Instant.optional().meta({ description: "Ended then or later" }),
  until: Instant.optional().meta({ description: "Ended before" }),
  limit: z.coerce
    .number({ error: "must be a number" })
    .int({ error: "must be a whole number" })
    .min(1, { error: "must be 1 to 500" })
    .max(500, { error: "must be 1 to 500" })
    .default(50),
  continuation: z
    .string()
    .optional()
    .meta({ description: "From the page before, as it was given" }),
});

export const ReportList = z
  .strictObject({
    /** The newest end first. */
    reports: z.array(
      RecordEntry.omit({ version: true, record: true, reports: true }).extend({
        /** Of the record, as the index has it. */
        sha256: z.string(),
        links: RunLinks,
      }),
    ),
    /** Where there are more: what to ask with for them. */
    continuation: z.string().optional(),
  })
  .meta({ id: "ReportList" });
type ReportList = z.infer<typeof ReportList>;

/** GET /api/reports: the records there are, by the index, a page at a time. */
export async function listReports({ request, store, estate }: Endpoint): Promise<HttpResponseInit> {
  const { limit, continuation, ...filter } = accept(
    ReportListQuery.safeParse(Object.fromEntries(request.query)),
  );
  if (filter.environment !== undefined) environmentIn(estate, filter.environment, 404);
  const isOften = filter.kind === "backup" || filter.kind === "proof";
  const entries = await store.runs.entries(isOften ? "backups" : "runs");
  const after = continuation === undefined ? undefined : positionIn(continuation);
  const found = pageOf(entries, filter, limit, after);
  const list: ReportList = {
    reports: found.entries.map(({ version: _version, record, reports: _reports, ...entry }) => ({
      ...entry,
      sha256: record.sha256,
      links: linksOf(request, entry.id),
    })),
    ...(found.next === undefined ? {} : { continuation: packed(found.next) }),
  };
  return json(200, list);
}

const packed = ({ endedAt, id }: Position): string =>
  Buffer.from(JSON.stringify([endedAt, id])).toString("base64url");

function positionIn(continuation: string): Position {
  try {
    const [endedAt, id] = z
      .tuple([Instant, z.string()])
      .parse(JSON.parse(Buffer.from(continuation, "base64url").toString()));
    return { endedAt, id };
  } catch {
    throw refuse(problem(400, "continuation is not what a page of this list gave; leave it out"));
  }
}

/** GET /api/reports/{id}: the evidence of an ended run as HTML, Markdown or JSON. */
export async function showReport({ request, store, runs }: Endpoint): Promise<HttpResponseInit> {
  const id = knownForm(request.params["id"]);
  const format = formatFor(request);
  if (format === "json") {
    const record = await store.runs.read(id);
    if (record !== undefined) return json(200, record);
  } else {
    const text = await store.runs.report(id, format);
    if (text !== undefined) {
      return page(format, text);
    }
  }
  const running = (await runs.state(id)).kind === "active";
  throw refuse(
    problem(
      404,
      running
        ? `${id} is still running; its report comes at its end`
        : `there is no report of ${id}`,
    ),
  );
}

/** As the address asks, or as the caller says it understands best. */
export function formatFor({ query, headers }: Endpoint["request"]): (typeof formats)[number] {
  const given = query.get("format") ?? preferred(headers.get("accept"));
  return accept(ReportQuery.safeParse({ format: given })).format;
}

/** A page for people, which loads nothing and runs nothing. */
export const page = (format: "html" | "md", body: string): HttpResponseInit => ({
  status: 200,
  headers: {
    "content-type": `text/${format === "html" ? "html" : "markdown"}; charset=utf-8`,
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
  },
  body,
});

function preferred(accepted: string | null): "html" | "md" | "json" {
  if (accepted?.includes("text/html") === true) return "html";
  if (accepted?.includes("text/markdown") === true) return "md";
  return "json";
}
