import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { repository } from "../../local/stack/repository.js";
import { seedFromEstate, stateAccount } from "../../local/stack/seed-from-estate.js";
import { SimulatorClient } from "../../local/stack/simulator-client.js";
import { onSharedClock, startSimulatorProcess } from "../../local/stack/simulator-process.js";
import type { ActivityContract, Answer, Caller } from "../../src/durable/activity-contract.js";
import { sampleEstate } from "./estates.js";

/** The simulator alone, and processes that run activities against it. */
export interface SimulatedAzure {
  readonly control: SimulatorClient;
  runner(): Promise<ActivityRunner>;
  stop(): Promise<void>;
}

/** A process that runs activities of the compiled app; it can be killed in the middle of one. */
export interface ActivityRunner {
  run<Input, Output>(
    contract: ActivityContract<Input, Output>,
    caller: Caller,
    input: Input,
  ): Promise<Answer<Output>>;
  kill(): Promise<void>;
}

export async function simulatedAzure(
  seed: unknown = seedFromEstate(sampleEstate()),
): Promise<SimulatedAzure> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "simulated-azure-test-"));
  const simulator = await startSimulatorProcess({ seed, folder, onLog: () => undefined });
  const runners: ActivityRunner[] = [];
  return {
    control: new SimulatorClient(simulator.ready.control),
    async runner() {
      const runner = await startRunner({
        ...simulator.ready.env,
        STATE_BLOB_ENDPOINT: `https://${stateAccount}.blob.core.windows.net`,
        CALL_TIME_LIMIT_SECONDS: "10",
      });
      runners.push(runner);
      return runner;
    },
    async stop() {
      await Promise.all(runners.map((runner) => runner.kill()));
      await simulator.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

async function startRunner(environment: Record<string, string>): Promise<ActivityRunner> {
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      "--disable-warning=UNDICI-EHPA",
      ...onSharedClock,
      path.join(__dirname, "activity-runner.cjs"),
    ],
    {
      cwd: repository,
      env: { PATH: process.env["PATH"], ...environment },
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  child.stdin.on("error", () => undefined);
  const waiting = new Map<
    number,
    { resolve: (answer: unknown) => void; reject: (error: Error) => void }
  >();
  const gone = new Promise<void>((resolve) =>
    child.once("exit", () => {
      for (const { reject } of waiting.values()) reject(new Error("the runner is gone"));
      resolve();
    }),
  );
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    createInterface({ input: child.stdout }).on("line", (line) => {
      const said = JSON.parse(line) as {
        ready?: true;
        id?: number;
        answer?: unknown;
        error?: string;
      };
      if (said.ready === true) {
        resolve();
        return;
      }
      const call = waiting.get(said.id ?? -1);
      waiting.delete(said.id ?? -1);
      if (said.error === undefined) call?.resolve(said.answer);
      else call?.reject(new Error(said.error));
    });
  });
  let next = 0;
  return {
    async run(contract, caller, input) {
      const id = next++;
      const answered = new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
      });
      child.stdin.write(
        `${JSON.stringify({ id, name: contract.name, input: { caller, input } })}\n`,
      );
      return contract.read(await answered);
    },
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
