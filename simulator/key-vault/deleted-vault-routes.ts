import { isWithin } from "../arm/resource-id.js";
import { type ArmContext, armHeaders, armJson, type ArmOperation } from "../arm/router.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { isListed } from "../world/listing.js";
import { regionOf } from "../world/names.js";
import { PROVIDER } from "./operations.js";
import type { DeletedVault } from "./state.js";
import { purgeVault } from "./vault-lifecycle.js";
import { deletedVaultResource } from "./vault-resource.js";
import { API_VERSIONS as apiVersions } from "./vault-routes.js";

const provider = `/subscriptions/{subscriptionId}/providers/${PROVIDER}`;
const location = `${provider}/locations/{location}`;
const one = `${location}/deletedVaults/{vaultName}`;

/** Vaults in soft deletion. They belong to the subscription, so only a role at the subscription shows them. */
export const deletedVaultOperations: readonly ArmOperation[] = [
  {
    name: "vaults.listDeleted",
    method: "GET",
    path: `${provider}/deletedVaults`,
    apiVersions,
    action: `${PROVIDER}/deletedVaults/read`,
    handle: (context) => {
      const { world, params } = context;
      const scope = `/subscriptions/${params["subscriptionId"] ?? ""}`;
      const value = [...world.vaults.deleted.values()]
        .filter(({ vault }) => isWithin(vault.id, scope))
        .filter(({ deletedAt }) => isListed({ createdAt: deletedAt }, world))
        .map(deletedVaultResource);
      return armJson(context, 200, { value });
    },
  },
  {
    name: "vaults.getDeleted",
    method: "GET",
    path: one,
    apiVersions,
    action: `${PROVIDER}/locations/deletedVaults/read`,
    handle: (context) => armJson(context, 200, deletedVaultResource(deletedVaultOf(context))),
  },
  {
    name: "vaults.purgeDeleted",
    method: "POST",
    path: `${one}/purge`,
    apiVersions,
    action: `${PROVIDER}/locations/deletedVaults/purge/action`,
    handle: purge,
  },
  {
    name: "vaults.operationResult",
    method: "GET",
    path: `${location}/operationResults/{operationId}`,
    apiVersions,
    action: `${PROVIDER}/locations/operationResults/read`,
    handle: (context) => {
      const id = context.params["operationId"] ?? "";
      const operation = context.world.operations.get(id);
      if (operation?.provider !== PROVIDER) {
        throw new Refusal(404, "OperationNotFound", `The operation '${id}' was not found.`);
      }
      if (operation.status === "InProgress") return inProgress(context, id);
      return { status: 200, headers: armHeaders(context.request) };
    },
  },
];

function purge(context: ArmContext): Answer {
  const deleted = deletedVaultOf(context);
  if (deleted.vault.properties.enablePurgeProtection) {
    throw new Refusal(405, "MethodNotAllowed", "Operation 'DeletedVaultPurge' is not allowed.");
  }
  const { id } = purgeVault(deleted, context.world, context.outcomes);
  return {
    ...inProgress(context, id),
    effect: { kind: "vault-purged", resource: deleted.vault.id },
  };
}

function inProgress({ request, params, apiVersion }: ArmContext, operation: string): Answer {
  const path = `/subscriptions/${params["subscriptionId"] ?? ""}/providers/${PROVIDER}/locations/${params["location"] ?? ""}/operationResults/${operation}`;
  return {
    status: 202,
    headers: {
      ...armHeaders(request),
      location: `${request.origin}${path}?api-version=${apiVersion}`,
    },
  };
}

function deletedVaultOf({ world, params }: ArmContext): DeletedVault {
  const name = params["vaultName"] ?? "";
  const found = world.vaults.getDeleted(name);
  const scope = `/subscriptions/${params["subscriptionId"] ?? ""}`;
  const there =
    found !== undefined &&
    !found.purging &&
    isWithin(found.vault.id, scope) &&
    found.vault.region === regionOf(params["location"] ?? "");
  if (there) return found;
  throw new Refusal(
    404,
    "DeletedVaultNotFound",
    `The specified deleted vault '${name}' does not exist.`,
  );
}
