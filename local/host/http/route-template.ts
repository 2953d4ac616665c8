/** Which paths a function takes, and what its route parameters are then. */
export interface RouteTemplate {
  readonly text: string;
  /** Undefined when the path is not of this template. The path is as it came, with its escapes. */
  match(path: string): Readonly<Record<string, string>> | undefined;
}

type Constraint = (value: string) => boolean;

interface Parameter {
  readonly name: string;
  readonly catchAll: boolean;
  readonly optional: boolean;
  readonly fallback: string | undefined;
  readonly constraints: readonly Constraint[];
}

type Part = { readonly literal: string } | { readonly parameter: Parameter };

interface Segment {
  readonly parts: readonly Part[];
  /** What a segment of a path must look like; one group a parameter. */
  readonly pattern: RegExp;
}

/** Reads a template of ASP.NET Core's dialect; throws on what is malformed. */
export function parseRouteTemplate(text: string): RouteTemplate {
  const segments = splitSegments(text).map(parseSegment);
  validate(text, segments);
  return { text, match: (path) => matchPath(segments, path) };
}

function matchPath(
  segments: readonly Segment[],
  path: string,
): Readonly<Record<string, string>> | undefined {
  const pieces = path.replace(/^\//, "").replace(/\/$/, "").split("/");
  if (pieces.length === 1 && pieces[0] === "") pieces.pop();
  if (pieces.includes("")) return undefined;

  const values: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const sole = soleParameter(segment);
    if (sole?.catchAll === true) {
      const rest = pieces.slice(index).map(decodeSegment).join("/");
      return take(values, sole, rest === "" ? sole.fallback : rest) ? values : undefined;
    }
    const piece = pieces[index];
    if (piece === undefined) {
      // Only what may be absent can follow the end of the path.
      if (sole === undefined || !(sole.optional || sole.fallback !== undefined)) return undefined;
      if (sole.fallback !== undefined) values[sole.name] = sole.fallback;
      continue;
    }
    if (!matchSegment(segment, decodeSegment(piece), values)) return undefined;
  }
  return pieces.length > segments.length ? undefined : values;
}

function matchSegment(segment: Segment, piece: string, values: Record<string, string>): boolean {
  const match = segment.pattern.exec(piece);
  if (match === null) return false;
  const parameters = segment.parts.flatMap((part) => ("parameter" in part ? [part.parameter] : []));
  return parameters.every((parameter, index) => take(values, parameter, match[index + 1]));
}

function take(
  values: Record<string, string>,
  parameter: Parameter,
  value: string | undefined,
): boolean {
  if (value === undefined || value === "") {
    return parameter.optional || parameter.catchAll;
  }
  if (!parameter.constraints.every((constraint) => constraint(value))) return false;
  values[parameter.name] = value;
  return true;
}

/** Undoes escapes once; an escaped slash stays one, so that it cannot be taken for a separator. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment.replace(/%2f/gi, "%252F"));
  } catch {
    return segment;
  }
}

function soleParameter(segment: Segment): Parameter | undefined {
  const [part, ...others] = segment.parts;
  return part !== undefined && "parameter" in part && others.length === 0
    ? part.parameter
    : undefined;
}

/** Splits at the slashes that stand outside of braces. */
function splitSegments(text: string): readonly string[] {
  const segments: string[] = [];
  let depth = 0;
  let current = "";
  for (const character of text.replace(/^~?\/+/, "").replace(/\/+$/, "")) {
    if (character === "/" && depth === 0) {
      segments.push(current);
      current = "";
      continue;
    }
    if (character === "{") depth += 1;
    if (character === "}") depth -= 1;
    if (depth < 0) throw malformed(text, "there is a '}' without its '{'");
    current += character;
  }
  if (depth !== 0) throw malformed(text, "there is an incomplete parameter");
  segments.push(current);
  return segments.length === 1 && segments[0] === "" ? [] : segments;
}

function parseSegment(text: string): Segment {
  if (text === "") throw malformed(text, "the character '/' appears twice in a row");
  const parts: Part[] = [];
  let literal = "";
  for (let index = 0; index < text.length;) {
    const character = text.charAt(index);
    const doubled = text.charAt(index + 1) === character;
    if (character === "{" && !doubled) {
      const end = closingBrace(text, index);
      if (literal !== "") parts.push({ literal });
      literal = "";
      parts.push({ parameter: parseParameter(unescapeBraces(text.slice(index + 1, end))) });
      index = end + 1;
      continue;
    }
    if (character === "}" && !doubled) throw malformed(text, "there is a '}' without its '{'");
    literal += character;
    index += (character === "{" || character === "}") && doubled ? 2 : 1;
  }
  if (literal !== "") parts.push({ literal });
  return { parts, pattern: patternOf(parts) };
}

