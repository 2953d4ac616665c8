import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { loadEstate } from "../../src/config/load-estate.js";
import type { Estate } from "../../src/domain/estate.js";
import { startChild, type Child } from "./child.js";
import { NoticeReceiver, type Received } from "./notice-receiver.js";
import { compiled, repository } from "./repository.js";
import { alertHostName, seedFromEstate, backupAccount, stateAccount } from "./seed-from-estate.js";
import { telemetryConnection } from "./seeded-telemetry.js";
import { SimulatorClient } from "./simulator-client.js";
import {
  beforeSimulator,
  startSimulatorProcess,
  type SimulatorReady,
} from "./simulator-process.js";

/** What the embedded host says when it answers. */
export interface HostReady {
  readonly url: string;
  readonly masterKey: string;
  readonly functionKeys: Readonly<Record<string, string>>;
}

export interface StackOptions {
  readonly estateFile?: string;
  readonly port?: number;
  /** The folder of the app that the host runs; by default the compiled one of this repository. */
  readonly app?: string;
  /** Skips of the clock are shown at this many times real speed; without it they take no time. */
  readonly speed?: number;
  /** How long Azure takes: an ordinary day by default. */
  readonly profile?: "calm" | "bad-day";
  /** What is under the stack when it starts; by default the estate's resources, all well. */
  readonly seed?: unknown;
  readonly settings?: Readonly<Record<string, string>>;
  /** The size of the host's heap in MB; by default Node takes what the machine has. */
  readonly hostHeap?: number;
  readonly onNotice?: (received: Received) => void;
  readonly onLog?: (process: "host" | "simulator", line: string) => void;
}

/** The app on the embedded host, before the simulated Azure: two processes and their clock. */
export interface Stack {
  readonly estate: Estate;
  readonly simulator: SimulatorClient;
  /** Gets the notices of every environment, in the place of the receivers that the estate names. */
  readonly receiver: NoticeReceiver;
  readonly simulatorReady: SimulatorReady;
  /** Where the host keeps its state. */
  readonly stateDirectory: string;
  /** The host that runs now; another one after a restart. */
  readonly host: () => HostReady;
  /** The process of that host. */
  readonly hostPid: () => number;
  /** Kills the host without warning. Its state stays. */
  killHost(): Promise<void>;
  /** Asks the host to end, and waits until it has put down what it had under way. */
  stopHost(): Promise<void>;
  /** Starts a host on the state that is there; with another app, such as the next version, it stays with that one. */
  startHost(app?: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const estateFile = options.estateFile ?? path.join(repository, "config/estate.sample.json");
  const loaded = loadEstate(estateFile);
  if (!loaded.ok) throw new Error(`the estate cannot be used:\n${loaded.findings.join("\n")}`);
  const folder = mkdtempSync(path.join(os.tmpdir(), "enterprise-mcp-dr-"));
  const receiver = await NoticeReceiver.start(options.onNotice);
  const estate = receiver.ledHere(loaded.estate);
  const ledEstateFile = path.join(folder, "estate.json");
  writeFileSync(ledEstateFile, JSON.stringify(estate));
  const simulator = await startSimulatorProcess({
    seed: options.seed ?? seedFromEstate(estate),
    folder,
    speed: options.speed,
    profile: options.profile,
    keepsRights: true,
    onLog: (line) => options.onLog?.("simulator", line),
  });

  const stateDirectory = path.join(folder, "host");
  mkdirSync(stateDirectory);
  let host: Child<HostReady> | undefined;
  let app = options.app ?? repository;
  const startHost = async (other = app): Promise<void> => {
    app = other;
    host = await startChild<HostReady>({
      name: "the host",
      nodeArguments: [
        ...(options.hostHeap === undefined ? [] : [`--max-old-space-size=${options.hostHeap}`]),
        ...beforeSimulator,
        compiled("local/host/main.js"),
        "--app",
        app,
        "--port",
        String(options.port ?? 0),
        "--state",
        stateDirectory,
        "--clock",
        "skip",
        "--ready-json",
        "--end-with-parent",
      ],
      environment: {
        ...simulator.ready.env,
        ESTATE_FILE: ledEstateFile,
        NOTIFICATION_WEBHOOK_KEY: receiver.key,
        STATE_BLOB_ENDPOINT: `https://${stateAccount}.blob.core.windows.net`,
        BACKUP_BLOB_ENDPOINT: `https://${backupAccount}.blob.core.windows.net`,
        // A skip of the clock sets off every timer that it passes; only who shows backups wants that.
        "AzureWebJobs.startBackups.Disabled": "true",
        "AzureWebJobs.startProofs.Disabled": "true",
        "AzureWebJobs.startDrills.Disabled": "true",
        "AzureWebJobs.undoDrills.Disabled": "true",
        "AzureWebJobs.startReadinessChecks.Disabled": "true",
        "AzureWebJobs.startReadinessChecksInDepth.Disabled": "true",
        ALERT_HOSTNAME: alertHostName,
        APPLICATIONINSIGHTS_CONNECTION_STRING: telemetryConnection(estate),
        ...options.settings,
      },
      directory: repository,
      onLog: (line) => options.onLog?.("host", line),
    });
  };
  const running = (): Child<HostReady> => {
    if (host === undefined) throw new Error("the host does not run");
    return host;
  };
  try {
    await startHost();
  } catch (error) {
    await Promise.all([simulator.stop(), receiver.stop()]);
    throw error;
  }
  return {
    estate,
    receiver,
    simulator: new SimulatorClient(simulator.ready.control),
    simulatorReady: simulator.ready,
    stateDirectory,
    host: () => running().ready,
    hostPid: () => running().pid,
    killHost: () => running().kill(),
    stopHost: () => running().stop(),
    startHost,
    async stop() {
      // First, so that no answer that never comes holds up the host.
      await receiver.stop();
      await host?.stop();
      await simulator.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
