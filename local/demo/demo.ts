import { parseArgs } from "node:util";
import { describeDuration } from "../../src/domain/duration.js";
import { catalogue } from "../../src/scenarios/catalogue.js";
import { startStack, type Stack } from "../stack/stack.js";
import { containerAppFailure } from "./container-app-failure.js";
import { drill } from "./drill.js";
import { failback } from "./failback.js";
import { keyVaultFailure } from "./key-vault-failure.js";
import { showMessages } from "./messages.js";
import { nightlyBackup } from "./nightly-backup.js";
import { readiness } from "./readiness.js";
import { redisFailure } from "./redis-failure.js";
import { redisKeyRotation } from "./redis-key-rotation.js";
import { regionOutage } from "./region-outage.js";
import { restore } from "./restore.js";
import { storageFailure } from "./storage-failure.js";
import { say, type Options, type Show } from "./show.js";

const shows: Readonly<Record<string, Show>> = {
  "container-app-failure": containerAppFailure,
  "redis-failure": redisFailure,
  "redis-key-rotation": redisKeyRotation,
  "key-vault-failure": keyVaultFailure,
  "storage-failure": storageFailure,
  "region-outage": regionOutage,
  failback,
  "nightly-backup": nightlyBackup,
  restore,
  readiness,
  drill,
};
const byDefault = "container-app-failure";

const lines = (known: Readonly<Record<string, string>>, indent: number): string =>
  Object.entries(known)
    .map(([name, what]) => `${" ".repeat(indent)}${name.padEnd(22)} ${what}`)
    .join("\n");

/** The faults of every demo in which something breaks, each below a heading. */
const faultsOfAll = (heading: (name: string) => string, indent: number): string =>
  Object.entries(shows)
    .filter(([, { faults }]) => Object.keys(faults).length > 0)
    .map(([name, { faults }]) => `${heading(name)}\n${lines(faults, indent)}`)
    .join("\n");

const titles = Object.fromEntries(Object.entries(shows).map(([name, { title }]) => [name, title]));

const help = `npm run demo -- [DEMO] [options]

Starts the app on the embedded host before a simulated Azure, and shows one of these:

${lines(titles, 2)}

The first is the default; something breaks in production, the alert that Azure Monitor would send
is posted, and the recovery is shown to its end.

${faultsOfAll((name) => `  --fault NAME   what breaks, for ${name}:`, 17)}
  --propose      switch the automation to "propose" first: the run asks before its first change
  --no-operator  nobody answers what the run asks; shows what silence does
  --plan         show what a recovery or restore would do, and change nothing
  --show-messages  print the messages that people get, as they get them
  --profile NAME how long Azure takes: calm (default) or bad-day
  --speed N      show waits at N times real speed; 0 skips them at once (default 30)
  --list         list the scenarios and the faults, and end
  --json         print the run's record alone on the last line of standard output
  --keep         leave everything running afterwards, until Ctrl-C
  --help         this text

The demo plays the people too: it shows what the run asks, and answers over HTTP under another name.

Exit code: 0 all is well again, or the plan is made; 3 an operator is needed, 2 wrong usage, 1 anything else.
`;

function readOptions(): { name: string; show: Show; options: Options } | "help" | "list" {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      fault: { type: "string" },
      profile: { type: "string", default: "calm" },
      speed: { type: "string", default: "30" },
      propose: { type: "boolean", default: false },
      "no-operator": { type: "boolean", default: false },
      plan: { type: "boolean", default: false },
      "show-messages": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  if (values.list) return "list";
  const [name = byDefault, part, ...others] = positionals;
  const show = Object.hasOwn(shows, name) ? shows[name] : undefined;
  if (show === undefined || others.length > 0 || (part !== undefined && name !== "drill")) {
    throw new Error(
      `"${positionals.join(" ")}" is no demo; there are ${Object.keys(shows).join(", ")}`,
    );
  }
  const wanted = values.fault ?? part;
  const fault = wanted ?? Object.keys(show.faults)[0] ?? "";
  if (wanted !== undefined && !Object.hasOwn(show.faults, fault)) {
    const known = Object.keys(show.faults).join(", ");
    throw new Error(
      known === ""
        ? `${name} takes no --fault`
        : `--fault ${fault} is not known; known are ${known}`,
    );
  }
  const speed = Number(values.speed);
  if (!Number.isFinite(speed) || speed < 0) {
    throw new Error(`--speed must be 0 or a number above it, not ${values.speed}`);
  }
  const { propose, plan, json, keep, profile } = values;
  if (profile !== "calm" && profile !== "bad-day") {
    throw new Error(`--profile must be calm or bad-day, not ${profile}`);
  }
  const options: Options = {
    fault,
    speed,
    profile,
    propose,
    silent: values["no-operator"],
    plan,
    messages: values["show-messages"],
    json,
    keep,
  };
  return { name, show, options };
}

function list(): string {
  const scenarios = catalogue.map(
    ({ id, title, rto, symptoms }) =>
      `  ${id}: ${title}, to be recovered in ${describeDuration(rto)}\n${symptoms.map((symptom) => `    - ${symptom}`).join("\n")}`,
  );
  return `Scenarios, with the symptoms they answer:
${scenarios.join("\n")}

Demos, for npm run demo -- NAME:
${lines(titles, 2)}

${faultsOfAll((name) => `Faults, for npm run demo -- ${name} --fault NAME:`, 2)}
`;
}

async function main(): Promise<number> {
  let wanted: ReturnType<typeof readOptions>;
  try {
    wanted = readOptions();
  } catch (error) {
    say(`${(error as Error).message}\nnpm run demo -- --help shows what there is.`);
    return 2;
  }
  if (wanted === "help") {
    process.stdout.write(help);
    return 0;
  }
  if (wanted === "list") {
    process.stdout.write(list());
    return 0;
  }

  const { show, options } = wanted;
  say("Starting the simulated Azure and the app on the embedded host ...");
  const stack = await startStack({
    ...(options.speed > 0 ? { speed: options.speed } : {}),
    profile: options.profile,
    ...(options.messages ? { onNotice: showMessages(process.stderr) } : {}),
    settings: {
      // The demo plays the platform as well; who looks at what it keeps running has only the key.
      PLATFORM_AUTHENTICATION: options.keep ? "none" : "entra",
      ...show.settings,
    },
  });
  try {
    const { code, shown } = await show.run(stack, options);
    if (options.json) process.stdout.write(`${JSON.stringify(shown)}\n`);
    if (options.keep) await keep(stack);
    return code;
  } finally {
    await stack.stop();
  }
}

async function keep(stack: Stack): Promise<void> {
  const { url, masterKey } = stack.host();
  say(`\nStill running, until Ctrl-C: ${url}/api/recoveries?code=${masterKey}`);
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  },
);
