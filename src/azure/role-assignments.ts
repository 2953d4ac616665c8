import { createHash } from "node:crypto";
import type { TokenCredential } from "@azure/identity";
import { z } from "zod";
import { parseResourceId } from "../domain/resource-id.js";
import type { ArmRest } from "./arm-rest.js";
import type { AzureSettings } from "./azure-settings.js";
import { classifyError } from "./classify-error.js";

const API_VERSION = "2022-04-01";

/** The built-in roles that are given here, by the GUIDs of their definitions. */
export const roles = {
  keyVaultSecretsUser: "4633458b-17de-408a-b874-0445c86b69e6",
  keyVaultSecretsOfficer: "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
  storageBlobDataContributor: "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
  storageBlobDataReader: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
} as const;

/** Every built-in role that lets its holder read secrets. */
export const rolesThatReadSecrets: readonly string[] = [
  roles.keyVaultSecretsUser,
  roles.keyVaultSecretsOfficer,
  // Key Vault Administrator.
  "00482a5a-887f-4fb3-b363-3b7fe8e74483",
];

/** A role that somebody has. */
export interface AssignedRole {
  readonly principalId: string;
  /** The GUID of its definition. */
  readonly role: string;
}

/** Who may do what at a resource. */
export interface RoleAssignments {
  /** The GUIDs of the roles that a principal has at a resource, assigned there or above. */
  rolesOf(scope: string, principalId: string): Promise<readonly string[]>;
  /** Who has which role by an assignment at a resource itself; what holds from above is left out. */
  assignedAt(scope: string): Promise<readonly AssignedRole[]>;
  /**
   * Assigns a role. The assignment's name is made of what it says, so that a repeat finds it; one of
   * another name that says the same counts as done, which `false` tells.
   */
  assign(scope: string, principalId: string, role: string): Promise<boolean>;
  /** The principal that this service is, by the token it is given. */
  self(): Promise<string>;
}

const Assignment = z.looseObject({
  properties: z.looseObject({
    scope: z.string(),
    roleDefinitionId: z.string(),
    principalId: z.string(),
  }),
});
const Listed = z.looseObject({ value: z.array(Assignment) });
const Claims = z.looseObject({ oid: z.guid() });

export function roleAssignments(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
  arm: ArmRest,
): RoleAssignments {
  const at = (scope: string): string =>
    `${scope}/providers/Microsoft.Authorization/roleAssignments`;
  return {
    async rolesOf(scope, principalId) {
      const filter = { $filter: `assignedTo('${principalId}')` };
      const { value } = Listed.parse(await arm.get(at(scope), API_VERSION, filter));
      // The list also names what was assigned below, at single secrets.
      const holds = (upper: string): boolean =>
        `${scope.toLowerCase()}/`.startsWith(`${upper.toLowerCase().replace(/\/+$/, "")}/`);
      return value.flatMap(({ properties }) =>
        holds(properties.scope) ? [guidIn(properties.roleDefinitionId)] : [],
      );
    },

    async assignedAt(scope) {
      const { value } = Listed.parse(
        await arm.get(at(scope), API_VERSION, { $filter: "atScope()" }),
      );
      return value.flatMap(({ properties: { scope: of, roleDefinitionId, principalId } }) =>
        of.toLowerCase() === scope.toLowerCase()
          ? [{ principalId, role: guidIn(roleDefinitionId) }]
          : [],
      );
    },

    async assign(scope, principalId, role) {
      const name = nameOf(scope, principalId, role);
      const subscription = parseResourceId(scope)?.subscription ?? "";
      try {
        await arm.put(`${at(scope)}/${name}`, API_VERSION, {
          properties: {
            roleDefinitionId: `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
            principalId,
            // Without it Azure looks the principal up, which may not have reached it yet.
            principalType: "ServicePrincipal",
          },
        });
        return true;
      } catch (error) {
        if (classifyError(error)?.class === "already-done") return false;
        throw error;
      }
    },

    async self() {
      const token = await (await credential()).getToken(`${settings.armAudience}/.default`);
      const [, claims = ""] = token?.token.split(".") ?? [];
      return Claims.parse(JSON.parse(Buffer.from(claims, "base64url").toString("utf8"))).oid;
    },
  };
}

const guidIn = (roleDefinitionId: string): string =>
  roleDefinitionId.slice(roleDefinitionId.lastIndexOf("/") + 1).toLowerCase();

/** A name-based UUID (RFC 9562, version 8: a hash of our own choice). */
function nameOf(...parts: readonly string[]): string {
  const hex = createHash("sha256").update(parts.join("|").toLowerCase()).digest("hex");
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