function closingBrace(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    if (text.charAt(index) !== "}") continue;
    if (text.charAt(index + 1) !== "}" || !text.slice(start + 1, index).includes("{{"))
      return index;
    index += 1;
  }
  throw malformed(text, "there is an incomplete parameter");
}

function unescapeBraces(text: string): string {
  return text.replaceAll("{{", "{").replaceAll("}}", "}");
}

function patternOf(parts: readonly Part[]): RegExp {
  const source = parts.map((part) => {
    if ("literal" in part) return part.literal.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    return part.parameter.optional ? "(.*)" : "(.+)";
  });
  return new RegExp(`^${source.join("")}$`, "is");
}

function parseParameter(text: string): Parameter {
  const name = /^\*{0,2}([^:=?*]+)/.exec(text);
  if (name?.[1] === undefined) throw malformed(`{${text}}`, "the parameter has no name");
  const catchAll = text.startsWith("*");
  let rest = text.slice(name[0].length);
  const constraints: Constraint[] = [];
  while (rest.startsWith(":")) {
    const { constraint, length } = parseConstraint(rest.slice(1));
    constraints.push(constraint);
    rest = rest.slice(1 + length);
  }
  const fallback = rest.startsWith("=") ? rest.slice(1) : undefined;
  if (fallback === undefined && rest !== "" && rest !== "?") {
    throw malformed(`{${text}}`, `'${rest}' is not understood`);
  }
  return { name: name[1], catchAll, optional: rest === "?", fallback, constraints };
}

function parseConstraint(text: string): {
  readonly constraint: Constraint;
  readonly length: number;
} {
  const name = /^[a-z]+/i.exec(text)?.[0] ?? "";
  let length = name.length;
  let argument: string | undefined;
  if (text.charAt(length) === "(") {
    const end = closingParenthesis(text, length);
    argument = text.slice(length + 1, end);
    length = end + 1;
  }
  return { constraint: constraintOf(name.toLowerCase(), argument), length };
}

function closingParenthesis(text: string, start: number): number {
  let depth = 0;
  for (let index = start; index < text.length; index += 1) {
    if (text.charAt(index) === "(") depth += 1;
    if (text.charAt(index) === ")") depth -= 1;
    if (depth === 0) return index;
  }
  throw malformed(text, "a parenthesis is not closed");
}

const NUMBER = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/;

function constraintOf(name: string, argument: string | undefined): Constraint {
  const numbers = (argument ?? "").split(",").map(Number);
  const [first = NaN, second = NaN] = numbers;
  switch (name) {
    case "int":
      return (value) => isInteger(value, -(2n ** 31n), 2n ** 31n - 1n);
    case "long":
      return (value) => isInteger(value, -(2n ** 63n), 2n ** 63n - 1n);
    case "bool":
      return (value) => /^(true|false)$/i.test(value);
    case "guid":
      return (value) => /^\{?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i.test(value);
    case "alpha":
      return (value) => /^[a-z]*$/i.test(value);
    case "datetime":
      return (value) => !Number.isNaN(Date.parse(value));
    case "decimal":
    case "double":
    case "float":
      return (value) => NUMBER.test(value);
    case "minlength":
      return (value) => value.length >= first;
    case "maxlength":
      return (value) => value.length <= first;
    case "length":
      return (value) =>
        value.length >= first && value.length <= (Number.isNaN(second) ? first : second);
    case "min":
      return (value) => NUMBER.test(value) && Number(value) >= first;
    case "max":
      return (value) => NUMBER.test(value) && Number(value) <= first;
    case "range":
      return (value) => NUMBER.test(value) && Number(value) >= first && Number(value) <= second;
    case "required":
      return (value) => value !== "";
    case "regex": {
      const pattern = new RegExp(argument ?? "", "i");
      return (value) => pattern.test(value);
    }
    default:
      throw new Error(
        `the constraint '${name}' could not be resolved; see ASP.NET's route constraints`,
      );
  }
}

function isInteger(value: string, from: bigint, to: bigint): boolean {
  if (!/^[+-]?\d+$/.test(value)) return false;
  const number = BigInt(value.replace(/^\+/, ""));
  return number >= from && number <= to;
}

function validate(text: string, segments: readonly Segment[]): void {
  const names = new Set<string>();
  for (const [index, segment] of segments.entries()) {
    for (const part of segment.parts) {
      if (!("parameter" in part)) continue;
      const { name, catchAll } = part.parameter;
      if (names.has(name.toLowerCase()))
        throw malformed(text, `the parameter '${name}' appears twice`);
      names.add(name.toLowerCase());
      if (catchAll && index !== segments.length - 1) {
        throw malformed(text, `the catch-all parameter '${name}' must be the last segment`);
      }
    }
  }
}

function malformed(text: string, reason: string): Error {
  return new Error(`the route template '${text}' is malformed: ${reason}`);
}
