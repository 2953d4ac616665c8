import type { Sizes } from "./sizes.js";

/** Something that is measured in one go. It gives one row of the table, or several. */
export interface Measurement {
  /** What `--only` takes besides the name: all that is in one file of `rows/`. */
  readonly group: string;
  /** Kebab-case. */
  readonly name: string;
  /** Throws where what it saw is not what it meant to measure. */
  measure(sizes: Sizes): Promise<readonly Row[]>;
}

export interface Row {
  /** What the value is, so that nobody has to read the code to understand the table. */
  readonly what: string;
  readonly value: number;
  /** `ms`, `s`, `MB`, `per s`; empty for a plain number. */
  readonly unit: string;
  readonly goal?: Goal;
}

/** What we want to see on a machine that has nothing else to do. It is shown and never enforced. */
export type Goal = { readonly atMost: number } | { readonly atLeast: number };

export const isMet = (goal: Goal, value: number): boolean =>
  "atMost" in goal ? value <= goal.atMost : value >= goal.atLeast;
