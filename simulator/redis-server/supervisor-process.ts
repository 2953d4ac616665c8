import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";

/*
 * The parent of every redis-server. It ends them with the simulator, however that one ends, because the system closes
 * the channel between the two even after a kill -9.
 */
type Order =
  | { readonly start: string; readonly binary: string; readonly config: string }
  | { readonly stop: string };

const [, , directory = ""] = process.argv;
const servers = new Map<string, ChildProcess>();
const ENDED_WITHIN_MS = 1000;

process.on("message", (order: Order) => {
  if ("stop" in order) {
    servers.get(order.stop)?.kill("SIGKILL");
    return;
  }
  const { start: id, binary, config } = order;
  let output = "";
  // The configuration goes in through standard input: a password has no place in a list of processes.
  const server = spawn(binary, ["-"], { cwd: directory, stdio: ["pipe", "pipe", "pipe"] });
  servers.set(id, server);
  const hear = (chunk: Buffer): void => {
    output = (output + chunk.toString("utf8")).slice(-2000);
  };
  server.stdout.on("data", hear);
  server.stderr.on("data", hear);
  server.stdin.on("error", () => undefined); // "exit" follows and says all that matters.
  server.stdin.end(config);
  const gone = (why: string): void => {
    if (!servers.delete(id)) return;
    // The simulator may end at this moment: "disconnect" then follows and says all that matters.
    if (process.connected) process.send?.({ gone: id, why: `${why}: ${output}` }, () => undefined);
    else if (servers.size === 0) process.exit(0);
  };
  server.on("error", (error) => {
    gone(error.message);
  });
  server.on("exit", (code, signal) => {
    gone(`ended with ${signal ?? `code ${String(code)}`}`);
  });
});

// A terminal sends these to everybody; when it is over, the simulator says.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => undefined);
}

process.on("exit", () => {
  rmSync(directory, { recursive: true, force: true });
});

process.on("disconnect", () => {
  for (const server of servers.values()) server.kill("SIGKILL");
  // It stays until they are gone, so that nobody has to take care of what is left of them.
  setTimeout(() => process.exit(0), servers.size === 0 ? 0 : ENDED_WITHIN_MS);
});
