import { KqlError } from "./kql-error.js";

export interface Token {
  readonly kind: "name" | "number" | "timespan" | "datetime" | "string" | "symbol" | "end";
  /** As written; of a string and of `datetime(…)` what is inside. */
  readonly text: string;
  readonly at: number;
}

const SYMBOLS = [
  ...["==", "!=", "=~", "!~", ">=", "<=", ".."],
  ...["|", ",", "(", ")", "[", "]", ".", "=", ">", "<", "+", "-", "*", "/"],
];

const TIMESPAN = /^\d+(\.\d+)?(microseconds?|ms|[dhms])\b/;
const NUMBER = /^\d+(\.\d+)?([eE][+-]?\d+)?/;
const NAME = /^[A-Za-z_$][\w$]*(-[A-Za-z][\w]*)*/;
// Only these have a hyphen in the middle; elsewhere it is a minus.
const HYPHENATED = new Set(["project-away", "project-rename", "project-keep", "mv-expand"]);

/** Cuts a query into tokens. Comments (`//` to the end of the line) are left out. */
export function tokenize(query: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const rest = query.slice(at);
    const [skipped] = /^(\s|\/\/[^\n]*)+/.exec(rest) ?? [];
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    const token = next(rest, at);
    tokens.push(token.token);
    at += token.length;
  }
  tokens.push({ kind: "end", text: "the end of the query", at });
  return tokens;
}

function next(rest: string, at: number): { token: Token; length: number } {
  const simple = (kind: Token["kind"], text: string): { token: Token; length: number } => ({
    token: { kind, text, at },
    length: text.length,
  });
  const first = rest.charAt(0);
  if (first === '"' || first === "'" || /^@["']/.test(rest)) return string(rest, at);
  const [datetime, instant] = /^datetime\s*\(\s*([^)]*?)\s*\)/.exec(rest) ?? [];
  if (datetime !== undefined && instant !== undefined) {
    return { token: { kind: "datetime", text: instant, at }, length: datetime.length };
  }
  const [timespan] = TIMESPAN.exec(rest) ?? [];
  if (timespan !== undefined) return simple("timespan", timespan);
  const [number] = NUMBER.exec(rest) ?? [];
  if (number !== undefined) return simple("number", number);
  // `!in`, `!has` and their like are names.
  const [negated] = /^!(in|has|contains|startswith|endswith)\b/.exec(rest) ?? [];
  if (negated !== undefined) return simple("name", negated);
  const [name] = NAME.exec(rest) ?? [];
  if (name !== undefined) {
    const plain = HYPHENATED.has(name) ? name : (name.split("-")[0] ?? name);
    return simple("name", rest.startsWith("in~") ? "in~" : plain);
  }
  const symbol = SYMBOLS.find((one) => rest.startsWith(one));
  if (symbol !== undefined) return simple("symbol", symbol);
  throw new KqlError("SyntaxError", `unexpected '${first}' at position ${at}`);
}

function string(rest: string, at: number): { token: Token; length: number } {
  const verbatim = rest.startsWith("@");
  const start = verbatim ? 1 : 0;
  const quote = rest.charAt(start);
  let text = "";
  for (let index = start + 1; index < rest.length; index += 1) {
    const character = rest.charAt(index);
    if (character === quote) {
      return { token: { kind: "string", text, at }, length: index + 1 };
    }
    if (character === "\\" && !verbatim) {
      index += 1;
      const escaped = rest.charAt(index);
      text += { n: "\n", t: "\t", r: "\r" }[escaped] ?? escaped;
    } else {
      text += character;
    }
  }
  throw new KqlError("SyntaxError", `the string that begins at position ${at} does not end`);
}
