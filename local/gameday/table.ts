import { servesAgain } from "../../src/domain/run-record.js";
import type { FaultName } from "./exercise.js";
import { describeTime, type Verdict } from "./judgement.js";

/** One cell of the table: what came of a scenario under a fault, or why the fault cannot befall it. */
export type Cell = { readonly scenario: string; readonly fault: FaultName } & (
  { readonly verdict: Verdict } | { readonly spared: string }
);

const longestLoss = 40;

const heads = [
  "scenario",
  "fault",
  "outcome",
  "time against the target",
  "data loss",
  "duplicate effects",
  "undefined endings",
] as const;

/** The whole as Markdown that reads well on a terminal too: the table, then what it cannot hold. */
export function report(cells: readonly Cell[]): string {
  const rows = cells.map((cell, index) => {
    const first = cell.scenario === cells[index - 1]?.scenario ? "" : cell.scenario;
    return [first, cell.fault, ...("spared" in cell ? ["-", "", "", "", ""] : shown(cell.verdict))];
  });
  return [markdown([heads, ...rows]), totals(cells), ...notes(cells)].join("\n\n");
}

function shown(verdict: Verdict): string[] {
  const { outcome, dataLoss, duplicates, undefinedEnding, missed } = verdict;
  return [
    missed === undefined ? outcome : `${outcome} (MISSED)`,
    describeTime(verdict),
    shortened(dataLoss),
    String(duplicates.length),
    undefinedEnding === undefined ? "0" : "1",
  ];
}

/** Up to its first explanation, and not so long that the table does not fit a screen. */
function shortened(text: string): string {
  const [clause = ""] = text.split(/[:;] /);
  return clause.length <= longestLoss ? clause : `${clause.slice(0, longestLoss - 1).trimEnd()}…`;
}

/** Every figure that has to be 0, and how many cells were late. */
function totals(cells: readonly Cell[]): string {
  const verdicts = cells.flatMap((cell) => ("verdict" in cell ? [cell.verdict] : []));
  const count = (which: (verdict: Verdict) => boolean): number => verdicts.filter(which).length;
  return [
    `${verdicts.length} runs`,
    `${count(({ outcome }) => outcome !== "none" && servesAgain(outcome))} serve again`,
    `${count(({ outcome }) => outcome === "needs-operator")} need an operator`,
    `${count(({ late }) => late)} late`,
    `${verdicts.reduce((sum, { duplicates }) => sum + duplicates.length, 0)} duplicate effects`,
    `${count(({ undefinedEnding }) => undefinedEnding !== undefined)} undefined endings`,
    `${count(({ missed }) => missed !== undefined)} faults that met nothing`,
  ].join(", ");
}

function notes(cells: readonly Cell[]): string[] {
  const about = (title: string, say: (verdict: Verdict) => readonly string[]): string[] => {
    const lines = cells.flatMap((cell) =>
      "verdict" in cell ? say(cell.verdict).map((text) => `- ${nameOf(cell)}: ${text}`) : [],
    );
    return lines.length === 0 ? [] : [`${title}\n\n${lines.join("\n")}`];
  };
  const spared = cells.flatMap((cell) =>
    "spared" in cell ? [`- ${nameOf(cell)}: ${cell.spared}`] : [],
  );
  return [
    ...about("Undefined endings:", ({ undefinedEnding }) =>
      undefinedEnding === undefined ? [] : [undefinedEnding],
    ),
    ...about("Duplicate effects:", ({ duplicates }) => duplicates),
    ...about("Proves nothing:", ({ missed }) => (missed === undefined ? [] : [missed])),
    ...about("Why an operator is needed, and what he does first:", (verdict) =>
      verdict.outcome === "needs-operator"
        ? [`${verdict.reason}. First: ${verdict.nextSteps[0] ?? "?"}`]
        : [],
    ),
    ...about("What was lost, in full:", ({ dataLoss }) =>
      shortened(dataLoss) === dataLoss || dataLoss.startsWith("none:") ? [] : [dataLoss],
    ),
    ...about("What was found besides:", ({ findings }) => findings),
    ...(spared.length === 0 ? [] : [`Not played:\n\n${spared.join("\n")}`]),
  ];
}

const nameOf = ({ scenario, fault }: Cell): string => `${scenario}, ${fault}`;

function markdown(rows: readonly (readonly string[])[]): string {
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...rest] = rows;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rest.map(line)].join("\n");
}
