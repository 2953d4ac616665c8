import { isAllowed } from "../access/authorize.js";
import { Refusal } from "../server/refusal.js";
import type { ResourceGroup, Subscription } from "../world/world.js";
import { isWithin, keyOf } from "./resource-id.js";
import { type ArmContext, armJson, type ArmOperation, type ArmType } from "./router.js";

const API_VERSIONS = [
  "2016-06-01",
  "2018-05-01",
  "2019-06-01",
  "2019-10-01",
  "2019-11-01",
  "2020-01-01",
  "2020-06-01",
  "2020-10-01",
  "2021-01-01",
  "2021-04-01",
  "2022-09-01",
  "2022-12-01",
  "2023-07-01",
  "2024-03-01",
  "2024-07-01",
  "2024-11-01",
  "2025-03-01",
  "2025-04-01",
];

export const resourceTypes: readonly ArmType[] = [
  { type: "Microsoft.Resources/resourceGroups", apiVersions: API_VERSIONS },
];

const group = "/subscriptions/{subscriptionId}/resourceGroups";

/** What clients that are not told an api-version, the Azure CLI among them, ask to find one. */
export function providerOperations(types: readonly ArmType[]): readonly ArmOperation[] {
  return [
    {
      name: "providers.get",
      method: "GET",
      path: "/subscriptions/{subscriptionId}/providers/{namespace}",
      apiVersions: API_VERSIONS,
      handle: (context) => {
        const namespace = context.params["namespace"] ?? "";
        const of = (type: string): string => type.slice(0, type.indexOf("/"));
        const known = types.filter(({ type }) => keyOf(of(type)) === keyOf(namespace));
        const [first] = known;
        if (first === undefined) {
          throw new Refusal(
            404,
            "InvalidResourceNamespace",
            `The resource namespace '${namespace}' is invalid.`,
          );
        }
        return armJson(context, 200, {
          id: `/subscriptions/${context.params["subscriptionId"] ?? ""}/providers/${of(first.type)}`,
          namespace: of(first.type),
          registrationState: "Registered",
          registrationPolicy: "RegistrationRequired",
          resourceTypes: known.map(({ type, apiVersions }) => ({
            resourceType: type.slice(type.indexOf("/") + 1),
            locations: [],
            apiVersions: [...apiVersions].reverse(),
          })),
        });
      },
    },
  ];
}

/** Subscriptions and resource groups. */
export const resourceOperations: readonly ArmOperation[] = [
  {
    name: "subscriptions.list",
    method: "GET",
    path: "/subscriptions",
    apiVersions: API_VERSIONS,
    handle: (context) =>
      armJson(context, 200, {
        value: [...context.world.subscriptions.values()]
          .filter((subscription) => sees(context, subscription))
          .map(subscriptionResource),
        count: { type: "Total", value: context.world.subscriptions.size },
      }),
  },
  {
    name: "subscriptions.get",
    method: "GET",
    path: "/subscriptions/{subscriptionId}",
    apiVersions: API_VERSIONS,
    handle: (context) => {
      const id = keyOf(context.params["subscriptionId"] ?? "");
      return armJson(context, 200, subscriptionResource(context.world.subscriptions.get(id)));
    },
  },
  {
    name: "resourceGroups.list",
    method: "GET",
    path: group,
    apiVersions: API_VERSIONS,
    handle: (context) =>
      armJson(context, 200, {
        value: [...context.world.resourceGroups.values()]
          .filter(({ id }) => isWithin(id, context.id.split("/").slice(0, 3).join("/")))
          .filter(({ id }) => mayRead(context, id))
          .map(groupResource),
      }),
  },
  {
    name: "resourceGroups.get",
    method: "GET",
    path: `${group}/{resourceGroupName}`,
    apiVersions: API_VERSIONS,
    action: "Microsoft.Resources/subscriptions/resourceGroups/read",
    handle: (context) =>
      armJson(context, 200, groupResource(context.world.resourceGroups.get(keyOf(context.id)))),
  },
];

/** A subscription is seen by whoever has a role somewhere in it. */
function sees({ caller, world }: ArmContext, { id }: Subscription): boolean {
  return world.roleAssignments.some(
    ({ principalId, scope }) =>
      keyOf(principalId) === keyOf(caller.principalId) &&
      (scope === "/" || isWithin(scope, `/subscriptions/${id}`)),
  );
}

/** Lists of groups leave out what the caller may not read. */
function mayRead({ caller, world }: ArmContext, scope: string): boolean {
  return isAllowed(world, {
    principalId: caller.principalId,
    scope,
    action: "Microsoft.Resources/subscriptions/resourceGroups/read",
    plane: "control",
    at: world.timeline.now(),
  });
}

function subscriptionResource(subscription: Subscription | undefined): unknown {
  if (subscription === undefined) return {};
  const { id, tenantId, displayName } = subscription;
  return {
    id: `/subscriptions/${id}`,
    subscriptionId: id,
    tenantId,
    displayName,
    state: "Enabled",
    subscriptionPolicies: {
      locationPlacementId: "Public_2014-09-01",
      quotaId: "PayAsYouGo_2014-09-01",
      spendingLimit: "Off",
    },
    authorizationSource: "RoleBased",
    managedByTenants: [],
  };
}

function groupResource(resourceGroup: ResourceGroup | undefined): unknown {
  if (resourceGroup === undefined) return {};
  const { id, name, location } = resourceGroup;
  return {
    id,
    name,
    type: "Microsoft.Resources/resourceGroups",
    location,
    properties: { provisioningState: "Succeeded" },
  };
}
