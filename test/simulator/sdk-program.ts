import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { CLOCK_PRELOAD, ROOT, type SimulatorProcess } from "./simulator-process.js";

/**
 * Runs a program on the real SDKs, unmodified, in a process with what an app would have, and answers with the JSON that
 * it returns. It has `load`, `credential`, `code` (what became of a promise), `control` and `advance`.
 */
export async function runWithSdk(azure: SimulatorProcess, program: string): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), "simulator-sdk-"));
  const script = join(folder, "client.cjs");
  try {
    await writeFile(script, `${PROLOGUE}\n(async () => {${program}})().then(done, failed);`);
    const client = spawn(process.execPath, ["--require", CLOCK_PRELOAD, script], {
      env: {
        PATH: process.env["PATH"],
        ...azure.env,
        MODULES: join(ROOT, "node_modules"),
        CONTROL: azure.control,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    return JSON.parse(await text(client.stdout)) as unknown;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const PROLOGUE = `
const load = (name) => require(require.resolve(name, { paths: [process.env.MODULES] }));
const { DefaultAzureCredential } = load("@azure/identity");
const credential = new DefaultAzureCredential();
const code = (promise) =>
  promise.then(() => "done", (error) => [error.statusCode, error.code].filter(Boolean).join(" "));
const control = async (method, path, body) => {
  const answer = await fetch(process.env.CONTROL + path, { method, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(path + ": " + (await answer.text()));
  return answer.status === 204 ? undefined : answer.json();
};
const advance = (seconds) => control("POST", "/clock/advance", { seconds });
const done = (value) => process.stdout.write(JSON.stringify(value));
const failed = (error) => done({ failed: String(error.stack) });
`;
