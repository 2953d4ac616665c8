import type { HttpResponseInit } from "@azure/functions";
import { escapeUTF8 } from "entities";
import { z } from "zod";
import { EnvironmentName } from "../domain/environment-name.js";
import { inParallel } from "../domain/in-parallel.js";
import { Quarter, quarterOf } from "../domain/quarter.js";
import { summaryHtml, summaryMarkdown } from "../domain/summary-report.js";
import { entriesFor, summarize } from "../domain/summary.js";
import { accept, json, type Endpoint } from "./endpoint.js";
import { formatFor, page } from "./reports.js";
import { environmentIn } from "./request-forms.js";

export const SummaryQuery = z.object({
  environment: EnvironmentName,
  quarter: Quarter.optional().meta({ description: "Such as 2026-Q4; by default the present one" }),
  format: z.enum(["html", "md", "json"]).optional(),
});

/** GET /api/reports/summary: a quarter of an environment, for auditors. */
export async function compileSummary({
  request,
  store,
  estate,
  now,
}: Endpoint): Promise<HttpResponseInit> {
  const format = formatFor(request);
  const asked = accept(SummaryQuery.safeParse(Object.fromEntries(request.query)));
  const { environment } = environmentIn(estate, asked.environment, 404);
  const at = now();
  const wanted = {
    environment: asked.environment,
    quarter: asked.quarter ?? quarterOf(at),
    contacts: environment.contacts,
    now: at,
  };
  const entries = await store.runs.entries("runs");
  const { ofQuarter, open } = entriesFor(entries, wanted);
  const needed = new Map([...ofQuarter, ...open].map((entry) => [entry.id, entry]));
  const records = await inParallel(
    [...needed.values()],
    8,
    async (entry) => [entry.id, await store.runs.asWritten(entry)] as const,
  );
  const recordOf = new Map(records);
  const summary = summarize(entries, (id) => recordOf.get(id), wanted);
  if (format === "json") return json(200, summary);
  return page(
    format,
    format === "html" ? summaryHtml(summary, escapeUTF8) : summaryMarkdown(summary),
  );
}
