import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { Agent } from "node:https";
import path from "node:path";
import { log } from "../server/log.js";
import type { CertificateAuthority } from "../server/certificates.js";

export interface AzuriteOptions {
  readonly accounts: readonly string[];
  /** Where the certificate goes and, unless `inMemory`, the blobs. */
  readonly directory: string;
  readonly inMemory: boolean;
  readonly authority: CertificateAuthority;
  /** CLOCK_ADDRESS and CLOCK_FILE, where this process follows a clock that can be moved. */
  readonly clock: Readonly<Record<string, string>>;
}

/** The process that keeps the blobs. */
export interface Azurite {
  readonly host: string;
  readonly port: number;
  readonly agent: Agent;
  readonly pid: number;
  close(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const SAVED_WITHIN_MS = 3000;
const LISTENING = /successfully listens on https:\/\/[^\s:]+:(\d+)/;

export async function startAzurite(options: AzuriteOptions): Promise<Azurite> {
  const { accounts, directory, authority } = options;
  const certificate = path.join(directory, "azurite-cert.pem");
  const key = path.join(directory, "azurite-key.pem");
  const issued = await authority.issue(["localhost", "127.0.0.1"]);
  await Promise.all([
    writeFile(certificate, issued.cert + authority.pem),
    writeFile(key, issued.key, { mode: 0o600 }),
  ]);
  const child = fork(
    path.join(__dirname, "azurite-process.js"),
    [
      ...["--blobHost", "127.0.0.1", "--blobPort", "0"],
      ...["--oauth", "basic", "--cert", certificate, "--key", key],
      // The SDK is ahead of Azurite, and nothing may leave this machine.
      ...["--skipApiVersionCheck", "--disableTelemetry", "--disableProductStyleUrl", "--silent"],
      ...(options.inMemory
        ? ["--inMemoryPersistence"]
        : ["--location", path.join(directory, "blobs")]),
    ],
    {
      cwd: directory,
      execArgv: clockPreload(),
      env: {
        ...options.clock,
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        AZURITE_ACCOUNTS: accounts.map((name) => `${name}:${accountKey(name)}`).join(";"),
      },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    },
  );
  const port = await listeningPort(child);
  const agent = new Agent({ keepAlive: true, ca: authority.pem });
  return {
    host: "127.0.0.1",
    port,
    agent,
    pid: child.pid ?? 0,
    close: async () => {
      agent.destroy();
      if (child.exitCode !== null || child.signalCode !== null) return;
      await new Promise<void>((resolve) => {
        child.removeAllListeners("exit");
        // Blobs on disk have an index that is saved at the end; blobs in memory have nothing to wait for.
        const bound = setTimeout(
          () => child.kill("SIGKILL"),
          options.inMemory ? 0 : SAVED_WITHIN_MS,
        );
        child.once("exit", () => {
          clearTimeout(bound);
          resolve();
        });
        if (!options.inMemory) child.disconnect();
      });
    },
  };
}

/** The shared key that Azurite has for an account. Nobody outside is told. */
function accountKey(name: string): string {
  return createHash("sha256").update(name).digest("base64");
}

/** The preload that shifts this process's clock, so that the child can follow the same one. */
function clockPreload(): string[] {
  const { execArgv } = process;
  const found: string[] = [];
  for (const [index, argument] of execArgv.entries()) {
    const [flag, value = execArgv[index + 1] ?? ""] = argument.split("=");
    const isPreload = (flag === "--require" || flag === "-r") && /clock[/\\]preload/.test(value);
    if (isPreload) found.push("--require", path.resolve(value));
  }
  return found;
}

function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = "";
    const bound = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`azurite was not ready within ${READY_WITHIN_MS} ms: ${output}`));
    }, READY_WITHIN_MS);
    const hear = (chunk: Buffer): void => {
      output += chunk.toString("utf8");
      const [, port] = LISTENING.exec(output) ?? [];
      if (port === undefined) return;
      clearTimeout(bound);
      output = "";
      child.stdout?.removeListener("data", hear);
      child.stdout?.resume();
      resolve(Number(port));
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
      log(`azurite: ${chunk.toString("utf8").trimEnd()}`);
    });
    child.once("exit", (code) => {
      clearTimeout(bound);
      log(`azurite ended with code ${code ?? "none"}`);
      reject(new Error(`azurite ended before it was ready: ${output}`));
    });
  });
}
