import { parseArgs } from "node:util";
import type { StackOptions } from "../stack/stack.js";
import type { CompoundDay } from "./days/day.js";
import { defaultSeed } from "./draws.js";
import { duplicateRule } from "./duplicates.js";
import { faultNames, type Exercise, type FaultName } from "./exercise.js";
import { faults } from "./faults.js";
import { gapRule } from "./gaps.js";
import { differenceRule } from "./record-against-log.js";

type ProfileName = NonNullable<StackOptions["profile"]>;

/** What there is to be played. */
export interface Known {
  readonly exercises: readonly Exercise[];
  readonly days: readonly CompoundDay[];
}

export interface Order extends Known {
  readonly faults: readonly FaultName[];
  readonly seed: number;
  readonly profile: ProfileName;
  readonly json: boolean;
}

/** Names all compound days at once, and stands for them in the table. */
export const compound = "compound";

const profiles: Readonly<Record<ProfileName, string>> = {
  "bad-day": "everything takes as long as it may without being broken",
  calm: "nothing is slow",
};

/** Reads the command line; throws with a message that says what is wrong. */
export function readCommandLine(args: readonly string[], known: Known): Order | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: "string", multiple: true, default: [] },
      fault: { type: "string", multiple: true, default: [] },
      seed: { type: "string", default: String(defaultSeed) },
      profile: { type: "string", default: "bad-day" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const { profile, seed, json } = values;
  if (!isProfile(profile)) {
    const names = Object.keys(profiles).join(", ");
    throw new Error(`--profile ${profile} is not known; known are ${names}`);
  }
  if (!/^\d{1,9}$/.test(seed)) throw new Error(`--seed ${seed} is no whole number up to 999999999`);
  const scenarios = namesIn(values.scenario);
  const wanted = namesIn(values.fault);
  const all = [
    ...known.exercises.map(({ scenario }) => scenario),
    compound,
    ...known.days.map(({ name }) => name),
  ];
  check("scenario", scenarios, all);
  check("fault", wanted, faultNames);
  const everything = scenarios.length === 0;
  return {
    exercises: known.exercises.filter(({ scenario }) => everything || scenarios.includes(scenario)),
    // No fault befalls a compound day, so whoever names faults alone does not mean these.
    days: known.days.filter(({ name }) =>
      everything ? wanted.length === 0 : scenarios.includes(compound) || scenarios.includes(name),
    ),
    faults: faultNames.filter((name) => wanted.length === 0 || wanted.includes(name)),
    seed: Number(seed),
    profile,
    json,
  };
}

export function help({ exercises, days }: Known): string {
  const entry = (name: string, what: string): string => `    ${name.padEnd(20)} ${what}`.trimEnd();
  return `npm run gameday -- [options]

Lets each scenario fail under each fault, before a simulated Azure, lets compound days happen, and prints
what came of it.

  --scenario A,B   which scenarios and compound days (default: all):
${exercises.map(({ scenario }) => entry(scenario, "")).join("\n")}
${entry(compound, "all of these:")}
${days.map(({ name, what }) => entry(name, what)).join("\n")}
  --fault A,B      which faults (default: all):
${faultNames.map((name) => entry(name, faults[name].what)).join("\n")}
  --seed N         what chance decides (default: ${defaultSeed}); the same seed decides the same: how long after the
                   failure the alert comes, with which change a fault in the middle of the run, which
                   changes a fault of calls strikes, and the order in which all is played
  --profile NAME   how long the simulated Azure takes (default: bad-day):
${Object.entries(profiles)
  .map(([name, what]) => entry(name, what))
  .join("\n")}
  --json           print the result as JSON alone on the last line of standard output
  --help           this text

The people of a game day have the service's HTTP interface and nothing else: no portal, no sign-in, no
command line of Azure. Whatever they do or read on such a day works while these are down.

Users write a numbered record each minute of the simulated time, through the entry that they have. Loss
real: how many of those that were acknowledged are gone afterwards, from the storage or from the cache.
A record of a run that says none while some are gone is not true.

Duplicates: ${duplicateRule}

Undefined: the run leaves no record, or hangs; it says that it serves and the app does not answer its
users; it needs an operator and does not say why and what to do; or more runs come of a day than there
is work for. A fault that met no request proves nothing and is named.

Untrue: ${differenceRule}

Gaps: ${gapRule}

Needless: effects on a day on which nothing is wrong, other than in the service's own accounts and in
containers named mcp-dr-probe.

Approvals are given as soon as they are asked for; nobody decides about a step that failed, until its
time is over; on a compound day the operator gives it up at once, as others wait. Being late is shown and is no error: a breach of the target escalates, it never stops a run.

Exit code: 0 all is as it has to be; 2 wrong usage; 1 anything else.
`;
}

const isProfile = (name: string): name is ProfileName => Object.hasOwn(profiles, name);

const namesIn = (lists: readonly string[]): readonly string[] =>
  lists.flatMap((list) => list.split(",")).map((name) => name.trim());

function check(flag: string, names: readonly string[], known: readonly string[]): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`--${flag} ${unknown} is not known; known are ${known.join(", ")}`);
  }
}
