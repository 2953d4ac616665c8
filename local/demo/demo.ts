import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { describeDuration } from "../../src/domain/duration.js";
import type { Environment } from "../../src/domain/estate.js";
import { servesAgain, type RunRecord } from "../../src/domain/run-record.js";
import { catalogue } from "../../src/scenarios/catalogue.js";
import { availabilityAlert } from "../stack/alert.js";
import { principal } from "../stack/principal.js";
import { repository } from "../stack/repository.js";
import { ServiceClient } from "../stack/service-client.js";
import { startStack, type Stack } from "../stack/stack.js";
import { approver, operator, People } from "./people.js";
import { planTable } from "./plan-table.js";
import { ProgressView } from "./progress.js";

const faults = {
  "app-unhealthy": "the app's worker hangs; a restart heals it",
  "bad-revision": "a deployment brings a bad revision; only the one before it is good",
  "restart-does-not-help": "nothing that can be done to the app heals it",
} as const;

const help = `npm run demo -- [options]

Starts the app on the embedded host before a simulated Azure, breaks the container app of
production, posts the alert that Azure Monitor would send, and shows the recovery.

  --fault NAME   what breaks (default app-unhealthy):
${Object.entries(faults)
  .map(([name, what]) => `                 ${name.padEnd(22)} ${what}`)
  .join("\n")}
  --propose      switch the automation to "propose" first: the run asks before its first change
  --no-operator  nobody answers what the run asks; shows what silence does
  --plan         show what a recovery would do, and change nothing
  --speed N      show waits at N times real speed; 0 skips them at once (default 30)
  --list         list the scenarios and the faults, and end
  --json         print the run record alone on the last line of standard output
  --keep         leave everything running afterwards, until Ctrl-C
  --help         this text

The demo plays the people too: it shows what the run asks, and answers over HTTP under another name.

Exit code: 0 the app is healthy again, or the plan is made; 3 an operator is needed, 2 wrong usage, 1 anything else.
`;

/** Seconds after which the availability test alerts. */
const untilNoticed = 120;

interface Options {
  readonly fault: keyof typeof faults;
  readonly speed: number;
  readonly propose: boolean;
  readonly silent: boolean;
  readonly plan: boolean;
  readonly json: boolean;
  readonly keep: boolean;
}

