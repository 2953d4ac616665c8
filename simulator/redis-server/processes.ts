import { type ChildProcess, fork } from "node:child_process";
import { accessSync, constants, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** One redis-server process. */
export interface RedisProcess {
  /** A folder of its own. */
  readonly directory: string;
  /** Resolves when it has ended, with the reason. */
  readonly ended: Promise<string>;
  stop(): void;
}

/** Starts redis-server processes. They and their folders end with this process, also after `kill -9`. */
export class RedisProcesses {
  /** The program, where this machine has it. */
  readonly binary: string | undefined = findOnPath("redis-server");
  readonly #ends = new Map<string, (why: string) => void>();
  #supervisor: { readonly child: ChildProcess; readonly directory: string } | undefined;
  #started = 0;

  /** A new folder for a process, short enough for the path of a socket. */
  newDirectory(): string {
    return mkdtempSync(path.join(this.#supervision().directory, "r"));
  }

  start(directory: string, config: readonly string[]): RedisProcess {
    const { child } = this.#supervision();
    this.#started += 1;
    const id = String(this.#started);
    const ended = new Promise<string>((resolve) => this.#ends.set(id, resolve));
    child.send({ start: id, binary: this.binary, config: `${config.join("\n")}\n` });
    return {
      directory,
      ended,
      stop: () => {
        if (child.connected) child.send({ stop: id });
      },
    };
  }

  async close(): Promise<void> {
    const child = this.#supervisor?.child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      child.once("exit", () => {
        resolve();
      });
      child.disconnect();
    });
  }

  #supervision(): { readonly child: ChildProcess; readonly directory: string } {
    if (this.#supervisor) return this.#supervisor;
    // Not below the state folder: the path of a socket may have about a hundred characters.
    const directory = mkdtempSync(path.join(tmpdir(), "simulated-redis-"));
    const child = fork(path.join(__dirname, "supervisor-process.js"), [directory], {
      execArgv: [],
      env: { PATH: process.env["PATH"] },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child.on("message", ({ gone, why }: { gone: string; why: string }) => {
      this.#ends.get(gone)?.(why);
      this.#ends.delete(gone);
    });
    child.on("exit", () => {
      for (const end of this.#ends.values()) end("its supervisor has ended");
      this.#ends.clear();
      this.#supervisor = undefined;
    });
    this.#supervisor = { child, directory };
    return this.#supervisor;
  }
}

function findOnPath(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(path.delimiter)
    .map((directory) => path.join(directory, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
