import { parseRouteTemplate, type RouteTemplate } from "./http/route-template.js";
import type { Log } from "./log.js";
import { parseSchedule, type Schedule } from "./timers/schedule.js";
import type { RegisteredFunction } from "./worker/functions-core.js";
import type { Binding } from "./worker/rpc.js";

export type AuthLevel = "anonymous" | "function" | "admin";

interface Indexed {
  readonly name: string;
  readonly target: RegisteredFunction;
  readonly trigger: { readonly bindingName: string; readonly binding: Binding };
}

export interface HttpFunction extends Indexed {
  readonly kind: "http";
  readonly methods: readonly string[];
  readonly authLevel: AuthLevel;
  /** Without the prefix. */
  readonly route: string;
  readonly template: RouteTemplate;
}

export interface TimerFunction extends Indexed {
  readonly kind: "timer";
  readonly schedule: Schedule;
  readonly runOnStartup: boolean;
  readonly useMonitor: boolean;
}

export interface DurableFunction extends Indexed {
  readonly kind: "orchestration" | "activity" | "entity";
}

export type AppFunction = HttpFunction | TimerFunction | DurableFunction;

/** The app's functions as the host has understood them. */
export interface FunctionCatalog {
  readonly functions: readonly AppFunction[];
  /** Registered names with why the host does not run them; the others do run. */
  readonly inError: ReadonlyMap<string, string>;
  /** Names that an app setting has switched off: listed, and run by nothing. */
  readonly disabled: ReadonlySet<string>;
  /** What keeps the whole host from running; every call is then answered 503. */
  readonly hostErrors: readonly string[];
}

const FUNCTION_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,127}$/;

/** What is not one is registered all the same, and the host neither runs nor lists it. */
export function isFunctionName(name: string): boolean {
  return FUNCTION_NAME.test(name);
}

/** A mistake that puts the whole host in error, not only the function that made it. */
class HostIndexingError extends Error {}

export function indexFunctions(
  registered: readonly RegisteredFunction[],
  options: {
    readonly routePrefix: string;
    readonly settings: Readonly<Record<string, string | undefined>>;
    readonly log: Log;
  },
): FunctionCatalog {
  const functions: AppFunction[] = [];
  const inError = new Map<string, string>();
  const disabled = new Set<string>();
  const hostErrors = caseCollisions(registered);
  const sorted = [...registered].sort((a, b) =>
    a.metadata.name.localeCompare(b.metadata.name, "en"),
  );
  for (const target of sorted) {
    const { name } = target.metadata;
    if (isDisabled(name, options.settings)) {
      disabled.add(name);
      options.log.information("Host.Startup", `Function '${name}' is disabled by an app setting.`);
      continue;
    }
    try {
      const indexed = indexFunction(target, options.routePrefix, options.settings);
      const rival = indexed.kind === "http" ? conflicting(indexed, functions) : undefined;
      if (rival !== undefined && indexed.kind === "http") {
        throw new Error(
          `The route specified conflicts with the route defined by function '${rival}'.`,
        );
      }
      functions.push(indexed);
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof HostIndexingError) hostErrors.push(`'${name}': ${message}`);
      inError.set(name, message);
      options.log.error("Host.Startup", `The '${name}' function is in error: ${message}`);
    }
  }
  for (const error of hostErrors) {
    options.log.error("Host.Startup", `the host is in state Error: ${error}`);
  }
  return { functions, inError, disabled, hostErrors };
}

/**
 * `AzureWebJobs.NAME.Disabled`, or with underscores where a name may hold no point (Microsoft Learn,
 * "How to disable functions in Azure Functions").
 */
function isDisabled(name: string, settings: Readonly<Record<string, string | undefined>>): boolean {
  const value =
    settings[`AzureWebJobs.${name}.Disabled`] ?? settings[`AzureWebJobs__${name}__Disabled`];
  return value !== undefined && /^(true|1)$/i.test(value.trim());
}

function caseCollisions(registered: readonly RegisteredFunction[]): string[] {
  const seen = new Map<string, string>();
  const collisions: string[] = [];
  for (const { metadata } of registered) {
    const other = seen.get(metadata.name.toLowerCase());
    if (other !== undefined) {
      collisions.push(
        `the names '${other}' and '${metadata.name}' differ in case only; rename one`,
      );
    }
    seen.set(metadata.name.toLowerCase(), metadata.name);
  }
  return collisions;
}

function indexFunction(
  target: RegisteredFunction,
  routePrefix: string,
  settings: Readonly<Record<string, string | undefined>>,
): AppFunction {
  const { name, bindings } = target.metadata;
  if (!isFunctionName(name)) throw new Error(`'${name}' is not a valid function name.`);
  const trigger = Object.entries(bindings).find(([, { type }]) => /trigger$/i.test(type));
  if (trigger === undefined) throw new Error("it has no trigger");
  const [bindingName, binding] = trigger;
  const indexed: Indexed = { name, target, trigger: { bindingName, binding } };
  switch (binding.type) {
    case "httpTrigger":
      return indexHttp(indexed, routePrefix);
    case "timerTrigger":
      return {
        ...indexed,
        kind: "timer",
        schedule: parseSchedule(
          withSettings(binding.schedule ?? "", settings),
          settings["WEBSITE_TIME_ZONE"],
        ),
        runOnStartup: binding.runOnStartup ?? false,
        useMonitor: binding.useMonitor ?? true,
      };
    case "orchestrationTrigger":
      return { ...indexed, kind: "orchestration" };
    case "activityTrigger":
      return { ...indexed, kind: "activity" };
    case "entityTrigger":
      return { ...indexed, kind: "entity" };
    default:
      throw new Error(
        `the embedded host has no trigger of type '${binding.type}'; it knows http, timer, orchestration and activity`,
      );
  }
}

function indexHttp(indexed: Indexed, routePrefix: string): HttpFunction {
  const { binding } = indexed.trigger;
  const route = binding.route ?? indexed.name;
  const authLevel = (binding.authLevel ?? "function").toLowerCase();
  if (authLevel !== "anonymous" && authLevel !== "function" && authLevel !== "admin") {
    throw new Error(`authLevel '${authLevel}' is not known; use anonymous, function or admin`);
  }
  const path = [routePrefix, route].filter((part) => part !== "").join("/");
  if (/^(admin|runtime)(\/|$)/i.test(path)) {
    throw new Error("The specified route conflicts with one or more built in routes.");
  }
  return {
    ...indexed,
    kind: "http",
    methods: (binding.methods ?? ["GET", "POST"]).map((method) => method.toUpperCase()),
    authLevel,
    route,
    template: parseTemplate(path),
  };
}

function parseTemplate(path: string): RouteTemplate {
  try {
    return parseRouteTemplate(path);
  } catch (error) {
    throw new HostIndexingError((error as Error).message);
  }
}

function conflicting(candidate: HttpFunction, others: readonly AppFunction[]): string | undefined {
  return others.find(
    (other) =>
      other.kind === "http" &&
      other.route.toLowerCase() === candidate.route.toLowerCase() &&
      other.methods.some((method) => candidate.methods.includes(method)),
  )?.name;
}

/** Replaces `%NAME%` by the app setting of that name. */
function withSettings(
  text: string,
  settings: Readonly<Record<string, string | undefined>>,
): string {
  return text.replace(/%([^%]+)%/g, (_, name: string) => {
    const value = settings[name];
    if (value === undefined) {
      throw new Error(`'%${name}%' does not resolve to a value; add the setting ${name}`);
    }
    return value;
  });
}
