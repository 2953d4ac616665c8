import { z } from "zod";
import { terminal } from "../domain/failure.js";
import type { ActionGroupView, AlertRuleView } from "../domain/readiness/alert-findings.js";
import { parseResourceId } from "../domain/resource-id.js";
import type { ArmRest } from "./arm-rest.js";
import { unlessMissing } from "./unless-missing.js";

/** Azure Monitor's rules and whom they call. Ids are full ARM ids. */
export interface AlertRules {
  /** A metric, activity log or log query rule; undefined if there is none. */
  rule(id: string): Promise<AlertRuleView | undefined>;
  /** Undefined if there is none. Of webhooks only host and path are told: the rest may carry a key. */
  actionGroup(id: string): Promise<ActionGroupView | undefined>;
}

const common = { enabled: z.boolean().nullish(), scopes: z.array(z.string()).nullish() };
const id = z.string();

/** Each type of rule has a version of its own, and a form of its own for what it calls. */
const types = {
  "microsoft.insights/metricalerts": {
    apiVersion: "2018-03-01",
    body: z.looseObject({
      properties: z
        .looseObject({
          ...common,
          actions: z.array(z.looseObject({ actionGroupId: id.nullish() })).nullish(),
        })
        .transform(({ actions, ...rest }) => ({
          ...rest,
          groups: (actions ?? []).flatMap(({ actionGroupId }) => actionGroupId ?? []),
        })),
    }),
  },
  "microsoft.insights/activitylogalerts": {
    apiVersion: "2020-10-01",
    body: z.looseObject({
      properties: z
        .looseObject({
          ...common,
          actions: z
            .looseObject({ actionGroups: z.array(z.looseObject({ actionGroupId: id })).nullish() })
            .nullish(),
        })
        .transform(({ actions, ...rest }) => ({
          ...rest,
          groups: (actions?.actionGroups ?? []).map(({ actionGroupId }) => actionGroupId),
        })),
    }),
  },
  "microsoft.insights/scheduledqueryrules": {
    apiVersion: "2023-12-01",
    body: z.looseObject({
      properties: z
        .looseObject({
          ...common,
          actions: z.looseObject({ actionGroups: z.array(id).nullish() }).nullish(),
        })
        .transform(({ actions, ...rest }) => ({ ...rest, groups: actions?.actionGroups ?? [] })),
    }),
  },
} as const;

const isKnown = (type: string): type is keyof typeof types => Object.hasOwn(types, type);

const ACTION_GROUPS_API_VERSION = "2023-01-01";
const ActionGroup = z.looseObject({
  properties: z.looseObject({
    enabled: z.boolean().nullish(),
    webhookReceivers: z
      .array(z.looseObject({ serviceUri: z.string(), useCommonAlertSchema: z.boolean().nullish() }))
      .nullish(),
  }),
});

const missing = ["ResourceNotFound", "ResourceGroupNotFound", "NotFound"];

export function alertRules(arm: ArmRest): AlertRules {
  return {
    async rule(of) {
      const type = parseResourceId(of)?.type ?? "";
      if (!isKnown(type)) throw terminal("invalid-resource-id", `"${of}" is no id of a rule`);
      const { apiVersion, body } = types[type];
      const found = await unlessMissing(() => arm.get(of, apiVersion), missing);
      if (found === undefined) return undefined;
      const { enabled, scopes, groups } = body.parse(found).properties;
      // Rules are on unless they say otherwise.
      return { id: of, enabled: enabled ?? true, scopes: scopes ?? [], actionGroups: groups };
    },
    async actionGroup(of) {
      const found = await unlessMissing(() => arm.get(of, ACTION_GROUPS_API_VERSION), missing);
      if (found === undefined) return undefined;
      const { enabled, webhookReceivers } = ActionGroup.parse(found).properties;
      return {
        id: of,
        enabled: enabled ?? true,
        webhooks: (webhookReceivers ?? []).map(({ serviceUri, useCommonAlertSchema }) => ({
          ...placeOf(serviceUri),
          commonAlertSchema: useCommonAlertSchema ?? false,
        })),
      };
    },
  };
}

function placeOf(address: string): { readonly host: string; readonly path: string } {
  if (!URL.canParse(address)) return { host: "", path: "" };
  const { host, pathname } = new URL(address);
  return { host: host.toLowerCase(), path: pathname };
}
