import { checkedContent } from "../arm/invalid-content.js";
import { keyOf } from "../arm/resource-id.js";
import {
  type ArmContext,
  type ArmOperation,
  type ArmType,
  resourceNotFound,
} from "../arm/router.js";
import { within } from "../container-apps/find.js";
import type { Answer } from "../server/exchange.js";
import { API_VERSIONS, changing, GROUP, PROFILE, reading, SUBSCRIPTION } from "./api.js";
import { change, checkedUpdate, detailOf, purge, withHostHeader } from "./changes.js";
import { classicOperations } from "./classic-routes.js";
import { endpointOf, groupOf, originOf, profileOf } from "./lookup.js";
import { edgeOperationRoutes } from "./operation-routes.js";
import {
  endpointResource,
  groupResource,
  originResource,
  profileResource,
  ROUTE,
  routeResource,
} from "./representation.js";
import { OriginUpdate, Purge } from "./schema.js";
import { type OriginSettings, PROFILE_TYPE } from "./state.js";

const groups = `${PROFILE}/originGroups`;
const origins = `${groups}/{originGroupName}/origins`;
const endpoints = `${PROFILE}/afdEndpoints`;
const routes = `${endpoints}/{endpointName}/routes`;

export const cdnTypes: readonly ArmType[] = [
  "",
  "/originGroups",
  "/originGroups/origins",
  "/afdEndpoints",
  "/afdEndpoints/routes",
  "/endpoints",
  "/endpoints/origins",
].map((below) => ({ type: PROFILE_TYPE + below, apiVersions: API_VERSIONS }));

/** Azure Front Door Standard and Premium, and Azure CDN from Microsoft (classic): what leads users to another account. */
export const cdnOperations: readonly ArmOperation[] = [
  ...[
    { name: "cdnProfiles.list", below: SUBSCRIPTION },
    { name: "cdnProfiles.listByResourceGroup", below: GROUP },
  ].map(({ name, below }) =>
    reading(name, `${below}/providers/${PROFILE_TYPE}`, "read", (context) => ({
      value: within(context.world.cdnProfiles, context.id).map(profileResource),
    })),
  ),
  reading("cdnProfiles.get", PROFILE, "read", (context) => profileResource(profileOf(context))),
  reading("afdOriginGroups.listByProfile", groups, "origingroups/read", (context) => {
    const owner = profileOf(context, "front-door");
    return { value: owner.groups.map((one) => groupResource(owner, one, context.apiVersion)) };
  }),
  reading("afdOriginGroups.get", `${groups}/{originGroupName}`, "origingroups/read", (context) => {
    const owner = profileOf(context, "front-door");
    return groupResource(owner, groupOf(context, owner), context.apiVersion);
  }),
  reading("afdOrigins.listByOriginGroup", origins, "origingroups/origins/read", (context) => {
    const owner = groupOf(context, profileOf(context, "front-door"));
    return { value: owner.origins.map((one) => originResource(owner, one)) };
  }),
  reading("afdOrigins.get", `${origins}/{originName}`, "origingroups/origins/read", (context) => {
    const owner = groupOf(context, profileOf(context, "front-door"));
    return originResource(owner, originOf(context, owner));
  }),
  changing(
    "afdOrigins.update",
    "PATCH",
    `${origins}/{originName}`,
    "origingroups/origins/write",
    updateOrigin,
  ),
  reading("afdEndpoints.listByProfile", endpoints, "afdendpoints/read", (context) => {
    const owner = profileOf(context, "front-door");
    return { value: owner.endpoints.map((one) => endpointResource(owner, one)) };
  }),
  reading("afdEndpoints.get", `${endpoints}/{endpointName}`, "afdendpoints/read", (context) => {
    const owner = profileOf(context, "front-door");
    return endpointResource(owner, endpointOf(context, owner));
  }),
  changing(
    "afdEndpoints.purgeContent",
    "POST",
    `${endpoints}/{endpointName}/purge`,
    "afdendpoints/Purge/action",
    (context) => {
      const profile = profileOf(context, "front-door");
      const endpoint = endpointOf(context, profile);
      return purge(context, { profile, endpoint }, checkedContent(Purge, context.body));
    },
  ),
  reading("cdnRoutes.listByEndpoint", routes, "afdendpoints/routes/read", (context) => ({
    value: [routeResource(endpointOf(context, profileOf(context, "front-door")))],
  })),
  reading("cdnRoutes.get", `${routes}/{routeName}`, "afdendpoints/routes/read", (context) => {
    const endpoint = endpointOf(context, profileOf(context, "front-door"));
    const name = context.params["routeName"] ?? "";
    if (keyOf(name) === ROUTE) return routeResource(endpoint);
    throw resourceNotFound(context, `${PROFILE_TYPE}/afdEndpoints/${endpoint.name}/routes`, name);
  }),
  ...classicOperations,
  ...edgeOperationRoutes,
];

function updateOrigin(context: ArmContext): Answer {
  const owner = profileOf(context, "front-door");
  const group = groupOf(context, owner);
  const origin = originOf(context, group);
  const { properties } = checkedUpdate(OriginUpdate, context);
  const { enabledState, azureOrigin: _azureOrigin, ...given } = properties;
  const enabled = enabledState === undefined ? {} : { enabled: enabledState === "Enabled" };
  const settings: OriginSettings = { ...withHostHeader(origin.settings, given), ...enabled };
  return change(context, owner, origin, {
    settings,
    kind: "origin-updated",
    detail: detailOf(settings),
    shown: () => originResource(group, origin),
  });
}
