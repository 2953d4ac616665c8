import { htmlFacts, htmlList, htmlPage, htmlTable, type Escape } from "./html.js";
import { recoveryChart } from "./recovery-chart.js";
import { report, type Report } from "./report.js";
import type { RunRecord } from "./run-record.js";

/** The report as one self-contained page. Escaping comes from a library, so it is handed in. */
export function renderHtml(record: RunRecord, escape: Escape): string {
  const content = report(record);
  const list = (heading: string, items: readonly string[], tag: "ol" | "ul"): string =>
    htmlList(heading, items, tag, escape);
  const evidence = content.evidence.map(
    ({ title, blob, sha256 }) => `${title}: ${blob} (SHA-256 ${sha256})`,
  );
  return htmlPage(
    content.title,
    [
      `<p class="verdict ${content.tone}">${escape(content.verdict)}</p>\n`,
      list("Next steps", content.nextSteps, "ol"),
      list("Findings", content.findings, "ul"),
      "<h2>The run</h2>\n",
      htmlFacts(content.facts, escape),
      list("What would be changed", content.plan, "ol"),
      list("Fallbacks", content.fallbacks, "ul"),
      list("People", content.people, "ul"),
      "<h2>Steps</h2>\n",
      htmlTable(
        ["After", "Step", "Status", "Took", "Calls", "Changed", "Detail"],
        content.steps.map(stepCells),
        escape,
      ),
      checklist(content.checklist, escape),
      chart(content, escape),
      list("Notifications", content.notifications, "ul"),
      list("Evidence", evidence, "ul"),
      requests(content.requests, escape),
    ].join(""),
    escape,
  );
}

function checklist(items: Report["checklist"], escape: Escape): string {
  if (items.length === 0) return "";
  const lines = items.map(({ title, status, took, detail, proof }) => [
    ...[title, status, took, detail, proof],
  ]);
  return `<h2>Recovery checklist</h2>\n${htmlTable(["Item", "Status", "Took", "Detail", "Proof"], lines, escape)}`;
}

const chart = ({ times }: Report, escape: Escape): string =>
  times.length === 0
    ? ""
    : `<h2>Recovery times of this scenario</h2>\n${recoveryChart(times, escape)}`;

function requests(made: Report["requests"], escape: Escape): string {
  if (made.length === 0) return "";
  const lines = made.map(({ at, who, action, result, reason, detail }) => [
    ...[at, who, action, result, reason, detail],
  ]);
  return `<h2>Audit</h2>\n${htmlTable(["At", "Who", "Action", "Result", "Reason", "Answer"], lines, escape)}`;
}

const stepCells = (step: Report["steps"][number]): readonly string[] => [
  step.begunAfter,
  step.title,
  step.status,
  step.took,
  String(step.attempts),
  step.changed,
  step.detail,
];
