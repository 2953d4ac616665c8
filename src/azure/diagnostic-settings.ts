import { z } from "zod";
import type { ArmRest } from "./arm-rest.js";

/** Still the only version of the type, preview or not. */
const API_VERSION = "2021-05-01-preview";

/** A kind of log: one category, or a group of them such as `audit` and `allLogs`. */
export interface LogChoice {
  readonly kind: "category" | "group";
  readonly name: string;
}

/** Which logs and metrics of a resource flow, and where to. What is not named does not flow. */
export interface DiagnosticSetting {
  readonly name: string;
  readonly workspaceId: string | undefined;
  readonly storageAccountId: string | undefined;
  readonly logs: readonly LogChoice[];
  readonly metrics: boolean;
}

/** Diagnostic settings of any resource, by its full ARM id. Soft deletion of a vault leaves them, a new resource lacks them. */
export interface DiagnosticSettings {
  of(resourceId: string): Promise<readonly DiagnosticSetting[]>;
  /** Makes the setting or replaces the one of that name. Writing the same twice does no harm. */
  put(resourceId: string, setting: DiagnosticSetting): Promise<void>;
}

const text = z.string().nullish();
const Setting = z.looseObject({
  name: z.string(),
  properties: z.looseObject({
    workspaceId: text,
    storageAccountId: text,
    logs: z
      .array(z.looseObject({ category: text, categoryGroup: text, enabled: z.boolean() }))
      .nullish(),
    metrics: z.array(z.looseObject({ enabled: z.boolean() })).nullish(),
  }),
});
const Listed = z.looseObject({ value: z.array(Setting) });

export function diagnosticSettings(arm: ArmRest): DiagnosticSettings {
  const at = (resourceId: string) =>
    `${resourceId}/providers/Microsoft.Insights/diagnosticSettings`;
  return {
    async of(resourceId) {
      const { value } = Listed.parse(await arm.get(at(resourceId), API_VERSION));
      return value.map(viewOf);
    },

    async put(resourceId, { name, workspaceId, storageAccountId, logs, metrics }) {
      await arm.put(`${at(resourceId)}/${name}`, API_VERSION, {
        properties: {
          workspaceId,
          storageAccountId,
          logs: logs.map((log) => ({
            [log.kind === "group" ? "categoryGroup" : "category"]: log.name,
            enabled: true,
          })),
          metrics: metrics ? [{ category: "AllMetrics", enabled: true }] : [],
        },
      });
    },
  };
}

function viewOf({ name, properties }: z.infer<typeof Setting>): DiagnosticSetting {
  return {
    name,
    workspaceId: properties.workspaceId ?? undefined,
    storageAccountId: properties.storageAccountId ?? undefined,
    logs: (properties.logs ?? [])
      .filter(({ enabled }) => enabled)
      .map(({ category, categoryGroup }) =>
        typeof category === "string"
          ? { kind: "category", name: category }
          : { kind: "group", name: categoryGroup ?? "" },
      ),
    metrics: (properties.metrics ?? []).some(({ enabled }) => enabled),
  };
}
