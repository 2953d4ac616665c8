import { invalidContent } from "../arm/invalid-content.js";
import { withoutNulls } from "../arm/merge-patch.js";
import { isObject } from "../arm/merge-patch.js";
import { keyOf, parseResourceId } from "../arm/resource-id.js";
import { resourceExists } from "../arm/resource-list.js";
import {
  type ArmContext,
  armHeaders,
  armJson,
  type ArmOperation,
  type ArmType,
} from "../arm/router.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import {
  categoriesOf,
  type DiagnosticSetting,
  SettingBody,
  type SettingProperties,
} from "./settings.js";

const apiVersions = ["2021-05-01-preview"];
const TYPE = "Microsoft.Insights/diagnosticSettings";
const MOST_SETTINGS = 5;

export const diagnosticSettingTypes: readonly ArmType[] = [{ type: TYPE, apiVersions }];

const one = `/{*scope}/providers/${TYPE}/{settingName}`;

/**
 * Diagnostic settings of any resource. They outlive their resource: one that comes back under the same id, recovered
 * or made anew, has them again.
 */
export const diagnosticSettingOperations: readonly ArmOperation[] = [
  {
    name: "diagnosticSettings.list",
    method: "GET",
    path: `/{*scope}/providers/${TYPE}`,
    apiVersions,
    action: `${TYPE}/read`,
    handle: (context) => {
      checkResource(context);
      return armJson(context, 200, { value: settingsOf(context).map(resource) });
    },
  },
  {
    name: "diagnosticSettings.get",
    method: "GET",
    path: one,
    apiVersions,
    action: `${TYPE}/read`,
    handle: (context) => {
      checkResource(context);
      const found = context.world.diagnosticSettings.get(keyOf(context.id));
      if (found) return armJson(context, 200, resource(found));
      throw new Refusal(404, "ResourceNotFound", `The resource '${context.id}' was not found.`);
    },
  },
  {
    name: "diagnosticSettings.createOrUpdate",
    method: "PUT",
    path: one,
    apiVersions,
    action: `${TYPE}/write`,
    takesBody: true,
    handle: put,
  },
  {
    name: "diagnosticSettings.delete",
    method: "DELETE",
    path: one,
    apiVersions,
    action: `${TYPE}/delete`,
    handle: (context) => {
      const there = context.world.diagnosticSettings.delete(keyOf(context.id));
      return {
        status: there ? 200 : 204,
        headers: armHeaders(context.request),
        ...(there && { effect: { kind: "diagnostic-setting-deleted", resource: context.id } }),
      };
    },
  },
];

function put(context: ArmContext): Answer {
  const { world, id, params } = context;
  checkResource(context);
  const body = withoutNulls(context.body);
  const { id: _id, name: _name, type: _type, ...given } = isObject(body) ? body : {};
  const parsed = SettingBody.safeParse(given);
  if (!parsed.success) throw invalidContent(parsed.error);
  const setting: DiagnosticSetting = {
    resourceId: resourceIdOf(context),
    name: params["settingName"] ?? "",
    properties: parsed.data.properties,
  };
  checkSinks(setting.properties, context);
  checkCategories(setting);
  const others = settingsOf(context).filter(({ name }) => keyOf(name) !== keyOf(setting.name));
  checkOthers(setting, others);
  const same = JSON.stringify(world.diagnosticSettings.get(keyOf(id))) === JSON.stringify(setting);
  world.diagnosticSettings.set(keyOf(id), setting);
  return armJson(context, 200, resource(setting), {
    ...(!same && { effect: { kind: "diagnostic-setting-changed", resource: id } }),
  });
}

function checkSinks(properties: SettingProperties, { world }: ArmContext): void {
  const { eventHubAuthorizationRuleId, serviceBusRuleId, marketplacePartnerId } = properties;
  if (eventHubAuthorizationRuleId ?? serviceBusRuleId ?? marketplacePartnerId) {
    throw new Refusal(
      501,
      "NotSimulated",
      "Of the places where logs can go, workspaces and storage accounts are simulated.",
    );
  }
  const sinks = sinksOf(properties);
  if (sinks.length === 0) {
    throw new Refusal(400, "BadRequest", "At least one data sink needs to be specified.");
  }
  for (const sink of sinks) {
    if (resourceExists(world, sink)) continue;
    throw new Refusal(400, "ResourceNotFound", `Resource '${sink}' was not found.`);
  }
}

