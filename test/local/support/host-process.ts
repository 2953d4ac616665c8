import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

const ROOT = path.resolve(__dirname, "../../..");
const SAMPLE_APP = path.join(ROOT, "test/local/fixtures/sample-app");

/** How long a test waits for what must happen: generous, because it only costs time when something is broken. */
const PATIENCE_MS = 15_000;

export interface HostSettings {
  readonly app?: string;
  /** A folder to start on; a new one if undefined. */
  readonly state?: string;
  readonly clock?: "real" | "skip";
  readonly keysFile?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Status {
  readonly name: string;
  readonly instanceId: string;
  readonly runtimeStatus: string;
  readonly input: unknown;
  readonly customStatus: unknown;
  readonly output: unknown;
  readonly createdTime: string;
  readonly lastUpdatedTime: string;
  readonly historyEvents?: readonly Readonly<Record<string, unknown>>[];
}

interface Ready {
  readonly url: string;
  readonly masterKey: string;
  readonly systemKey: string;
  readonly functionKeys: Readonly<Record<string, string>>;
  readonly functions: readonly { readonly name: string; readonly kind: string }[];
}

/** A new folder for a host's state. */
export function newStateFolder(): string {
  return mkdtempSync(path.join(tmpdir(), "host-state-"));
}

/** Starts the compiled host and waits until it answers. */
export async function startHostProcess(settings: HostSettings = {}): Promise<HostProcess> {
  const state = settings.state ?? newStateFolder();
  const child = spawnHost(state, settings);
  const errors: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => errors.push(text));
  if (child.stdout === null) throw new Error("the host has no standard output");
  const line = once(createInterface(child.stdout), "line") as Promise<[string]>;
  const gone = once(child, "exit").then(() => {
    throw new Error(`the host ended at once: ${errors.join("")}`);
  });
  try {
    const [text] = await Promise.race([line, gone]);
    return new HostProcess(child, JSON.parse(text) as Ready, state, errors);
  } catch (error) {
    // A host that is left behind would keep the test run from ending.
    child.kill("SIGKILL");
    throw error;
  }
}

/** Starts a host that is expected to refuse; resolves to its exit code and what it said. */
export async function refusedStart(
  settings: HostSettings & { readonly state: string },
): Promise<{ readonly code: number | null; readonly message: string }> {
  const child = spawnHost(settings.state, settings);
  let message = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    message += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, message };
}

/** Starts a host and kills it so many milliseconds later, ready or not. */
export async function killedStart(
  settings: HostSettings & { readonly state: string },
  afterMs: number,
): Promise<void> {
  const child = spawnHost(settings.state, settings);
  const exited = once(child, "exit");
  const kill = setTimeout(() => child.kill("SIGKILL"), afterMs);
  await exited;
  clearTimeout(kill);
}

function spawnHost(state: string, settings: HostSettings): ChildProcess {
  return spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      "--require",
      path.join(ROOT, "dist/local/clock/preload.js"),
      path.join(ROOT, "dist/local/host/main.js"),
      "--app",
      settings.app ?? SAMPLE_APP,
      "--state",
      state,
      "--clock",
      settings.clock ?? "real",
      ...(settings.keysFile === undefined ? [] : ["--keys", settings.keysFile]),
      "--ready-json",
    ],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        START_SCHEDULE: "0 0 4 * * *",
        ...settings.environment,
      },
    },
  );
}

/** A running host and the calls that tests make on it. */
export class HostProcess {
  readonly url: string;
  readonly masterKey: string;
  readonly systemKey: string;
  readonly functionKeys: Readonly<Record<string, string>>;
  readonly functions: Ready["functions"];
  readonly state: string;
  readonly #child: ChildProcess;
  readonly #errors: readonly string[];

