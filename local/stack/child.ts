import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

/** A process of the stack that has said on standard output that it is ready. */
export interface Child<Ready> {
  readonly ready: Ready;
  readonly pid: number;
  /** Asks it to end and waits until it has; kills it if it takes too long. */
  stop(): Promise<void>;
  /** Kills it without warning and waits until it is gone. */
  kill(): Promise<void>;
}

// Seconds where nothing else runs; a laptop that is busy, or installs, takes many times as long.
const readyWithin = 90_000;
const stopWithin = 10_000;

/** Starts a compiled program on this Node with a chosen environment and waits for its ready line. */
export async function startChild<Ready>(options: {
  readonly name: string;
  readonly nodeArguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly onLog: (line: string) => void;
}): Promise<Child<Ready>> {
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      "--disable-warning=UNDICI-EHPA",
      ...options.nodeArguments,
    ],
    {
      cwd: options.directory,
      env: { ...inherited(), ...options.environment },
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  // A child that has ended closes its input; writing there must not end this process.
  child.stdin.on("error", () => undefined);
  const gone = new Promise<void>((resolve) =>
    child.once("exit", () => {
      resolve();
    }),
  );
  const lastLines: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    lastLines.push(line);
    if (lastLines.length > 30) lastLines.shift();
    options.onLog(line);
  });
  const ready = await new Promise<Ready>((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill("SIGKILL");
      reject(new Error(`${options.name} ${why}\n${lastLines.join("\n")}`));
    };
    const timer = setTimeout(() => {
      fail(`was not ready within ${readyWithin / 1000} s`);
    }, readyWithin);
    child.once("error", (error) => {
      clearTimeout(timer);
      fail(`could not be started: ${error.message}`);
    });
    const endedEarly = (code: number | null, signal: string | null): void => {
      clearTimeout(timer);
      fail(`ended before it was ready (${signal ?? `exit code ${code ?? "?"}`})`);
    };
    child.once("exit", endedEarly);
    createInterface({ input: child.stdout }).on("line", (line) => {
      const said = readyLine(line);
      if (said === undefined) return;
      clearTimeout(timer);
      child.removeListener("exit", endedEarly);
      resolve(said as Ready);
    });
  });
  return {
    ready,
    pid: child.pid ?? 0,
    async stop() {
      if (ended(child)) return;
      const timer = setTimeout(() => child.kill("SIGKILL"), stopWithin);
      child.kill("SIGTERM");
      await gone;
      clearTimeout(timer);
    },
    async kill() {
      if (ended(child)) return;
      child.kill("SIGKILL");
      await gone;
    },
  };
}

const ended = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

function readyLine(line: string): unknown {
  if (!line.startsWith('{"ready":true')) return undefined;
  return JSON.parse(line) as unknown;
}

/** What a program needs to run at all; a machine's own Azure settings must not leak into it. */
function inherited(): Record<string, string> {
  const names = ["PATH", "HOME", "USERPROFILE", "LANG", "TMPDIR", "TEMP", "SystemRoot"];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
