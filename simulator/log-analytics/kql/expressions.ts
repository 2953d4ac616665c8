import { KqlError } from "./kql-error.js";
import type { BinaryOperator, Expression, KqlType, Scalar } from "./syntax.js";

export interface Column {
  readonly name: string;
  readonly type: KqlType;
}

export type Row = readonly Scalar[];

/** An expression with its names resolved. */
export interface Compiled {
  readonly type: KqlType;
  evaluate(row: Row): Scalar;
}

interface FunctionDefinition {
  readonly arguments: readonly [least: number, most: number];
  readonly type: KqlType | "first";
  apply(values: readonly Scalar[], now: number): Scalar;
}

const NUMERIC: readonly KqlType[] = ["long", "real", "timespan"];

const FUNCTIONS: Readonly<Record<string, FunctionDefinition>> = {
  now: { arguments: [0, 0], type: "datetime", apply: (_, now) => new Date(now) },
  ago: {
    arguments: [1, 1],
    type: "datetime",
    apply: ([span], now) => new Date(now - Number(span)),
  },
  bin: {
    arguments: [2, 2],
    type: "first",
    apply: ([value, size]) => {
      if (value === null || value === undefined) return null;
      const floor = Math.floor(Number(value) / Number(size)) * Number(size);
      return value instanceof Date ? new Date(floor) : floor;
    },
  },
  not: { arguments: [1, 1], type: "bool", apply: ([value]) => (isNull(value) ? null : !value) },
  tostring: { arguments: [1, 1], type: "string", apply: ([value]) => written(value) },
  toint: { arguments: [1, 1], type: "long", apply: ([value]) => whole(value) },
  tolong: { arguments: [1, 1], type: "long", apply: ([value]) => whole(value) },
  todouble: { arguments: [1, 1], type: "real", apply: ([value]) => numeric(value) },
  toreal: { arguments: [1, 1], type: "real", apply: ([value]) => numeric(value) },
  tolower: { arguments: [1, 1], type: "string", apply: ([value]) => written(value).toLowerCase() },
  toupper: { arguments: [1, 1], type: "string", apply: ([value]) => written(value).toUpperCase() },
  strcat: {
    arguments: [1, 64],
    type: "string",
    apply: (values) => values.map(written).join(""),
  },
  isempty: { arguments: [1, 1], type: "bool", apply: ([value]) => written(value) === "" },
  isnotempty: { arguments: [1, 1], type: "bool", apply: ([value]) => written(value) !== "" },
  isnull: { arguments: [1, 1], type: "bool", apply: ([value]) => isNull(value) },
  isnotnull: { arguments: [1, 1], type: "bool", apply: ([value]) => !isNull(value) },
};

/** Resolves the names of an expression against the columns that there are. */
export function compile(expression: Expression, columns: readonly Column[], now: number): Compiled {
  const inner = (one: Expression): Compiled => compile(one, columns, now);
  switch (expression.kind) {
    case "literal": {
      const { type, value } = expression;
      return { type, evaluate: () => value };
    }
    case "column":
      return column(expression.name, columns);
    case "member":
      return member(inner(expression.of), expression.name);
    case "call":
      return call(expression.name, expression.arguments.map(inner), now);
    case "binary":
      return binary(expression.operator, inner(expression.left), inner(expression.right));
    case "in": {
      const value = inner(expression.value);
      const list = expression.list.map(inner);
      const { negated, ignoreCase } = expression;
      const same = ignoreCase ? equalIgnoringCase : equal;
      return {
        type: "bool",
        evaluate: (row) =>
          list.some((one) => same(value.evaluate(row), one.evaluate(row))) !== negated,
      };
    }
    case "between": {
      const value = inner(expression.value);
      const from = binary(">=", value, inner(expression.from));
      const to = binary("<=", value, inner(expression.to));
      return {
        type: "bool",
        evaluate: (row) => from.evaluate(row) === true && to.evaluate(row) === true,
      };
    }
  }
}

