import { z } from "zod";
import { checkedContent } from "../arm/invalid-content.js";
import { isObject, withoutNulls } from "../arm/merge-patch.js";
import { keyOf } from "../arm/resource-id.js";
import {
  type ArmContext,
  armJson,
  type ArmOperation,
  type ArmType,
  operationsOf,
  resourceNotFound,
} from "../arm/router.js";
import { within } from "../container-apps/find.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { loginServerOf, type Registry } from "./state.js";

const TYPE = "Microsoft.ContainerRegistry/registries";
/** Published stable versions; the newest is what @azure/arm-containerregistry 12 sends. */
const API_VERSIONS = [
  "2019-05-01",
  "2021-09-01",
  "2022-12-01",
  "2023-07-01",
  "2025-04-01",
  "2025-11-01",
];

export const registryTypes: readonly ArmType[] = [{ type: TYPE, apiVersions: API_VERSIONS }];

const operation = operationsOf(TYPE, API_VERSIONS);
const subscription = "/subscriptions/{subscriptionId}";
const group = `${subscription}/resourceGroups/{resourceGroupName}`;
const one = `${group}/providers/${TYPE}/{registryName}`;

const listed = (context: ArmContext): Answer =>
  armJson(context, 200, {
    value: within(context.world.registries, context.id).map(registryResource),
  });

/** Registries and their replications. Making and removing them is not simulated. */
export const registryOperations: readonly ArmOperation[] = [
  operation("registries.list", "GET", `${subscription}/providers/${TYPE}`, "read", listed),
  operation("registries.listByResourceGroup", "GET", `${group}/providers/${TYPE}`, "read", listed),
  operation("registries.get", "GET", one, "read", (context) =>
    armJson(context, 200, registryResource(registryAt(context))),
  ),
  operation("registries.update", "PATCH", one, "write", update),
  operation("replications.list", "GET", `${one}/replications`, "replications/read", (context) => {
    const registry = registryAt(context);
    return armJson(context, 200, { value: replicationsOf(registry) });
  }),
  operation(
    "replications.get",
    "GET",
    `${one}/replications/{replicationName}`,
    "replications/read",
    (context) => {
      const name = context.params["replicationName"] ?? "";
      const found = replicationsOf(registryAt(context)).find((each) => each.name === keyOf(name));
      if (found) return armJson(context, 200, found);
      throw resourceNotFound(
        context,
        `${TYPE}/${context.params["registryName"] ?? ""}/replications`,
        name,
      );
    },
  ),
];

function registryAt(context: ArmContext): Registry {
  const key = keyOf(context.id).split("/").slice(0, 9).join("/");
  const found = context.world.registries.get(key);
  if (found) return found;
  throw resourceNotFound(context, TYPE, context.params["registryName"] ?? "");
}

const policyStatus = z.enum(["enabled", "disabled"]);
/** What of a PATCH is simulated; the published description has more. */
const Update = z.strictObject({
  tags: z.record(z.string(), z.string()).optional(),
  properties: z
    .strictObject({
      adminUserEnabled: z.boolean().optional(),
      policies: z
        .strictObject({
          retentionPolicy: z
            .strictObject({ days: z.int().optional(), status: policyStatus.optional() })
            .optional(),
        })
        .optional(),
    })
    .optional(),
});
/** Members of a PATCH that Azure knows as well. */
const NOT_SIMULATED: Readonly<Record<string, readonly string[]>> = {
  "": ["identity", "sku"],
  properties: [
    "anonymousPullEnabled",
    "dataEndpointEnabled",
    "encryption",
    "networkRuleBypassAllowedForTasks",
    "networkRuleBypassOptions",
    "networkRuleSet",
    "publicNetworkAccess",
    "roleAssignmentMode",
  ],
  policies: [
    "azureADAuthenticationAsArmPolicy",
    "exportPolicy",
    "quarantinePolicy",
    "softDeletePolicy",
    "trustPolicy",
  ],
};

