import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { Log } from "../log.js";
import type { FunctionsCore } from "./functions-core.js";

/**
 * Loads the app's compiled entry file, unmodified. An exception in it leaves no function at all, also not those
 * registered before, and the host runs: as on Azure.
 */
export async function loadApp(appDirectory: string, core: FunctionsCore, log: Log): Promise<void> {
  const manifest = path.join(appDirectory, "package.json");
  const main = readMain(manifest);
  const load = createRequire(manifest);
  for (const file of entryFiles(appDirectory, main)) {
    try {
      load(file);
    } catch (error) {
      core.forgetFunctions();
      log.error(
        "Worker.system",
        `Worker was unable to load entry point "${path.relative(appDirectory, file)}": ${(error as Error).stack ?? String(error)}`,
      );
      break;
    }
  }
  await core.programmingModel?.getCapabilities?.({
    RawHttpBodyBytes: "true",
    RpcHttpTriggerMetadataRemoved: "true",
    RpcHttpBodyOnly: "true",
    IgnoreEmptyValuedRpcHttpHeaders: "true",
    UseNullableValueDictionaryForHttp: "true",
    WorkerStatus: "true",
    TypedDataCollection: "true",
    HandlesWorkerTerminateMessage: "true",
  });
  await core.runAppHooks("appStart");
  core.close();
  if (core.functions.length === 0) log.warning("Host.Startup", "No job functions found.");
}

function readMain(manifest: string): string {
  let main: unknown;
  try {
    ({ main } = JSON.parse(readFileSync(manifest, "utf8")) as { main?: unknown });
  } catch (error) {
    throw new Error(
      `cannot read ${manifest}: ${(error as Error).message}; --app must name a folder with package.json and host.json`,
      { cause: error },
    );
  }
  if (typeof main !== "string") {
    throw new Error(`${manifest} has no "main"; it must name the compiled entry file`);
  }
  return main;
}

function entryFiles(appDirectory: string, main: string): readonly string[] {
  if (!/[*?{[]/.test(main)) return [path.resolve(appDirectory, main)];
  return globSync(main, { cwd: appDirectory })
    .sort()
    .map((file) => path.resolve(appDirectory, file));
}
