import { z } from "zod";
import { checkedContent } from "../arm/invalid-content.js";
import { withoutNulls } from "../arm/merge-patch.js";
import { keyOf } from "../arm/resource-id.js";
import {
  type ArmContext,
  armHeaders,
  armJson,
  type ArmOperation,
  type ArmType,
  operationsOf,
  resourceNotFound,
} from "../arm/router.js";
import { within } from "../container-apps/find.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { nameIn } from "../storage-accounts/state.js";
import { guidFrom } from "../world/names.js";
import type { DataExport, Workspace } from "../world/world.js";

const TYPE = "Microsoft.OperationalInsights/workspaces";
const API_VERSIONS = ["2020-08-01", "2022-10-01", "2023-09-01", "2025-02-01", "2025-07-01"];
/** https://learn.microsoft.com/azure/azure-monitor/logs/logs-data-export: active ones in a workspace. */
const MOST_ACTIVE = 10;
/** Tables that can be exported, as far as this workspace has them. */
const EXPORTABLE = [
  "AppAvailabilityResults",
  "AppDependencies",
  "AppEvents",
  "AppExceptions",
  "AppMetrics",
  "AppPageViews",
  "AppRequests",
  "AppTraces",
  "ContainerAppConsoleLogs_CL",
  "ContainerAppSystemLogs_CL",
];

export const workspaceTypes: readonly ArmType[] = [
  { type: TYPE, apiVersions: API_VERSIONS },
  { type: `${TYPE}/dataExports`, apiVersions: API_VERSIONS },
];

const operation = operationsOf(TYPE, API_VERSIONS);
const group = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}";
const one = `${group}/providers/${TYPE}/{workspaceName}`;
const rule = `${one}/dataExports/{dataExportName}`;

/** Workspaces (read) and their data export rules. Nothing is exported here. */
export const workspaceOperations: readonly ArmOperation[] = [
  operation(
    "workspaces.listByResourceGroup",
    "GET",
    `${group}/providers/${TYPE}`,
    "read",
    (context) =>
      armJson(context, 200, {
        value: within(context.world.workspaces, context.id).map(workspaceResource),
      }),
  ),
  operation("workspaces.get", "GET", one, "read", (context) =>
    armJson(context, 200, workspaceResource(workspaceAt(context))),
  ),
  operation("dataExports.list", "GET", `${one}/dataExports`, "dataExports/read", (context) => {
    const workspace = workspaceAt(context);
    const value = [...workspace.dataExports.values()].map((each) => resource(workspace, each));
    return armJson(context, 200, { value });
  }),
  operation("dataExports.get", "GET", rule, "dataExports/read", (context) => {
    const workspace = workspaceAt(context);
    return armJson(context, 200, resource(workspace, ruleAt(context, workspace)));
  }),
  operation("dataExports.createOrUpdate", "PUT", rule, "dataExports/write", put),
  operation("dataExports.delete", "DELETE", rule, "dataExports/delete", (context) => {
    const workspace = workspaceAt(context);
    const there = workspace.dataExports.delete(keyOf(context.params["dataExportName"] ?? ""));
    if (!there) return { status: 204, headers: armHeaders(context.request) };
    const effect = { kind: "data-export-deleted", resource: context.id };
    return { status: 200, headers: armHeaders(context.request), effect };
  }),
];

const Body = z.strictObject({
  properties: z.strictObject({
    tableNames: z.array(z.string().min(1)).min(1),
    destination: z.strictObject({
      resourceId: z.string().startsWith("/subscriptions/"),
      metaData: z.strictObject({ eventHubName: z.string().optional() }).optional(),
    }),
    enable: z.boolean().default(true),
  }),
});

