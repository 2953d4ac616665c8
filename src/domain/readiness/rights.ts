import type { Environment } from "../estate.js";
import { parseResourceId } from "../resource-id.js";
import type { Found, RecoveryScenario } from "./readiness.js";
import { scenariosOf } from "./scope-of-resource.js";

/** What one of the caller's roles allows at a scope, as the permissions API lists it. */
export interface Permission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
}

/** A scope, and what the service has to be allowed there. */
export interface NeededRights {
  readonly scope: string;
  readonly actions: readonly string[];
  readonly scenarios: readonly RecoveryScenario[];
  /** A built-in role that has it all, for the remedy. */
  readonly role: string;
}

const app = "Microsoft.App/containerApps";
const redis = "Microsoft.Cache/redis";
const managed = "Microsoft.Cache/redisEnterprise";
const vault = "Microsoft.KeyVault/vaults";
const account = "Microsoft.Storage/storageAccounts";
const traffic = "Microsoft.Network/trafficManagerProfiles";
const cdn = "Microsoft.Cdn/profiles";
const assign = "Microsoft.Authorization/roleAssignments/write";

/** The actions of this service's activities at a resource, by the resource's type. */
export const neededActions: Readonly<
  Record<string, { readonly actions: readonly string[]; readonly role: string }>
> = {
  "microsoft.app/containerapps": {
    actions: [
      `${app}/read`,
      `${app}/write`,
      `${app}/listSecrets/action`,
      `${app}/getAuthToken/action`,
      `${app}/revisions/read`,
      `${app}/revisions/restart/action`,
      `${app}/revisions/activate/action`,
      `${app}/revisions/replicas/read`,
    ],
    role: "Container Apps Contributor",
  },
  "microsoft.cache/redis": {
    actions: [
      `${redis}/read`,
      `${redis}/write`,
      `${redis}/listKeys/action`,
      `${redis}/regenerateKey/action`,
      `${redis}/forceReboot/action`,
      `${redis}/export/action`,
      `${redis}/import/action`,
      `${redis}/linkedServers/read`,
      `${redis}/linkedServers/write`,
      `${redis}/linkedServers/delete`,
      `${redis}/patchSchedules/write`,
    ],
    role: "Redis Cache Contributor",
  },
  "microsoft.cache/redisenterprise": {
    actions: [
      `${managed}/read`,
      `${managed}/databases/read`,
      `${managed}/databases/write`,
      `${managed}/databases/listKeys/action`,
      `${managed}/databases/export/action`,
      `${managed}/databases/import/action`,
    ],
    role: "Contributor at the resource group, or a role of your own with Microsoft.Cache/redisEnterprise/*",
  },
  "microsoft.keyvault/vaults": {
    actions: [`${vault}/read`, `${vault}/write`, assign],
    role: "Key Vault Contributor and Key Vault Data Access Administrator",
  },
  "microsoft.storage/storageaccounts": {
    actions: [
      `${account}/read`,
      `${account}/write`,
      `${account}/failover/action`,
      `${account}/blobServices/read`,
      `${account}/blobServices/write`,
    ],
    role: "Storage Account Contributor",
  },
  "microsoft.network/trafficmanagerprofiles": {
    actions: [`${traffic}/read`, `${traffic}/write`, `${traffic}/externalEndpoints/write`],
    role: "Traffic Manager Contributor",
  },
  "microsoft.cdn/profiles": {
    actions: [
      `${cdn}/read`,
      `${cdn}/origingroups/read`,
      `${cdn}/origingroups/origins/read`,
      `${cdn}/origingroups/origins/write`,
      `${cdn}/afdendpoints/read`,
      `${cdn}/afdendpoints/Purge/action`,
    ],
    role: "CDN Profile Contributor",
  },
};

/** Everything that recoveries of an environment have to be allowed, scope by scope. */
export function neededRights(estate: Environment): readonly NeededRights[] {
  const { containerApp, redis: caches, keyVault, storage, trafficManager, frontDoor } = estate;
  const at = (
    kind: keyof typeof scenariosOf,
    ids: readonly (string | undefined)[],
  ): NeededRights[] =>
    ids.flatMap((id) => {
      const needed = neededActions[parseResourceId(id ?? "")?.type ?? ""];
      if (id === undefined || needed === undefined) return [];
      return [{ scope: id, ...needed, scenarios: scenariosOf[kind] }];
    });
  const beside = (sides: { readonly primary: string; readonly secondary?: string | undefined }) =>
    groupOf(sides.secondary ?? sides.primary);
  const subscription = `/subscriptions/${estate.subscriptionId}`;
  return [
    ...at("container-app", [containerApp.primary, containerApp.secondary]),
    ...at("redis", [caches.primary, caches.secondary]),
    ...at("key-vault", [keyVault.primary, keyVault.secondary]),
    ...at("storage", [storage.primary, storage.secondary]),
    ...at("traffic-manager", [trafficManager?.profile]),
    ...at("edge", [frontDoor?.profile]),
    {
      scope: subscription,
      actions: [
        "Microsoft.KeyVault/locations/deletedVaults/read",
        "Microsoft.KeyVault/checkNameAvailability/read",
      ],
      scenarios: ["key-vault-failure", "region-outage"],
      role: "Key Vault Contributor",
    },
    // What a recovery makes anew lies beside the last side.
    {
      scope: beside(keyVault),
      actions: [`${vault}/write`, assign],
      scenarios: ["key-vault-failure", "region-outage"],
      role: "Key Vault Contributor and Key Vault Data Access Administrator",
    },
    {
      scope: beside(storage),
      actions: [`${account}/write`, assign],
      scenarios: ["storage-failure", "region-outage"],
      role: "Storage Account Contributor and Role Based Access Control Administrator",
    },
    {
      scope: beside(caches),
      actions:
        caches.recovery.first === "classic"
          ? [`${redis}/write`]
          : [`${managed}/write`, `${managed}/databases/write`],
      scenarios: ["redis-failure", "region-outage"],
      role:
        caches.recovery.first === "classic"
          ? "Redis Cache Contributor"
          : "Contributor, or a role of your own with Microsoft.Cache/redisEnterprise/*",
    },
  ];
}

/** The needed actions that no role of the caller allows. */
export function missingActions(
  needed: readonly string[],
  permissions: readonly Permission[],
): readonly string[] {
  return needed.filter(
    (action) =>
      !permissions.some(
        ({ actions, notActions }) => covers(actions, action) && !covers(notActions, action),
      ),
  );
}

const covers = (patterns: readonly string[], action: string): boolean =>
  patterns.some((pattern) => {
    const literal = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("\\*", ".*");
    return new RegExp(`^${literal}$`, "i").test(action);
  });

/** What is missing at one scope; `permissions` is undefined where the caller may not even ask. */
export function rightsFindings(
  { scope, actions, scenarios, role }: NeededRights,
  permissions: readonly Permission[] | undefined,
): Found[] {
  const missing = missingActions(actions, permissions ?? []);
  if (missing.length === 0) return [];
  const which =
    permissions === undefined ? "no role at all" : `no role that allows ${missing.join(", ")}`;
  return [
    {
      about: scope,
      level: "not-ready",
      what: `this service has ${which} at ${shown(scope)}`,
      remedy: `give this service's identity the role ${role} at ${scope}; it is felt after up to ten minutes`,
      scenarios: [...scenarios],
    },
  ];
}

const groupOf = (id: string): string => id.split("/").slice(0, 5).join("/");
const shown = (scope: string): string => scope.split("/").slice(-2).join("/");
