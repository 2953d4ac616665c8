import Module from "node:module";
import type { Log } from "../log.js";
import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from "./rpc.js";

const CORE_MODULE = "@azure/functions-core";

/** The versions that an app can ask for; those of the host whose recorded behavior this one follows. */
const WORKER_VERSION = "3.9.1";
const HOST_VERSION = "4.1037.0.0";

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

class Disposable {
  readonly #dispose: () => unknown;

  static from(...disposables: readonly { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const disposable of disposables) disposable.dispose();
    });
  }

  constructor(dispose: () => unknown) {
    this.#dispose = dispose;
  }

  dispose(): unknown {
    return this.#dispose();
  }
}

/**
 * What the real worker gives an app under the name `@azure/functions-core`: the place where the function library
 * leaves its registrations and hooks.
 */
export class FunctionsCore {
  readonly #functions = new Map<string, RegisteredFunction>();
  readonly #hooks = new Map<string, HookCallback[]>();
  readonly #appHookState = { hookData: {} };
  readonly #log: Log;
  #programmingModel: ProgrammingModel | undefined;
  #open = true;

  constructor(log: Log) {
    this.#log = log;
  }

  get functions(): readonly RegisteredFunction[] {
    return [...this.#functions.values()];
  }

  get programmingModel(): ProgrammingModel | undefined {
    return this.#programmingModel;
  }

  hooks(name: string): readonly HookCallback[] {
    return [...(this.#hooks.get(name) ?? [])];
  }

  /** Calls the hooks of the app's start or end; what one of them keeps in `hookData` is there for all. */
  async runAppHooks(name: "appStart" | "appTerminate"): Promise<void> {
    for (const hook of this.hooks(name)) await hook(this.#appHookState);
  }

  /** What registers from now on is accepted and never runs, as on the real host. */
  close(): void {
    this.#open = false;
  }

  forgetFunctions(): void {
    this.#functions.clear();
  }

  /** Makes every `require` of the core module in this process answer with one object. */
  install(): void {
    const core = this.#moduleObject();
    const loader = Module as unknown as {
      _load: (this: unknown, request: string, ...rest: unknown[]) => unknown;
    };
    const load = loader._load;
    loader._load = function (request, ...rest) {
      return request === CORE_MODULE ? core : load.call(this, request, ...rest);
    };
  }

  #moduleObject(): object {
    return {
      version: WORKER_VERSION,
      hostVersion: HOST_VERSION,
      Disposable,
      setProgrammingModel: (model: ProgrammingModel) => {
        this.#programmingModel = model;
      },
      getProgrammingModel: () => this.#programmingModel,
      registerHook: (name: string, callback: HookCallback) => this.#registerHook(name, callback),
      registerFunction: (metadata: FunctionMetadata, callback: FunctionCallback) =>
        this.#registerFunction(metadata, callback),
      log: (level: LogLevel, category: LogCategory, message: string) => {
        this.#log.write(level, `Worker.${category}`, message);
      },
    };
  }

  #registerHook(name: string, callback: HookCallback): Disposable {
    const hooks = this.#hooks.get(name) ?? [];
    this.#hooks.set(name, hooks);
    hooks.push(callback);
    return new Disposable(() => {
      const index = hooks.indexOf(callback);
      if (index >= 0) hooks.splice(index, 1);
    });
  }

  #registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
    if (!this.#open) {
      this.#log.warning(
        "Host.Startup",
        `function '${metadata.name}' was registered after start-up and will not run; register it while the entry file loads`,
      );
      return new Disposable(() => undefined);
    }
    if (this.#functions.has(metadata.name)) {
      throw new Error(`A function with id "${metadata.name}" has already been registered.`);
    }
    this.#functions.set(metadata.name, { metadata, callback });
    return new Disposable(() => this.#functions.delete(metadata.name));
  }
}
