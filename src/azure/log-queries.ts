import type { LogsQueryClient } from "@azure/monitor-query-logs" with {
  "resolution-mode": "import",
};
import type { TokenCredential } from "@azure/identity";
import type { Milliseconds } from "../domain/duration.js";
import { printDuration } from "../domain/duration.js";
import type { AzureSettings } from "./azure-settings.js";
import { lazily } from "./lazily.js";

export type Row = Readonly<Record<string, unknown>>;

export interface LogAnswer {
  readonly rows: readonly Row[];
  /** The service cut the answer short; what is here is true but not all. */
  readonly partial: boolean;
}

/** Queries of a Log Analytics workspace, in KQL. */
export interface LogQueries {
  query(workspaceId: string, kql: string, over: Milliseconds): Promise<LogAnswer>;
}

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
    });
  });
  return {
    async query(workspaceId, kql, over) {
      const result = await (
        await client()
      ).queryWorkspace(
        workspaceId,
        kql,
        { duration: printDuration(over) },
        { abortSignal: AbortSignal.timeout(settings.callTimeLimit) },
      );
      const partial = "partialTables" in result;
      const table = (partial ? result.partialTables : result.tables)[0];
      if (table === undefined) return { rows: [], partial };
      const names = table.columnDescriptors.map(({ name }) => name);
      return {
        rows: table.rows.map((row) =>
          Object.fromEntries(names.map((name, index) => [name, row[index]])),
        ),
        partial,
      };
    },
  };
}
