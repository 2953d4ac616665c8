import { isWithin, keyOf } from "../arm/resource-id.js";
import {
  type ArmContext,
  armJson,
  type ArmOperation,
  type ArmType,
  resourceNotFound,
} from "../arm/router.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { StorageAccount } from "../world/world.js";

/** Published versions of Microsoft.Storage; the newest is what @azure/arm-storage 21 sends. */
const API_VERSIONS = [
  "2019-06-01",
  "2021-04-01",
  "2021-09-01",
  "2022-09-01",
  "2023-01-01",
  "2023-05-01",
  "2024-01-01",
  "2025-01-01",
  "2025-06-01",
  "2026-09-01",
];
const TYPE = "Microsoft.Storage/storageAccounts";
const subscription = "/subscriptions/{subscriptionId}";
const group = `${subscription}/resourceGroups/{resourceGroupName}`;

export const storageAccountTypes: readonly ArmType[] = [{ type: TYPE, apiVersions: API_VERSIONS }];

/** Storage accounts as their resource provider shows them. */
export const storageAccountOperations: readonly ArmOperation[] = [
  ...[
    { name: "storageAccounts.list", below: subscription },
    { name: "storageAccounts.listByResourceGroup", below: group },
  ].map(({ name, below }): ArmOperation => ({
    name,
    method: "GET",
    path: `${below}/providers/${TYPE}`,
    apiVersions: API_VERSIONS,
    action: `${TYPE}/read`,
    handle: list,
  })),
  {
    name: "storageAccounts.getProperties",
    method: "GET",
    path: `${group}/providers/${TYPE}/{accountName}`,
    apiVersions: API_VERSIONS,
    action: `${TYPE}/read`,
    handle: get,
  },
];

function list(context: ArmContext): Answer {
  const scope = context.id.slice(0, context.id.toLowerCase().indexOf("/providers/"));
  const accounts = [...context.world.storageAccounts.values()];
  return armJson(context, 200, {
    value: accounts.filter(({ id }) => isWithin(id, scope)).map(resource),
  });
}

function get(context: ArmContext): Answer {
  const expand = context.request.query.get("$expand");
  if (expand !== null) {
    throw new Refusal(
      501,
      "NotSimulated",
      `$expand=${expand} of a storage account is not simulated.`,
    );
  }
  const name = context.params["accountName"] ?? "";
  const account = context.world.storageAccounts.get(name.toLowerCase());
  if (account === undefined || keyOf(account.id) !== keyOf(context.id)) {
    throw resourceNotFound(context, TYPE, name);
  }
  return armJson(context, 200, resource(account));
}

function resource({ id, name, region, sku }: StorageAccount): unknown {
  return {
    id,
    name,
    type: TYPE,
    location: region,
    kind: "StorageV2",
    sku: { name: sku, tier: sku.startsWith("Premium") ? "Premium" : "Standard" },
    properties: {
      provisioningState: "Succeeded",
      primaryLocation: region,
      statusOfPrimary: "available",
      primaryEndpoints: { blob: `https://${name}.blob.core.windows.net/` },
      supportsHttpsTrafficOnly: true,
      minimumTlsVersion: "TLS1_2",
      allowBlobPublicAccess: false,
      // What the blob service here does, too.
      allowSharedKeyAccess: false,
    },
  };
}
