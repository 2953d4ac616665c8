import { z } from "zod";
import { isAllowed } from "../access/authorize.js";
import { invalidContent } from "../arm/invalid-content.js";
import { isWithin, keyOf } from "../arm/resource-id.js";
import {
  type ArmContext,
  armHeaders,
  armJson,
  type ArmOperation,
  type ArmType,
  resourceNotFound,
} from "../arm/router.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { isListed } from "../world/listing.js";
import { knownRegions } from "../world/geographies.js";
import { regionOf } from "../world/names.js";
import { servedFrom } from "./failover.js";
import { PROVIDER } from "./operations.js";
import {
  checkVaultName,
  invalidNameMessage,
  isVaultName,
  nameInUseMessage,
  propertiesOfPatch,
  propertiesOfPut,
  tenantOf,
  vaultAlreadyExists,
} from "./rules.js";
import { parsePatch, parsePut, type VaultProperties, type VaultPut } from "./schema.js";
import { Secrets } from "./secrets.js";
import { networkRulesOf, type Vault } from "./state.js";
import { changeProperties, createVault, deleteVault, recoverVault } from "./vault-lifecycle.js";
import { VAULT_TYPE, vaultResource } from "./vault-resource.js";

/** The published versions of Microsoft.KeyVault; the newest but one is what @azure/arm-keyvault 5 sends. */
export const API_VERSIONS = [
  "2015-06-01",
  "2016-10-01",
  "2018-02-14-preview",
  "2018-02-14",
  "2019-09-01",
  "2020-04-01-preview",
  "2021-04-01-preview",
  "2021-06-01-preview",
  "2021-10-01",
  "2021-11-01-preview",
  "2022-02-01-preview",
  "2022-07-01",
  "2022-11-01",
  "2023-02-01",
  "2023-07-01",
  "2024-04-01-preview",
  "2024-11-01",
  "2024-12-01-preview",
  "2025-05-01",
  "2026-02-01",
  "2026-05-15",
];
const apiVersions = API_VERSIONS;

export const vaultTypes: readonly ArmType[] = [
  { type: VAULT_TYPE, apiVersions },
  { type: `${PROVIDER}/deletedVaults`, apiVersions },
  { type: `${PROVIDER}/locations`, apiVersions },
  { type: `${PROVIDER}/checkNameAvailability`, apiVersions },
];

const subscription = "/subscriptions/{subscriptionId}";
const group = `${subscription}/resourceGroups/{resourceGroupName}`;
const one = `${group}/providers/${VAULT_TYPE}/{vaultName}`;

/** Microsoft.KeyVault: vaults as their resource provider keeps them. */
export const vaultOperations: readonly ArmOperation[] = [
  ...[
    { name: "vaults.listBySubscription", below: subscription },
    { name: "vaults.listByResourceGroup", below: group },
  ].map(({ name, below }): ArmOperation => ({
    name,
    method: "GET",
    path: `${below}/providers/${VAULT_TYPE}`,
    apiVersions,
    action: `${VAULT_TYPE}/read`,
    handle: list,
  })),
  {
    name: "vaults.get",
    method: "GET",
    path: one,
    apiVersions,
    action: `${VAULT_TYPE}/read`,
    handle: (context) => armJson(context, 200, vaultResource(vaultOf(context))),
  },
  {
    name: "vaults.createOrUpdate",
    method: "PUT",
    path: one,
    apiVersions,
    action: `${VAULT_TYPE}/write`,
    takesBody: true,
    handle: put,
  },
  {
    name: "vaults.update",
    method: "PATCH",
    path: one,
    apiVersions,
    action: `${VAULT_TYPE}/write`,
    takesBody: true,
    handle: patch,
  },
  {
    name: "vaults.delete",
    method: "DELETE",
    path: one,
    apiVersions,
    action: `${VAULT_TYPE}/delete`,
    handle: remove,
  },
  {
    name: "vaults.checkNameAvailability",
    method: "POST",
    path: `${subscription}/providers/${PROVIDER}/checkNameAvailability`,
    apiVersions,
    action: `${PROVIDER}/checkNameAvailability/read`,
    mutating: false,
    takesBody: true,
    handle: checkNameAvailability,
  },
];

