import { keyOf } from "../arm/resource-id.js";
import { armJson, type ArmOperation, type ArmType } from "../arm/router.js";
import { rolesAt } from "./authorize.js";

const apiVersions = ["2015-07-01", "2018-01-01-preview", "2022-04-01"];
const TYPE = "Microsoft.Authorization/permissions";

export const permissionTypes: readonly ArmType[] = [{ type: TYPE, apiVersions }];

/** What the caller may do at a scope: one entry for each of his roles there or above. */
export const permissionOperations: readonly ArmOperation[] = [
  {
    name: "permissions.listForScope",
    method: "GET",
    path: `/{*scope}/providers/${TYPE}`,
    apiVersions,
    action: `${TYPE}/read`,
    // It is Resource Manager's own, so it answers while the resource's region is down.
    isGlobal: true,
    handle: (context) => {
      const { world, caller, params } = context;
      const scope = keyOf(`/${params["scope"] ?? ""}`);
      const at = world.timeline.now();
      const value = rolesAt(world, { principalId: caller.principalId, scope, at }).map((role) => ({
        actions: role.actions,
        notActions: role.notActions ?? [],
        dataActions: role.dataActions ?? [],
        notDataActions: [],
      }));
      return armJson(context, 200, { value });
    },
  },
];
