import { startStack, type Stack } from "../stack/stack.js";
import { play } from "./cell.js";
import { help, readCommandLine, type Order } from "./command-line.js";
import type { Exercise, FaultName } from "./exercise.js";
import { exercises } from "./exercises/exercises.js";
import { faults } from "./faults.js";
import { describeTime, isFlawless, judge, type Observed, type Verdict } from "./judgement.js";
import { report, type Cell } from "./table.js";

/** Real time that a run may take before it counts as hung; its own time is skipped. */
const limitMs = 300_000;

/** People read this; with --json the result alone goes to standard output. */
const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

async function main(): Promise<number> {
  let order: Order | "help";
  try {
    order = readCommandLine(process.argv.slice(2), exercises);
  } catch (error) {
    say(`${(error as Error).message}\nnpm run gameday -- --help shows what there is.`);
    return 2;
  }
  if (order === "help") {
    process.stdout.write(help(exercises));
    return 0;
  }

  const cells = await playAll(order);
  const shown = `\n${report(cells)}\n`;
  if (order.json) say(shown);
  else process.stdout.write(shown);
  const flawless = cells.every((cell) => "spared" in cell || isFlawless(cell.verdict));
  if (order.json) {
    process.stdout.write(`${JSON.stringify({ profile: order.profile, flawless, cells })}\n`);
  }
  return flawless ? 0 : 1;
}

/** One stack for all; another one only where a run was given up, because it may go on in its host. */
async function playAll({ exercises: chosen, faults: wanted, profile }: Order): Promise<Cell[]> {
  const cells: Cell[] = [];
  let stack: Stack | undefined;
  try {
    for (const exercise of chosen) {
      for (const fault of wanted) {
        const { scenario } = exercise;
        const spared = exercise.spared[fault];
        if (spared !== undefined) {
          cells.push({ scenario, fault, spared });
          continue;
        }
        stack ??= await startStack({ profile, settings: { PLATFORM_AUTHENTICATION: "entra" } });
        const begunAt = performance.now();
        const verdict = await playOne(stack, exercise, fault);
        cells.push({ scenario, fault, verdict });
        const took = ((performance.now() - begunAt) / 1_000).toFixed(1);
        say(`${scenario}, ${fault}: ${lineOf(verdict)} (${took} s of real time)`);
        if (verdict.outcome === "none") {
          await stack.stop();
          stack = undefined;
        }
      }
    }
    return cells;
  } finally {
    await stack?.stop();
  }
}

async function playOne(stack: Stack, exercise: Exercise, fault: FaultName): Promise<Verdict> {
  let observed: Observed;
  try {
    observed = await play(stack, exercise, fault, limitMs);
  } catch (error) {
    const lacking = `it could not be played: ${(error as Error).message}`;
    observed = { lacking, log: [], well: false, injected: false };
  }
  return judge(exercise, faults[fault], observed);
}

const lineOf = (verdict: Verdict): string =>
  [
    verdict.outcome,
    describeTime(verdict),
    verdict.undefinedEnding,
    verdict.missed,
    ...verdict.duplicates,
  ]
    .filter((text) => text !== undefined)
    .join("; ");

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
  },
);