function column(name: string, columns: readonly Column[]): Compiled {
  const index = columns.findIndex((one) => one.name === name);
  const found = columns[index];
  if (found === undefined) {
    throw new KqlError(
      "SemanticError",
      `Failed to resolve table or column expression named '${name}'`,
    );
  }
  return { type: found.type, evaluate: (row) => row[index] ?? null };
}

function member(of: Compiled, name: string): Compiled {
  if (of.type !== "dynamic") {
    throw new KqlError("SemanticError", `'${name}' is asked of a ${of.type}, which has no members`);
  }
  return {
    type: "dynamic",
    evaluate: (row) => {
      const value = of.evaluate(row);
      if (value === null) return null;
      const held: unknown = JSON.parse(String(value));
      const found = isRecord(held) ? held[name] : undefined;
      return found === undefined || found === null ? null : JSON.stringify(found);
    },
  };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** A value of a `dynamic` as a conversion takes it: the text of a text, the JSON of anything else. */
function undynamic(of: Compiled): Compiled {
  if (of.type !== "dynamic") return of;
  return {
    type: "string",
    evaluate: (row) => {
      const value = of.evaluate(row);
      if (value === null) return null;
      const held: unknown = JSON.parse(String(value));
      return typeof held === "string" ? held : String(value);
    },
  };
}

function call(name: string, values: readonly Compiled[], now: number): Compiled {
  if (name === "iff" || name === "iif") {
    const [condition, yes, no] = values;
    if (condition === undefined || yes === undefined || no === undefined || values.length > 3) {
      throw new KqlError("SemanticError", `${name}() takes 3 arguments`);
    }
    return {
      type: yes.type,
      evaluate: (row) => (condition.evaluate(row) === true ? yes : no).evaluate(row),
    };
  }
  const definition = FUNCTIONS[name];
  if (definition === undefined) {
    throw new KqlError("SemanticError", `Unknown function: '${name}'`);
  }
  const [least, most] = definition.arguments;
  if (values.length < least || values.length > most) {
    throw new KqlError("SemanticError", `${name}() does not take ${values.length} arguments`);
  }
  const given = values.map(undynamic);
  return {
    type: definition.type === "first" ? (given[0]?.type ?? "string") : definition.type,
    evaluate: (row) =>
      definition.apply(
        given.map((value) => value.evaluate(row)),
        now,
      ),
  };
}

function binary(operator: BinaryOperator, left: Compiled, right: Compiled): Compiled {
  if (operator === "and" || operator === "or") {
    return {
      type: "bool",
      evaluate: (row) =>
        operator === "and"
          ? left.evaluate(row) === true && right.evaluate(row) === true
          : left.evaluate(row) === true || right.evaluate(row) === true,
    };
  }
  if (operator === "+" || operator === "-" || operator === "*" || operator === "/") {
    return arithmetic(operator, left, right);
  }
  // Words are looked for in a dynamic as it is written; values have to be cast.
  const [one, other] = WORDS.has(operator) ? [undynamic(left), undynamic(right)] : [left, right];
  checkComparable(operator, one.type, other.type);
  const test = COMPARE[operator];
  return { type: "bool", evaluate: (row) => test(one.evaluate(row), other.evaluate(row)) };
}

const WORDS: ReadonlySet<BinaryOperator> = new Set([
  ...(["contains", "!contains", "has", "!has"] as const),
  ...(["startswith", "!startswith", "endswith", "!endswith"] as const),
]);

function arithmetic(operator: "+" | "-" | "*" | "/", left: Compiled, right: Compiled): Compiled {
  const type = arithmeticType(operator, left.type, right.type);
  return {
    type,
    evaluate: (row) => {
      const [a, b] = [left.evaluate(row), right.evaluate(row)];
      if (a === null || b === null) return null;
      const [x, y] = [Number(a), Number(b)];
      if (operator === "/" && y === 0) return null;
      const result = { "+": x + y, "-": x - y, "*": x * y, "/": x / y }[operator];
      if (type === "datetime") return new Date(result);
      return type === "long" ? Math.trunc(result) : result;
    },
  };
}

function arithmeticType(operator: string, left: KqlType, right: KqlType): KqlType {
  if (left === "datetime" && right === "timespan") return "datetime";
  if (left === "datetime" && right === "datetime" && operator === "-") return "timespan";
  if (NUMERIC.includes(left) && NUMERIC.includes(right)) {
    if (left === "timespan" && right === "timespan") return operator === "/" ? "real" : "timespan";
    if (left === "timespan" || right === "timespan") return "timespan";
    return left === "real" || right === "real" ? "real" : "long";
  }
  throw new KqlError(
    "SemanticError",
    `Operator '${operator}' cannot be applied to ${left} and ${right}`,
  );
}

function checkComparable(operator: string, left: KqlType, right: KqlType): void {
  if (left === right || (NUMERIC.includes(left) && NUMERIC.includes(right))) return;
  throw new KqlError(
    "SemanticError",
    `Cannot compare values of types ${left} and ${right} with '${operator}'. Try adding explicit casts`,
  );
}

type Comparison = Exclude<BinaryOperator, "and" | "or" | "+" | "-" | "*" | "/">;

const COMPARE: Readonly<Record<Comparison, (a: Scalar, b: Scalar) => boolean>> = {
  "==": equal,
  "!=": (a, b) => !equal(a, b),
  "=~": equalIgnoringCase,
  "!~": (a, b) => !equalIgnoringCase(a, b),
  "<": (a, b) => ordered(a, b, (order) => order < 0),
  "<=": (a, b) => ordered(a, b, (order) => order <= 0),
  ">": (a, b) => ordered(a, b, (order) => order > 0),
  ">=": (a, b) => ordered(a, b, (order) => order >= 0),
  contains: (a, b) => lower(a).includes(lower(b)),
  "!contains": (a, b) => !lower(a).includes(lower(b)),
  startswith: (a, b) => lower(a).startsWith(lower(b)),
  "!startswith": (a, b) => !lower(a).startsWith(lower(b)),
  endswith: (a, b) => lower(a).endsWith(lower(b)),
  "!endswith": (a, b) => !lower(a).endsWith(lower(b)),
  has: hasTerm,
  "!has": (a, b) => !hasTerm(a, b),
};

/** Order of two values that are there; null is before everything. */
export function compareScalars(a: Scalar, b: Scalar): number {
  if (a === null || b === null) return Number(b === null) - Number(a === null);
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : Number(a > b);
  return Number(a) - Number(b);
}

function ordered(a: Scalar, b: Scalar, test: (order: number) => boolean): boolean {
  return a !== null && b !== null && test(compareScalars(a, b));
}

function equal(a: Scalar, b: Scalar): boolean {
  return a instanceof Date && b instanceof Date ? a.getTime() === b.getTime() : a === b;
}

function equalIgnoringCase(a: Scalar, b: Scalar): boolean {
  return lower(a) === lower(b);
}

/** Whether the text holds the word, or the words, as a whole. */
function hasTerm(text: Scalar, term: Scalar): boolean {
  const wanted = lower(term).replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(^|[^a-z0-9])${wanted}($|[^a-z0-9])`).test(lower(text));
}

function lower(value: Scalar): string {
  return written(value).toLowerCase();
}

function isNull(value: Scalar | undefined): boolean {
  return value === null || value === undefined;
}

function written(value: Scalar | undefined): string {
  if (value === null || value === undefined) return "";
  return value instanceof Date ? value.toISOString() : String(value);
}

function numeric(value: Scalar | undefined): number | null {
  if (value === null || value === undefined || value === "") return null;
  const number = Number(value);
  return Number.isNaN(number) ? null : number;
}

function whole(value: Scalar | undefined): number | null {
  const number = numeric(value);
  return number === null ? null : Math.trunc(number);
}
