import type { Draws } from "./draws.js";
import { describeGaps, describeTime, type Verdict } from "./judgement.js";
import { describeLoss } from "./losses.js";

/** One cell of the table: what came of a scenario under a fault or of a compound day, or why the fault cannot befall it. */
export type Cell = {
  /** The scenario, or `compound`. */
  readonly scenario: string;
  /** The fault, or the compound day. */
  readonly fault: string;
} & ({ readonly verdict: Verdict; readonly draws: Draws } | { readonly spared: string });

const longestLoss = 28;

const heads = [
  "scenario",
  "fault",
  "outcome",
  "time against the target",
  "loss shown",
  "loss real",
  "duplicates",
  "undefined",
  "untrue",
  "gaps",
  "needless",
] as const;

/** The whole as Markdown that reads well on a terminal too: the table, then what it cannot hold. */
export function report(cells: readonly Cell[]): string {
  const rows = cells.map((cell, index) => {
    const first = cell.scenario === cells[index - 1]?.scenario ? "" : cell.scenario;
    const rest = "spared" in cell ? ["-", ...heads.slice(3).map(() => "")] : shown(cell.verdict);
    return [first, cell.fault, ...rest];
  });
  return [markdown([heads, ...rows]), totals(cells), ...notes(cells)].join("\n\n");
}

function shown(verdict: Verdict): string[] {
  const { outcome, dataLoss, writes, duplicates, undefinedEnding, missed } = verdict;
  const { differences, untoldLoss, gaps, actions } = verdict;
  return [
    missed === undefined ? outcome : `${outcome} (MISSED)`,
    describeTime(verdict),
    shortened(dataLoss),
    describeLoss(writes),
    String(duplicates.length),
    undefinedEnding === undefined ? "0" : "1",
    String(differences.length + (untoldLoss === undefined ? 0 : 1)),
    gaps === undefined ? "-" : `${gaps.withoutEndpoint} s, ${gaps.withoutHealthy} s`,
    actions === undefined ? "-" : String(actions.length),
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
  const sum = (of: (verdict: Verdict) => number): number =>
    verdicts.reduce((total, verdict) => total + of(verdict), 0);
  return [
    `${verdicts.length} played`,
    `${count(({ serves }) => serves)} serve again`,
    `${count(needsOperator)} need an operator`,
    `${count(({ late }) => late)} late`,
    `${sum(({ duplicates }) => duplicates.length)} duplicate effects`,
    `${count(({ undefinedEnding }) => undefinedEnding !== undefined)} undefined endings`,
    `${sum(({ differences, untoldLoss }) => differences.length + (untoldLoss === undefined ? 0 : 1))} untrue records`,
    `${sum(({ gaps }) => gaps?.withoutEndpoint ?? 0)} s without an endpoint`,
    `${sum(({ gaps }) => gaps?.withoutHealthy ?? 0)} s led astray`,
    `${sum(({ actions = [] }) => actions.length)} needless actions`,
    `${count(({ missed }) => missed !== undefined)} faults that met nothing`,
  ].join(", ");
}

const needsOperator = ({ outcome }: Verdict): boolean =>
  outcome.split(", ").includes("needs-operator");

function notes(cells: readonly Cell[]): string[] {
  const about = (title: string, say: (verdict: Verdict) => readonly string[]): string[] => {
    const lines = cells.flatMap((cell) =>
      "verdict" in cell ? say(cell.verdict).map((text) => `- ${nameOf(cell)}: ${text}`) : [],
    );
    return lines.length === 0 ? [] : [`${title}\n\n${lines.join("\n")}`];
  };
  const only = (text: string | undefined): readonly string[] => (text === undefined ? [] : [text]);
  const spared = cells.flatMap((cell) =>
    "spared" in cell ? [`- ${nameOf(cell)}: ${cell.spared}`] : [],
  );
  return [
    ...about("Undefined endings:", ({ undefinedEnding }) => only(undefinedEnding)),
    ...about("Duplicate effects:", ({ duplicates }) => duplicates),
    ...about("Records that are not true:", ({ untoldLoss, differences }) => [
      ...only(untoldLoss),
      ...differences,
    ]),
    ...about("Gaps of the entry:", ({ gaps }) => describeGaps(gaps)),
    ...about("Done although nothing was wrong:", ({ actions = [] }) => actions),
    ...about("Proves nothing:", ({ missed }) => only(missed)),
    ...about("Why an operator is needed, and what he does first:", (verdict) =>
      needsOperator(verdict) ? [`${verdict.reason}. First: ${verdict.nextSteps[0] ?? "?"}`] : [],
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
