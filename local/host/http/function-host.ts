import type { HttpFunction } from "../function-catalog.js";
import type { InFlight } from "../in-flight.js";
import type { KeyRing } from "../keys.js";
import type { Log } from "../log.js";
import type { Invoker } from "../worker/invoker.js";
import { FunctionTimeoutError, withinTimeLimit } from "../worker/time-limit.js";
import type { Exchange } from "./exchange.js";
import { clientInputs } from "../worker/client-inputs.js";
import { toRpcRequest } from "./http-request.js";
import { toWireResponse, type WireResponse } from "./http-response.js";
import type { Router } from "./router.js";

interface Options {
  readonly router: Router;
  readonly keys: KeyRing;
  readonly invoker: Invoker;
  readonly inFlight: InFlight;
  readonly log: Log;
  readonly timeoutMs: number | undefined;
  /** What every durableClient binding of the app gets. */
  readonly clientBinding: string;
}

/** Serves the app's HTTP functions. */
export class FunctionHost {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** False when no function takes the request; nothing has been answered then. */
  async handle(exchange: Exchange): Promise<boolean> {
    const match = this.#options.router.find(exchange.method, exchange.path);
    if (match === undefined) return false;
    const { target, params } = match;
    if (!this.#mayCall(target, exchange)) {
      exchange.empty(401);
      return true;
    }
    const body = await exchange.body();
    const response = await this.#options.inFlight.during(() =>
      this.#invoke(target, exchange, params, body),
    );
    exchange.send(response.status, response.headers, response.body);
    return true;
  }

  #mayCall(target: HttpFunction, exchange: Exchange): boolean {
    if (target.authLevel === "anonymous") return true;
    const key = exchange.header("x-functions-key") ?? exchange.parameter("code");
    const level = this.#options.keys.levelOf(key);
    if (level.kind === "master") return true;
    if (target.authLevel === "admin") return false;
    return (
      level.kind === "host" || (level.kind === "function" && level.functionName === target.name)
    );
  }

  async #invoke(
    target: HttpFunction,
    exchange: Exchange,
    params: Readonly<Record<string, string>>,
    body: Buffer,
  ): Promise<WireResponse> {
    const { invoker, timeoutMs, clientBinding } = this.#options;
    try {
      const response = await withinTimeLimit(
        target.name,
        timeoutMs,
        invoker.invoke(target.target, {
          inputData: [
            { name: target.trigger.bindingName, data: toRpcRequest(exchange, params, body) },
            ...clientInputs(target.target.metadata, clientBinding),
          ],
          triggerMetadata: {},
          reason: "This function was programmatically called via the host APIs.",
        }),
      );
      return toWireResponse(response);
    } catch (error) {
      // What the function threw is in the log already; the caller gets no text.
      if (error instanceof FunctionTimeoutError) {
        this.#options.log.error("Host.Results", `${target.name}: ${error.message}`);
      }
      return { status: 500, headers: {}, body: undefined };
    }
  }
}
