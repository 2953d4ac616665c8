import { startStack, type Stack } from "../stack/stack.js";
import { play, type PlayOptions } from "./cell.js";
import { compound, help, readCommandLine, type Known, type Order } from "./command-line.js";
import type { CompoundDay } from "./days/day.js";
import { days } from "./days/days.js";
import { playDay } from "./days/play-day.js";
import { describeDraws, drawFor, shuffled, type Draws } from "./draws.js";
import { courseUnder, type Exercise, type FaultName } from "./exercise.js";
import { exercises } from "./exercises/exercises.js";
import { faults } from "./faults.js";
import { describeTime, flawsOf, isFlawless, judge, judgeDay, type Verdict } from "./judgement.js";
import { describeLoss } from "./losses.js";
import { report, type Cell } from "./table.js";

/** Real time that a run may take before it counts as hung; its own time is skipped. */
const limitMs = 300_000;

/** People read this; with --json the result alone goes to standard output. */
const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** A cell that is to be played, and the place it has in the table. */
interface Task {
  readonly scenario: string;
  readonly fault: string;
  readonly draws: Draws;
  readonly play: (stack: Stack, options: PlayOptions) => Promise<Verdict>;
  /** The verdict where it could not be played. */
  readonly unplayed: (why: string) => Verdict;
}

const known: Known = { exercises, days };

async function main(): Promise<number> {
  let order: Order | "help";
  try {
    order = readCommandLine(process.argv.slice(2), known);
  } catch (error) {
    say(`${(error as Error).message}\nnpm run gameday -- --help shows what there is.`);
    return 2;
  }
  if (order === "help") {
    process.stdout.write(help(known));
    return 0;
  }

  const header = `Game day with --seed ${order.seed} on the profile ${order.profile}`;
  say(header);
  const cells = await playAll(order);
  const shown = `\n${header}\n\n${report(cells)}\n`;
  if (order.json) say(shown);
  else process.stdout.write(shown);
  const flawless = cells.every((cell) => "spared" in cell || isFlawless(cell.verdict));
  if (order.json) {
    const { profile, seed } = order;
    process.stdout.write(`${JSON.stringify({ profile, seed, flawless, cells })}\n`);
  }
  return flawless ? 0 : 1;
}

/** In an order that the seed decides, shown in that of the table. */
async function playAll(order: Order): Promise<Cell[]> {
  const { seed, profile } = order;
  const cells = cellsOf(order);
  const tasks = cells.flatMap((cell) => ("play" in cell ? [cell] : []));
  const played = new Map<Task, Cell>();
  let stack: Stack | undefined;
  try {
    for (const task of shuffled(seed, tasks)) {
      // One stack for all; another one only where a run was given up, because it may go on in its host.
      stack ??= await startStack({ profile, settings: { PLATFORM_AUTHENTICATION: "entra" } });
      const { scenario, fault, draws } = task;
      const begunAt = performance.now();
      const verdict = await playOne(stack, task);
      played.set(task, { scenario, fault, draws, verdict });
      const took = ((performance.now() - begunAt) / 1_000).toFixed(1);
      say(`${scenario}, ${fault}: ${lineOf(verdict)} (${took} s of real time)`);
      say(`    drawn: ${describeDraws(draws)}`);
      if (verdict.outcome.split(", ").includes("none")) {
        await stack.stop();
        stack = undefined;
      }
    }
  } finally {
    await stack?.stop();
  }
  return cells.flatMap((cell) => ("play" in cell ? (played.get(cell) ?? []) : [cell]));
}

function cellsOf({ exercises: chosen, days: chosenDays, faults: wanted, seed }: Order) {
  return [
    ...chosen.flatMap((exercise) => wanted.map((fault) => exerciseCell(exercise, fault, seed))),
    ...chosenDays.map((day) => dayCell(day, seed)),
  ];
}

function exerciseCell(exercise: Exercise, fault: FaultName, seed: number): Task | Cell {
  const { scenario } = exercise;
  const spared = exercise.spared[fault];
  if (spared !== undefined) return { scenario, fault, spared };
  const { certain } = courseUnder(exercise, fault);
  const nothing = { log: [], well: false, injected: false };
  return {
    scenario,
    fault,
    draws: drawFor(seed, `${scenario}, ${fault}`, { ...exercise, certain }),
    play: async (stack, options) =>
      judge(exercise, faults[fault], await play(stack, exercise, fault, options)),
    unplayed: (lacking) => judge(exercise, faults[fault], { ...nothing, lacking }),
  };
}

function dayCell(day: CompoundDay, seed: number): Task {
  const [first] = day.of;
  if (first === undefined) throw new Error(`the day ${day.name} has no exercise`);
  const nothing = { log: [], well: false, injected: false, unanswered: [] };
  return {
    scenario: compound,
    fault: day.name,
    draws: drawFor(seed, day.name, first),
    play: async (stack, options) => judgeDay(day, await playDay(stack, day, options)),
    unplayed: (lacking) => judgeDay(day, { ...nothing, endings: [{ lacking }] }),
  };
}

async function playOne(stack: Stack, task: Task): Promise<Verdict> {
  try {
    return await task.play(stack, { draws: task.draws, limitMs });
  } catch (error) {
    return task.unplayed(`it could not be played: ${(error as Error).message}`);
  }
}

const lineOf = (verdict: Verdict): string =>
  [
    verdict.outcome,
    describeTime(verdict),
    `lost ${describeLoss(verdict.writes)}`,
    ...flawsOf(verdict),
  ].join("; ");

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
  },
);
