import { keyOf } from "../arm/resource-id.js";
import { Refusal } from "../server/refusal.js";
import type { World } from "../world/world.js";
import type { FaultOrder } from "./catalogue.js";

/** An edge that stands still must be somebody's. */
export function checkEdgeFault(order: FaultOrder, { cdnProfiles }: World): void {
  if (order.name !== "edge-stale" || cdnProfiles.has(keyOf(order.resource))) return;
  throw new Refusal(
    400,
    "InvalidFault",
    `resource: there is no profile ${order.resource}; it must be the id of one of Front Door or of the CDN`,
  );
}
