import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { badDay } from "./profiles/bad-day.js";
import { calm } from "./profiles/calm.js";
import type { Profile } from "./profiles/profile.js";
import { smallSeed } from "./seeds/small.js";
import { log } from "./server/log.js";
import { startSimulator } from "./simulator.js";
import { parseSeed, type Seed } from "./world/seed.js";

const HELP = `Usage: node [--require dist/local/clock/preload.js] dist/simulator/main.js [options]

A simulated Azure on this machine. Prints one JSON line on standard output when it is ready.

  --seed FILE        what exists at Azure (JSON, see simulator/README.md); default: a small example
  --state DIR        keep certificate, clock and blobs there; default: a temporary folder, blobs in memory
  --speed N          show skips of the clock at N times real speed; default: at once
  --scale N          divide Azure's durations by N, for clients that live in real time; default: 1
  --profile NAME     how long Azure takes: calm, bad-day; default: calm
  --end-with-parent  end when standard input is closed
  --help             this text
`;

const PROFILES: Readonly<Record<string, Profile>> = { calm, "bad-day": badDay };

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string" },
      state: { type: "string" },
      speed: { type: "string" },
      scale: { type: "string" },
      profile: { type: "string", default: "calm" },
      "end-with-parent": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const profile = PROFILES[values.profile];
  if (profile === undefined) {
    throw new Error(
      `--profile ${values.profile} is not known; known are ${Object.keys(PROFILES).join(", ")}`,
    );
  }
  const speed = positive("--speed", values.speed);
  const simulator = await startSimulator({
    seed: await readSeed(values.seed),
    profile,
    scale: positive("--scale", values.scale) ?? 1,
    ...(values.state !== undefined && { stateDirectory: values.state }),
    ...(speed !== undefined && { speed }),
  });

  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    void simulator.close().then(() => process.exit(0));
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  if (values["end-with-parent"]) {
    process.stdin.on("end", end).on("error", end);
    process.stdin.resume();
  }
  const { control, proxy, direct, env } = simulator;
  process.stdout.write(`${JSON.stringify({ ready: true, control, proxy, direct, env })}\n`);
}

async function readSeed(file: string | undefined): Promise<Seed> {
  if (file === undefined) return parseSeed(smallSeed, "small");
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new Error(`--seed: cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`--seed: ${file} is not JSON: ${messageOf(error)}`, { cause: error });
  }
  return parseSeed(value, file);
}

function positive(flag: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const value = Number(given);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`${flag} must be a number above 0, not ${given}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

main().catch((error: unknown) => {
  log(`cannot start: ${messageOf(error)}`);
  process.exit(1);
});
