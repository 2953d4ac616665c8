import { z } from "zod";
import type { ArmRest } from "./arm-rest.js";
import { shortRegion } from "./redis-caches.js";
import { unlessMissing } from "./unless-missing.js";

const API_VERSION = "2025-07-01";

/** A rule that has tables of a workspace written into a storage account, from when it was made. */
export interface DataExportRule {
  readonly name: string;
  readonly tables: readonly string[];
  /** ARM id of the account. */
  readonly destination: string;
  readonly enabled: boolean;
}

/** Log Analytics workspaces, by ARM id, and what flows out of them. */
export interface DataExports {
  /** The region of a workspace; undefined if there is none. */
  regionOf(workspace: string): Promise<string | undefined>;
  rules(workspace: string): Promise<readonly DataExportRule[]>;
  /** Makes the rule or replaces the one of that name. Writing the same twice does no harm. */
  put(workspace: string, rule: DataExportRule): Promise<void>;
}

const Workspace = z.looseObject({ location: z.string() });
const Listed = z.looseObject({
  value: z.array(
    z.looseObject({
      name: z.string(),
      properties: z.looseObject({
        tableNames: z.array(z.string()),
        destination: z.looseObject({ resourceId: z.string() }).nullish(),
        enable: z.boolean().nullish(),
      }),
    }),
  ),
});

export function dataExports(arm: ArmRest): DataExports {
  return {
    async regionOf(workspace) {
      const found = await unlessMissing(() => arm.get(workspace, API_VERSION));
      return found === undefined ? undefined : shortRegion(Workspace.parse(found).location);
    },

    async rules(workspace) {
      const { value } = Listed.parse(await arm.get(`${workspace}/dataExports`, API_VERSION));
      return value.map(({ name, properties: { tableNames, destination, enable } }) => ({
        name,
        tables: tableNames,
        destination: destination?.resourceId ?? "",
        enabled: enable === true,
      }));
    },

    async put(workspace, { name, tables, destination, enabled }) {
      await arm.put(`${workspace}/dataExports/${name}`, API_VERSION, {
        properties: {
          tableNames: tables,
          destination: { resourceId: destination },
          enable: enabled,
        },
      });
    },
  };
}
