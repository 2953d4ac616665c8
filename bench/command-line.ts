import { parseArgs } from "node:util";
import type { Measurement } from "./measurement.js";
import { sizeFlags, type SizeName, type Sizes } from "./sizes.js";

export interface Order {
  readonly sizes: Sizes;
  readonly chosen: readonly Measurement[];
  readonly json: boolean;
}

/** Reads the command line; throws with a message that says what is wrong. */
export function readCommandLine(
  args: readonly string[],
  all: readonly Measurement[],
): Order | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true, default: [] },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      ...sizeOptions,
    },
  });
  if (values.help) return "help";
  const size = (name: SizeName): number => {
    const given = values[name];
    return given === undefined
      ? sizeFlags[name][values.quick ? "quick" : "usual"]
      : wholeNumber(name, given);
  };
  const sizes = Object.fromEntries(sizeNames.map((name) => [name, size(name)])) as Sizes;
  return { sizes, chosen: choose(values.only, all), json: values.json };
}

export function help(all: readonly Measurement[]): string {
  const groups = [...new Set(all.map(({ group }) => group))];
  const flag = (name: string, what: string): string => `  ${name.padEnd(14)} ${what}`;
  return `npm run bench -- [options]

Measures the embedded host, the scenarios and the start of the service, and prints one table.

${flag("--only X", "a group or a measurement; may be given again. Default: all")}
${groups
  .map((group) => {
    const names = all.filter((one) => one.group === group).map(({ name }) => name);
    return flag("", `${group}: ${names.join(", ")}`);
  })
  .join("\n")}
${flag("--quick", "small sizes, to see that it works")}
${sizeNames
  .map((name) => {
    const { what, usual, quick } = sizeFlags[name];
    return flag(`--${name} N`, `${what} (${usual}; quick ${quick})`);
  })
  .join("\n")}
${flag("--json", "print the result as JSON alone on the last line of standard output")}
${flag("--help", "this text")}

Goals are shown and not enforced. Exit code: 0 all was measured, 2 wrong usage, 1 anything else.
`;
}

const sizeNames = Object.keys(sizeFlags) as SizeName[];
const sizeOptions = Object.fromEntries(
  sizeNames.map((name) => [name, { type: "string" as const }]),
) as Record<SizeName, { readonly type: "string" }>;

function choose(only: readonly string[], all: readonly Measurement[]): readonly Measurement[] {
  const unknown = only.find((wanted) => !all.some((one) => answersTo(one, wanted)));
  if (unknown !== undefined) {
    const known = [...new Set(all.flatMap(({ group, name }) => [group, name]))];
    throw new Error(`--only ${unknown} is not known; known are ${known.join(", ")}`);
  }
  if (only.length === 0) return all;
  return all.filter((one) => only.some((wanted) => answersTo(one, wanted)));
}

const answersTo = ({ group, name }: Measurement, wanted: string): boolean =>
  [group, name, `${group}/${name}`].includes(wanted);

function wholeNumber(name: string, given: string): number {
  const value = Number(given);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`--${name} must be a whole number from 1 on, not ${given}`);
}
