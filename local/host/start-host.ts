import path from "node:path";
import { type ClockHandle, processClock } from "../../simulator/clock/handle.js";
import { type ClockKeeper, startClockKeeper } from "../../simulator/clock/keeper.js";
import { DURABLE_SCHEMA, DurableStore } from "./durable/durable-store.js";
import { Engine } from "./durable/engine.js";
import { ManagementApi } from "./durable/management-api.js";
import { clientBindingText } from "./durable/management-urls.js";
import {
  type AppFunction,
  type DurableFunction,
  type FunctionCatalog,
  indexFunctions,
  type TimerFunction,
} from "./function-catalog.js";
import { type HostConfig, readHostConfig } from "./host-json.js";
import { AdminApi } from "./http/admin-api.js";
import type { Exchange } from "./http/exchange.js";
import { FunctionHost } from "./http/function-host.js";
import { listen } from "./http/listener.js";
import { Router } from "./http/router.js";
import { InFlight } from "./in-flight.js";
import { KeyRing } from "./keys.js";
import { readLocalSettings } from "./local-settings.js";
import { Log } from "./log.js";
import { skipState, SkipReporter } from "./skip-rule.js";
import { GroupCommit } from "./state/group-commit.js";
import { openStateFolder, type StateFolder } from "./state/state-folder.js";
import { TIMER_SCHEMA, TimerStatusStore } from "./timers/timer-status.js";
import { TimerTrigger } from "./timers/timer-trigger.js";
import { loadApp } from "./worker/app-loader.js";
import { FunctionsCore } from "./worker/functions-core.js";
import { Invoker } from "./worker/invoker.js";

const MANAGEMENT_BASE = /^\/runtime\/webhooks\/durabletask(?=\/|$)/i;
const RPC_BASE = /^\/durabletask(?=\/|$)/i;
const DRAIN_WITHIN_MS = 30_000;

export interface HostOptions {
  /** The folder with package.json and host.json. */
  readonly appDirectory: string;
  /** 0: one that the system chooses. */
  readonly port: number;
  readonly stateDirectory: string;
  readonly clock: "real" | "skip";
  /** Where the keys are; a file in the state folder if undefined. */
  readonly keysFile: string | undefined;
  readonly writeLog: (line: string) => void;
  /** Called when the state can no longer be written: the process must end, the disk is right. */
  readonly onFatal: (error: unknown) => void;
}

export interface HostFunction {
  readonly name: string;
  readonly kind: AppFunction["kind"];
  /** The path of an HTTP function, prefix included. */
  readonly route?: string;
  readonly methods?: readonly string[];
}

export interface RunningHost {
  readonly url: string;
  readonly masterKey: string;
  readonly systemKey: string;
  /** The "default" key of each HTTP function. */
  readonly functionKeys: Readonly<Record<string, string>>;
  readonly functions: readonly HostFunction[];
  /** Takes up no new work, waits within a bound for what is under way, and closes. */
  stop(): Promise<void>;
}

/**
 * Starts a host for one app in this process. The app is loaded into it, so a process can hold one host, once.
 */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const startedAtMs = performance.now();
  const appDirectory = path.resolve(options.appDirectory);
  for (const [name, value] of Object.entries(readLocalSettings(appDirectory))) {
    process.env[name] ??= value;
  }
  process.env["AZURE_FUNCTIONS_ENVIRONMENT"] ??= "Development";
  const config = readHostConfig(appDirectory, process.env);
  const log = new Log(config.logLevels, options.writeLog);
  const state = openStateFolder(
    path.resolve(options.stateDirectory),
    `${DURABLE_SCHEMA}; ${TIMER_SCHEMA}`,
  );
  try {
    return await startOn(state, config, log, { ...options, appDirectory }, startedAtMs);
  } catch (error) {
    state.close();
    throw error;
  }
}