function list(context: ArmContext): Answer {
  const { world, request, id } = context;
  const scope = id.slice(0, id.toLowerCase().indexOf("/providers/"));
  const found = [...world.vaults.live.values()]
    .filter((vault) => isWithin(vault.id, scope) && isListed(vault, world))
    .map(vaultResource);
  const top = Number(request.query.get("$top") ?? found.length);
  const from = Number(request.query.get("$skiptoken") ?? 0);
  if (![top, from].every((count) => Number.isInteger(count) && count >= 0)) {
    throw new Refusal(400, "BadRequest", "$top must be a whole number.");
  }
  const next = new URLSearchParams(request.query);
  next.set("$skiptoken", String(from + top));
  return armJson(context, 200, {
    value: found.slice(from, from + top),
    ...(from + top < found.length && {
      nextLink: `${request.origin}${request.path}?${next.toString()}`,
    }),
  });
}

function put(context: ArmContext): Answer {
  const { world, params, apiVersion, body } = context;
  const name = params["vaultName"] ?? "";
  checkVaultName(name);
  const asked = parsePut(body);
  if (asked.properties.createMode === "recover") return recover(context, asked);

  const existing = world.vaults.get(name);
  if (existing && keyOf(existing.id) !== keyOf(context.id)) throw vaultAlreadyExists(name);
  checkLocation(asked.location, existing);
  checkNotDeleted(context, name);
  const properties = propertiesOfPut(
    asked.properties,
    existing?.properties,
    tenantOf(world, params["subscriptionId"] ?? ""),
    apiVersion,
  );
  if (existing) {
    change(context, existing, asked.tags ?? {}, properties);
    return updated(context, existing);
  }
  const vault = newVault(context, asked, properties);
  createVault(vault, world, context.outcomes);
  return armJson(context, 200, vaultResource(vault), {
    effect: { kind: "vault-created", resource: vault.id },
  });
}

