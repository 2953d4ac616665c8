import type { Environment } from "../estate.js";
import { parseResourceId } from "../resource-id.js";
import { serviceRole, type ServiceRoleId } from "../service-roles.js";
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
  /** The roles that have it all, for the remedy. */
  readonly role: string;
}

/** What the service has to be allowed at a resource, by the resource's type, and the roles that allow it. */
const rolesAt: Readonly<Record<string, readonly ServiceRoleId[]>> = {
  "microsoft.app/containerapps": ["container-apps"],
  "microsoft.cache/redis": ["caches"],
  "microsoft.cache/redisenterprise": ["managed-caches"],
  "microsoft.keyvault/vaults": ["vaults", "data-access"],
  "microsoft.storage/storageaccounts": ["accounts"],
  "microsoft.network/trafficmanagerprofiles": ["traffic"],
  "microsoft.cdn/profiles": ["edge"],
};

const allowedBy = (...ids: readonly ServiceRoleId[]): Pick<NeededRights, "actions" | "role"> => ({
  actions: ids.flatMap((id) => Object.keys(serviceRole(id).actions)),
  role: ids.map((id) => serviceRole(id).title).join(" and "),
});

/** Everything that recoveries of an environment have to be allowed, scope by scope. */
export function neededRights(estate: Environment): readonly NeededRights[] {
  const { containerApp, redis: caches, keyVault, storage, trafficManager, frontDoor } = estate;
  const at = (
    kind: keyof typeof scenariosOf,
    ids: readonly (string | undefined)[],
  ): NeededRights[] =>
    ids.flatMap((id) => {
      const roles = rolesAt[parseResourceId(id ?? "")?.type ?? ""];
      if (id === undefined || roles === undefined) return [];
      return [{ scope: id, ...allowedBy(...roles), scenarios: scenariosOf[kind] }];
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
      ...allowedBy("subscription"),
      scenarios: ["key-vault-failure", "region-outage"],
    },
    // What a recovery makes anew lies beside the last side.
    {
      scope: beside(keyVault),
      ...allowedBy("vaults", "data-access"),
      scenarios: ["key-vault-failure", "region-outage"],
    },
    {
      scope: beside(storage),
      ...allowedBy("accounts", "data-access"),
      scenarios: ["storage-failure", "region-outage"],
    },
    {
      scope: beside(caches),
      ...allowedBy(caches.recovery.first === "classic" ? "caches" : "managed-caches"),
      scenarios: ["redis-failure", "region-outage"],
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