async function startOn(
  state: StateFolder,
  config: HostConfig,
  log: Log,
  options: HostOptions,
  startedAtMs: number,
): Promise<RunningHost> {
  const { clock, keeper } = await startClock(options.clock, state);
  const now = (): number => Date.now();
  const keys = new KeyRing(options.keysFile ?? state.file("keys.json"));
  const commit = new GroupCommit(state.database, options.onFatal);
  const reporter = options.clock === "skip" && clock !== undefined ? clock : undefined;
  const skipping =
    reporter && new SkipReporter(reporter, () => skipState(engine.load(), inFlight.count));
  const inFlight = new InFlight(() => {
    skipping?.changed(inFlight.count > 0);
  });
  skipping?.changed(true);

  // The app must know the address while it loads; who calls before it is loaded waits.
  const serve = new Deferred<Handler>();
  const serveRpc = new Deferred<Handler>();
  const publicListener = await listen(
    options.port,
    async (exchange) => (await serve.promise)(exchange),
    log,
  );
  const rpcListener = await listen(0, async (exchange) => (await serveRpc.promise)(exchange), log);
  process.env["WEBSITE_HOSTNAME"] ??= `localhost:${publicListener.port}`;

  const core = new FunctionsCore(log);
  core.install();
  await loadApp(options.appDirectory, core, log);
  const registered = core.functions;
  const catalog = indexFunctions(registered, {
    routePrefix: config.routePrefix,
    settings: process.env,
    log,
  });
  const http = catalog.functions.filter((candidate) => candidate.kind === "http");
  keys.ensureFunctionKeys(http.map(({ name }) => name));

  const invoker = new Invoker(core, log);
  const clientBinding = clientBindingText(
    {
      origin: originOf(process.env["WEBSITE_HOSTNAME"]),
      hubName: config.durable.hubName,
      systemKey: keys.system,
    },
    `http://127.0.0.1:${rpcListener.port}/durabletask/`,
  );
  const engine = new Engine({
    store: new DurableStore(state.database, config.durable.hubName),
    commit,
    inFlight,
    invoker,
    functions: catalog.functions.filter(isDurable),
    config: config.durable,
    functionTimeoutMs: config.functionTimeoutMs,
    clientBinding,
    log,
    now,
  });
  const statuses = new TimerStatusStore(state.database);
  const timers = new Map(
    catalog.functions.filter(isTimer).map((target) => [
      target.name,
      new TimerTrigger({
        target,
        statuses,
        commit,
        invoker,
        inFlight,
        timeoutMs: config.functionTimeoutMs,
        clientBinding,
        log,
        now,
      }),
    ]),
  );
  const management = new ManagementApi({ engine, hubName: config.durable.hubName, keys });
  const handler = publicHandler({
    catalog,
    management,
    admin: new AdminApi({
      keys,
      catalog,
      registered,
      config,
      appDirectory: options.appDirectory,
      timers,
      invoker,
      inFlight,
      clientBinding,
      startedAtMs,
    }),
    functions: new FunctionHost({
      router: new Router(catalog.functions),
      keys,
      invoker,
      inFlight,
      log,
      timeoutMs: config.functionTimeoutMs,
      clientBinding,
    }),
  });

  if (catalog.hostErrors.length === 0) {
    engine.begin();
    for (const timer of timers.values()) timer.start();
  }
  const unsubscribe = clock?.onChange(() => {
    engine.checkTimers();
    for (const timer of timers.values()) timer.check();
  });
  serve.resolve(handler);
  serveRpc.resolve(async (exchange) => {
    await management.handle(exchange, exchange.path.replace(RPC_BASE, ""));
  });
  skipping?.changed(false);

  return {
    url: `http://127.0.0.1:${publicListener.port}`,
    masterKey: keys.master,
    systemKey: keys.system,
    functionKeys: Object.fromEntries(
      http.map(({ name }) => [name, keys.functionKeys(name)["default"] ?? ""]),
    ),
    functions: catalog.functions.map((target) => describe(target, config.routePrefix)),
    stop: async () => {
      unsubscribe?.();
      engine.stop();
      for (const timer of timers.values()) timer.stop();
      void publicListener.close();
      await settledWithin(inFlight, log);
      await core.runAppHooks("appTerminate");
      void rpcListener.close();
      commit.flush();
      await keeper?.close();
      state.close();
    },
  };
}

