import { readFileSync } from "node:fs";
import path from "node:path";
import { availableParallelism } from "node:os";
import { z } from "zod";
import { type LogLevels, parseLogLevel } from "./log.js";
import { parseTimeSpan } from "./time-span.js";

const OVERRIDE_PREFIX = "AzureFunctionsJobHost__";

const count = z.coerce.number().int().positive();
const truth = z.stringbool().or(z.boolean());
const span = z.string().refine((text) => (parseTimeSpan(text) ?? 0) > 0, {
  error: "must be hh:mm:ss and more than nothing, such as 00:00:01",
});

/**
 * How the real host keeps runs in Azure Storage. This one keeps them in its own state and asks no
 * queue; but a member of another name or form, which the real one passes over without a word, is
 * refused here.
 */
const StorageProvider = z
  .strictObject({
    type: z.literal(["AzureStorage", "azureStorage"], {
      error: "must be AzureStorage: this host plays no other",
    }),
    connectionName: z.string(),
    partitionCount: count.max(16),
    controlQueueBatchSize: count.max(32),
    controlQueueBufferThreshold: count.max(1_000),
    controlQueueVisibilityTimeout: span,
    workItemQueueVisibilityTimeout: span,
    maxQueuePollingInterval: span,
    fetchLargeMessagesAutomatically: truth,
    useTablePartitionManagement: truth,
    useInstanceTableEtag: truth,
  })
  .partial();

/** The part of host.json that this host honors; members that it does not know are left to the real one. */
const HostJson = z.object({
  version: z.literal("2.0"),
  functionTimeout: z.string().optional(),
  logging: z.object({ logLevel: z.record(z.string(), z.string()).optional() }).optional(),
  extensions: z
    .object({
      http: z.object({ routePrefix: z.string().optional() }).optional(),
      durableTask: z
        .object({
          hubName: z
            .string()
            .regex(
              /^[A-Za-z][A-Za-z0-9]{2,44}$/,
              "must be 3 to 45 letters and digits, a letter first",
            )
            .optional(),
          maxConcurrentActivityFunctions: count.optional(),
          maxConcurrentOrchestratorFunctions: count.optional(),
          defaultVersion: z.string().optional(),
          versionMatchStrategy: z.enum(["None", "Strict", "CurrentOrOlder"]).optional(),
          versionFailureStrategy: z.enum(["Reject", "Fail"]).optional(),
          overridableExistingInstanceStates: z.enum(["NonRunningStates", "AnyState"]).optional(),
          extendedSessionsEnabled: truth.optional(),
          useGracefulShutdown: truth.optional(),
          storageProvider: StorageProvider.optional(),
        })
        .optional(),
    })
    .optional(),
});

export interface DurableConfig {
  readonly hubName: string;
  readonly maxConcurrentActivities: number;
  readonly maxConcurrentOrchestrators: number;
  readonly defaultVersion: string | undefined;
  readonly versionMatchStrategy: "None" | "Strict" | "CurrentOrOlder";
  readonly versionFailureStrategy: "Reject" | "Fail";
  /** In which states an instance gives way to a start with its id. */
  readonly overridableStates: "NonRunningStates" | "AnyState";
}

/** What host.json asks of the host, with the real host's defaults. */
export interface HostConfig {
  readonly routePrefix: string;
  /** Undefined: a function may take as long as it wants. */
  readonly functionTimeoutMs: number | undefined;
  readonly logLevels: LogLevels;
  readonly durable: DurableConfig;
}

export function readHostConfig(
  appDirectory: string,
  environment: Readonly<Record<string, string | undefined>>,
): HostConfig {
  const file = path.join(appDirectory, "host.json");
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(
      `cannot read ${file}: ${(error as Error).message}; --app must name a Functions app`,
      { cause: error },
    );
  }
  return parseHostConfig(overridden(json, environment), file);
}

function parseHostConfig(json: unknown, file: string): HostConfig {
  const parsed = HostJson.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(
      `${file}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "is invalid"}; correct it and start again`,
    );
  }
  const { functionTimeout, logging, extensions } = parsed.data;
  const durable = extensions?.durableTask;
  if (durable?.extendedSessionsEnabled === true) {
    throw new Error(
      `${file}: extensions.durableTask.extendedSessionsEnabled is for .NET only; remove it, the real host does not start a Node app with it`,
    );
  }
  const concurrency = 10 * availableParallelism();
  return {
    routePrefix: extensions?.http?.routePrefix ?? "api",
    functionTimeoutMs: readFunctionTimeout(functionTimeout, file),
    logLevels: readLogLevels(logging?.logLevel ?? {}, file),
    durable: {
      hubName: durable?.hubName ?? "TestHubName",
      maxConcurrentActivities: durable?.maxConcurrentActivityFunctions ?? concurrency,
      maxConcurrentOrchestrators: durable?.maxConcurrentOrchestratorFunctions ?? concurrency,
      defaultVersion: durable?.defaultVersion,
      versionMatchStrategy: durable?.versionMatchStrategy ?? "CurrentOrOlder",
      versionFailureStrategy: durable?.versionFailureStrategy ?? "Reject",
      overridableStates: durable?.overridableExistingInstanceStates ?? "NonRunningStates",
    },
  };
}

/** `AzureFunctionsJobHost__a__b=1` stands for `{a: {b: 1}}`; names match whatever their case. */
function overridden(
  json: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): unknown {
  const result: unknown = structuredClone(json);
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || !name.toLowerCase().startsWith(OVERRIDE_PREFIX.toLowerCase()))
      continue;
    setAt(result, name.slice(OVERRIDE_PREFIX.length).split("__"), value);
  }
  return result;
}

function setAt(target: unknown, [first, ...rest]: readonly string[], value: string): void {
  if (typeof target !== "object" || target === null || first === undefined) return;
  const record = target as Record<string, unknown>;
  const key =
    Object.keys(record).find((existing) => existing.toLowerCase() === first.toLowerCase()) ?? first;
  if (rest.length === 0) {
    record[key] = value;
    return;
  }
  if (typeof record[key] !== "object" || record[key] === null) record[key] = {};
  setAt(record[key], rest, value);
}

function readFunctionTimeout(text: string | undefined, file: string): number | undefined {
  if (text === undefined) return 30 * 60_000;
  if (text === "-1") return undefined;
  const milliseconds = parseTimeSpan(text);
  if (milliseconds === undefined || milliseconds === 0) {
    throw new Error(
      `${file}: functionTimeout '${text}' is not hh:mm:ss; write for instance 00:05:00, or -1 for none`,
    );
  }
  return milliseconds;
}

function readLogLevels(texts: Readonly<Record<string, string>>, file: string): LogLevels {
  return Object.fromEntries(
    Object.entries(texts).map(([category, text]) => {
      const level = parseLogLevel(text);
      if (level === undefined) {
        throw new Error(
          `${file}: logging.logLevel.${category} '${text}' is no level; use Trace, Debug, Information, Warning, Error, Critical or None`,
        );
      }
      return [category, level];
    }),
  );
}
