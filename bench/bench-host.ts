import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { startChild } from "../local/stack/child.js";
import { compiled, repository } from "../local/stack/repository.js";
import { onSharedClock } from "../local/stack/simulator-process.js";
import type { HostReady } from "../local/stack/stack.js";

/** The embedded host in a process of its own, with the bench's app, on real time and a new state. */
export interface BenchHost {
  /** Runs an instance; answers when it has come to its end. */
  run(orchestrator: string): Promise<void>;
  /** Starts an instance and answers at once with its id. */
  start(orchestrator: string, input: unknown): Promise<string>;
  /** How many events an instance of `listen` has answered; undefined while it is not that far. */
  heard(id: string): Promise<number | undefined>;
  raise(id: string, event: string): Promise<void>;
  /** Forgets every instance that has ended; answers how many. */
  purge(): Promise<number>;
  hello(): Promise<void>;
  /** Resident memory of the process, in MB. */
  memory(): Promise<number>;
  readonly stateFolder: string;
  stop(): Promise<void>;
}

export async function startBenchHost(): Promise<BenchHost> {
  const stateFolder = mkdtempSync(path.join(os.tmpdir(), "bench-host-"));
  const child = await startChild<HostReady>({
    name: "the host",
    nodeArguments: [
      ...onSharedClock,
      compiled("local/host/main.js"),
      "--app",
      path.join(repository, "bench/app"),
      "--state",
      stateFolder,
      "--ready-json",
      "--end-with-parent",
    ],
    environment: {},
    directory: repository,
    onLog: (line) => process.stderr.write(`  host: ${line}\n`),
  });
  const { url, masterKey } = child.ready;

  async function call(method: string, target: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${url}${target}`, {
      method,
      headers: { "x-functions-key": masterKey, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${target} answered ${answer.status}: ${text}`);
    return text === "" || text === "hello" ? text : JSON.parse(text);
  }
  const durable = (method: string, target: string, body?: unknown): Promise<unknown> =>
    call(method, `/runtime/webhooks/durabletask/${target}`, body);

  return {
    stateFolder,
    async run(orchestrator) {
      const output = await durable("POST", `orchestrators/${orchestrator}?${untilItEnds}`);
      if (output !== "hello") throw new Error(`an instance ended as ${JSON.stringify(output)}`);
    },
    async start(orchestrator, input) {
      return ((await durable("POST", `orchestrators/${orchestrator}`, input)) as { id: string }).id;
    },
    async heard(id) {
      const { customStatus, runtimeStatus } = (await durable("GET", `instances/${id}`)) as {
        customStatus: { heard: number } | null;
        runtimeStatus: string;
      };
      if (runtimeStatus === "Failed") throw new Error(`${id} has failed`);
      return customStatus?.heard;
    },
    async raise(id, event) {
      await durable("POST", `instances/${id}/raiseEvent/${event}`, {});
    },
    async purge() {
      const answer = (await durable("DELETE", `instances?${everyEnded}`)) as {
        instancesDeleted: number;
      };
      return answer.instancesDeleted;
    },
    async hello() {
      await call("GET", "/api/hello");
    },
    async memory() {
      return ((await call("GET", "/api/memory")) as { rss: number }).rss / 2 ** 20;
    },
    async stop() {
      await child.stop();
      rmSync(stateFolder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

const untilItEnds = "timeout=120&pollingInterval=1";
const everyEnded = "createdTimeFrom=2000-01-01T00:00:00Z&runtimeStatus=Completed";
