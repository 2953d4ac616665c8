import { Console } from "node:console";
import path from "node:path";
import { parseCommandLine, USAGE } from "./command-line.js";
import { type RunningHost, startHost } from "./start-host.js";

async function main(): Promise<void> {
  const commandLine = readCommandLine();
  const state = path.resolve(commandLine.state);
  const keysFile = commandLine.keys === undefined ? undefined : path.resolve(commandLine.keys);
  enter(commandLine.app);
  // Standard output is for the ready line; what the app prints is part of the log.
  globalThis.console = new Console(process.stderr, process.stderr);

  const host = await startHost({
    appDirectory: process.cwd(),
    port: commandLine.port,
    stateDirectory: state,
    clock: commandLine.clock,
    keysFile,
    writeLog: (line) => process.stderr.write(line),
    onFatal: (error) => {
      process.stderr.write(`cannot write the state in ${state}: ${String(error)}\n`);
      process.exit(1);
    },
  });
  const end = ender(host);
  process.on("SIGTERM", end).on("SIGINT", end);
  if (commandLine.endWithParent) {
    // A parent that was killed cannot say goodbye; its end of this pipe closes all the same.
    process.stdin.on("end", end).on("error", end).resume();
  }
  if (commandLine.readyJson) announceJson(host);
  else announce(host);
}

function readCommandLine(): ReturnType<typeof parseCommandLine> {
  try {
    return parseCommandLine(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\nusage: ${USAGE}\n`);
    process.exit(2);
  }
}

/** The worker of the real host runs in the app's folder: relative paths of the app count from there. */
function enter(directory: string): void {
  try {
    process.chdir(directory);
  } catch (error) {
    throw new Error(`--app '${directory}' is no folder that can be entered`, { cause: error });
  }
}

/** The first call drains, a second one ends at once: what is cut off runs again at the next start. */
function ender(host: RunningHost): () => void {
  let stopping = false;
  return () => {
    if (stopping) process.exit(1);
    stopping = true;
    void host.stop().then(() => process.exit(0));
  };
}

function announceJson(host: RunningHost): void {
  const { url, masterKey, systemKey, functionKeys, functions } = host;
  process.stdout.write(
    `${JSON.stringify({ ready: true, url, masterKey, systemKey, functionKeys, functions })}\n`,
  );
}

function announce(host: RunningHost): void {
  const lines = host.functions.map(({ name, kind, route, methods }) =>
    route === undefined
      ? `  ${name}: ${kind}`
      : `  ${name}: [${(methods ?? []).join(",")}] ${host.url}${route}`,
  );
  process.stderr.write(
    `functions:\n${lines.join("\n")}\nlistening on ${host.url}, master key ${host.masterKey}\n`,
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
});
