import { isWithin, keyOf } from "../arm/resource-id.js";
import { type ArmContext, resourceNotFound } from "../arm/router.js";
import { Refusal } from "../server/refusal.js";
import type { ContainerApp, Revision } from "./state.js";
import { findRevision } from "./traffic.js";

export const APP_TYPE = "Microsoft.App/containerApps";

/** The app that a path names, or 404. */
export function appOf(context: ArmContext): ContainerApp {
  const name = context.params["containerAppName"] ?? "";
  const key = keyOf(context.id).split("/").slice(0, 9).join("/");
  const found = context.world.containerApps.get(key);
  if (found) return found;
  throw resourceNotFound(context, APP_TYPE, name);
}

/** The revision that a path names, or 404. */
export function revisionOf(context: ArmContext, owner: ContainerApp): Revision {
  const name = context.params["revisionName"] ?? "";
  const found = findRevision(owner, name);
  if (found) return found;
  throw new Refusal(
    404,
    "RevisionNotFound",
    `The revision '${name}' of container app '${owner.name}' was not found.`,
  );
}

/** The resources of a kind in the subscription or group that the id of a list names. */
export function within<T extends { readonly id: string }>(
  resources: ReadonlyMap<string, T>,
  listId: string,
): T[] {
  const scope = listId.slice(0, listId.toLowerCase().indexOf("/providers/"));
  return [...resources.values()].filter((resource) => isWithin(resource.id, scope));
}
