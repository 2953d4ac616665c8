import type {
  LogsQueryClient,
  LogsQueryClientOptions,
  QueryTimeInterval,
} from "@azure/monitor-query-logs" with {
  "resolution-mode": "import",
};
import type { TokenCredential } from "@azure/identity";
import type { Milliseconds } from "../domain/duration.js";
import { dateOf, type Instant } from "../domain/instant.js";
import { printDuration } from "../domain/duration.js";
import type { AzureSettings } from "./azure-settings.js";
import { lazily } from "./lazily.js";

export type Row = Readonly<Record<string, unknown>>;

export interface LogAnswer {
  readonly rows: readonly Row[];
  /** The service cut the answer short; what is here is true but not all. */
  readonly partial: boolean;
}

/** An answer as the service gives it, row by row: of many rows objects would take several times the memory. */
export interface LogTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  readonly partial: boolean;
}

/** Queries of a Log Analytics workspace, in KQL. */
export interface LogQueries {
  query(workspaceId: string, kql: string, over: Milliseconds): Promise<LogAnswer>;
  /** The same about a stretch of time; whether its end belongs to it is best said in the query. */
  table(
    workspaceId: string,
    kql: string,
    stretch: { readonly begin: Instant; readonly end: Instant },
  ): Promise<LogTable>;
}

type Policy = NonNullable<LogsQueryClientOptions["additionalPolicies"]>[number]["policy"];

/** The client takes an abort signal with a query and does not pass it on, so it is put on the request itself. */
const limited = (limit: Milliseconds): Policy => ({
  name: "timeLimit",
  sendRequest: (request, next) => {
    request.abortSignal = AbortSignal.timeout(limit);
    return next(request);
  },
});

export function logQueries(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
): LogQueries {
  const client = lazily(async (): Promise<LogsQueryClient> => {
    const { LogsQueryClient } = await import("@azure/monitor-query-logs");
    return new LogsQueryClient(await credential(), {
      // The SDK adds the version to its own default endpoint only.
      endpoint: `${settings.logsEndpoint}/v1`,
      credentials: { scopes: [`${settings.logsAudience}/.default`] },
      retryOptions: { maxRetries: 0 },
      additionalPolicies: [{ position: "perCall", policy: limited(settings.callTimeLimit) }],
    });
  });
  const ask = async (
    workspaceId: string,
    kql: string,
    interval: QueryTimeInterval,
  ): Promise<LogTable> => {
    const result = await (await client()).queryWorkspace(workspaceId, kql, interval);
    const partial = "partialTables" in result;
    const table = (partial ? result.partialTables : result.tables)[0];
    if (table === undefined) return { columns: [], rows: [], partial };
    const columns = table.columnDescriptors.map(({ name }) => name);
    return { columns, rows: table.rows, partial };
  };
  return {
    async query(workspaceId, kql, over) {
      const { columns, rows, partial } = await ask(workspaceId, kql, {
        duration: printDuration(over),
      });
      return {
        rows: rows.map((row) =>
          Object.fromEntries(columns.map((name, index) => [name, row[index]])),
        ),
        partial,
      };
    },

    table: (workspaceId, kql, { begin, end }) =>
      ask(workspaceId, kql, { startTime: dateOf(begin), endTime: dateOf(end) }),
  };
}