/** Assumed: it is done at once, where Azure may take some seconds for it. */
function update(context: ArmContext): Answer {
  const registry = registryAt(context);
  const body = withoutNulls(context.body);
  checkSimulated(body);
  const { tags, properties } = checkedContent(Update, body);
  const before = JSON.stringify(registryResource(registry));
  const wanted = properties?.policies?.retentionPolicy;
  if (wanted !== undefined) {
    const { status = registry.retention.status, days = registry.retention.days } = wanted;
    checkRetention(registry, status, days);
    if (status !== registry.retention.status || days !== registry.retention.days) {
      registry.retention = { status, days, updatedAt: context.world.timeline.now() };
    }
  }
  if (tags !== undefined) registry.tags = tags;
  registry.adminUserEnabled = properties?.adminUserEnabled ?? registry.adminUserEnabled;
  const changed = JSON.stringify(registryResource(registry)) !== before;
  return armJson(context, 200, registryResource(registry), {
    ...(changed && { effect: { kind: "registry-changed", resource: registry.id } }),
  });
}

/** That it is refused is documented; in which words is assumed. */
function checkRetention({ sku }: Registry, status: string, days: number): void {
  if (days < 0 || days > 365) {
    throw new Refusal(
      400,
      "RetentionPolicyDaysInvalid",
      "The retention policy days must be between 0 and 365.",
    );
  }
  if (status === "enabled" && sku !== "Premium") {
    throw new Refusal(
      400,
      "PolicyNotSupported",
      `The retention policy is not supported for the SKU ${sku}. Upgrade the registry to Premium.`,
    );
  }
}

function checkSimulated(body: unknown): void {
  const properties = isObject(body) ? body["properties"] : undefined;
  const parts: Readonly<Record<string, unknown>> = {
    "": body,
    properties,
    policies: isObject(properties) ? properties["policies"] : undefined,
  };
  for (const [part, names] of Object.entries(NOT_SIMULATED)) {
    const value = parts[part];
    const found = isObject(value) ? names.find((name) => name in value) : undefined;
    if (found === undefined) continue;
    throw new Refusal(501, "NotSimulated", `Changing ${found} of a registry is not simulated.`);
  }
}

function registryResource(registry: Registry): unknown {
  const { id, region, sku, tags, createdAt, adminUserEnabled, retention } = registry;
  const off = { status: "disabled" };
  return {
    id,
    name: id.split("/").at(-1),
    type: TYPE,
    location: region,
    tags,
    sku: { name: sku, tier: sku },
    properties: {
      loginServer: loginServerOf(registry),
      creationDate: iso(createdAt),
      provisioningState: "Succeeded",
      adminUserEnabled,
      policies: {
        quarantinePolicy: off,
        trustPolicy: { type: "Notary", ...off },
        retentionPolicy: {
          days: retention.days,
          lastUpdatedTime: iso(retention.updatedAt),
          status: retention.status,
        },
        exportPolicy: { status: "enabled" },
        azureADAuthenticationAsArmPolicy: { status: "enabled" },
      },
      encryption: { status: "disabled" },
      dataEndpointEnabled: false,
      dataEndpointHostNames: [],
      privateEndpointConnections: [],
      publicNetworkAccess: "Enabled",
      networkRuleBypassOptions: "AzureServices",
      zoneRedundancy: "Disabled",
      anonymousPullEnabled: false,
    },
  };
}

/** A Premium registry lists its own region too. */
function replicationsOf({ id, region, sku, replications }: Registry) {
  const all = [...(sku === "Premium" ? [{ region, endpointEnabled: true }] : []), ...replications];
  return all.map(({ region: name, endpointEnabled }) => ({
    id: `${id}/replications/${name}`,
    name,
    type: `${TYPE}/replications`,
    location: name,
    tags: {},
    properties: {
      provisioningState: "Succeeded",
      regionEndpointEnabled: endpointEnabled,
      zoneRedundancy: "Disabled",
    },
  }));
}

const iso = (at: number): string => new Date(at).toISOString();
