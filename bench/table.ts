import { isMet, type Goal, type Row } from "./measurement.js";

/** A row with the measurement that it comes from, `group/name`. */
export interface Line extends Row {
  readonly measurement: string;
}

const heads = ["measurement", "what", "value", "unit", "goal"] as const;

/** One Markdown table, aligned so that it reads well on a terminal too. */
export function table(lines: readonly Line[]): string {
  const rows = lines.map(({ measurement, what, value, unit, goal }, index) => [
    measurement === lines[index - 1]?.measurement ? "" : measurement,
    what,
    number(value),
    unit,
    goal === undefined ? "" : verdict(goal, value),
  ]);
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => pad(cell, column, widths[column] ?? 0)).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    isRight(column) ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  return [line(heads), line(rule), ...rows.map(line)].join("\n");
}

/** Whole from a hundred on; below, digits enough to tell a miss from a goal that is met. */
function number(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3;
  const shown = Number.isInteger(value) ? 0 : digits;
  return value.toLocaleString("en-US", {
    minimumFractionDigits: shown,
    maximumFractionDigits: shown,
  });
}

function verdict(goal: Goal, value: number): string {
  const wanted = "atMost" in goal ? `at most ${goal.atMost}` : `at least ${goal.atLeast}`;
  return `${wanted}: ${isMet(goal, value) ? "met" : "MISSED"}`;
}

const isRight = (column: number): boolean => heads[column] === "value";

const pad = (cell: string, column: number, width: number): string =>
  isRight(column) ? cell.padStart(width) : cell.padEnd(width);
