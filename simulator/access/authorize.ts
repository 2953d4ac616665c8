import { isWithin } from "../arm/resource-id.js";
import type { AskedRights } from "./asked-rights.js";
import { roleGuid } from "./role-guid.js";
import { type Role, ROLES } from "./roles.js";

export interface RoleAssignment {
  readonly name: string;
  readonly scope: string;
  readonly principalId: string;
  readonly principalType: string;
  readonly roleDefinitionId: string;
  readonly description: string | undefined;
  readonly createdAt: number;
  readonly createdBy: string;
  /** From when on the services know it: a new assignment takes minutes to reach them. */
  readonly effectiveAt: number;
  /** The only roles that may be assigned or taken away by it: what its condition says. */
  readonly assigns?: readonly string[];
  /** Set once it is deleted: until when the services have not noticed. */
  endsAt: number | undefined;
}

export interface Demand {
  readonly principalId: string;
  readonly scope: string;
  readonly action: string;
  /** Data actions are granted apart from control-plane actions. */
  readonly plane: "control" | "data";
  readonly at: number;
  /** The GUID of the role that is assigned or taken away, where that is what is asked for. */
  readonly assigned?: string;
}

/** What authorization depends on. */
export interface Access {
  readonly roleAssignments: readonly RoleAssignment[];
  readonly conditions: {
    isRoleMissing(roleDefinitionId: string, scope: string): boolean;
  };
  /** Roles that somebody has made, by the GUID of their definitions. */
  readonly customRoles?: ReadonlyMap<string, Role>;
  /** Where it is noted what was needed. */
  readonly askedRights?: AskedRights;
}

/** The roles of a principal that are felt at a scope, assigned there or above. */
export function rolesAt(
  { roleAssignments, conditions, customRoles }: Access,
  { principalId, scope, at }: Pick<Demand, "principalId" | "scope" | "at">,
): readonly Role[] {
  return roleAssignments.flatMap((assignment) => {
    if (conditions.isRoleMissing(assignment.roleDefinitionId, scope)) return [];
    if (assignment.effectiveAt > at || (assignment.endsAt ?? Infinity) <= at) return [];
    if (assignment.principalId.toLowerCase() !== principalId.toLowerCase()) return [];
    if (!isWithin(scope, assignment.scope)) return [];
    const guid = roleGuid(assignment.roleDefinitionId);
    const role = ROLES.get(guid) ?? customRoles?.get(guid);
    if (role === undefined) return [];
    const { assigns = role.assigns } = assignment;
    return { ...role, ...(assigns && { assigns }) };
  });
}

/** Whether one of the assignments allows it: the scope or one above it, an action and no exclusion. */
export function isAllowed(access: Access, demand: Demand): boolean {
  access.askedRights?.add(demand);
  return rolesAt(access, demand).some((role) => {
    if (demand.assigned !== undefined && role.assigns?.includes(demand.assigned) === false) {
      return false;
    }
    return demand.plane === "data"
      ? matches(role.dataActions, demand.action)
      : matches(role.actions, demand.action) && !matches(role.notActions, demand.action);
  });
}

function matches(patterns: readonly string[] | undefined, action: string): boolean {
  return patterns?.some((pattern) => wildcard(pattern).test(action)) ?? false;
}

function wildcard(pattern: string): RegExp {
  const literal = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("\\*", ".*");
  return new RegExp(`^${literal}$`, "i");
}
