import { writeFileSync } from "node:fs";
import path from "node:path";
import { startChild, type Child } from "./child.js";
import { compiled } from "./repository.js";

/** What the simulator says when it answers. */
export interface SimulatorReady {
  readonly control: string;
  readonly proxy: string;
  /** Answers for every simulated host that is named to it. */
  readonly direct: string;
  /** Every variable that a process needs to take it for Azure. */
  readonly env: Readonly<Record<string, string>>;
}

/** Makes a process share the clock that the simulator keeps. */
export const onSharedClock: readonly string[] = ["--require", compiled("local/clock/preload.js")];

/** Starts the simulated Azure; it ends with this process. */
export function startSimulatorProcess(options: {
  readonly seed: unknown;
  /** A folder that outlives it. */
  readonly folder: string;
  readonly speed?: number | undefined;
  readonly profile?: "calm" | "bad-day" | undefined;
  readonly onLog: (line: string) => void;
}): Promise<Child<SimulatorReady>> {
  const { seed, folder, speed, profile, onLog } = options;
  const seedFile = path.join(folder, "seed.json");
  writeFileSync(seedFile, JSON.stringify(seed));
  return startChild<SimulatorReady>({
    name: "the simulator",
    nodeArguments: [
      ...onSharedClock,
      compiled("simulator/main.js"),
      "--seed",
      seedFile,
      "--end-with-parent",
      ...(speed === undefined ? [] : ["--speed", String(speed)]),
      ...(profile === undefined ? [] : ["--profile", profile]),
    ],
    environment: {},
    directory: folder,
    onLog,
  });
}
