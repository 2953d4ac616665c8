import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { escapeUTF8 } from "entities";
import { renderHtml } from "../../src/domain/report-html.js";
import { renderMarkdown } from "../../src/domain/report-markdown.js";
import { Outcome, type RunRecord } from "../../src/domain/run-record.js";
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
      steps: runRecords.restored.steps.map((step) => ({ ...step, detail: hostile })),
    };

    expect(renderHtml(record, escapeUTF8)).not.toContain("<script>");
    const markdown = renderMarkdown(record);
    expect(markdown).not.toMatch(/(?<!\\)<script/);
    expect(markdown).not.toMatch(/^# heading/m);
    expect(markdown).not.toMatch(/(?<!\\)\[x/);
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
