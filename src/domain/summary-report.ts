import { describeDuration } from "./duration.js";
import { htmlFacts, htmlList, htmlPage, htmlTable, type Escape } from "./html.js";
import { recoveryChart } from "./recovery-chart.js";
import { describeRecoveryPoint } from "./recovery-point.js";
import { plain } from "./report-markdown.js";
import { verdicts } from "./report.js";
import type { QuarterlySummary, SummarizedRun } from "./summary.js";

const title = ({ environment, quarter }: QuarterlySummary): string =>
  `Disaster recovery of ${environment}, ${quarter}`;

const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? "" : "s"}`;

function factsOf(summary: QuarterlySummary): readonly (readonly [string, string])[] {
  const { drills, targets, owner, escalation, plans } = summary;
  const results = [
    `${drills.passed} passed`,
    `${drills.withFindings} passed with findings`,
    `${drills.failed} failed`,
  ];
  return [
    ["Period", `${summary.from} to ${summary.until}`],
    ["Compiled", summary.compiledAt],
    ["Owner", `${owner.name}, ${owner.email}`],
    ["Escalation", `${escalation.name}, ${escalation.email}`],
    [
      "Drills done",
      `${drills.done === 0 ? "none" : `${drills.done}: ${results.join(", ")}`}${drills.canceled === 0 ? "" : `; ${drills.canceled} not carried out or canceled besides`}`,
    ],
    ["Targets met", `${targets.met} of ${targets.of}`],
    ["Runs", `${count(summary.runs.length, "run")}; ${count(plans, "plan")} left out`],
    ["Open actions", String(summary.openActions.length)],
  ];
}

const scenarioColumns = ["Scenario", "Runs", "Recovered", "Targets met", "Median", "Longest"];
const scenarioRows = ({ scenarios }: QuarterlySummary): readonly (readonly string[])[] =>
  scenarios.map(({ scenario, runs, recovered, targetsMet, median, longest }) => [
    ...[scenario, String(runs), String(recovered), String(targetsMet)],
    ...[median, longest].map((time) => (time === undefined ? "" : describeDuration(time))),
  ]);

const actionColumns = ["Since", "Scenario", "What", "Action", "Owner", "Run"];
const actionRows = ({ openActions }: QuarterlySummary): readonly (readonly string[])[] =>
  openActions.map(({ endedAt, scenario, kind, action, owner, run }) => [
    ...[endedAt.slice(0, 10), scenario, kind, action, owner, run],
  ]);

/** What is said of one run, as names and values. */
function factsOfRun(run: SummarizedRun): readonly (readonly [string, string])[] {
  const { recoveryTime, target, withinRto } = run;
  const took = recoveryTime === undefined ? "nothing recovered" : describeDuration(recoveryTime);
  const met = withinRto.scenario && withinRto.environment ? "met" : "missed";
  const verdict = recoveryTime === undefined ? "" : `: ${met}`;
  return [
    ["Run", run.run],
    ["Outcome", `${verdicts[run.outcome].words}: ${run.reason}`],
    ["Declared by", run.declaredBy],
    ["Evidence", run.evidence],
    ["Closed by", run.closedBy],
    ["Detected", run.detectedAt],
    ["Ended", run.endedAt],
    ["Measured RTO", `${took}, target ${describeDuration(target)}${verdict}`],
    ...run.recoveryPoints.map(
      (point) => [`Measured RPO: ${point.kind}`, describeRecoveryPoint(point)] as const,
    ),
    ["Data loss", run.dataLoss],
    ...several("Data set", run.dataSets),
    ...several("Integrity check", run.integrity),
    ...several("Finding", run.findings),
    ["SHA-256 of the record", run.sha256],
  ];
}

const several = (name: string, values: readonly string[]): readonly (readonly [string, string])[] =>
  values.map((value) => [name, value] as const);

const shown = (run: SummarizedRun): string =>
  `${run.detectedAt.slice(0, 10)}: ${run.title} (${run.kind})`;

/** The summary as Markdown. */
export function summaryMarkdown(summary: QuarterlySummary): string {
  const table = (columns: readonly string[], rows: readonly (readonly string[])[]) => [
    `| ${columns.join(" | ")} |`,
    `| ${columns.map(() => "---").join(" | ")} |`,
    ...rows.map((cells) => `| ${cells.map(plain).join(" | ")} |`),
  ];
  const part = (heading: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ["", `## ${heading}`, "", ...lines];
  const bullets = (items: readonly string[]) => items.map((item) => `- ${plain(item)}`);
  return [
    `# ${plain(title(summary))}`,
    "",
    ...table(["", ""], factsOf(summary)),
    ...part("Findings", bullets(summary.findings)),
    ...part(
      "Scenarios",
      summary.scenarios.length === 0 ? [] : table(scenarioColumns, scenarioRows(summary)),
    ),
    ...part(
      "Open actions",
      summary.openActions.length === 0 ? [] : table(actionColumns, actionRows(summary)),
    ),
    ...part("Records that are missing or changed", bullets(summary.unproven)),
    ...summary.runs.flatMap((run) => part(plain(shown(run)), table(["", ""], factsOfRun(run)))),
    "",
  ].join("\n");
}

/** The summary as one self-contained page. */
export function summaryHtml(summary: QuarterlySummary, escape: Escape): string {
  const table = (heading: string, columns: readonly string[], rows: readonly string[][]) =>
    rows.length === 0 ? "" : `<h2>${heading}</h2>\n${htmlTable(columns, rows, escape)}`;
  const lines = (rows: readonly (readonly string[])[]) => rows.map((cells) => [...cells]);
  const charts = summary.scenarios
    .filter(({ times }) => times.length > 0)
    .map(({ scenario, times }) => `<h3>${escape(scenario)}</h3>\n${recoveryChart(times, escape)}`);
  return htmlPage(
    title(summary),
    [
      htmlFacts(factsOf(summary), escape),
      htmlList("Findings", summary.findings, "ul", escape),
      table("Scenarios", scenarioColumns, lines(scenarioRows(summary))),
      charts.length === 0 ? "" : `<h2>Recovery times</h2>\n${charts.join("")}`,
      table("Open actions", actionColumns, lines(actionRows(summary))),
      htmlList("Records that are missing or changed", summary.unproven, "ul", escape),
      summary.runs.length === 0 ? "" : "<h2>Runs</h2>\n",
      ...summary.runs.map(
        (run) => `<h3>${escape(shown(run))}</h3>\n${htmlFacts(factsOfRun(run), escape)}`,
      ),
    ].join(""),
    escape,
  );
}
