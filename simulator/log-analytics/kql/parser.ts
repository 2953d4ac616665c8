import { KqlError } from "./kql-error.js";
import type {
  BinaryOperator,
  Expression,
  NamedExpression,
  Operator,
  Ordering,
  Query,
  Source,
} from "./syntax.js";
import { type Token, tokenize } from "./tokenizer.js";

const COMPARISONS: readonly BinaryOperator[] = [
  ...(["==", "!=", "=~", "!~", "<", "<=", ">", ">="] as const),
  ...(["contains", "!contains", "startswith", "!startswith"] as const),
  ...(["endswith", "!endswith", "has", "!has"] as const),
];

const MILLISECONDS: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  microsecond: 0.001,
  microseconds: 0.001,
};

/** Parses the subset of KQL that README.md lists; anything else is refused with its position. */
export function parse(query: string): Query {
  return new Parser(tokenize(query)).query();
}

class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  query(): Query {
    const source = this.#source();
    const operators: Operator[] = [];
    while (this.#takeSymbol("|")) operators.push(this.#operator());
    if (this.#peek().kind !== "end") throw this.#unexpected("'|'");
    return { source, operators };
  }

  #source(): Source {
    if (!this.#takeName("union")) return { tables: [this.#tableName()], fuzzy: false };
    let fuzzy = false;
    if (this.#takeName("isfuzzy")) {
      this.#expectSymbol("=");
      const { text } = this.#next();
      if (text !== "true" && text !== "false") {
        throw new KqlError("SyntaxError", `isfuzzy must be true or false, not ${text}`);
      }
      fuzzy = text === "true";
    }
    const tables = this.#list(() => this.#tableName());
    return { tables, fuzzy };
  }

  #operator(): Operator {
    const { text, at } = this.#next();
    switch (text) {
      case "where":
      case "filter":
        return { kind: "where", condition: this.#expression() };
      case "extend":
      case "project":
        return { kind: text, columns: this.#list(() => this.#named()) };
      case "summarize":
        return this.#summarize();
      case "order":
      case "sort":
        this.#expectName("by");
        return { kind: "order", by: this.#list(() => this.#ordering()) };
      case "top": {
        const count = this.#wholeNumber("top");
        this.#expectName("by");
        return { kind: "top", count, by: this.#ordering() };
      }
      case "take":
      case "limit":
        return { kind: "take", count: this.#wholeNumber(text) };
      case "count":
        return { kind: "count" };
      default:
        throw new KqlError("SyntaxError", `the operator '${text}' at position ${at} is not known`);
    }
  }

  #summarize(): Operator {
    const startsWithBy = this.#peek().text === "by";
    const aggregates = startsWithBy ? [] : this.#list(() => this.#named());
    const by = this.#takeName("by") ? this.#list(() => this.#named()) : [];
    return { kind: "summarize", aggregates, by };
  }

  #ordering(): Ordering {
    const expression = this.#expression();
    const ascending = this.#takeName("asc");
    if (!ascending) this.#takeName("desc");
    return { expression, ascending };
  }

  #named(): NamedExpression {
    const named = this.#peek().kind === "name" && this.#peek(1).text === "=";
    if (!named) return { name: undefined, expression: this.#expression() };
    const name = this.#next().text;
    this.#expectSymbol("=");
    return { name, expression: this.#expression() };
  }

  #expression(): Expression {
    return this.#leftToRight(["or"], () => this.#leftToRight(["and"], () => this.#comparison()));
  }

  #comparison(): Expression {
    const left = this.#sum();
    const { text } = this.#peek();
    if (text === "in" || text === "in~" || text === "!in") {
      this.#next();
      this.#expectSymbol("(");
      const list = this.#list(() => this.#expression());
      this.#expectSymbol(")");
      return { kind: "in", value: left, list, negated: text === "!in", ignoreCase: text === "in~" };
    }
    if (text === "between") {
      this.#next();
      this.#expectSymbol("(");
      const from = this.#sum();
      this.#expectSymbol("..");
      const to = this.#sum();
      this.#expectSymbol(")");
      return { kind: "between", value: left, from, to };
    }
    const operator = this.#takeOperator(COMPARISONS);
    return operator === undefined ? left : { kind: "binary", operator, left, right: this.#sum() };
  }

  #sum(): Expression {
    return this.#leftToRight(["+", "-"], () =>
      this.#leftToRight(["*", "/"], () => this.#primary()),
    );
  }

  #leftToRight(operators: readonly BinaryOperator[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const operator = this.#takeOperator(operators);
      if (operator === undefined) return left;
      left = { kind: "binary", operator, left, right: operand() };
    }
  }

  #primary(): Expression {
    const token = this.#next();
    switch (token.kind) {
      case "string":
        return { kind: "literal", type: "string", value: token.text };
      case "number":
        return numberLiteral(Number(token.text), /^\d+$/.test(token.text));
      case "timespan":
        return { kind: "literal", type: "timespan", value: milliseconds(token.text) };
      case "datetime":
        return { kind: "literal", type: "datetime", value: instant(token.text) };
      case "name":
        return this.#nameOrCall(token);
      case "symbol":
        if (token.text === "(") {
          const inner = this.#expression();
          this.#expectSymbol(")");
          return inner;
        }
        if (token.text === "-") {
          const operand = this.#primary();
          const zero: Expression = { kind: "literal", type: "long", value: 0 };
          return { kind: "binary", operator: "-", left: zero, right: operand };
        }
        throw this.#unexpected("an expression", token);
      case "end":
        throw this.#unexpected("an expression", token);
    }
  }

  #nameOrCall({ text }: Token): Expression {
    if (text === "true" || text === "false") {
      return { kind: "literal", type: "bool", value: text === "true" };
    }
    if (this.#peek().text !== "(" || this.#peek().kind !== "symbol") {
      return this.#members({ kind: "column", name: text });
    }
    this.#next();
    if (this.#takeSymbol(")")) return { kind: "call", name: text, arguments: [] };
    const values = this.#list(() => this.#expression());
    this.#expectSymbol(")");
    return { kind: "call", name: text, arguments: values };
  }

  /** `Properties.tenant` or `Properties["tenant"]`. */
  #members(of: Expression): Expression {
    let expression = of;
    for (;;) {
      if (this.#takeSymbol(".")) {
        const token = this.#next();
        if (token.kind !== "name") throw this.#unexpected("the name of a member", token);
        expression = { kind: "member", of: expression, name: token.text };
      } else if (this.#takeSymbol("[")) {
        const token = this.#next();
        if (token.kind !== "string") throw this.#unexpected("the name of a member", token);
        this.#expectSymbol("]");
        expression = { kind: "member", of: expression, name: token.text };
      } else return expression;
    }
  }

  #list<T>(element: () => T): T[] {
    const elements = [element()];
    while (this.#takeSymbol(",")) elements.push(element());
    return elements;
  }

  #tableName(): string {
    const token = this.#next();
    if (token.kind !== "name") throw this.#unexpected("the name of a table", token);
    return token.text;
  }

  #wholeNumber(operator: string): number {
    const token = this.#next();
    if (token.kind === "number" && /^\d+$/.test(token.text)) return Number(token.text);
    throw new KqlError("SyntaxError", `${operator} needs a whole number, not ${token.text}`);
  }

  #peek(ahead = 0): Token {
    return this.#tokens[this.#position + ahead] ?? { kind: "end", text: "", at: 0 };
  }

  #next(): Token {
    const token = this.#peek();
    this.#position += 1;
    return token;
  }

  #takeOperator(operators: readonly BinaryOperator[]): BinaryOperator | undefined {
    const { kind, text } = this.#peek();
    if (kind !== "name" && kind !== "symbol") return undefined;
    const found = operators.find((operator) => operator === text);
    if (found !== undefined) this.#next();
    return found;
  }

  #take(kind: Token["kind"], text: string): boolean {
    const token = this.#peek();
    const found = token.kind === kind && token.text === text;
    if (found) this.#next();
    return found;
  }

  #takeSymbol(text: string): boolean {
    return this.#take("symbol", text);
  }

  #takeName(text: string): boolean {
    return this.#take("name", text);
  }

  #expectSymbol(text: string): void {
    if (!this.#takeSymbol(text)) throw this.#unexpected(`'${text}'`);
  }

  #expectName(text: string): void {
    if (!this.#takeName(text)) throw this.#unexpected(`'${text}'`);
  }

  #unexpected(expected: string, token = this.#peek()): KqlError {
    return new KqlError(
      "SyntaxError",
      `expected ${expected} at position ${token.at}, found '${token.text}'`,
    );
  }
}

function numberLiteral(value: number, whole: boolean): Expression {
  return { kind: "literal", type: whole ? "long" : "real", value };
}

/** `2026-11-22`, `2026-11-22 10:00` or `2026-11-22T10:00:00Z`; UTC where no zone is given. */
function instant(text: string): Date {
  const zoned = /(Z|[+-]\d\d:\d\d)$/.test(text) || !/\d:\d/.test(text) ? text : `${text}Z`;
  const value = new Date(zoned.replace(" ", "T"));
  if (!Number.isNaN(value.getTime())) return value;
  throw new KqlError("SyntaxError", `datetime(${text}) is not an instant`);
}

function milliseconds(text: string): number {
  const [, amount = "", unit = ""] = /^([\d.]+)([a-z]+)$/.exec(text) ?? [];
  return Number(amount) * (MILLISECONDS[unit] ?? 0);
}