type Handler = (exchange: Exchange) => Promise<void>;

class Deferred<T> {
  readonly promise: Promise<T>;
  #resolve: (value: T) => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  resolve(value: T): void {
    this.#resolve(value);
  }
}

/** Follows the keeper that the environment names; a host that is to skip and has none keeps the clock itself. */
async function startClock(
  mode: HostOptions["clock"],
  state: StateFolder,
): Promise<{ readonly clock: ClockHandle | undefined; readonly keeper: ClockKeeper | undefined }> {
  const clock = processClock();
  if (clock === undefined) {
    if (mode === "real") return { clock: undefined, keeper: undefined };
    throw new Error(
      "--clock skip needs the clock preload; start with node --require dist/local/clock/preload.js",
    );
  }
  const address = process.env["CLOCK_ADDRESS"];
  let keeper: ClockKeeper | undefined;
  if (mode === "skip" && (address === undefined || address === "")) {
    keeper = await startClockKeeper({ file: state.file("clock.json") });
    Object.assign(process.env, keeper.environment());
  }
  await clock.connected();
  return { clock, keeper };
}

function publicHandler(parts: {
  readonly catalog: FunctionCatalog;
  readonly management: ManagementApi;
  readonly admin: AdminApi;
  readonly functions: FunctionHost;
}): Handler {
  const { catalog, management, admin, functions } = parts;
  return async (exchange) => {
    if (await admin.handle(exchange)) return;
    if (catalog.hostErrors.length > 0) {
      const text = Buffer.from("Function host is not running.");
      exchange.send(503, { "Content-Type": "text/plain; charset=utf-8" }, text);
      return;
    }
    if (MANAGEMENT_BASE.test(exchange.path)) {
      if (!management.authorize(exchange)) return;
      await management.handle(exchange, exchange.path.replace(MANAGEMENT_BASE, ""));
      return;
    }
    if (await functions.handle(exchange)) return;
    if (exchange.path === "/") {
      const page = Buffer.from("<!doctype html><title>Functions</title><p>The host is running.\n");
      exchange.send(200, { "Content-Type": "text/html" }, page);
      return;
    }
    exchange.empty(404);
  };
}

async function settledWithin(inFlight: InFlight, log: Log): Promise<void> {
  let bound: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    bound = setTimeout(resolve, DRAIN_WITHIN_MS);
  });
  await Promise.race([inFlight.settled(), limit]);
  clearTimeout(bound);
  if (inFlight.count > 0) {
    log.warning(
      "Host.Shutdown",
      `${inFlight.count} calls did not end within ${DRAIN_WITHIN_MS} ms; activities among them run again at the next start`,
    );
  }
}

function describe(target: AppFunction, routePrefix: string): HostFunction {
  if (target.kind !== "http") return { name: target.name, kind: target.kind };
  const route = ["", routePrefix, target.route].filter((part, i) => i === 0 || part !== "");
  return { name: target.name, kind: "http", route: route.join("/"), methods: target.methods };
}

/** As the real host builds URLs from WEBSITE_HOSTNAME: only localhost goes without TLS. */
function originOf(hostname: string): string {
  return /^localhost(:|$)/i.test(hostname) ? `http://${hostname}` : `https://${hostname}`;
}

function isDurable(target: AppFunction): target is DurableFunction {
  return target.kind !== "http" && target.kind !== "timer";
}

function isTimer(target: AppFunction): target is TimerFunction {
  return target.kind === "timer";
}
