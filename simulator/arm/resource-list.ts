import { isAllowed } from "../access/authorize.js";
import { Refusal } from "../server/refusal.js";
import type { World } from "../world/world.js";
import { isWithin, keyOf, parseResourceId } from "./resource-id.js";
import { armJson, type ArmOperation } from "./router.js";

interface Listed {
  readonly id: string;
  readonly location: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Every resource that ARM knows of, whichever provider keeps it. */
function allResources(world: World): Listed[] {
  return [
    ...[...world.containerApps.values()].map(({ id, region }) => ({ id, location: region })),
    ...[...world.environments.values()].map(({ id, region }) => ({ id, location: region })),
    ...[...world.storageAccounts.values()].map(({ id, location, tags }) => ({
      id,
      location,
      tags,
    })),
    ...[...world.workspaces.values()].map(({ id, region }) => ({ id, location: region })),
    ...[...world.registries.values()].map(({ id, region, tags }) => ({
      id,
      location: region,
      tags,
    })),
    ...[...world.redisCaches.values(), ...world.managedRedis.values()].map(
      ({ id, region, envelope: { tags } }) => ({ id, location: region, ...(tags && { tags }) }),
    ),
    ...[...world.trafficManagerProfiles.values()].map(({ id }) => ({ id, location: "global" })),
    ...[...world.cdnProfiles.values()].map(({ id }) => ({ id, location: "global" })),
    ...[...world.vaults.live.values()].map(({ id, region, tags }) => ({
      id,
      location: region,
      tags,
    })),
  ];
}

/** A resource by its id, with its location as ARM shows it. */
export function findResource(world: World, id: string): Listed | undefined {
  return allResources(world).find((resource) => keyOf(resource.id) === keyOf(id));
}

/** Whether there is a resource with that id. */
export function resourceExists(world: World, id: string): boolean {
  return world.components.has(keyOf(id)) || findResource(world, id) !== undefined;
}

/** The list over all providers. The Azure CLI finds a vault's group with it. */
export const resourceListOperations: readonly ArmOperation[] = [
  {
    name: "resources.list",
    method: "GET",
    path: "/subscriptions/{subscriptionId}/resources",
    apiVersions: ["2015-11-01", "2016-09-01", "2021-04-01", "2022-09-01", "2024-03-01"],
    handle: (context) => {
      const { world, params, request, caller } = context;
      const scope = `/subscriptions/${params["subscriptionId"] ?? ""}`;
      const filter = request.query.get("$filter") ?? "";
      const [, wanted] = /^resourceType eq '([^']+)'$/i.exec(filter.trim()) ?? [];
      if (wanted === undefined) {
        throw new Refusal(
          501,
          "NotSimulated",
          `The $filter '${filter}' is not simulated; resourceType eq '…' is.`,
        );
      }
      const value = allResources(world)
        .filter(({ id }) => isWithin(id, scope))
        .map((resource) => ({ resource, parts: parseResourceId(resource.id) }))
        .filter(({ parts }) => keyOf(parts?.type ?? "") === keyOf(wanted))
        // What the caller may not read is left out.
        .filter(({ resource }) =>
          isAllowed(world, {
            principalId: caller.principalId,
            scope: resource.id,
            action: `${wanted}/read`,
            plane: "control",
            at: world.timeline.now(),
          }),
        )
        .map(({ resource, parts }) => ({ ...resource, name: parts?.name, type: parts?.type }));
      return armJson(context, 200, { value });
    },
  },
];
