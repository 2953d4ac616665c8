/** What the simulator's small seed holds. */
export const SUBSCRIPTION = "00000000-0000-0000-0000-000000000001";
export const GROUP = "mcp-server-prod";
export const APP = "mcp-server";
export const WORKSPACE = "00000000-0000-0000-0000-0000000000d1";
export const ACCOUNT = "https://mcpdrstate.blob.core.windows.net";
export const FQDN = "mcp-server.happysand-1a2b3c4d.eastus.azurecontainerapps.io";

export const APP_ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.App/containerApps/${APP}`;
export const ARM = "https://management.azure.com";
export const API_VERSION = "2026-07-01";

/** The address of something in ARM. */
export function arm(id: string, version = API_VERSION): string {
  return `${ARM}${id}?api-version=${version}`;
}
