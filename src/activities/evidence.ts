import { classifyError } from "../azure/classify-error.js";
import type { ContainerApps } from "../azure/container-apps.js";
import type { LogQueries, Row } from "../azure/log-queries.js";
import { minutes } from "../domain/duration.js";
import { parseResourceId } from "../domain/resource-id.js";
import type { Activity } from "../durable/activity-contract.js";
import type { StateStore } from "../state/state-store.js";
import * as contract from "./evidence.contract.js";

const logLines = 100;
const window = minutes(15);

/** What is worth knowing later and would be gone after a restart. */
export function evidenceActivities(
  apps: ContainerApps,
  logs: Pick<LogQueries, "query">,
  store: StateStore,
): readonly Activity[] {
  return [
    contract.captureAppState.implementedBy(classifyError, async ({ app: id, serving }, context) => {
      const [app, revisions, ...replicas] = await Promise.all([
        apps.app(id),
        apps.revisions(id),
        ...serving.map(async (revision) => ({
          revision,
          replicas: await apps.replicas(id, revision),
        })),
      ]);
      const state = JSON.stringify({ app, revisions, serving: replicas }, null, 2);
      const kept = await store.evidence.keep(context.caller.run, "App state", state);
      const ready = replicas.flatMap((of) => of.replicas).filter((replica) => replica.ready).length;
      const total = replicas.flatMap((of) => of.replicas).length;
      return {
        detail: `state kept: ${revisions.length} revisions, ${ready} of ${total} serving replicas ready`,
        evidence: [kept],
      };
    }),

    contract.captureAppLogs.implementedBy(
      classifyError,
      async ({ app, serving, workspaceId }, context) => {
        const tails = await Promise.allSettled(
          serving.map(
            async (revision) => `# ${revision}\n${await apps.logTail(app, revision, logLines)}`,
          ),
        );
        const found = tails.flatMap((tail) => (tail.status === "fulfilled" ? [tail.value] : []));
        const [text, source] =
          found.length > 0
            ? [found.join("\n"), "the log stream"]
            : [await ingestedLogs(logs, workspaceId, app), "Log Analytics"];
        const kept = await store.evidence.keep(context.caller.run, "App logs", text);
        const lines = text
          .split("\n")
          .filter((line) => line !== "" && !line.startsWith("# ")).length;
        return { detail: `${lines} log lines kept from ${source}`, evidence: [kept] };
      },
    ),

    contract.captureErrorRates.implementedBy(
      classifyError,
      async ({ workspaceId, component }, context) => {
        const [requests, exceptions] = await Promise.all([
          logs.query(workspaceId, requestsByResult(component), window),
          logs.query(workspaceId, exceptionsByType(component), window),
        ]);
        const counted = requests.rows.map((row) => ({
          result: textOf(row["ResultCode"]),
          count: Number(row["Requests"] ?? 0),
        }));
        const total = counted.reduce((sum, { count }) => sum + count, 0);
        const failed = counted
          .filter(({ result }) => result.startsWith("5"))
          .reduce((sum, { count }) => sum + count, 0);
        const text = [
          `Requests of the last 15 minutes: ${total}, of which ${failed} ended in 5xx.`,
          table(requests.rows),
          "Exceptions:",
          table(exceptions.rows),
        ].join("\n\n");
        const kept = await store.evidence.keep(context.caller.run, "Error rates", text);
        const share =
          total === 0
            ? "no requests"
            : `${Math.round((100 * failed) / total)} % of ${total} requests ended in 5xx`;
        const partial = requests.partial || exceptions.partial ? " (cut short by the service)" : "";
        return { detail: `last 15 minutes: ${share}${partial}`, evidence: [kept] };
      },
    ),
  ];
}

/** Console lines as ingested, minutes late, where the environment sends its logs to Log Analytics. */
async function ingestedLogs(
  logs: Pick<LogQueries, "query">,
  workspaceId: string,
  app: string,
): Promise<string> {
  const name = quoted(parseResourceId(app)?.name ?? app);
  const { rows } = await logs.query(
    workspaceId,
    `ContainerAppConsoleLogs_CL
| where ContainerAppName_s == ${name}
| project TimeGenerated, RevisionName_s, Stream_s, Log_s
| top ${logLines} by TimeGenerated`,
    window,
  );
  return table(rows);
}

const requestsByResult = (component: string): string =>
  `AppRequests
| where _ResourceId =~ ${quoted(component)}
| summarize Requests = count() by ResultCode
| order by Requests desc`;

const exceptionsByType = (component: string): string =>
  `AppExceptions
| where _ResourceId =~ ${quoted(component)}
| summarize Exceptions = count() by ExceptionType, OuterMessage
| top 10 by Exceptions`;

/** A KQL string literal. */
const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

const textOf = (value: unknown): string =>
  value instanceof Date
    ? value.toISOString()
    : typeof value === "string"
      ? value
      : JSON.stringify(value ?? "");

const table = (rows: readonly Row[]): string =>
  rows.length === 0
    ? "(none)"
    : rows.map((row) => Object.values(row).map(textOf).join("\t")).join("\n");
