import path from "node:path";
import {
  type DurableFunction,
  type FunctionCatalog,
  type HttpFunction,
  isFunctionName,
} from "../function-catalog.js";
import type { HostConfig } from "../host-json.js";
import type { InFlight } from "../in-flight.js";
import type { KeyRing } from "../keys.js";
import type { TimerTrigger } from "../timers/timer-trigger.js";
import { clientInputs } from "../worker/client-inputs.js";
import type { RegisteredFunction } from "../worker/functions-core.js";
import type { Invoker } from "../worker/invoker.js";
import type { Exchange } from "./exchange.js";

interface Options {
  readonly keys: KeyRing;
  readonly catalog: FunctionCatalog;
  readonly registered: readonly RegisteredFunction[];
  readonly config: HostConfig;
  readonly appDirectory: string;
  readonly timers: ReadonlyMap<string, TimerTrigger>;
  readonly invoker: Invoker;
  readonly inFlight: InFlight;
  readonly clientBinding: string;
  readonly startedAtMs: number;
}

/** The part of /admin that a development host needs. */
export class AdminApi {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** False when the path is none of /admin's. */
  async handle(exchange: Exchange): Promise<boolean> {
    const [area, first, second, third, ...rest] = exchange.path
      .split("/")
      .filter((segment) => segment !== "");
    if (area?.toLowerCase() !== "admin" || rest.length > 0) return false;
    const target = [first, second, third].filter((segment) => segment !== undefined).join("/");
    switch (target.toLowerCase()) {
      case "host/ping":
        exchange.empty(200, { "Cache-Control": "no-store,no-cache", Pragma: "no-cache" });
        return true;
      case "warmup":
        exchange.empty(200);
        return true;
      case "host/status":
        if (this.#authorize(exchange)) exchange.json(200, this.#status());
        return true;
      case "host/config":
        if (this.#authorize(exchange)) {
          const text = Buffer.from(JSON.stringify(this.#effectiveConfig()));
          exchange.send(200, { "Content-Type": "text/plain; charset=utf-8" }, text);
        }
        return true;
      case "host/keys":
        if (this.#authorize(exchange)) answerKeys(exchange, this.#options.keys.hostKeys);
        return true;
      case "host/systemkeys/_master":
        if (this.#authorize(exchange)) {
          const { master } = this.#options.keys;
          exchange.json(200, { name: "_master", value: master, links: [selfLink(exchange)] });
        }
        return true;
      default:
        if (first?.toLowerCase() !== "functions") return false;
        if (this.#authorize(exchange))
          await this.#functions(exchange, second, third?.toLowerCase());
        return true;
    }
  }

  #authorize(exchange: Exchange): boolean {
    const key = exchange.header("x-functions-key") ?? exchange.parameter("code");
    const { kind } = this.#options.keys.levelOf(key);
    if (kind === "master") return true;
    if (kind === "none") exchange.empty(401, { "WWW-Authenticate": "Bearer" });
    else exchange.empty(403);
    return false;
  }

  #status(): object {
    const { hostErrors } = this.#options.catalog;
    return {
      id: "embedded-host",
      state: hostErrors.length === 0 ? "Running" : "Error",
      version: "4.1037.0.0",
      versionDetails: "embedded",
      platformVersion: "",
      instanceId: "",
      computerName: "localhost",
      processUptime: Math.round(performance.now() - this.#options.startedAtMs),
      functionAppContentEditingState: "Unknown",
      ...(hostErrors.length === 0 ? {} : { errors: hostErrors }),
    };
  }

  /** What of host.json this host honors, as it is in force. */
  #effectiveConfig(): object {
    const { routePrefix, durable } = this.#options.config;
    return {
      extensions: {
        http: { routePrefix },
        durableTask: {
          hubName: durable.hubName,
          defaultVersion: durable.defaultVersion ?? null,
          versionMatchStrategy: durable.versionMatchStrategy,
          versionFailureStrategy: durable.versionFailureStrategy,
          maxConcurrentActivityFunctions: durable.maxConcurrentActivities,
          maxConcurrentOrchestratorFunctions: durable.maxConcurrentOrchestrators,
          overridableExistingInstanceStates: durable.overridableStates,
        },
      },
    };
  }

  async #functions(
    exchange: Exchange,
    name: string | undefined,
    part: string | undefined,
  ): Promise<void> {
    const { keys } = this.#options;
    const registered = this.#options.registered.filter(({ metadata }) =>
      isFunctionName(metadata.name),
    );
    if (name === undefined) {
      if (exchange.method === "GET") {
        exchange.json(
          200,
          registered.map((target) => this.#describe(exchange, target)),
        );
      } else exchange.empty(404);
      return;
    }
    const target = registered.find(
      ({ metadata }) => metadata.name.toLowerCase() === name.toLowerCase(),
    );
    if (target === undefined) exchange.empty(404);
    else if (part === "keys" && exchange.method === "GET") {
      answerKeys(exchange, keys.functionKeys(target.metadata.name));
    } else if (part === "status" && exchange.method === "GET") exchange.json(200, {});
    else if (part !== undefined) exchange.empty(404);
    else if (exchange.method === "GET") exchange.json(200, this.#describe(exchange, target));
    else if (exchange.method === "POST") await this.#run(exchange, target);
    else exchange.empty(404);
  }

  #describe(exchange: Exchange, { metadata }: RegisteredFunction): object {
    const { catalog, config, appDirectory } = this.#options;
    const { name } = metadata;
    const http = catalog.functions.find(
      (candidate): candidate is HttpFunction =>
        candidate.kind === "http" && candidate.name === name,
    );
    const route = [config.routePrefix, http?.route].filter((piece) => piece !== "").join("/");
    return {
      name,
      script_root_path_href: null,
      script_href: null,
      config_href: null,
      test_data_href: null,
      href: `${exchange.origin}/admin/functions/${name}`,
      invoke_url_template: http === undefined ? null : `${exchange.origin}/${route}`,
      language: "node",
      config: {
        name,
        entryPoint: "",
        scriptFile: "",
        language: "node",
        functionDirectory: path.resolve(appDirectory),
        bindings: Object.entries(metadata.bindings).map(([key, binding]) => ({
          ...binding,
          name: key,
        })),
      },
      files: null,
      test_data: "",
      isDisabled: this.#options.catalog.disabled.has(name),
      isDirect: false,
      isProxy: false,
    };
  }

  /** 202 whatever comes of it, as on the real host; only timers and activities are then really called. */
  async #run(exchange: Exchange, target: RegisteredFunction): Promise<void> {
    const body = (await exchange.body()).toString("utf8");
    let input: unknown;
    try {
      ({ input } = JSON.parse(body) as { input?: unknown });
    } catch {
      exchange.empty(400);
      return;
    }
    const { name } = target.metadata;
    const timer = this.#options.timers.get(name);
    const activity = this.#options.catalog.functions.find(
      (candidate): candidate is DurableFunction =>
        candidate.kind === "activity" && candidate.name === name,
    );
    if (timer !== undefined) void timer.run();
    else if (activity !== undefined && typeof input === "string") void this.#call(activity, input);
    exchange.empty(202);
  }

  async #call(activity: DurableFunction, input: string): Promise<void> {
    const { invoker, inFlight, clientBinding } = this.#options;
    try {
      await inFlight.during(() =>
        invoker.invoke(activity.target, {
          inputData: [
            { name: activity.trigger.bindingName, data: { string: input, data: "string" } },
            ...clientInputs(activity.target.metadata, clientBinding),
          ],
          triggerMetadata: {},
          reason: "This function was programmatically called via the host APIs.",
        }),
      );
    } catch {
      // Nobody waits for the outcome; the failure is in the log.
    }
  }
}

function answerKeys(exchange: Exchange, keys: Readonly<Record<string, string>>): void {
  exchange.json(200, {
    keys: Object.entries(keys).map(([name, value]) => ({ name, value })),
    links: [selfLink(exchange)],
  });
}

function selfLink(exchange: Exchange): object {
  return { rel: "self", href: `${exchange.origin}${exchange.path}` };
}
