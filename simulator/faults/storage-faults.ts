import { Refusal } from "../server/refusal.js";
import { accountWithId } from "../storage-accounts/lookup.js";
import type { World } from "../world/world.js";
import type { Condition } from "./catalogue.js";

/** What befalls a storage account befalls it where its primary is at the moment, unless the order says where. */
export function placed(order: Condition, { storageAccounts }: World): Condition {
  if (order.name !== "storage-unavailable" && order.name !== "replication-stalled") return order;
  const account = accountWithId(order.resource, storageAccounts);
  if (account === undefined) {
    throw new Refusal(
      400,
      "InvalidFault",
      `resource: there is no storage account ${order.resource}; it must be the id of one`,
    );
  }
  return { ...order, region: order.region ?? account.primaryLocation };
}
