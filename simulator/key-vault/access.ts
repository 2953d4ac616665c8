import { isAllowed } from "../access/authorize.js";
import { Refusal } from "../server/refusal.js";
import type { World } from "../world/world.js";
import { isInRanges } from "./rules.js";
import type { Vault } from "./state.js";

/** What may be done to secrets: the data action that a role must have, and the permission of an access policy. */
export const SECRET_ACTIONS = {
  get: { action: "getSecret/action", permission: "get" },
  list: { action: "readMetadata/action", permission: "list" },
  set: { action: "setSecret/action", permission: "set" },
  update: { action: "update/action", permission: "set" },
  delete: { action: "delete", permission: "delete" },
  recover: { action: "recover/action", permission: "recover" },
  purge: { action: "purge/action", permission: "purge" },
  backup: { action: "backup/action", permission: "backup" },
  restore: { action: "restore/action", permission: "restore" },
} as const;
export type SecretAction = keyof typeof SECRET_ACTIONS;

/** Whoever asks, as far as the vault can tell. */
export interface VaultCaller {
  readonly principalId: string;
  readonly clientId: string;
  readonly tenantId: string;
}

/** Where callers come from that the seed gives no address: documentation's own network, so nobody's. */
const ANYWHERE = "203.0.113.1";

/** The address that the vault sees a principal come from. */
export function addressOf(principalId: string, { identities }: Pick<World, "identities">): string {
  const identity = identities.find((one) => same(one.principalId, principalId));
  return identity?.outboundAddress ?? ANYWHERE;
}

/** Throws 403 where the vault's network rules keep the caller out. No caller here is a trusted service. */
export function checkNetwork(vault: Vault, caller: VaultCaller, world: World): void {
  const { publicNetworkAccess, networkAcls } = vault.networkRulesInForce;
  if (publicNetworkAccess === "Disabled") {
    throw forbidden(
      "ForbiddenByConnection",
      `Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\nCaller: ${named(caller)}\r\nVault: ${placeOf(vault)}`,
    );
  }
  if (networkAcls?.defaultAction !== "Deny") return;
  const address = addressOf(caller.principalId, world);
  if (isInRanges(networkAcls, address)) return;
  throw forbidden(
    "ForbiddenByFirewall",
    `Client address is not authorized and caller is not a trusted service.\r\nClient address: ${address}\r\nCaller: ${named(caller)}\r\nVault: ${placeOf(vault)}`,
  );
}

/** Throws 403 where neither a role nor, in vaults that go by them, an access policy allows it. */
export function checkPermission(
  vault: Vault,
  caller: VaultCaller,
  action: SecretAction,
  secret: string | undefined,
  world: World,
): void {
  const scope = secret === undefined ? vault.id : `${vault.id}/secrets/${secret}`;
  const { action: suffix, permission } = SECRET_ACTIONS[action];
  if (!vault.properties.enableRbacAuthorization) {
    if (isGranted(vault, caller, permission)) return;
    throw forbidden(
      "ForbiddenByPolicy",
      `The user, group or application '${named(caller)}' does not have secrets ${permission} permission on key vault '${placeOf(vault)}'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287`,
    );
  }
  const dataAction = `Microsoft.KeyVault/vaults/secrets/${suffix}`;
  const demand = {
    principalId: caller.principalId,
    scope,
    action: dataAction,
    plane: "data",
    at: world.timeline.now(),
  } as const;
  if (isAllowed(world, demand)) return;
  throw forbidden(
    "ForbiddenByRbac",
    [
      "Caller is not authorized to perform action on resource.",
      "If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.",
      `Caller: ${named(caller)}`,
      `Action: '${dataAction}'`,
      `Resource: '${scope.toLowerCase()}'`,
      "Assignment: (not found)",
      "DenyAssignmentId: null",
      "DecisionReason: null ",
      `Vault: ${placeOf(vault)}`,
      "",
    ].join("\r\n"),
  );
}

function isGranted(
  { properties: { accessPolicies } }: Vault,
  { principalId, tenantId }: VaultCaller,
  permission: string,
): boolean {
  return accessPolicies.some(
    (policy) =>
      same(policy.objectId, principalId) &&
      same(policy.tenantId, tenantId) &&
      (policy.permissions.secrets ?? []).some(
        (granted) => same(granted, permission) || same(granted, "all"),
      ),
  );
}

export function forbidden(reason: string, message: string): Refusal {
  return new Refusal(403, "Forbidden", message, { reason });
}

/** How messages name a vault. */
export function placeOf({ name, region }: Vault): string {
  return `${name};location=${region}`;
}

function named({ clientId, principalId, tenantId }: VaultCaller): string {
  return `appid=${clientId};oid=${principalId};iss=https://sts.windows.net/${tenantId}/`;
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
