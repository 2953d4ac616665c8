import type { Estate } from "../../src/domain/estate.js";

const workspaceId = "10650000-0000-4000-8000-000000000001";
const instrumentationKey = "7e1e0000-0000-4000-8000-000000000001";

/** A person who reads the service's own workspace. */
export const reader = {
  clientId: "c11e0000-0000-4000-8000-0000000000ee",
  principalId: "0b1ec700-0000-4000-8000-0000000000ee",
};
const logAnalyticsReader = "73c42c96-874c-492b-b04d-ab87d138a893";

/** The workspace and the component of the service itself. */
export function seededTelemetry(group: string, location: string) {
  const workspace = {
    id: `${group}/providers/Microsoft.OperationalInsights/workspaces/mcp-dr-logs`,
    location,
    customerId: workspaceId,
  };
  const component = {
    id: `${group}/providers/Microsoft.Insights/components/mcp-dr-insights`,
    location,
    workspaceCustomerId: workspaceId,
    instrumentationKey,
  };
  const resourceId = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mcp-dr-reader`;
  const { principalId } = reader;
  return {
    workspace,
    component,
    identities: [{ ...reader, resourceId }],
    roleAssignments: [{ scope: workspace.id, principalId, roleDefinitionId: logAnalyticsReader }],
  };
}

/** Where the service sends its telemetry to, as Azure writes it. */
export function telemetryConnection({ environments }: Estate): string {
  const region = Object.values(environments)[0]?.serviceRegion ?? "westus";
  return `InstrumentationKey=${instrumentationKey};IngestionEndpoint=https://${region}-1.in.applicationinsights.azure.com/`;
}

/** The id of the workspace, for whoever queries it. */
export const telemetryWorkspaceId = workspaceId;
