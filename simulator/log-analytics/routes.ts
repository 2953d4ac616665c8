import { isAllowed } from "../access/authorize.js";
import { isObject } from "../arm/merge-patch.js";
import { regionUnavailable } from "../faults/refusals.js";
import type { TokenAuthority } from "../identity/tokens.js";
import { type Answer, json, readBody, type Request } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { Call, Service } from "../server/service.js";
import type { LogLimits, Workspace, World } from "../world/world.js";
import { evaluate, type Table } from "./kql/evaluate.js";
import { KqlError } from "./kql/kql-error.js";
import { parse } from "./kql/parser.js";
import type { Scalar } from "./kql/syntax.js";
import { openTable, type Source } from "./tables.js";
import { parseTimeSpan, type TimeSpan } from "./time-span.js";

const HOST = "api.loganalytics.io";
const AUDIENCES = ["https://api.loganalytics.io"];
const QUERY_PATH = /^\/v1\/workspaces\/([^/]+)\/query\/?$/i;
const READ = "Microsoft.OperationalInsights/workspaces/query/read";
/** Without a time span the service looks at everything that is kept. */
const RETENTION_MS = 90 * 24 * 3_600_000;

/** Log queries over the rows that the simulator holds. */
export function logAnalyticsService(world: World, tokens: TokenAuthority): Service {
  return {
    name: "log-analytics",
    serves: (host) => host === HOST,
    identify: (request): Call => {
      const workspace = workspaceOf(request, world);
      return {
        operation: "workspaces.query",
        mutating: false,
        ...(workspace && { resource: workspace.id, region: workspace.region }),
        carryOut: () => answer(request, workspace, world, tokens),
      };
    },
    refuse: ({ status, code, message, headers, reason }, request) =>
      json(
        status,
        {
          error: {
            message,
            code,
            correlationId: request.id,
            ...(reason !== undefined && { innererror: { code: reason, message } }),
          },
        },
        { headers },
      ),
  };
}

async function answer(
  request: Request,
  workspace: Workspace | undefined,
  world: World,
  tokens: TokenAuthority,
): Promise<Answer> {
  const tenants = [...world.subscriptions.values()].map(({ tenantId }) => tenantId);
  const verdict = await tokens.verify(
    request.headers.authorization,
    AUDIENCES,
    tenants,
    world.timeOf("log-analytics"),
  );
  if (verdict.kind === "missing") {
    throw new Refusal(401, "AuthorizationRequiredError", "Valid authentication was not provided");
  }
  if (verdict.kind !== "valid") throw new Refusal(401, "InvalidTokenError", verdict.message);
  if (!QUERY_PATH.test(request.path) || request.method !== "POST") {
    throw new Refusal(
      404,
      "PathNotFoundError",
      "The requested path does not exist; the simulator serves POST /v1/workspaces/{id}/query",
    );
  }
  if (workspace === undefined) {
    throw new Refusal(404, "WorkspaceNotFoundError", "The workspace could not be found");
  }
  if (world.conditions.isDown("data", workspace.region)) throw regionUnavailable(workspace.region);
  const demand = {
    principalId: verdict.caller.principalId,
    scope: workspace.id,
    action: READ,
    plane: "control",
    at: world.timeline.now(),
  } as const;
  if (!isAllowed(world, demand)) {
    throw new Refusal(
      403,
      "InsufficientAccessError",
      "The provided credentials have insufficient access to perform the requested operation",
    );
  }
  const { query, timespan } = await parseBody(request);
  return run(query, timespan, workspace, world);
}

