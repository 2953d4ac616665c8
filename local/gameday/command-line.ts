import { parseArgs } from "node:util";
import type { StackOptions } from "../stack/stack.js";
import { duplicateRule } from "./duplicates.js";
import { faultNames, type Exercise, type FaultName } from "./exercise.js";
import { faults } from "./faults.js";

type ProfileName = NonNullable<StackOptions["profile"]>;

export interface Order {
  readonly exercises: readonly Exercise[];
  readonly faults: readonly FaultName[];
  readonly profile: ProfileName;
  readonly json: boolean;
}

const profiles: Readonly<Record<ProfileName, string>> = {
  "bad-day": "everything takes as long as it may without being broken",
  calm: "nothing is slow",
};

/** Reads the command line; throws with a message that says what is wrong. */
export function readCommandLine(
  args: readonly string[],
  known: readonly Exercise[],
): Order | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: "string", multiple: true, default: [] },
      fault: { type: "string", multiple: true, default: [] },
      profile: { type: "string", default: "bad-day" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const { profile, json } = values;
  if (!isProfile(profile)) {
    const names = Object.keys(profiles).join(", ");
    throw new Error(`--profile ${profile} is not known; known are ${names}`);
  }
  return {
    exercises: chosen("scenario", values.scenario, known, ({ scenario }) => scenario),
    faults: chosen("fault", values.fault, faultNames, (name) => name),
    profile,
    json,
  };
}

export function help(known: readonly Exercise[]): string {
  const entry = (name: string, what: string): string => `    ${name.padEnd(20)} ${what}`;
  return `npm run gameday -- [options]

Lets each scenario fail under each fault, before a simulated Azure, and prints what came of it.

  --scenario A,B   which scenarios (default: all):
${known
  .map(({ scenario }) => entry(scenario, ""))
  .map((line) => line.trimEnd())
  .join("\n")}
  --fault A,B      which faults (default: all):
${faultNames.map((name) => entry(name, faults[name].what)).join("\n")}
  --profile NAME   how long the simulated Azure takes (default: bad-day):
${Object.entries(profiles)
  .map(([name, what]) => entry(name, what))
  .join("\n")}
  --json           print the result as JSON alone on the last line of standard output
  --help           this text

Duplicates: ${duplicateRule}

Undefined endings: the run leaves no record, or hangs; it says that it serves and the app does not
answer its users; or it needs an operator and does not say why and what to do. A fault that met no
request proves nothing and is named.

Approvals are given as soon as they are asked for; nobody decides about a step that failed, until its
time is over. Being late is shown and is no error: a breach of the target escalates, it never stops a run.

Exit code: 0 every ending is defined, no effect is a duplicate and each fault struck; 2 wrong usage; 1 anything else.
`;
}

const isProfile = (name: string): name is ProfileName => Object.hasOwn(profiles, name);

/** What a flag names, in the order of the table; all of it where it names nothing. */
function chosen<Named>(
  flag: string,
  wanted: readonly string[],
  all: readonly Named[],
  nameOf: (one: Named) => string,
): readonly Named[] {
  const names = wanted.flatMap((list) => list.split(",")).map((name) => name.trim());
  const unknown = names.find((name) => !all.some((one) => nameOf(one) === name));
  if (unknown !== undefined) {
    throw new Error(`--${flag} ${unknown} is not known; known are ${all.map(nameOf).join(", ")}`);
  }
  return names.length === 0 ? all : all.filter((one) => names.includes(nameOf(one)));
}