/** Everything but name, group, location and tenant is ignored: the vault comes back as it was. */
function recover(context: ArmContext, asked: VaultPut): Answer {
  const { world, params, caller } = context;
  const subscriptionId = params["subscriptionId"] ?? "";
  // Deleted vaults belong to the subscription, so a role at the group is not enough to see one.
  const scope = `/subscriptions/${subscriptionId}`;
  const action = `${PROVIDER}/locations/deletedVaults/read`;
  const at = world.timeline.now();
  const { principalId, clientId } = caller;
  if (!isAllowed(world, { principalId, scope, action, plane: "control", at })) {
    throw new Refusal(
      403,
      "AuthorizationFailed",
      `The client '${clientId}' with object id '${principalId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    );
  }
  const deleted = world.vaults.getDeleted(params["vaultName"] ?? "");
  const meant =
    deleted !== undefined &&
    !deleted.purging &&
    keyOf(deleted.vault.id) === keyOf(context.id) &&
    deleted.vault.region === regionOf(asked.location);
  if (!meant) {
    throw new Refusal(
      400,
      "SoftDeletedVaultDoesNotExist",
      "A soft deleted vault with the given name does not exist. Ensure that the name for the vault that is being attempted to recover is in a recoverable state. For more information on soft delete please follow this link https://go.microsoft.com/fwlink/?linkid=2149745",
    );
  }
  recoverVault(deleted, world, context.outcomes);
  return armJson(context, 200, vaultResource(deleted.vault), {
    effect: { kind: "vault-recovered", resource: deleted.vault.id },
  });
}

function patch(context: ArmContext): Answer {
  const vault = vaultOf(context);
  const asked = parsePatch(context.body);
  const properties = propertiesOfPatch(
    asked.properties ?? {},
    vault.properties,
    tenantOf(context.world, context.params["subscriptionId"] ?? ""),
  );
  change(context, vault, asked.tags ?? vault.tags, properties);
  return updated(context, vault);
}

function remove(context: ArmContext): Answer {
  const { world, request } = context;
  const vault = world.vaults.get(context.params["vaultName"] ?? "");
  if (vault === undefined || keyOf(vault.id) !== keyOf(context.id)) {
    return { status: 204, headers: armHeaders(request) };
  }
  checkWritable(vault, context);
  deleteVault(vault, world);
  return {
    status: 200,
    headers: armHeaders(request),
    effect: { kind: "vault-deleted", resource: vault.id },
  };
}

function checkNameAvailability(context: ArmContext): Answer {
  const asked = z
    .strictObject({ name: z.string(), type: z.literal(VAULT_TYPE) })
    .safeParse(context.body);
  if (!asked.success) throw invalidContent(asked.error);
  const { name } = asked.data;
  const refusal = !isVaultName(name)
    ? { reason: "AccountNameInvalid", message: invalidNameMessage(name) }
    : context.world.vaults.isTaken(name)
      ? { reason: "AlreadyExists", message: nameInUseMessage(name) }
      : undefined;
  return armJson(context, 200, { nameAvailable: refusal === undefined, ...refusal });
}

function change(
  context: ArmContext,
  vault: Vault,
  tags: Readonly<Record<string, string>>,
  properties: VaultProperties,
): void {
  const { world, caller } = context;
  checkWritable(vault, context);
  vault.tags = tags;
  changeProperties(vault, properties, world);
  vault.modifiedAt = world.timeline.now();
  vault.modifiedBy = caller.clientId;
  world.vaults.changed();
}

function updated(context: ArmContext, vault: Vault): Answer {
  return armJson(context, 200, vaultResource(vault), {
    effect: { kind: "vault-updated", resource: vault.id },
  });
}

function newVault(
  { id, params, world, caller }: ArmContext,
  { location, tags }: VaultPut,
  properties: VaultProperties,
): Vault {
  const now = world.timeline.now();
  return {
    id,
    name: params["vaultName"] ?? "",
    location: regionOf(location),
    region: regionOf(location),
    createdAt: now,
    createdBy: caller.clientId,
    modifiedAt: now,
    modifiedBy: caller.clientId,
    tags: tags ?? {},
    properties,
    provisioningState: "RegisteringDns",
    registration: undefined,
    networkRulesInForce: networkRulesOf(properties),
    closing: undefined,
    secrets: new Secrets(),
  };
}

function checkLocation(location: string, existing: Vault | undefined): void {
  const region = regionOf(location);
  if (existing && existing.region !== region) {
    throw new Refusal(
      409,
      "InvalidResourceLocation",
      `The resource '${existing.name}' already exists in location '${existing.region}' in resource group '${existing.id.split("/")[4] ?? ""}'. A resource with the same name cannot be created in location '${region}'. Please select a new resource name.`,
    );
  }
  if (!knownRegions().includes(region)) {
    throw new Refusal(
      400,
      "LocationNotAvailableForResourceType",
      `The provided location '${location}' is not available for resource type '${VAULT_TYPE}'. List of available regions for the resource type is '${knownRegions().join(",")}'.`,
    );
  }
}

function checkNotDeleted({ world, params }: ArmContext, name: string): void {
  const deleted = world.vaults.getDeleted(name);
  if (deleted === undefined) return;
  const own = keyOf(deleted.vault.id).split("/")[2] === keyOf(params["subscriptionId"] ?? "");
  if (!own) throw vaultAlreadyExists(name);
  throw new Refusal(
    409,
    "ConflictError",
    "A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.",
  );
}

// The documentation says that a vault's settings cannot be changed during a failover; how that is said is assumed.
function checkWritable(vault: Vault, { world }: ArmContext): void {
  if (!servedFrom(vault, world).readOnly) return;
  throw new Refusal(
    403,
    "VaultIsReadOnly",
    `The vault '${vault.name}' is read-only while its region is failed over; its settings cannot be changed.`,
  );
}

function vaultOf(context: ArmContext): Vault {
  const name = context.params["vaultName"] ?? "";
  const found = context.world.vaults.get(name);
  if (found && keyOf(found.id) === keyOf(context.id)) return found;
  throw resourceNotFound(context, VAULT_TYPE, name);
}
