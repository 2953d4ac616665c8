import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { escapeUTF8 } from "entities";
import { renderHtml } from "../../src/domain/report-html.js";
import { renderMarkdown } from "../../src/domain/report-markdown.js";
import { Outcome, RunRecord } from "../../src/domain/run-record.js";
import { report } from "../../src/domain/report.js";
import { runRecords } from "../support/run-records.js";

function golden(name: string, text: string): void {
  const file = path.join(__dirname, "../golden", name);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, "utf8"));
}

describe("report", () => {
  it.each(Object.entries(runRecords))("renders %s as on file", (name, record) => {
    golden(`${name}.md`, renderMarkdown(record));
    golden(`${name}.html`, renderHtml(record, escapeUTF8));
  });

  it("lets nothing that others wrote become markup", () => {
    const hostile = '<script>alert(1)</script> | [x](javascript:1)\n# heading `code` "quoted"';
    const record: RunRecord = {
      ...runRecords.restored,
      reason: hostile,
      findings: [hostile],
      audit: runRecords.restored.audit.map((entry) => ({
        ...entry,
        who: { name: hostile, source: "claimed", roles: [] },
        reason: hostile,
        detail: hostile,
      })),
      steps: runRecords.restored.steps.map((step) => ({ ...step, detail: hostile })),
    };

    expect(renderHtml(record, escapeUTF8)).not.toContain("<script>");
    const markdown = renderMarkdown(record);
    expect(markdown).not.toMatch(/(?<!\\)<script/);
    expect(markdown).not.toMatch(/^# heading/m);
    expect(markdown).not.toMatch(/(?<!\\)\[x/);
  });

  it("shows requests that differ in nothing but their time as one line", () => {
    const [first, again] = report(runRecords.restored).requests;

    expect(first).toMatchObject({ action: "alert", result: "accepted" });
    expect(again).toMatchObject({ action: "alert (2 times)", at: "2026-11-22T13:58:34.000Z" });
  });

  it("reads a record from before there was an audit", () => {
    const { audit: _, ...before } = runRecords.restored;

    expect(RunRecord.parse(before).audit).toEqual([]);
  });

  it("has words for every outcome, and never calls a breach or a failure good", () => {
    for (const outcome of Outcome.options) {
      expect(report({ ...runRecords.restored, outcome }).verdict).not.toContain("undefined");
    }
    expect(report(runRecords.restored).tone).toBe("good");
    expect(report({ ...runRecords.restored, restoredAt: "2026-11-22T14:30:00.000Z" }).tone).toBe(
      "warning",
    );
    expect(report(runRecords["needs-operator"]).tone).toBe("bad");
  });
});
