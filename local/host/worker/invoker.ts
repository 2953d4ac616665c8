import { randomUUID } from "node:crypto";
import type { Log } from "../log.js";
import type { FunctionsCore, RegisteredFunction } from "./functions-core.js";
import type {
  CoreInvocationContext,
  InvocationRequest,
  InvocationResponse,
  RetryContext,
  TypedData,
} from "./rpc.js";

export interface Call {
  readonly inputData: readonly { readonly name: string; readonly data: TypedData | null }[];
  readonly triggerMetadata: Readonly<Record<string, TypedData>>;
  readonly retryContext?: RetryContext;
  /** Why it runs, for the log. */
  readonly reason: string;
  /** Replays would fill the log: their entries are for who asks for Debug. */
  readonly quiet?: boolean;
}

/** A hook may replace inputs, callback, result and error; hence one object that all hooks of a call share. */
interface HookState {
  readonly hookData: Record<string, unknown>;
  invocationContext: unknown;
  inputs: unknown[];
  functionCallback: RegisteredFunction["callback"];
  result?: unknown;
  error?: unknown;
}

/** Calls functions through the app's own programming model, with hooks, as the Node worker does. */
export class Invoker {
  readonly #core: FunctionsCore;
  readonly #log: Log;

  constructor(core: FunctionsCore, log: Log) {
    this.#core = core;
    this.#log = log;
  }

  /** Resolves to the function's response; rejects with the error it threw. */
  async invoke(target: RegisteredFunction, call: Call): Promise<InvocationResponse> {
    const { name } = target.metadata;
    const invocationId = randomUUID();
    const startedAt = performance.now();
    const level = call.quiet === true ? "debug" : "information";
    const category = `Function.${name}`;
    this.#log.write(
      "debug",
      category,
      `Executing 'Functions.${name}' (Reason='${call.reason}', Id=${invocationId})`,
    );
    try {
      const response = await this.#run(target, invocationId, call);
      this.#log.write(level, category, executed(name, "Succeeded", invocationId, startedAt));
      return response;
    } catch (error) {
      const known = asError(error);
      const isReplayState = known.message.includes("$OutOfProcData$");
      this.#log.write(
        isReplayState ? level : "error",
        category,
        `${executed(name, "Failed", invocationId, startedAt)}${isReplayState ? "" : `: ${known.stack ?? known.message}`}`,
      );
      throw known;
    }
  }

  async #run(
    target: RegisteredFunction,
    invocationId: string,
    call: Call,
  ): Promise<InvocationResponse> {
    const model = this.#core.programmingModel;
    if (model === undefined) {
      throw new Error("the app set no programming model; it must use @azure/functions version 4");
    }
    const hooks: HookState = {
      hookData: {},
      invocationContext: undefined,
      inputs: [],
      functionCallback: target.callback,
    };
    const context = this.#contextOf(target, invocationId, call, hooks);
    const invocation = model.getInvocationModel(context);
    const { context: invocationContext, inputs } = await invocation.getArguments();
    hooks.invocationContext = invocationContext;
    hooks.inputs = inputs;
    await this.#runHooks("preInvocation", hooks, context);
    context.state = "invocation";
    try {
      hooks.result = await invocation.invokeFunction(
        invocationContext,
        hooks.inputs,
        hooks.functionCallback,
      );
    } catch (error) {
      hooks.error = error;
    }
    await this.#runHooks("postInvocation", hooks, context);
    // As in the real worker: throwing undefined or null counts as success.
    if (hooks.error !== undefined && hooks.error !== null) throw asError(hooks.error);
    return invocation.getResponse(invocationContext, hooks.result);
  }

  async #runHooks(
    name: "preInvocation" | "postInvocation",
    state: HookState,
    context: CoreInvocationContext,
  ): Promise<void> {
    context.state = `${name}Hooks`;
    for (const hook of this.#core.hooks(name)) await hook(state);
    context.state = undefined;
  }

  #contextOf(
    target: RegisteredFunction,
    invocationId: string,
    call: Call,
    hooks: HookState,
  ): CoreInvocationContext {
    const { name } = target.metadata;
    const request: InvocationRequest = {
      invocationId,
      functionId: name,
      inputData: call.inputData.map((input) => ({ ...input, rpcData: "data" })),
      triggerMetadata: call.triggerMetadata,
      traceContext: { traceParent: "", traceState: "", attributes: {} },
      retryContext: call.retryContext ?? null,
    };
    return {
      invocationId,
      request,
      metadata: target.metadata,
      state: undefined,
      log: (level, category, message) => {
        const { hookData, invocationContext } = hooks;
        const entry = { hookData, invocationContext, level, category, message };
        for (const hook of this.#core.hooks("log")) void hook(entry);
        const suffix = category === "user" ? ".User" : "";
        this.#log.write(entry.level, `Function.${name}${suffix}`, entry.message);
      },
    };
  }
}

/** What was thrown, as an Error: an object becomes its JSON, a text its own message. */
export function asError(thrown: unknown): Error {
  if (isErrorLike(thrown)) return thrown;
  return new Error(typeof thrown === "string" ? thrown : JSON.stringify(thrown));
}

/** Errors of another realm (a test runner's) are no instances of this one's class. */
function isErrorLike(thrown: unknown): thrown is Error {
  return (
    thrown instanceof Error ||
    (typeof thrown === "object" && Object.prototype.toString.call(thrown) === "[object Error]")
  );
}

function executed(name: string, outcome: string, invocationId: string, startedAt: number): string {
  const duration = Math.round(performance.now() - startedAt);
  return `Executed 'Functions.${name}' (${outcome}, Id=${invocationId}, Duration=${duration}ms)`;
}
