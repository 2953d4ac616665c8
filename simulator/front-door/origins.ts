import { isAllowed } from "../access/authorize.js";
import { keyOf } from "../arm/resource-id.js";
import { containerScope, isOpen, isOpenToAnybody } from "../blobs/authorization.js";
import { BLOBS } from "../blobs/operations.js";
import { regionOfSite, type Site, siteOf } from "../blobs/site.js";
import type { World } from "../world/world.js";
import type { EndpointSettings, OriginGroup, ServedOrigin } from "./state.js";

/** What somebody at the edge comes to who connects to an origin. */
export type Way =
  | { readonly kind: "site"; readonly site: Site; readonly host: string }
  /** The service is there and has nothing under the host that it is asked for. */
  | { readonly kind: "other-host"; readonly host: string }
  | { readonly kind: "unreachable"; readonly why: string };

export type Surroundings = Pick<
  World,
  "storageAccounts" | "conditions" | "roleAssignments" | "identities" | "timeline"
>;

/**
 * The connection goes where the host name leads, and the host header says whose blobs are meant: an account is kept
 * where its own name leads to, so a header that names another one finds nothing.
 */
export function wayTo(
  { settings: { hostName, originHostHeader } }: ServedOrigin,
  endpoint: Pick<EndpointSettings, "originHostHeader">,
  asked: string,
  world: Surroundings,
): Way {
  const { conditions } = world;
  const site = siteOf(hostName.toLowerCase(), world);
  const region = site && regionOfSite(site);
  if (site === undefined || conditions.isDown("dns", region)) {
    return { kind: "unreachable", why: `the name ${hostName} cannot be resolved` };
  }
  if (conditions.isDown("data", region)) {
    return { kind: "unreachable", why: `${hostName} does not answer` };
  }
  const host = (originHostHeader ?? endpoint.originHostHeader ?? asked).toLowerCase();
  const named = siteOf(host, world);
  return named?.account === site.account && named.secondary === site.secondary
    ? { kind: "site", site: named, host }
    : { kind: "other-host", host };
}

/**
 * Whether a health probe gets its 200. Of the path only the container counts: whether it is there and may be read.
 * That the blob is there is taken for granted.
 */
export function isWell(
  origin: ServedOrigin,
  group: OriginGroup,
  endpoint: Pick<EndpointSettings, "originHostHeader">,
  asked: string,
  world: Surroundings,
): boolean {
  const way = wayTo(origin, endpoint, asked, world);
  if (way.kind !== "site") return false;
  const { account, secondary } = way.site;
  if (!secondary && world.conditions.storageTrouble(account) !== undefined) return false;
  const [container = "", blob] = (group.probe?.path ?? "/").slice(1).split("/");
  if (!isOpen(account) || blob === undefined || !account.containers.has(container)) return false;
  if (isOpenToAnybody(account, { operation: "blobs.get", container })) return true;
  const identity = identityOf(group, world);
  return (
    identity !== undefined &&
    isAllowed(world, {
      principalId: identity.principalId,
      scope: containerScope(account, { container }),
      action: `${BLOBS}/read`,
      plane: "data",
      at: world.timeline.now(),
    })
  );
}

/** As whom the origins of a group are asked. */
export function identityOf(
  { identity }: OriginGroup,
  { identities }: Pick<World, "identities">,
): World["identities"][number] | undefined {
  return identities.find(({ resourceId }) => keyOf(resourceId) === keyOf(identity ?? ""));
}
