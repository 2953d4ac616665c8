import { setTimeout as passing } from "node:timers/promises";
import {
  eventually,
  type HostProcess,
  killedStart,
  newStateFolder,
  startHostProcess,
} from "../support/host-process.js";

const everything = process.env["TEST_ALL"] === "1";
const KILLS = everything ? 200 : 6;
/** How often kinds of instances are started between two kills, at the most. */
const STARTS_PER_LIFE = 30;
/** Set KILL_SEED to the number in the name of a failed test to have the same kills again. */
const SEED = Number(process.env["KILL_SEED"] ?? (everything ? Date.now() % 1_000_000 : 7));

interface Load {
  readonly orchestrator: string;
  readonly input: unknown;
  readonly output: unknown;
  /** How many results its history must hold. */
  readonly results: number;
}

const loads: readonly Load[] = [
  { orchestrator: "sequence", input: [1, 2, 3, 4], output: [1, 2, 3, 4], results: 4 },
  { orchestrator: "fanOut", input: [1, 2, 3, 4, 5], output: [1, 4, 9, 16, 25], results: 5 },
  {
    orchestrator: "parent",
    input: { name: "sequence", input: [1, 2] },
    output: { got: [1, 2] },
    results: 1,
  },
  { orchestrator: "manyChildren", input: 5, output: [0, 1, 4, 9, 16], results: 5 },
  // These have a result behind them at every kill: the clock stands still while a waiter waits.
  { orchestrator: "stages", input: [1, 2], output: [1, 2], results: 2 },
  { orchestrator: "timers", input: 3, output: "done", results: 3 },
  { orchestrator: "counter", input: 0, output: "n=3", results: 0 },
];

describe(`a host that is killed ${KILLS} times at moments of seed ${SEED}`, () => {
  it(
    "completes every run, records no result twice and loses no event",
    async () => {
      const random = randomOf(SEED);
      const state = newStateFolder();
      const ledger = new Ledger();
      let host = await startHostProcess({ state, clock: "skip" });
      try {
        for (let life = 0; life < KILLS; life += 1) {
          const accepted = ledger.accepted.size;
          const clients = [useUntilGone(host, ledger), useUntilGone(host, ledger)];
          // Half of the kills may fall into the first calls; before the others something was promised, on any machine.
          if (life % 2 === 1) await eventually(() => ledger.accepted.size > accepted || undefined);
          // The wait is what is tested: nothing in the host says when the kill comes.
          await passing(random() * 200);
          await host.end("SIGKILL");
          await Promise.all(clients);
          // Some of the next hosts are killed before they are ready, while they take up what is unfinished.
          if (random() < 0.3) await killedStart({ state, clock: "skip" }, random() * 400);
          host = await startHostProcess({ state, clock: "skip" });
        }

        expect(await violations(host, ledger)).toEqual([]);
        expect(ledger.accepted.size).toBeGreaterThanOrEqual(KILLS / 2);
      } finally {
        await host.dispose();
      }
    },
    everything ? 900_000 : 60_000,
  );
});

/** What the host has promised by an answer: only that must be kept. */
class Ledger {
  readonly accepted = new Map<string, Load | "waiter">();
  readonly events = new Map<string, string[]>();
  /** All that were asked for, answered or not. */
  readonly waiters: string[] = [];
  #next = 0;

  nextNumber(): number {
    return this.#next++;
  }
}

/** Starts instances and raises events as fast as answers come, until the host is gone. */
async function useUntilGone(host: HostProcess, ledger: Ledger): Promise<void> {
  try {
    for (let n = 0; n < STARTS_PER_LIFE / 2; n += 1) {
      const number = ledger.nextNumber();
      const load = loads[number % (loads.length + 1)];
      if (load === undefined) await startWaiter(host, ledger, `waiter-${number}`);
      else {
        const id = `${load.orchestrator}-${number}`;
        await host.start(load.orchestrator, load.input, id);
        ledger.accepted.set(id, load);
      }
    }
  } catch (error) {
    // A refused connection and a cut answer are the kill; anything else is the host's mistake.
    // They are told by name: fetch throws the TypeError of another realm than the test's.
    if ((error as Error).name !== "TypeError") throw error;
  }
}

async function startWaiter(host: HostProcess, ledger: Ledger, id: string): Promise<void> {
  ledger.waiters.push(id);
  await host.start("waiter", null, id);
  ledger.accepted.set(id, "waiter");
  const events: string[] = [];
  ledger.events.set(id, events);
  for (const value of ["first", "second", "third"]) {
    if ((await host.raise(id, "e", value)) === 202) events.push(value);
  }
}

async function violations(host: HostProcess, ledger: Ledger): Promise<readonly string[]> {
  const found: string[] = [];
  // Also those whose start was cut off: the clock does not skip while one of them waits.
  for (const id of ledger.waiters) await host.raise(id, "e", "stop");
  for (const [id, load] of ledger.accepted) {
    const { runtimeStatus, output, historyEvents = [] } = await host.ended(id);
    if (runtimeStatus !== "Completed") found.push(`${id} is ${runtimeStatus}`);
    if (load === "waiter") {
      // An event whose answer was cut off may have come; one that was answered must have, in order.
      const promised = ledger.events.get(id) ?? [];
      const seen = (output as string[]).slice(0, promised.length);
      if (JSON.stringify(seen) !== JSON.stringify(promised)) {
        found.push(`${id} was promised ${promised.join()} and saw ${seen.join()}`);
      }
      continue;
    }
    if (JSON.stringify(output) !== JSON.stringify(load.output)) {
      found.push(`${id} gave ${JSON.stringify(output)}`);
    }
    const results = historyEvents.filter(({ EventType: type }) =>
      ["TaskCompleted", "SubOrchestrationInstanceCompleted"].includes(String(type)),
    );
    if (results.length !== load.results) found.push(`${id} has ${results.length} results`);
  }
  return found;
}

/** Mulberry32: the same numbers from the same seed, on every machine. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
