import { report, type Report } from "./report.js";
import type { RunRecord } from "./run-record.js";

/** The report as one self-contained page. Escaping comes from a library, so it is handed in. */
export function renderHtml(record: RunRecord, escape: (text: string) => string): string {
  const content = report(record);
  const rows = (cells: readonly string[]): string =>
    `<tr>${cells.map((cell) => `<td>${escape(cell)}</td>`).join("")}</tr>`;
  const list = (heading: string, items: readonly string[], tag: "ol" | "ul"): string =>
    items.length === 0
      ? ""
      : `<h2>${heading}</h2>\n<${tag}>\n${items.map((item) => `<li>${escape(item)}</li>`).join("\n")}\n</${tag}>\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(content.title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escape(content.title)}</h1>
<p class="verdict ${content.tone}">${escape(content.verdict)}</p>
<table class="facts">
${content.facts.map(([name, value]) => `<tr><th scope="row">${escape(name)}</th><td>${escape(value)}</td></tr>`).join("\n")}
</table>
${list("Next steps", content.nextSteps, "ol")}${list("Findings", content.findings, "ul")}${list("What would be changed", content.plan, "ol")}${list("Fallbacks", content.fallbacks, "ul")}${list("People", content.people, "ul")}<h2>Steps</h2>
<table class="steps">
<thead><tr>${["After", "Step", "Status", "Took", "Calls", "Changed", "Detail"].map((name) => `<th scope="col">${name}</th>`).join("")}</tr></thead>
<tbody>
${content.steps.map((step) => rows(stepCells(step))).join("\n")}
</tbody>
</table>
${checklist(content.checklist, rows)}${list("Notifications", content.notifications, "ul")}${list(
    "Evidence",
    content.evidence.map(({ title, blob, sha256 }) => `${title}: ${blob} (SHA-256 ${sha256})`),
    "ul",
  )}${requests(content.requests, rows)}</body>
</html>
`;
}

function checklist(items: Report["checklist"], rows: (cells: readonly string[]) => string): string {
  if (items.length === 0) return "";
  const lines = items.map(({ title, status, took, detail, proof }) =>
    rows([title, status, took, detail, proof]),
  );
  return `<h2>Recovery checklist</h2>
<table class="checklist">
<thead><tr>${["Item", "Status", "Took", "Detail", "Proof"].map((name) => `<th scope="col">${name}</th>`).join("")}</tr></thead>
<tbody>
${lines.join("\n")}
</tbody>
</table>
`;
}

function requests(made: Report["requests"], rows: (cells: readonly string[]) => string): string {
  if (made.length === 0) return "";
  const lines = made.map(({ at, who, action, result, reason, detail }) =>
    rows([at, who, action, result, reason, detail]),
  );
  return `<h2>Audit</h2>
<table class="requests">
<thead><tr>${["At", "Who", "Action", "Result", "Reason", "Answer"].map((name) => `<th scope="col">${name}</th>`).join("")}</tr></thead>
<tbody>
${lines.join("\n")}
</tbody>
</table>
`;
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

const style = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #ddd; }
.facts th { width: 12rem; font-weight: 600; } td { overflow-wrap: anywhere; }
.verdict { padding: .75rem 1rem; border-left: .4rem solid; font-weight: 600; }
.good { border-color: #107c10; background: #eaf6ea; } .warning { border-color: #b96a00; background: #fff5e5; } .bad { border-color: #c50f1f; background: #fdecee; }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #1b1b1b; } th, td { border-color: #444; } .good { background: #12310f; } .warning { background: #3a2600; } .bad { background: #40090e; } }
`;