function checkCategories({ resourceId, properties }: DiagnosticSetting): void {
  const type = parseResourceId(resourceId)?.type ?? "";
  const known = categoriesOf(type);
  for (const { category, categoryGroup } of properties.logs ?? []) {
    if (categoryGroup !== undefined) {
      if (["audit", "alllogs"].includes(categoryGroup.toLowerCase())) continue;
      throw new Refusal(400, "BadRequest", `Category group '${categoryGroup}' is not supported.`);
    }
    if (known === undefined) {
      throw new Refusal(
        501,
        "NotSimulated",
        `The log categories of ${type} are not simulated; the category group allLogs is.`,
      );
    }
    if (!known.logs.some((one) => keyOf(one) === keyOf(category ?? ""))) {
      throw new Refusal(400, "BadRequest", `Category '${category ?? ""}' is not supported.`);
    }
  }
  for (const { category } of properties.metrics ?? []) {
    if (keyOf(category ?? "AllMetrics") === "allmetrics") continue;
    throw new Refusal(400, "BadRequest", `Metric category '${category ?? ""}' is not supported.`);
  }
}

function checkOthers(setting: DiagnosticSetting, others: readonly DiagnosticSetting[]): void {
  if (others.length >= MOST_SETTINGS) {
    throw new Refusal(
      409,
      "Conflict",
      `The limit of ${MOST_SETTINGS} diagnostic settings was reached. To create a diagnostic setting, delete an existing one.`,
    );
  }
  for (const other of others) {
    const sink = sinksOf(setting.properties).find((one) =>
      sinksOf(other.properties).some((used) => keyOf(used) === keyOf(one)),
    );
    const category = flowsOf(setting).find((flow) => flowsOf(other).includes(flow));
    if (sink === undefined || category === undefined) continue;
    throw new Refusal(
      409,
      "Conflict",
      `Data sink '${sink}' is already used in diagnostic setting '${other.name}' for category '${category}'. Data sinks can't be reused in different settings on the same category for the same resource.`,
    );
  }
}

/** The categories that a setting lets flow, groups taken apart. */
function flowsOf({ resourceId, properties }: DiagnosticSetting): string[] {
  const known = categoriesOf(parseResourceId(resourceId)?.type ?? "");
  const logs = (properties.logs ?? [])
    .filter(({ enabled }) => enabled)
    .flatMap(({ category, categoryGroup }) => {
      if (category !== undefined) return [category];
      const group = keyOf(categoryGroup ?? "");
      return (group === "audit" ? known?.audit : known?.logs) ?? [group];
    });
  const metrics = (properties.metrics ?? []).filter(({ enabled }) => enabled);
  return [...logs.map((log) => log.toLowerCase()), ...(metrics.length > 0 ? ["allmetrics"] : [])];
}

function sinksOf({ workspaceId, storageAccountId }: SettingProperties): string[] {
  return [workspaceId, storageAccountId].filter((sink) => sink !== undefined);
}

function settingsOf(context: ArmContext): DiagnosticSetting[] {
  const of = keyOf(resourceIdOf(context));
  return [...context.world.diagnosticSettings.values()].filter(
    ({ resourceId }) => keyOf(resourceId) === of,
  );
}

function checkResource(context: ArmContext): void {
  const id = resourceIdOf(context);
  if (resourceExists(context.world, id)) return;
  throw new Refusal(404, "ResourceNotFound", `The resource '${id}' was not found.`);
}

function resourceIdOf({ params }: ArmContext): string {
  return `/${params["scope"] ?? ""}`;
}

function resource({ resourceId, name, properties }: DiagnosticSetting): unknown {
  return {
    id: `${resourceId}/providers/${TYPE}/${name}`,
    type: TYPE,
    name,
    location: null,
    kind: null,
    tags: null,
    properties: {
      storageAccountId: null,
      serviceBusRuleId: null,
      workspaceId: null,
      eventHubAuthorizationRuleId: null,
      eventHubName: null,
      logAnalyticsDestinationType: null,
      ...properties,
      logs: (properties.logs ?? []).map((log) => ({ ...log, ...defaultRetention(log) })),
      metrics: (properties.metrics ?? []).map((metric) => ({
        ...metric,
        ...defaultRetention(metric),
      })),
    },
    identity: null,
  };
}

function defaultRetention({ retentionPolicy }: { retentionPolicy?: unknown }): object {
  return { retentionPolicy: retentionPolicy ?? { enabled: false, days: 0 } };
}
