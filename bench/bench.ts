import os from "node:os";
import { help, readCommandLine, type Order } from "./command-line.js";
import { isMet } from "./measurement.js";
import { measurements } from "./measurements.js";
import { table, type Line } from "./table.js";

/** People read this; with --json the result alone goes to standard output. */
const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

async function main(): Promise<number> {
  let order: Order | "help";
  try {
    order = readCommandLine(process.argv.slice(2), measurements);
  } catch (error) {
    say(`${(error as Error).message}\n\n${help(measurements)}`);
    return 2;
  }
  if (order === "help") {
    process.stdout.write(help(measurements));
    return 0;
  }

  const { sizes, chosen, json } = order;
  const machine = describeMachine();
  say(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${machine.load}\n`);
  const lines: Line[] = [];
  const failures: { readonly measurement: string; readonly reason: string }[] = [];
  for (const one of chosen) {
    const measurement = `${one.group}/${one.name}`;
    say(`Measuring ${measurement} ...`);
    try {
      for (const row of await one.measure(sizes)) lines.push({ measurement, ...row });
    } catch (error) {
      failures.push({ measurement, reason: reasonOf(error) });
    }
  }

  const shown = `\n${table(lines)}\n`;
  if (json) say(shown);
  else process.stdout.write(shown);
  for (const { measurement, reason } of failures) say(`${measurement} was not measured: ${reason}`);
  if (json) {
    const rows = lines.map((line) => ({
      ...line,
      ...(line.goal === undefined ? {} : { met: isMet(line.goal, line.value) }),
    }));
    process.stdout.write(`${JSON.stringify({ machine, sizes, rows, failures })}\n`);
  }
  return failures.length === 0 ? 0 : 1;
}

/** What happened on the wire is in the cause: "fetch failed" alone tells nobody anything. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}

/** What a figure depends on; other work on the machine shows as load. */
function describeMachine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? "unknown processor",
    cores: cpus.length,
    node: process.versions.node,
    load: Number((os.loadavg()[0] ?? 0).toFixed(1)),
  };
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
  },
);
