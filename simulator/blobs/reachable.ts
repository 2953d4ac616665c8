import { isAllowed } from "../access/authorize.js";
import type { World } from "../world/world.js";
import { isOpen } from "./authorization.js";
import { BLOBS } from "./operations.js";
import { regionOfSite, siteOf } from "./site.js";

export type Reachability =
  { readonly reachable: true } | { readonly reachable: false; readonly detail: string };

/**
 * Whether an app could read and write blobs at this moment. `url` is an account's or a container's; without a container
 * the right to any blob of the account is asked for. `detail` is one sentence for the app's own health page.
 */
export function storageReachable(
  world: Pick<World, "storageAccounts" | "conditions" | "roleAssignments" | "timeline">,
  url: string,
  principalId: string | undefined,
): Reachability {
  if (!URL.canParse(url)) return unreachable(`the storage URL ${url} is not one`);
  const { hostname, pathname } = new URL(url);
  const { conditions, timeline } = world;
  const site = siteOf(hostname, world);
  const region = site && regionOfSite(site);
  if (site === undefined || conditions.isDown("dns", region)) {
    return unreachable(`the name ${hostname} cannot be resolved`);
  }
  const { account, secondary } = site;
  if (conditions.isDown("data", region)) return unreachable(`${hostname} does not answer`);
  if (secondary) return unreachable(`${hostname} is read-only`);
  if (account.failover === "changing-places") {
    return unreachable(`${hostname} is changing its primary region`);
  }
  const trouble = conditions.storageTrouble(account);
  if (trouble === "server-busy") return unreachable(`${hostname} answers 503 ServerBusy`);
  if (trouble === "timed-out") return unreachable(`${hostname} answers 500 OperationTimedOut`);
  if (!isOpen(account)) return unreachable(`${hostname} refuses this network`);
  const container = decodeURIComponent(pathname.split("/")[1] ?? "");
  if (container !== "" && !account.containers.has(container)) {
    return unreachable(`the container ${container} of ${hostname} does not exist`);
  }
  const scope =
    container === "" ? account.id : `${account.id}/blobServices/default/containers/${container}`;
  const missing = ["read", "write"].find(
    (verb) =>
      principalId === undefined ||
      !isAllowed(world, {
        principalId,
        scope,
        action: `${BLOBS}/${verb}`,
        plane: "data",
        at: timeline.now(),
      }),
  );
  if (missing !== undefined)
    return unreachable(`${hostname} does not let the app ${missing} blobs`);
  return { reachable: true };
}

function unreachable(detail: string): Reachability {
  return { reachable: false, detail };
}
