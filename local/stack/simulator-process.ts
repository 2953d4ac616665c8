import { writeFileSync } from "node:fs";
import path from "node:path";
import { keepAskedRights } from "./asked-rights.js";
import { startChild, type Child } from "./child.js";
import { compiled } from "./repository.js";
import { SimulatorClient } from "./simulator-client.js";

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
/** What Node takes to share the clock that the simulator keeps. */
export const onSharedClock: readonly string[] = ["--require", compiled("local/clock/preload.js")];

/** What Node takes to run a program that takes the simulator for Azure: its clock, and connections that are kept. */
export const beforeSimulator: readonly string[] = [
  ...onSharedClock,
  "--require",
  compiled("local/stack/kept-connections.js"),
];

/** Starts the simulated Azure; it ends with this process. */
export async function startSimulatorProcess(options: {
  readonly seed: unknown;
  /** A folder that outlives it. */
  readonly folder: string;
  readonly speed?: number | undefined;
  readonly profile?: "calm" | "bad-day" | undefined;
  /** Whether the service works with it, so that what it needs is kept; tests of ports play others too. */
  readonly keepsRights: boolean;
  readonly onLog: (line: string) => void;
}): Promise<Child<SimulatorReady>> {
  const { seed, folder, speed, profile, keepsRights, onLog } = options;
  const seedFile = path.join(folder, "seed.json");
  writeFileSync(seedFile, JSON.stringify(seed));
  const child = await startChild<SimulatorReady>({
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
  return {
    ...child,
    async stop() {
      if (keepsRights) await keepAskedRights(new SimulatorClient(child.ready.control), seed);
      await child.stop();
    },
  };
}