function readOptions(): Options | "help" | "list" {
  const { values } = parseArgs({
    options: {
      fault: { type: "string", default: "app-unhealthy" },
      speed: { type: "string", default: "30" },
      propose: { type: "boolean", default: false },
      "no-operator": { type: "boolean", default: false },
      plan: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  if (values.list) return "list";
  if (!isFault(values.fault)) {
    throw new Error(
      `--fault ${values.fault} is not known; known are ${Object.keys(faults).join(", ")}`,
    );
  }
  const speed = Number(values.speed);
  if (!Number.isFinite(speed) || speed < 0) {
    throw new Error(`--speed must be 0 or a number above it, not ${values.speed}`);
  }
  const { fault, propose, plan, json, keep } = values;
  return { fault, speed, propose, silent: values["no-operator"], plan, json, keep };
}

function list(): string {
  const scenarios = catalogue.map(
    ({ id, title, rto, symptoms }) =>
      `  ${id}: ${title}, to be recovered in ${describeDuration(rto)}\n${symptoms.map((symptom) => `    - ${symptom}`).join("\n")}`,
  );
  const shown = Object.entries(faults).map(([name, what]) => `  ${name.padEnd(22)} ${what}`);
  return `Scenarios, with the symptoms they answer:
${scenarios.join("\n")}

Faults, for npm run demo -- --fault NAME:
${shown.join("\n")}
`;
}

const isFault = (name: string): name is keyof typeof faults => Object.hasOwn(faults, name);

/** People read this; with --json the record alone goes to standard output. */
const say = (text = ""): void => {
  process.stderr.write(`${text}\n`);
};

async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions();
  } catch (error) {
    say(`${(error as Error).message}\nnpm run demo -- --help shows what there is.`);
    return 2;
  }
  if (options === "help") {
    process.stdout.write(help);
    return 0;
  }

  if (options === "list") {
    process.stdout.write(list());
    return 0;
  }

  say("Starting the simulated Azure and the app on the embedded host ...");
  const stack = await startStack({
    ...(options.speed > 0 ? { speed: options.speed } : {}),
    // The demo plays the platform as well; who looks at what it keeps running has only the key.
    settings: { PLATFORM_AUTHENTICATION: options.keep ? "none" : "entra" },
  });
  try {
    const record = options.plan ? await plan(stack, options) : await recover(stack, options);
    if (record.outcome === "planned") {
      if (options.json) process.stdout.write(`${JSON.stringify(record)}\n`);
      if (options.keep) await keep(stack);
      return 0;
    }
    const app = await stack.simulator.app(record.resource);
    const healthy = app.revisions.some(
      ({ active, weight, replicas }) =>
        active &&
        weight > 0 &&
        replicas.some((replica) => replica.ready && replica.ailment === undefined),
    );
    say(`The app is ${healthy ? "healthy" : "NOT healthy"}.`);
    if (options.json) process.stdout.write(`${JSON.stringify(record)}\n`);
    if (options.keep) await keep(stack);
    if (record.outcome === "needs-operator") return 3;
    return healthy && servesAgain(record.outcome) ? 0 : 1;
  } finally {
    await stack.stop();
  }
}

/** A client that calls under somebody's name: as the platform vouches for it, or as it says itself. */
const as = (stack: Stack, name: string, role: string, { keep: kept }: Options): ServiceClient =>
  new ServiceClient(stack.host, kept ? { "x-operator": name } : principal(name, [role]));

/** Breaks the app, and waits as long as the availability test takes to notice. */
async function breakApp(stack: Stack, { fault }: Options): Promise<Environment> {
  const { production } = stack.estate.environments;
  if (production === undefined) throw new Error("the sample estate has no production environment");
  const { containerApp } = production;
  const app = await stack.simulator.app(containerApp.primary);
  say(`The app answers at https://${app.fqdn}${containerApp.health.path}`);
  await stack.simulator.fault({ name: fault, resource: containerApp.primary });
  say(`Fault ${fault}: ${faults[fault]}.`);
  await stack.simulator.advance(untilNoticed);
  return production;
}

async function recover(stack: Stack, options: Options): Promise<RunRecord> {
  const service = as(stack, operator, "operator", options);
  const cast = {
    operator: service,
    approver: as(stack, approver, "approver", options),
    silent: options.silent,
  };
  if (options.propose) {
    const wish = { mode: "propose", reason: "the demo wants to be asked" };
    await service.call("PUT", "/api/automation/production", JSON.stringify(wish));
    say(`${operator} switches the automation of production to "propose".`);
  }
  const { component, availabilityTests } = (await breakApp(stack, options)).applicationInsights;
  const alert = availabilityAlert(
    component,
    availabilityTests[0] ?? component,
    await stack.simulator.now(),
  );
  const answer = await service.postAlert(alert);
  say(`${untilNoticed / 60} minutes later the availability test has failed often enough.`);
  say(`Alert posted: ${answer.status}, ${answer.reason}`);
  if (answer.run === undefined) throw new Error("the alert started no run");
  say(`Run ${answer.run}\n`);
  return watch(service, answer.run, new People(cast, stack.simulator, say));
}

/** Asks what a recovery would do. */
async function plan(stack: Stack, options: Options): Promise<RunRecord> {
  const service = as(stack, operator, "operator", options);
  await breakApp(stack, options);
  const order = {
    scenario: "container-app-failure",
    environment: "production",
    reason: "what would it do?",
    mode: "plan",
  };
  const answer = await service.call("POST", "/api/recoveries", JSON.stringify(order));
  if (answer.status !== 202) throw new Error(`no plan was started: ${answer.text}`);
  const { id } = answer.json as { id: string };
  say(`${operator} asks for a plan: ${id}\n`);
  const record = await watch(service, id);
  if (record.plan !== undefined) say(`\n${planTable(record.plan)}`);
  return record;
}

/** Shows a run until it has left its record. */
async function watch(service: ServiceClient, id: string, people?: People): Promise<RunRecord> {
  const view = new ProgressView(process.stderr);
  for (;;) {
    const run = await service.run(id);
    if (run.checkpoint !== undefined) {
      view.show(run.checkpoint);
      if (run.status === "running") await people?.attend(id, run.checkpoint);
    }
    if (run.status === "stopped") throw new Error("the run stopped without a record");
    if (run.record !== undefined) {
      view.end();
      await hand(service, run.record);
      return run.record;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Leaves the report where a person can open it. */
async function hand(service: ServiceClient, record: RunRecord): Promise<void> {
  const folder = path.join(repository, ".demo");
  mkdirSync(folder, { recursive: true });
  const file = (format: string): string => path.join(folder, `${record.id}.${format}`);
  for (const format of ["md", "html", "json"] as const) {
    writeFileSync(file(format), await service.report(record.id, format));
  }
  say(`\nOutcome: ${record.outcome}`);
  say(`Why:     ${record.reason}`);
  for (const finding of record.findings) say(`Finding: ${finding}`);
  if (record.nextSteps.length > 0) say("What you do now:");
  for (const [index, step] of record.nextSteps.entries()) say(`  ${index + 1}. ${step}`);
  const shown = (format: string): string => path.relative(process.cwd(), file(format));
  say(`Report:  ${shown("html")}\n         ${shown("md")}\n         ${shown("json")}`);
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