/** What is refused is documented; by which codes is assumed. */
function put(context: ArmContext): Answer {
  const { world, params } = context;
  const workspace = workspaceAt(context);
  const body = withoutNulls(context.body) as Record<string, unknown>;
  const { id: _id, name: _name, type: _type, ...given } = body;
  const { properties } = checkedContent(Body, given);
  const name = params["dataExportName"] ?? "";
  if (!/^[A-Za-z][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/.test(name)) {
    throw badRequest("InvalidDataExportName", `The data export name '${name}' is not valid.`);
  }
  const { tableNames, destination, enable } = properties;
  const unknown = tableNames.find((table) => !EXPORTABLE.includes(table));
  if (unknown !== undefined) {
    throw badRequest("UnsupportedTable", `Table '${unknown}' is not supported for data export.`);
  }
  const account = world.storageAccounts.get(nameIn(destination.resourceId));
  if (account === undefined || keyOf(account.id) !== keyOf(destination.resourceId)) {
    throw badRequest(
      "DestinationNotFound",
      `The destination '${destination.resourceId}' was not found.`,
    );
  }
  if (account.location !== workspace.region) {
    throw badRequest(
      "DestinationRegionMismatch",
      `The destination must be in the workspace's region '${workspace.region}', not in '${account.location}'.`,
    );
  }
  const others = [...workspace.dataExports.values()].filter(
    (other) => keyOf(other.name) !== keyOf(name),
  );
  if (others.some((other) => keyOf(other.destination) === keyOf(destination.resourceId))) {
    throw badRequest(
      "DestinationInUse",
      "A storage account can be the destination of one data export rule of a workspace only.",
    );
  }
  if (enable && others.filter((other) => other.enabled).length >= MOST_ACTIVE) {
    throw badRequest(
      "DataExportLimitExceeded",
      `A workspace can have ${MOST_ACTIVE} enabled data export rules.`,
    );
  }
  const before = workspace.dataExports.get(keyOf(name));
  const made: DataExport = {
    name,
    tables: tableNames,
    destination: account.id,
    enabled: enable,
    createdAt: before?.createdAt ?? world.timeline.now(),
    changedAt: world.timeline.now(),
  };
  workspace.dataExports.set(keyOf(name), made);
  return armJson(context, before === undefined ? 201 : 200, resource(workspace, made), {
    effect: { kind: "data-export-changed", resource: context.id },
  });
}

const badRequest = (code: string, message: string): Refusal => new Refusal(400, code, message);

function workspaceAt(context: ArmContext): Workspace {
  const found = context.world.workspaces.get(keyOf(context.id).split("/").slice(0, 9).join("/"));
  if (found) return found;
  throw resourceNotFound(context, TYPE, context.params["workspaceName"] ?? "");
}

function ruleAt(context: ArmContext, workspace: Workspace): DataExport {
  const name = context.params["dataExportName"] ?? "";
  const found = workspace.dataExports.get(keyOf(name));
  if (found) return found;
  throw resourceNotFound(
    context,
    `${TYPE}/${workspace.id.split("/").at(-1) ?? ""}/dataExports`,
    name,
  );
}

function workspaceResource({ id, region, customerId }: Workspace): unknown {
  return {
    id,
    name: id.split("/").at(-1),
    type: TYPE,
    location: region,
    properties: {
      customerId,
      provisioningState: "Succeeded",
      sku: { name: "PerGB2018" },
      retentionInDays: 90,
      publicNetworkAccessForIngestion: "Enabled",
      publicNetworkAccessForQuery: "Enabled",
    },
  };
}

function resource(
  { id }: Workspace,
  { name, tables, destination, enabled, createdAt, changedAt }: DataExport,
): unknown {
  return {
    id: `${id}/dataExports/${name}`,
    name,
    type: `${TYPE}/dataExports`,
    properties: {
      dataExportId: guidFrom(id, "data-export", name),
      tableNames: tables,
      destination: { resourceId: destination, type: "StorageAccount" },
      enable: enabled,
      createdDate: new Date(createdAt).toISOString(),
      lastModifiedDate: new Date(changedAt).toISOString(),
    },
  };
}
