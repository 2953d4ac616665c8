import { escapeUTF8 } from "entities";
import { renderHtml } from "../../src/domain/report-html.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { summaryHtml } from "../../src/domain/summary-report.js";
import { summarize } from "../../src/domain/summary.js";
import { Quarter } from "../../src/domain/quarter.js";
import { entryOf } from "../../src/domain/record-entry.js";
import { chromium, overflowsOf, printedPagesOf } from "../support/browser.js";
import { sampleEstate } from "../support/estates.js";
import { runRecords } from "../support/run-records.js";

const withBrowser = chromium === undefined ? it.skip : it;
const why =
  chromium === undefined ? " (skipped: no chromium on PATH; apt-get install chromium)" : "";

/** What no rule of language breaks: ids, paths, hashes. */
const long = `/subscriptions/${"0f9f3a52".repeat(12)}/providers/Microsoft.Cache/redis/${"x".repeat(80)}`;
const detail = `restored ${long}; ${"then it was looked at again; ".repeat(8)}`;

const { compared, overruled, planned } = runRecords;
const { "needs-operator": needsOperator } = runRecords;
const full: RunRecord = {
  ...compared,
  reason: long,
  findings: [long],
  nextSteps: [long],
  audit: runRecords.restored.audit.map((entry) => ({ ...entry, detail, reason: long })),
  approvals: overruled.approvals,
  steps: Array.from({ length: 12 }, () => ({ ...compared.steps[2]!, detail })),
};
const records: readonly RunRecord[] = [compared, full, needsOperator];
const file = {
  blob: "x",
  bytes: 1,
  sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
};
const summary = summarize(
  records.map((record) => entryOf(record, file, [])),
  () => full,
  {
    environment: "production",
    quarter: Quarter.parse("2026-Q4"),
    contacts: sampleEstate().environments.production!.contacts,
    now: "2026-12-01T09:00:00.000Z",
  },
);
const pages = [
  ...[...records, planned as RunRecord].map((record) => renderHtml(record, escapeUTF8)),
  summaryHtml(summary, escapeUTF8),
];

/** As a printer lays it out, for a browser to measure. */
const onPaper = (html: string): string =>
  html.replaceAll("@media screen", "@media none").replace("@media print", "@media screen");

/** What A4 has between its margins, in pixels of CSS. */
const paper = 700;

withBrowser(
  `reports and summaries fit a phone and paper, and print to pages${why}`,
  async () => {
    const phone = 390;
    const shown = pages.flatMap((html) => [
      { html, width: phone },
      { html, width: 2 * phone },
      { html: onPaper(html), width: paper },
    ]);
    const tooWide = { html: `<p style="width:500px">wide</p>`, width: phone };

    const [overflows, printed] = await Promise.all([
      overflowsOf([...shown, tooWide]),
      printedPagesOf(pages[1] ?? ""),
    ]);

    expect(overflows.slice(0, -1)).toEqual(shown.map(() => []));
    // The ruler works.
    expect(overflows.at(-1)).toContain("it scrolls sideways");
    expect(printed).toBeGreaterThan(1);
    expect(printed).toBeLessThan(12);
  },
  120_000,
);