  constructor(child: ChildProcess, ready: Ready, state: string, errors: readonly string[]) {
    this.#child = child;
    this.#errors = errors;
    this.url = ready.url;
    this.masterKey = ready.masterKey;
    this.systemKey = ready.systemKey;
    this.functionKeys = ready.functionKeys;
    this.functions = ready.functions;
    this.state = state;
  }

  get log(): string {
    return this.#errors.join("");
  }

  /** A call on the public listener without any key of its own. */
  fetch(target: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${target}`, { redirect: "manual", ...init });
  }

  /** A call on the management API with the master key. */
  manage(target: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("x-functions-key", this.masterKey);
    return this.fetch(`/runtime/webhooks/durabletask/${target}`, { ...init, headers });
  }

  async start(name: string, input?: unknown, id?: string): Promise<string> {
    const target = `orchestrators/${name}${id === undefined ? "" : `/${id}`}`;
    const response = await this.manage(target, {
      method: "POST",
      ...(input === undefined ? {} : { body: JSON.stringify(input) }),
    });
    const payload = (await response.json()) as { readonly id?: string };
    if (response.status !== 202 || payload.id === undefined) {
      throw new Error(`start of ${name} answered ${response.status}: ${JSON.stringify(payload)}`);
    }
    return payload.id;
  }

  /** Starts an instance and waits for its end. */
  async run(name: string, input?: unknown, id?: string): Promise<Status> {
    return this.ended(await this.start(name, input, id));
  }

  async status(id: string, query = ""): Promise<Status> {
    const response = await this.manage(`instances/${encodeURIComponent(id)}?${query}`);
    if (response.status === 404) throw new Error(`there is no instance ${id}`);
    return (await response.json()) as Status;
  }

  /** The status with its history, once the instance has come to an end. */
  async ended(id: string): Promise<Status> {
    const isEnd = ({ runtimeStatus }: Status): boolean =>
      ["Completed", "Failed", "Terminated"].includes(runtimeStatus);
    await this.until(id, isEnd);
    return this.status(id, "showHistory=true&showHistoryOutput=true");
  }

  until(id: string, holds: (status: Status) => boolean): Promise<Status> {
    return eventually(async () => {
      const status = await this.status(id);
      return holds(status) ? status : undefined;
    });
  }

  async raise(id: string, name: string, value: unknown): Promise<number> {
    const response = await this.manage(`instances/${id}/raiseEvent/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(value),
    });
    return response.status;
  }

  async command(id: string, verb: string, query = ""): Promise<number> {
    const response = await this.manage(`instances/${id}/${verb}?${query}`, { method: "POST" });
    return response.status;
  }

  /** A call of the durable client inside the sample app. */
  async client(
    call: string,
    ...args: unknown[]
  ): Promise<{ readonly result?: unknown; readonly error?: string }> {
    const response = await this.fetch("/api/client", {
      method: "POST",
      body: JSON.stringify({ call, args }),
    });
    return (await response.json()) as { result?: unknown; error?: string };
  }

  /** What the sample app has noted since its start. */
  async journal(kind?: string): Promise<readonly (readonly [string, unknown])[]> {
    const entries = (await (await this.fetch("/api/journal")).json()) as [string, unknown][];
    return entries.filter(([entry]) => kind === undefined || entry === kind);
  }

  async openGate(name: string): Promise<void> {
    await this.fetch(`/api/gates/${name}`, { method: "POST" });
  }

  /** The host's idea of the present. */
  async now(): Promise<number> {
    const { now } = (await (await this.fetch("/api/now")).json()) as { now: number };
    return now;
  }

  async end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return exitCode;
    const exited = once(this.#child, "exit") as Promise<[number | null]>;
    this.#child.kill(signal);
    return (await exited)[0];
  }

  /** Ends the host and forgets its state. */
  async dispose(): Promise<void> {
    await this.end("SIGKILL");
    rmSync(this.state, { recursive: true, force: true });
  }
}

/** Asks until there is an answer; fails when there is none in time. */
export async function eventually<T>(ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`nothing came within ${PATIENCE_MS} ms`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
