import type { DurableFunction, FunctionCatalog, HttpFunction } from "../function-catalog.js";
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
  readonly routePrefix: string;
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
    const path = [first?.toLowerCase(), second?.toLowerCase()].join("/");
    if (path === "host/ping" && third === undefined) {
      exchange.empty(200, { "Cache-Control": "no-store, no-cache" });
      return true;
    }
    if (path !== "host/status" && first?.toLowerCase() !== "functions") return false;
    if (!this.#authorize(exchange)) return true;
    if (path === "host/status") {
      exchange.json(200, this.#status());
      return true;
    }
    await this.#functions(exchange, second, third?.toLowerCase());
    return true;
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

  async #functions(
    exchange: Exchange,
    name: string | undefined,
    part: string | undefined,
  ): Promise<void> {
    const { registered, keys } = this.#options;
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
      const list = Object.entries(keys.functionKeys(target.metadata.name));
      exchange.json(200, { keys: list.map(([key, value]) => ({ name: key, value })) });
    } else if (part !== undefined) exchange.empty(404);
    else if (exchange.method === "GET") exchange.json(200, this.#describe(exchange, target));
    else if (exchange.method === "POST") await this.#run(exchange, target);
    else exchange.empty(404);
  }

  #describe(exchange: Exchange, { metadata }: RegisteredFunction): object {
    const { catalog, routePrefix } = this.#options;
    const { name } = metadata;
    const http = catalog.functions.find(
      (candidate): candidate is HttpFunction =>
        candidate.kind === "http" && candidate.name === name,
    );
    const path = [routePrefix, http?.route].filter((piece) => piece !== "").join("/");
    return {
      name,
      script_href: null,
      test_data_href: null,
      href: `${exchange.origin}/admin/functions/${name}`,
      invoke_url_template: http === undefined ? null : `${exchange.origin}/${path}`,
      language: "node",
      config: {
        name,
        bindings: Object.entries(metadata.bindings).map(([key, binding]) => ({
          ...binding,
          name: key,
        })),
      },
      test_data: null,
      isDisabled: false,
      isDirect: true,
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
