import { createHash } from "node:crypto";
import {
  serviceRole,
  serviceRoleIds,
  type Grant,
  type ServiceRole,
  type ServiceRoleId,
} from "../../src/domain/service-roles.js";

/** The GUID under which the simulated Azure knows a role of the service; those that it made get one of their names. */
export const guidOfRole = (id: ServiceRoleId): string =>
  serviceRole(id).builtIn ??
  createHash("sha256")
    .update(id)
    .digest("hex")
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-4$3-8$4-$5");

/** What a deployment makes of the roles that no other has made: members of the simulator's seed. */
export const madeRoles = serviceRoleIds
  .map((id): [ServiceRoleId, ServiceRole] => [id, serviceRole(id)])
  .filter(([, { builtIn }]) => builtIn === undefined)
  .map(([id, { title, actions, dataActions = {}, besides = {} }]) => ({
    id: guidOfRole(id),
    name: title,
    actions: [...Object.keys(actions), ...Object.keys(besides)],
    dataActions: Object.keys(dataActions),
  }));

/** A grant as the simulator's seed has it. */
export function granted(
  { scope, role }: Grant,
  { principalId }: { readonly principalId: string },
): object {
  const { gives } = serviceRole(role);
  return {
    scope,
    principalId,
    roleDefinitionId: guidOfRole(role),
    ...(gives && { assigns: gives }),
  };
}