function run(
  query: string,
  timespan: string | undefined,
  workspace: Workspace,
  world: World,
): Answer {
  const now = world.timeline.now();
  const span: TimeSpan | undefined =
    timespan === undefined ? { from: now - RETENTION_MS, to: now } : parseTimeSpan(timespan, now);
  if (span === undefined) {
    throw badArgument("InvalidTimespan", `The timespan '${timespan ?? ""}' is not an interval`);
  }
  // A row is there once it has been ingested.
  const seen = { from: span.from, to: Math.min(span.to, now - world.durations.logIngestion) };
  const customerId = workspace.customerId.toLowerCase();
  const sources = sourcesOf(world);
  const components = [...world.components.values()];
  let table: Table;
  try {
    table = evaluate(
      parse(query),
      (name) => openTable(name, customerId, sources, seen, components),
      now,
    );
  } catch (error) {
    if (error instanceof KqlError) throw badArgument(error.kind, error.message);
    throw error;
  }
  const { rows, exceeded } = withinLimits(table, world.logLimits);
  const primary = { name: "PrimaryResult", columns: table.columns, rows };
  return json(200, {
    tables: [primary],
    ...(exceeded !== undefined && {
      error: {
        code: "PartialError",
        message: "There were some errors when processing your query.",
        details: [
          {
            code: "EngineError",
            message: "Something went wrong processing your query on the server.",
            innererror: {
              code: "-2133196797",
              message: `The results of this query exceed the set limit of ${exceeded}, so not all records were returned (E_QUERY_RESULT_SET_TOO_LARGE, 0x80DA0003). See https://aka.ms/kqlquerylimits for more information and possible solutions.`,
              severity: 2,
              severityName: "Error",
            },
          },
        ],
      },
    }),
  });
}

type Cell = ReturnType<typeof toJson>;

/** As much of an answer as the service gives, and which of its limits it would exceed. */
function withinLimits(
  { rows: all }: Table,
  limits: LogLimits,
): { readonly rows: readonly Cell[][]; readonly exceeded: string | undefined } {
  const rows: Cell[][] = [];
  let bytes = 0;
  for (const row of all) {
    if (rows.length === limits.rows) return { rows, exceeded: `${limits.rows} records` };
    const cells = row.map(toJson);
    bytes += JSON.stringify(cells).length;
    if (bytes > limits.bytes) return { rows, exceeded: `${limits.bytes} bytes` };
    rows.push(cells);
  }
  return { rows, exceeded: undefined };
}

async function parseBody(request: Request): Promise<{ query: string; timespan?: string }> {
  const bytes = await readBody(request.stream);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw badArgument("InvalidRequestBody", `The request body is not JSON: ${String(error)}`);
  }
  if (!isObject(value) || typeof value["query"] !== "string" || value["query"].trim() === "") {
    throw badArgument("MissingQuery", "The request body needs a member 'query'");
  }
  const unknown = Object.keys(value).find(
    (name) => !["query", "timespan", "workspaces"].includes(name),
  );
  if (unknown !== undefined) {
    throw badArgument("InvalidRequestBody", `The request body has an unknown member '${unknown}'`);
  }
  const timespan = value["timespan"];
  if (timespan === undefined || timespan === null) return { query: value["query"] };
  if (typeof timespan !== "string") {
    throw badArgument("InvalidTimespan", "timespan must be a string");
  }
  return { query: value["query"], timespan };
}

function badArgument(reason: string, message: string): Refusal {
  return new Refusal(400, "BadArgumentError", message, { reason });
}

function sourcesOf(world: World): Source[] {
  return [...world.containerApps.values()].flatMap((app) => {
    const environment = world.environments.get(app.environmentKey);
    const component =
      app.componentKey === undefined ? undefined : world.components.get(app.componentKey);
    return environment === undefined ? [] : [{ app, environment, component }];
  });
}

function workspaceOf({ path }: Request, world: World): Workspace | undefined {
  const [, id = ""] = QUERY_PATH.exec(path) ?? [];
  return [...world.workspaces.values()].find(
    ({ customerId }) => customerId.toLowerCase() === id.toLowerCase(),
  );
}

function toJson(value: Scalar): string | number | boolean | null {
  return value instanceof Date ? value.toISOString() : value;
}
