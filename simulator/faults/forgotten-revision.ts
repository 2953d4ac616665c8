import { keyOf } from "../arm/resource-id.js";
import type { World } from "../world/world.js";

/** Forgets the inactive revision that a call names, as the app does beyond `maxInactiveRevisions`. */
export function forgetRevision(id: string, world: World): void {
  const [owner = "", name] = keyOf(id).split("/revisions/");
  const app = world.containerApps.get(owner);
  if (app === undefined) return;
  app.revisions = app.revisions.filter(
    (revision) => revision.active || revision.name.toLowerCase() !== name,
  );
}
