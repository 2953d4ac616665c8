import { inWords } from "./recovery-chart.js";
import { report } from "./report.js";
import type { RunRecord } from "./run-record.js";

/** The report as Markdown, for a ticket or a chat. */
export function renderMarkdown(record: RunRecord): string {
  const content = report(record);
  const { title, verdict, facts, nextSteps, findings, steps, notifications, evidence, requests } =
    content;
  const list = (heading: string, items: readonly string[], bullet: (index: number) => string) =>
    items.length === 0
      ? []
      : ["", `## ${heading}`, "", ...items.map((item, index) => `${bullet(index)} ${plain(item)}`)];
  return [
    `# ${plain(title)}`,
    "",
    `**${plain(verdict)}**`,
    "",
    "| | |",
    "| --- | --- |",
    ...facts.map(([name, value]) => `| ${plain(name)} | ${plain(value)} |`),
    ...list("Next steps", nextSteps, (index) => `${index + 1}.`),
    ...list("Findings", findings, () => "-"),
    ...list("What would be changed", content.plan, (index) => `${index + 1}.`),
    ...list("Fallbacks", content.fallbacks, () => "-"),
    ...list("People", content.people, () => "-"),
    "",
    "## Steps",
    "",
    "| after | step | status | took | calls | changed | detail |",
    "| ---: | --- | --- | ---: | ---: | --- | --- |",
    ...steps.map(
      (step) =>
        `| ${step.begunAfter} | ${plain(step.title)} | ${step.status} | ${step.took} | ${step.attempts} | ${step.changed} | ${plain(step.detail)} |`,
    ),
    ...(content.checklist.length === 0
      ? []
      : [
          "",
          "## Recovery checklist",
          "",
          "| item | status | took | detail | proof |",
          "| --- | --- | ---: | --- | --- |",
          ...content.checklist.map(
            ({ title: item, status, took, detail, proof }) =>
              `| ${plain(item)} | ${status} | ${took} | ${plain(detail)} | ${plain(proof)} |`,
          ),
        ]),
    ...list("Recovery times of this scenario", content.times.map(inWords), () => "-"),
    ...list("Notifications", notifications, () => "-"),
    ...list(
      "Evidence",
      evidence.map(
        ({ title: name, blob, sha256 }) => `${name}: ${blob} (SHA-256 ${sha256.slice(0, 16)}…)`,
      ),
      () => "-",
    ),
    ...(requests.length === 0
      ? []
      : [
          "",
          "## Audit",
          "",
          "| at | who | action | result | reason | answer |",
          "| --- | --- | --- | --- | --- | --- |",
          ...requests.map(
            ({ at, who, action, result, reason, detail }) =>
              `| ${at} | ${plain(who)} | ${plain(action)} | ${result} | ${plain(reason)} | ${plain(detail)} |`,
          ),
        ]),
    "",
  ].join("\n");
}

/** Text that others wrote must not become a table cell, a link or markup. */
export const plain = (text: string): string =>
  text.replace(/\s+/g, " ").replace(/[\\|`*_<>[\]]/g, "\\$&");
