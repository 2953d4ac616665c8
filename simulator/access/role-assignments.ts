import { z } from "zod";
import { keyOf, isWithin } from "../arm/resource-id.js";
import { type ArmContext, armJson, type ArmOperation, type ArmType } from "../arm/router.js";
import { invalidContent } from "../arm/invalid-content.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { isListed } from "../world/listing.js";
import type { World } from "../world/world.js";
import { isAllowed, type RoleAssignment } from "./authorize.js";
import { roleGuid } from "./role-guid.js";
import { ROLES } from "./roles.js";

const API_VERSIONS = [
  "2015-07-01",
  "2018-09-01-preview",
  "2020-04-01-preview",
  "2020-08-01-preview",
  "2022-04-01",
];
const TYPE = "Microsoft.Authorization/roleAssignments";

export const roleAssignmentTypes: readonly ArmType[] = [{ type: TYPE, apiVersions: API_VERSIONS }];

const Body = z.strictObject({
  properties: z.strictObject({
    roleDefinitionId: z.string().min(1),
    principalId: z.guid(),
    principalType: z
      .enum(["User", "Group", "ServicePrincipal", "ForeignGroup", "Device"])
      .optional(),
    description: z.string().optional(),
    condition: z.string().nullish(),
    conditionVersion: z.string().nullish(),
    delegatedManagedIdentityResourceId: z.string().nullish(),
  }),
});

const one = `/{*scope}/providers/${TYPE}/{roleAssignmentName}`;

/** Role assignments at any scope. What is assigned or taken away is felt after the profile's propagation. */
export const roleAssignmentOperations: readonly ArmOperation[] = [
  {
    name: "roleAssignments.get",
    method: "GET",
    path: one,
    apiVersions: API_VERSIONS,
    action: `${TYPE}/read`,
    handle: (context) => {
      const found = find(context);
      if (found) return armJson(context, 200, resource(found));
      throw new Refusal(
        404,
        "RoleAssignmentNotFound",
        `The role assignment '${nameOf(context)}' is not found.`,
      );
    },
  },
  {
    name: "roleAssignments.create",
    method: "PUT",
    path: one,
    apiVersions: API_VERSIONS,
    action: `${TYPE}/write`,
    takesBody: true,
    handle: create,
  },
  {
    name: "roleAssignments.delete",
    method: "DELETE",
    path: one,
    apiVersions: API_VERSIONS,
    action: `${TYPE}/delete`,
    handle: (context) => {
      const found = find(context);
      if (found === undefined) return { status: 204 };
      checkAssignable(context, "delete", found.roleDefinitionId);
      const { timeline, durations } = context.world;
      found.endsAt = timeline.now() + durations.rolePropagation;
      tellWhenFelt(context.world, found.endsAt, `the end of role assignment ${found.name} is felt`);
      return armJson(context, 200, resource(found), {
        effect: { kind: "role-assignment-deleted", resource: idOf(found) },
      });
    },
  },
  {
    name: "roleAssignments.listForScope",
    method: "GET",
    path: `/{*scope}/providers/${TYPE}`,
    apiVersions: API_VERSIONS,
    action: `${TYPE}/read`,
    handle: list,
  },
];

function create(context: ArmContext): Answer {
  const { world, caller } = context;
  const scope = scopeOf(context);
  const name = nameOf(context);
  if (!z.guid().safeParse(name).success) {
    throw new Refusal(
      400,
      "InvalidRoleAssignmentId",
      `The role assignment ID '${name}' is not valid. The role assignment ID must be a GUID.`,
    );
  }
  const parsed = Body.safeParse(context.body);
  if (!parsed.success) throw invalidContent(parsed.error);
  const { properties } = parsed.data;
  if (typeof properties.condition === "string") {
    throw new Refusal(501, "NotSimulated", "properties.condition is not simulated: leave it out.");
  }
  const guid = roleGuid(properties.roleDefinitionId);
  if (!ROLES.has(guid) && !world.customRoles.has(guid)) {
    throw new Refusal(
      400,
      "RoleDefinitionDoesNotExist",
      `The specified role definition with ID '${guid}' does not exist.`,
    );
  }
  checkAssignable(context, "write", properties.roleDefinitionId);
  const same = (other: RoleAssignment): boolean =>
    keyOf(other.principalId) === keyOf(properties.principalId) &&
    roleGuid(other.roleDefinitionId) === roleGuid(properties.roleDefinitionId);
  const existing = find(context);
  if (existing) {
    if (same(existing)) return armJson(context, 200, resource(existing));
    throw new Refusal(
      400,
      "RoleAssignmentUpdateNotPermitted",
      "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
    );
  }
  const twin = present(context).find((other) => keyOf(other.scope) === keyOf(scope) && same(other));
  if (twin) {
    throw new Refusal(
      409,
      "RoleAssignmentExists",
      `The role assignment already exists. The ID of the conflicting role assignment is ${twin.name.replaceAll("-", "")}.`,
    );
  }
  const now = world.timeline.now();
  const made: RoleAssignment = {
    name,
    scope,
    principalId: properties.principalId,
    principalType: properties.principalType ?? "ServicePrincipal",
    roleDefinitionId: properties.roleDefinitionId,
    description: properties.description,
    createdAt: now,
    createdBy: caller.principalId,
    effectiveAt: now + world.durations.rolePropagation,
    endsAt: undefined,
  };
  world.roleAssignments.push(made);
  tellWhenFelt(world, made.effectiveAt, `role assignment ${name} is felt`);
  return armJson(context, 201, resource(made), {
    effect: { kind: "role-assignment-created", resource: idOf(made) },
  });
}

