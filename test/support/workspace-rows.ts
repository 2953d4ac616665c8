import { readFileSync } from "node:fs";
import { reader, telemetryWorkspaceId } from "../../local/stack/seeded-telemetry.js";
import type { Stack } from "../../local/stack/stack.js";
import { agentTo, send } from "../simulator/simulator-process.js";

/** A person's questions to the service's own workspace, as rows by the names of their columns. */
export function askWorkspace({ simulatorReady: { direct, env } }: Stack) {
  const ca = readFileSync(env["NODE_EXTRA_CA_CERTS"] ?? "");
  const tokenUrl = new URL(env["IDENTITY_ENDPOINT"] ?? "");
  tokenUrl.search = new URLSearchParams({
    "api-version": "2019-08-01",
    resource: "https://api.loganalytics.io",
    client_id: reader.clientId,
  }).toString();
  return async (query: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    const agent = agentTo(direct, ca);
    try {
      const headers = { "x-identity-header": env["IDENTITY_HEADER"] ?? "" };
      const given = (await (await fetch(tokenUrl, { headers })).json()) as { access_token: string };
      const url = `https://api.loganalytics.io/v1/workspaces/${telemetryWorkspaceId}/query`;
      const call = { token: given.access_token, body: { query, timespan: "P1D" } };
      const answer = await send(agent, "POST", url, call);
      if (answer.status !== 200) throw new Error(answer.text);
      const { tables } = answer.json<{
        tables: [{ columns: { name: string }[]; rows: unknown[][] }];
      }>();
      const [{ columns, rows }] = tables;
      return rows.map((row) =>
        Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])),
      );
    } finally {
      agent.destroy();
    }
  };
}
