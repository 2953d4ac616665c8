import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { smallSeed } from "../../simulator/seeds/small.js";
import { APP, APP_ID, ARM, arm, GROUP, SUBSCRIPTION } from "./names.js";
import {
  CLOCK_PRELOAD,
  ROOT,
  SIMULATOR,
  type SimulatorProcess,
  startSimulatorProcess,
} from "./simulator-process.js";

let folder: string;
let running: SimulatorProcess[];

beforeEach(async () => {
  running = [];
  folder = await mkdtemp(join(tmpdir(), "simulator-test-"));
});

afterEach(async () => {
  await Promise.all(running.map((azure) => azure.stop()));
  await rm(folder, { recursive: true, force: true });
});

const start = async (flags: readonly string[] = []): Promise<SimulatorProcess> => {
  const azure = await startSimulatorProcess(flags);
  running.push(azure);
  return azure;
};

const run = async (
  flags: readonly string[],
): Promise<{ code: number; out: string; err: string }> => {
  const child = spawn(process.execPath, [SIMULATOR, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number]>,
  ]);
  return { code, out, err };
};

it("explains its flags", async () => {
  const { code, out } = await run(["--help"]);

  expect(code).toBe(0);
  for (const flag of [
    "--seed",
    "--state",
    "--speed",
    "--scale",
    "--profile",
    "--end-with-parent",
  ]) {
    expect(out).toContain(flag);
  }
});

it.each([
  [["--sed", "x"], "--sed"],
  [["--scale", "fast"], "--scale must be a number above 0"],
  [["--profile", "bad"], "--profile bad is not known; known are calm, bad-day"],
  [["--seed", "/nowhere.json"], "--seed: cannot read /nowhere.json"],
])("refuses %j with the name of the flag", async (flags, message) => {
  const { code, err } = await run(flags);

  expect(code).toBe(1);
  expect(err).toContain(message);
});

it.each([
  [
    "what has the wrong shape",
    {
      containerApps: [
        { ...smallSeed.containerApps?.[0], colour: "red", activeRevisionsMode: "Labels" },
      ],
    },
    ["containerApps.0.activeRevisionsMode:", "colour"],
  ],
  [
    "what names nothing that there is",
    { roleAssignments: [{ ...smallSeed.roleAssignments[0], roleDefinitionId: "x" }] },
    ["roleAssignments.0.roleDefinitionId: names no role"],
  ],
])("names each path of a seed that is wrong: %s", async (_what, wrong, paths) => {
  const seed = join(folder, "seed.json");
  await writeFile(seed, JSON.stringify({ ...smallSeed, ...wrong }));

  const { code, err } = await run(["--seed", seed]);

  expect(code).toBe(1);
  for (const each of paths) expect(err).toContain(each);
});
