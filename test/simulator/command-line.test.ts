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

it("serves unmodified clients that get nothing but its environment", async () => {
  const azure = await start();
  const script = join(folder, "client.cjs");
  await writeFile(script, CLIENT);

  const client = spawn(process.execPath, ["--require", CLOCK_PRELOAD, script], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"], ...azure.env, MODULES: join(ROOT, "node_modules") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const seen = JSON.parse(await text(client.stdout)) as unknown;

  expect(seen).toEqual({
    app: APP,
    health: 200,
    rows: 1,
    blob: "kept",
    again: "BlobAlreadyExists",
  });
});

it("refuses connections to hosts that it does not simulate, by name", async () => {
  const azure = await start();
  const { port } = new URL(azure.env["HTTPS_PROXY"] ?? "");
  const socket = connect(Number(port), "127.0.0.1");
  socket.write("CONNECT missing.blob.core.windows.net:443 HTTP/1.1\r\nHost: x\r\n\r\n");

  const answer = await text(socket);

  expect(answer).toMatch(/^HTTP\/1\.1 502 /);
  expect(answer).toContain("nothing simulated has the name missing.blob.core.windows.net:443");
});

it("ends with its parent and takes Azurite along", async () => {
  const azure = await start();
  const azurite = await azuriteOf(azure);

  await azure.stop();

  expect(azure.child.exitCode).toBe(0);
  await waitUntilGone(azurite);
});

it("takes Azurite along when it is killed", async () => {
  const azure = await start();
  const azurite = await azuriteOf(azure);
  const ended = once(azure.child, "exit");

  azure.child.kill("SIGKILL");

  await ended;
  azure.agent.destroy();
  await waitUntilGone(azurite);
});

it("keeps clock and blobs in its state folder", async () => {
  const container = "https://mcpdrstate.blob.core.windows.net/kept?restype=container";
  const first = await start(["--state", folder]);
  await first.advance(7200);
  const created = await first.call("PUT", container, {
    token: await first.tokenFor("https://storage.azure.com"),
    headers: { "x-ms-version": "2025-11-05" },
  });
  await first.stop();

  const second = await start(["--state", folder]);
  const clock = await second.steer("GET", "/clock");
  const found = await second.call("GET", container, {
    token: await second.tokenFor("https://storage.azure.com"),
    headers: { "x-ms-version": "2025-11-05" },
  });

  expect(created.status).toBe(201);
  expect(clock.json<{ offset: number }>().offset).toBeGreaterThanOrEqual(7_199_000);
  expect(found.status).toBe(200);
});

it("skips to its own next change while the process that waits is idle", async () => {
  const azure = await start();
  await azure.call("POST", arm(`${APP_ID}/revisions/mcp-server--v142/restart`), {
    token: await azure.tokenFor(ARM),
  });
  const script = join(folder, "waiting.cjs");
  await writeFile(script, WAITING);

  const waiting = spawn(process.execPath, ["--require", CLOCK_PRELOAD, script], {
    env: { PATH: process.env["PATH"], ...azure.env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const seconds = JSON.parse(await text(waiting.stdout)) as number[];

  // A restart of two replicas changes something after 22.5 and after 45 seconds; then comes what was waited for.
  expect(seconds).toHaveLength(3);
  for (const [index, expected] of [22.5, 45, 300].entries()) {
    expect(Math.abs((seconds[index] ?? 0) - expected)).toBeLessThan(2);
  }
});

it("divides Azure's durations for clients that live in real time", async () => {
  const azure = await start(["--scale", "100"]);
  const at = (await azure.steer("GET", "/clock")).json<{ now: string }>().now;
  await azure.call("POST", arm(`${APP_ID}/revisions/mcp-server--v142/restart`), {
    token: await azure.tokenFor(ARM),
  });

  const { upcoming } = (await azure.steer("GET", "/state")).json<{ upcoming: { at: string }[] }>();

  expect(Date.parse(upcoming.at(-1)?.at ?? "") - Date.parse(at)).toBeLessThan(2000);
});

/** The process that keeps the blobs. */
async function azuriteOf(azure: SimulatorProcess): Promise<number> {
  const state = await azure.steer("GET", "/state");
  return state.json<{ azurite: { pid: number } }>().azurite.pid;
}

/** Resolves when the process is gone or dead and not yet buried; the test's time limit is the bound. */
async function waitUntilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync("/proc") || !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

const CLIENT = `
const modules = process.env.MODULES + "/";
const { ContainerAppsAPIClient } = require(modules + "@azure/arm-appcontainers");
const { DefaultAzureCredential } = require(modules + "@azure/identity");
const { LogsQueryClient } = require(modules + "@azure/monitor-query-logs");
const { BlobServiceClient } = require(modules + "@azure/storage-blob");
(async () => {
  const credential = new DefaultAzureCredential();
  const apps = new ContainerAppsAPIClient(credential, "${SUBSCRIPTION}");
  const app = await apps.containerApps.get("${GROUP}", "${APP}");
  const health = await fetch("https://" + app.configuration.ingress.fqdn + "/health");
  const logs = await new LogsQueryClient(credential).queryWorkspace(
    "00000000-0000-0000-0000-0000000000d1", "AppRequests | take 1", { duration: "P1D" });
  const blobs = new BlobServiceClient("https://mcpdrstate.blob.core.windows.net", credential);
  const container = blobs.getContainerClient("client");
  await container.create();
  const blob = container.getBlockBlobClient("a/b.txt");
  const once = { conditions: { ifNoneMatch: "*" } };
  await blob.upload("kept", 4, once);
  const again = await blob.upload("lost", 4, once).catch((error) => error.code);
  const seen = { app: app.name, health: health.status, rows: logs.tables[0].rows.length,
    blob: (await blob.downloadToBuffer()).toString(), again };
  process.stdout.write(JSON.stringify(seen));
})();
`;

const WAITING = `
const clock = globalThis[Symbol.for("enterprise-mcp-dr.clock")];
const start = clock.now();
const seen = [];
clock.onChange(() => {
  seen.push((clock.now() - start) / 1000);
  if (clock.now() < start + 300_000) return;
  process.stdout.write(JSON.stringify(seen), () => process.exit(0));
});
setInterval(() => undefined, 60_000);
void clock.connected().then(() => clock.idle(start + 300_000));
`;