/** Some roles allow to assign certain roles only; their condition says which. */
function checkAssignable(context: ArmContext, verb: "write" | "delete", role: string): void {
  const { world, caller } = context;
  const scope = scopeOf(context);
  const action = `${TYPE}/${verb}`;
  const { principalId, clientId } = caller;
  const at = world.timeline.now();
  const assigned = roleGuid(role);
  if (isAllowed(world, { principalId, scope, action, plane: "control", at, assigned })) return;
  throw new Refusal(
    403,
    "AuthorizationFailed",
    `The client '${clientId}' with object id '${principalId}' has an authorization with ABAC condition that is not fulfilled to perform action '${action}' over scope '${scope}'.`,
  );
}

/** At the scope, above it and, unless `atScope()` is asked for, below it. */
function list(context: ArmContext): Answer {
  const scope = scopeOf(context);
  const filter = context.request.query.get("$filter")?.trim() ?? "";
  const [, principal] = /^(?:principalId eq|assignedTo\() ?'([^']+)'\)?$/i.exec(filter) ?? [];
  const atScope = /^atScope\(\)$/i.test(filter);
  if (filter !== "" && !atScope && principal === undefined) {
    throw new Refusal(
      501,
      "NotSimulated",
      `The $filter '${filter}' is not simulated; atScope() and principalId eq '…' are.`,
    );
  }
  const value = present(context)
    .filter((assignment) => isListed(assignment, context.world))
    .filter(
      (assignment) =>
        isWithin(scope, assignment.scope) || (!atScope && isWithin(assignment.scope, scope)),
    )
    .filter(({ principalId }) => principal === undefined || keyOf(principalId) === keyOf(principal))
    .map(resource);
  return armJson(context, 200, { value });
}

/** The application may find its dependencies open, or closed, from then on. */
function tellWhenFelt({ timeline, dependencies }: World, at: number, what: string): void {
  timeline.plan(at, what, () => {
    dependencies.changed();
  });
}

function find(context: ArmContext): RoleAssignment | undefined {
  return present(context).find(
    ({ scope, name }) =>
      keyOf(scope) === keyOf(scopeOf(context)) && keyOf(name) === keyOf(nameOf(context)),
  );
}

function present({ world }: ArmContext): RoleAssignment[] {
  return world.roleAssignments.filter(({ endsAt }) => endsAt === undefined);
}

function scopeOf({ params }: ArmContext): string {
  return `/${params["scope"] ?? ""}`;
}

function nameOf({ params }: ArmContext): string {
  return params["roleAssignmentName"] ?? "";
}

function idOf({ scope, name }: RoleAssignment): string {
  return `${scope}/providers/${TYPE}/${name}`;
}

function resource(assignment: RoleAssignment): unknown {
  const [, , subscription = ""] = assignment.scope.split("/");
  const time = new Date(assignment.createdAt).toISOString();
  return {
    id: idOf(assignment),
    name: assignment.name,
    type: TYPE,
    properties: {
      roleDefinitionId: `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${roleGuid(assignment.roleDefinitionId)}`,
      principalId: assignment.principalId,
      principalType: assignment.principalType,
      scope: assignment.scope,
      condition: null,
      conditionVersion: null,
      createdOn: time,
      updatedOn: time,
      createdBy: assignment.createdBy,
      updatedBy: assignment.createdBy,
      delegatedManagedIdentityResourceId: null,
      description: assignment.description ?? null,
    },
  };
}
