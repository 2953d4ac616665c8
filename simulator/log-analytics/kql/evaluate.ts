import { aggregate, type Aggregate } from "./aggregates.js";
import { type Column, compareScalars, compile, type Compiled, type Row } from "./expressions.js";
import { KqlError } from "./kql-error.js";
import type { NamedExpression, Operator, Ordering, Query, Source } from "./syntax.js";

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** Runs a query over tables that are made when they are asked for. */
export function evaluate(
  query: Query,
  tableNamed: (name: string) => Table | undefined,
  now: number,
): Table {
  let table = open(query.source, tableNamed);
  for (const operator of query.operators) table = apply(operator, table, now);
  return table;
}

function open({ tables, fuzzy }: Source, tableNamed: (name: string) => Table | undefined): Table {
  const found: Table[] = [];
  for (const name of tables) {
    const table = tableNamed(name);
    if (table !== undefined) found.push(table);
    else if (!fuzzy) throw unresolved(name);
  }
  const [first, ...others] = found;
  if (first === undefined) throw unresolved(tables.join(", "));
  return others.length === 0 ? first : united(found);
}

/** All columns of all tables; a row has null where its table lacks the column. */
function united(tables: readonly Table[]): Table {
  const columns: Column[] = [];
  for (const column of tables.flatMap((table) => table.columns)) {
    if (!columns.some(({ name }) => name === column.name)) columns.push(column);
  }
  const rows = tables.flatMap((table) => {
    const indexes = columns.map(({ name }) => table.columns.findIndex((one) => one.name === name));
    return table.rows.map((row) => indexes.map((index) => row[index] ?? null));
  });
  return { columns, rows };
}

function apply(operator: Operator, table: Table, now: number): Table {
  const { columns, rows } = table;
  switch (operator.kind) {
    case "where": {
      const condition = compile(operator.condition, columns, now);
      if (condition.type !== "bool") {
        throw new KqlError("SemanticError", `where needs a condition, not a ${condition.type}`);
      }
      return { columns, rows: rows.filter((row) => condition.evaluate(row) === true) };
    }
    case "extend":
      return extend(table, resolve(operator.columns, table, now));
    case "project": {
      const projected = resolve(operator.columns, table, now);
      return {
        columns: projected.map(({ column }) => column),
        rows: rows.map((row) => projected.map(({ compiled }) => compiled.evaluate(row))),
      };
    }
    case "summarize":
      return summarize(operator, table, now);
    case "order":
      return { columns, rows: sorted(table, operator.by, now) };
    case "top":
      return { columns, rows: sorted(table, [operator.by], now).slice(0, operator.count) };
    case "take":
      return { columns, rows: rows.slice(0, operator.count) };
    case "count":
      return { columns: [{ name: "Count", type: "long" }], rows: [[rows.length]] };
  }
}

interface Resolved {
  readonly column: Column;
  readonly compiled: Compiled;
}

function resolve(
  expressions: readonly NamedExpression[],
  { columns }: Table,
  now: number,
): Resolved[] {
  return expressions.map((named, index) => {
    const compiled = compile(named.expression, columns, now);
    return { column: { name: nameOf(named, index), type: compiled.type }, compiled };
  });
}

function extend({ columns, rows }: Table, added: readonly Resolved[]): Table {
  const kept = columns.map((column) => added.find((one) => one.column.name === column.name));
  const fresh = added.filter(({ column }) => !columns.some(({ name }) => name === column.name));
  return {
    columns: [
      ...columns.map((column, index) => kept[index]?.column ?? column),
      ...fresh.map(({ column }) => column),
    ],
    rows: rows.map((row) => [
      ...columns.map((_, index) => kept[index]?.compiled.evaluate(row) ?? row[index] ?? null),
      ...fresh.map(({ compiled }) => compiled.evaluate(row)),
    ]),
  };
}

function summarize(
  { aggregates, by }: Extract<Operator, { kind: "summarize" }>,
  table: Table,
  now: number,
): Table {
  const keys = resolve(by, table, now);
  const values: Aggregate[] = aggregates.map((named) => aggregate(named, table.columns, now));
  const groups = new Map<string, { key: Row; rows: Row[] }>();
  for (const row of table.rows) {
    const key = keys.map(({ compiled }) => compiled.evaluate(row));
    const id = JSON.stringify(key);
    const group = groups.get(id) ?? { key, rows: [] };
    group.rows.push(row);
    groups.set(id, group);
  }
  // Without groups there is one row, even over nothing.
  if (keys.length === 0 && groups.size === 0) groups.set("", { key: [], rows: [] });
  return {
    columns: [...keys.map(({ column }) => column), ...values.map(({ column }) => column)],
    rows: [...groups.values()].map(({ key, rows }) => [
      ...key,
      ...values.map((value) => value.of(rows)),
    ]),
  };
}

function sorted({ columns, rows }: Table, by: readonly Ordering[], now: number): Row[] {
  const orders = by.map(({ expression, ascending }) => ({
    value: compile(expression, columns, now),
    sign: ascending ? 1 : -1,
  }));
  return [...rows].sort((a, b) => {
    for (const { value, sign } of orders) {
      const order = compareScalars(value.evaluate(a), value.evaluate(b)) * sign;
      if (order !== 0) return order;
    }
    return 0;
  });
}

/** The name of a result column: given, taken from the column it is about, or counted. */
function nameOf({ name, expression }: NamedExpression, index: number): string {
  if (name !== undefined) return name;
  if (expression.kind === "column") return expression.name;
  const [about] = expression.kind === "call" ? expression.arguments : [];
  if (expression.kind === "call" && expression.name === "bin" && about?.kind === "column") {
    return about.name;
  }
  return `Column${index + 1}`;
}

function unresolved(name: string): KqlError {
  return new KqlError(
    "SemanticError",
    `Failed to resolve table or column expression named '${name}'`,
  );
}
