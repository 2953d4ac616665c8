import { type Column, compareScalars, compile, type Compiled, type Row } from "./expressions.js";
import { KqlError } from "./kql-error.js";
import type { KqlType, NamedExpression, Scalar } from "./syntax.js";

/** One value for the rows of a group. */
export interface Aggregate {
  readonly column: Column;
  of(rows: readonly Row[]): Scalar;
}

interface Definition {
  readonly takesArgument: boolean;
  type(argument: KqlType): KqlType;
  of(values: readonly Scalar[]): Scalar;
}

const present = (values: readonly Scalar[]): Exclude<Scalar, null>[] =>
  values.filter((value) => value !== null);

const total = (values: readonly Scalar[]): number =>
  present(values).reduce<number>((sum, value) => sum + Number(value), 0);

const extreme = (values: readonly Scalar[], sign: 1 | -1): Scalar =>
  present(values).reduce<Scalar>(
    (best, value) => (best === null || compareScalars(value, best) * sign > 0 ? value : best),
    null,
  );

const AGGREGATES: Readonly<Record<string, Definition>> = {
  count: { takesArgument: false, type: () => "long", of: (values) => values.length },
  countif: {
    takesArgument: true,
    type: () => "long",
    of: (values) => values.filter((value) => value === true).length,
  },
  dcount: {
    takesArgument: true,
    type: () => "long",
    of: (values) => new Set(present(values).map((value) => JSON.stringify(value))).size,
  },
  sum: { takesArgument: true, type: (argument) => argument, of: total },
  avg: {
    takesArgument: true,
    type: (argument) => (argument === "timespan" ? "timespan" : "real"),
    of: (values) => {
      const { length } = present(values);
      return length === 0 ? null : total(values) / length;
    },
  },
  min: { takesArgument: true, type: (argument) => argument, of: (values) => extreme(values, -1) },
  max: { takesArgument: true, type: (argument) => argument, of: (values) => extreme(values, 1) },
};

/** An element of `summarize`. */
export function aggregate(
  { name, expression }: NamedExpression,
  columns: readonly Column[],
  now: number,
): Aggregate {
  const definition = expression.kind === "call" ? AGGREGATES[expression.name] : undefined;
  if (expression.kind !== "call" || definition === undefined) {
    throw new KqlError(
      "SemanticError",
      `summarize needs one of ${Object.keys(AGGREGATES).join(", ")}; other aggregates are not known here`,
    );
  }
  const [argument, ...others] = expression.arguments;
  if ((argument !== undefined) !== definition.takesArgument || others.length > 0) {
    throw new KqlError(
      "SemanticError",
      `${expression.name}() takes ${definition.takesArgument ? "one argument" : "no argument"}`,
    );
  }
  const compiled: Compiled | undefined = argument && compile(argument, columns, now);
  const about = argument?.kind === "column" ? argument.name : "";
  return {
    column: {
      name: name ?? `${expression.name}_${about}`,
      type: definition.type(compiled?.type ?? "long"),
    },
    of: (rows) => definition.of(rows.map((row) => compiled?.evaluate(row) ?? null)),
  };
}
