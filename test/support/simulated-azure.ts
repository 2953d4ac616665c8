import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { backupAccount, seedFromEstate, stateAccount } from "../../local/stack/seed-from-estate.js";
import { telemetryConnection } from "../../local/stack/seeded-telemetry.js";
import { SimulatorClient } from "../../local/stack/simulator-client.js";
import { startSimulatorProcess } from "../../local/stack/simulator-process.js";
import type { ActivityContract, Answer, Caller } from "../../src/durable/activity-contract.js";
import { type AzurePorts, startAzurePorts } from "./azure-ports.js";
import { sampleEstate } from "./estates.js";
import { startJsonLinesProcess } from "./json-lines-process.js";

/** The simulator alone, and processes that run activities against it. */
export interface SimulatedAzure {
  readonly control: SimulatorClient;
  runner(): Promise<ActivityRunner>;
  ports(): Promise<AzurePorts>;
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
  const simulator = await startSimulatorProcess({
    ...{ seed, folder, onLog: () => undefined },
    keepsRights: !(expect.getState().testPath ?? "").includes(`${path.sep}azure${path.sep}`),
  });
  const runners: ActivityRunner[] = [];
  const ports: AzurePorts[] = [];
  const environment = {
    ...simulator.ready.env,
    STATE_BLOB_ENDPOINT: `https://${stateAccount}.blob.core.windows.net`,
    BACKUP_BLOB_ENDPOINT: `https://${backupAccount}.blob.core.windows.net`,
    CALL_TIME_LIMIT_SECONDS: "10",
  };
  return {
    control: new SimulatorClient(simulator.ready.control),
    async runner() {
      const runner = await startRunner(environment);
      runners.push(runner);
      return runner;
    },
    async ports() {
      const connection = telemetryConnection(sampleEstate());
      const started = await startAzurePorts({
        ...environment,
        APPLICATIONINSIGHTS_CONNECTION_STRING: connection,
      });
      ports.push(started);
      return started;
    },
    async stop() {
      await Promise.all([
        ...runners.map((runner) => runner.kill()),
        ...ports.map((started) => started.stop()),
      ]);
      await simulator.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

async function startRunner(environment: Record<string, string>): Promise<ActivityRunner> {
  const child = await startJsonLinesProcess("activity-runner.cjs", environment);
  return {
    async run(contract, caller, input) {
      const said = await child.ask({ name: contract.name, input: { caller, input } });
      if (typeof said["error"] === "string") throw new Error(said["error"]);
      return contract.read(said["answer"]);
    },
    kill: () => child.kill(),
  };
}
