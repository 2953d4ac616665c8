import { historyLength } from "../history-length.js";
import { startBenchHost, type BenchHost } from "../bench-host.js";
import type { Measurement, Row } from "../measurement.js";
import { median } from "../median.js";

const group = "host";

/** The embedded host alone: an app that does almost nothing, real time, a state folder of its own. */
export const host: readonly Measurement[] = [
  {
    group,
    name: "one-instance",
    measure: ({ repeats }) =>
      onHost(async (bench) => {
        await inSequence(20, () => bench.run("trivial"));
        const times = await inSequence(repeats, () => timed(() => bench.run("trivial")));
        const slowest = [...times].sort((a, b) => a - b)[Math.ceil(repeats * 0.95) - 1] ?? NaN;
        const what = "one instance with one activity, from the start call to its end";
        return [
          { what: `${what}, median of ${repeats}`, value: median(times), unit: "ms", goal: soon },
          { what: `${what}, 95th percentile`, value: slowest, unit: "ms" },
        ];
      }),
  },
  {
    group,
    name: "at-once",
    measure: ({ few, many }) =>
      onHost(async (bench) => {
        await inSequence(20, () => bench.run("trivial"));
        return [await atOnce(bench, few), await atOnce(bench, many)];
      }),
  },
  {
    group,
    name: "memory",
    measure: ({ purged }) => onHost((bench) => memoryOver(bench, purged)),
  },
  {
    group,
    name: "start",
    measure: async ({ starts }) => {
      const times = await inSequence(starts, () =>
        timed(
          async () => {
            const bench = await startBenchHost();
            await bench.hello();
            return bench;
          },
          (bench) => bench.stop(),
        ),
      );
      return [
        {
          what: `a new process on a new state, until its first answer, median of ${starts}`,
          value: median(times),
          unit: "ms",
        },
      ];
    },
  },
  {
    group,
    name: "replay",
    measure: ({ history }) =>
      onHost(async (bench) => [await replay(bench, 0), await replay(bench, history)]),
  },
];

const soon = { atMost: 50 };

async function onHost<T>(body: (bench: BenchHost) => Promise<T>): Promise<T> {
  const bench = await startBenchHost();
  try {
    return await body(bench);
  } finally {
    await bench.stop();
  }
}

async function atOnce(bench: BenchHost, count: number): Promise<Row> {
  const took = await timed(() => inParallel(count, () => bench.run("trivial")));
  return {
    what: `${count} such instances at once, from the first start call to the last end`,
    value: (count / took) * 1_000,
    unit: "per s",
    goal: { atLeast: 100 },
  };
}

/** The second half tells: in the first the engine still compiles and sizes its heap. */
async function memoryOver(bench: BenchHost, count: number): Promise<readonly Row[]> {
  const batch = Math.ceil(count / 40);
  const start = await bench.memory();
  let middle = start;
  for (let done = 0; done < count;) {
    const now = Math.min(batch, count - done);
    await inParallel(now, () => bench.run("trivial"));
    const forgotten = await bench.purge();
    if (forgotten !== now) throw new Error(`${forgotten} of ${now} instances were purged`);
    done += now;
    if (done <= count / 2) middle = await bench.memory();
  }
  const end = await bench.memory();
  const what = "resident memory of the host";
  return [
    { what: `${what}, before the first instance`, value: start, unit: "MB" },
    { what: `${what}, after ${count / 2} instances, run and purged`, value: middle, unit: "MB" },
    { what: `${what}, after ${count}`, value: end, unit: "MB" },
    {
      what: "growth over the second half",
      value: (end / middle - 1) * 100,
      unit: "%",
      goal: { atMost: 10 },
    },
  ];
}

/** One event, answered by one turn: it replays all that was before. */
async function replay(bench: BenchHost, wanted: number): Promise<Row> {
  const turns = 20;
  // An activity leaves four events: scheduled, completed, and the marks of the turn it ends.
  const id = await bench.start("listen", Math.max(0, Math.round((wanted - turns * 3) / 4)));
  const heard = async (count: number): Promise<void> => {
    const deadline = performance.now() + 60_000;
    while ((await bench.heard(id)) !== count) {
      if (performance.now() > deadline) throw new Error(`event ${count} was not answered in 60 s`);
    }
  };
  await heard(0);
  const times: number[] = [];
  for (let turn = 1; turn <= turns; turn += 1) {
    times.push(
      await timed(async () => {
        await bench.raise(id, "tick");
        await heard(turn);
      }),
    );
  }
  const events = historyLength(bench.stateFolder, id);
  return {
    what: `an event raised until it is answered, over a history of ${events} events, median of ${turns}`,
    value: median(times),
    unit: "ms",
  };
}

/** Milliseconds that something takes; what comes after, in `then`, is not counted. */
async function timed<T>(
  what: () => Promise<T>,
  then: (result: T) => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  const begun = performance.now();
  const result = await what();
  const took = performance.now() - begun;
  await then(result);
  return took;
}

async function inSequence<T>(count: number, what: () => Promise<T>): Promise<readonly T[]> {
  const results: T[] = [];
  for (let n = 0; n < count; n += 1) results.push(await what());
  return results;
}

const inParallel = <T>(count: number, what: () => Promise<T>): Promise<readonly T[]> =>
  Promise.all(Array.from({ length: count }, what));
