import { isWithin } from "../arm/resource-id.js";
import { ROLES } from "./roles.js";

export interface RoleAssignment {
  readonly scope: string;
  readonly principalId: string;
  readonly roleDefinitionId: string;
  /** From when on the services know it: a new assignment takes minutes to reach them. */
  readonly effectiveAt: number;
}

export interface Demand {
  readonly principalId: string;
  readonly scope: string;
  readonly action: string;
  /** Data actions are granted apart from control-plane actions. */
  readonly plane: "control" | "data";
  readonly at: number;
}

/** Whether one of the assignments allows it: the scope or one above it, an action and no exclusion. */
export function isAllowed(assignments: readonly RoleAssignment[], demand: Demand): boolean {
  return assignments.some((assignment) => {
    if (assignment.effectiveAt > demand.at) return false;
    if (assignment.principalId.toLowerCase() !== demand.principalId.toLowerCase()) return false;
    if (!isWithin(demand.scope, assignment.scope)) return false;
    const role = ROLES.get(roleGuid(assignment.roleDefinitionId));
    if (role === undefined) return false;
    return demand.plane === "data"
      ? matches(role.dataActions, demand.action)
      : matches(role.actions, demand.action) && !matches(role.notActions, demand.action);
  });
}

/** Role definitions are given by their id or by their GUID alone. */
export function roleGuid(roleDefinitionId: string): string {
  return (roleDefinitionId.split("/").at(-1) ?? "").toLowerCase();
}

function matches(patterns: readonly string[] | undefined, action: string): boolean {
  return patterns?.some((pattern) => wildcard(pattern).test(action)) ?? false;
}

function wildcard(pattern: string): RegExp {
  const literal = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("\\*", ".*");
  return new RegExp(`^${literal}$`, "i");
}
