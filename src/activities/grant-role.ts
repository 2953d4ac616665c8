import type { RoleAssignments } from "../azure/role-assignments.js";
import { seconds } from "../domain/duration.js";
import type { Effect } from "./ensure.js";

/** A role that somebody is to have at a resource. */
interface Grant {
  readonly scope: string;
  readonly principalId: string;
  /** Who that is, in words. */
  readonly name: string;
  /** In words, and by the GUID of its definition. */
  readonly role: string;
  readonly definition: string;
  /** What the run holds the lease of. */
  readonly lease: string;
  /** Whether only a plan imagines the resource: nobody has a role there yet. */
  readonly isImagined: () => Promise<boolean>;
}

/** Gives a role; one that is there already, or above, is left as it is. */
export const granting = (
  roles: RoleAssignments,
  { scope, principalId, name, role, definition, lease, isImagined }: Grant,
): Effect<{ changed: boolean; detail: string }> => ({
  resource: lease,
  plan: () => ({ changed: true, detail: `would give ${name} the role ${role}` }),
  onRepeat: "repeat",
  // ARM shows an accepted change at once or after a few seconds.
  settling: seconds(5),
  observe: async () => {
    if (await isImagined()) return undefined;
    return (await roles.rolesOf(scope, principalId)).includes(definition)
      ? { changed: false, detail: `${name} has the role ${role}` }
      : undefined;
  },
  act: async () => {
    const changed = await roles.assign(scope, principalId, definition);
    return { changed, detail: `${name} has been given the role ${role}` };
  },
});
