import { checkedContent } from "../arm/invalid-content.js";
import type { ArmContext, ArmOperation } from "../arm/router.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { changing, PROFILE, reading } from "./api.js";
import { change, checkedUpdate, detailOf, purge, withHostHeader } from "./changes.js";
import type { Located } from "./edge.js";
import { endpointOf, originOf, profileOf } from "./lookup.js";
import { classicEndpointResource, classicOriginResource } from "./representation.js";
import { ClassicEndpointUpdate, ClassicOriginUpdate, ClassicPurge } from "./schema.js";
import type { EndpointSettings, OriginSettings } from "./state.js";

const endpoints = `${PROFILE}/endpoints`;
const one = `${endpoints}/{endpointName}`;
const origins = `${one}/origins`;

/** Endpoints and origins of Azure CDN from Microsoft (classic). */
export const classicOperations: readonly ArmOperation[] = [
  reading("cdnEndpoints.listByProfile", endpoints, "endpoints/read", (context) => ({
    value: profileOf(context, "classic").endpoints.map(classicEndpointResource),
  })),
  reading("cdnEndpoints.get", one, "endpoints/read", (context) =>
    classicEndpointResource(locate(context).endpoint),
  ),
  changing("cdnEndpoints.update", "PATCH", one, "endpoints/write", updateEndpoint),
  changing(
    "cdnEndpoints.purgeContent",
    "POST",
    `${one}/purge`,
    "endpoints/Purge/action",
    (context) => purge(context, locate(context), checkedContent(ClassicPurge, context.body)),
  ),
  reading("cdnOrigins.listByEndpoint", origins, "endpoints/origins/read", (context) => ({
    value: locate(context).endpoint.group.origins.map(classicOriginResource),
  })),
  reading("cdnOrigins.get", `${origins}/{originName}`, "endpoints/origins/read", (context) =>
    classicOriginResource(originOf(context, locate(context).endpoint.group)),
  ),
  changing(
    "cdnOrigins.update",
    "PATCH",
    `${origins}/{originName}`,
    "endpoints/origins/write",
    updateOrigin,
  ),
];

function locate(context: ArmContext): Located {
  const profile = profileOf(context, "classic");
  return { profile, endpoint: endpointOf(context, profile) };
}

/** The host header of the endpoint; it moves nobody to another origin. */
function updateEndpoint(context: ArmContext): Answer {
  const { profile, endpoint } = locate(context);
  const { properties } = checkedUpdate(ClassicEndpointUpdate, context);
  const { queryStringCachingBehavior: queryStrings, originHostHeader } = properties;
  if (originHostHeader !== undefined && endpoint.group.origins.length > 1) {
    throw new Refusal(
      400,
      "BadRequest",
      "originHostHeader of an endpoint is for a single origin; with several each origin has its own.",
    );
  }
  const settings: EndpointSettings = {
    ...withHostHeader(endpoint.settings, { originHostHeader }),
    ...(queryStrings && { queryStrings }),
  };
  return change(context, profile, endpoint, {
    settings,
    kind: "cdn-endpoint-updated",
    detail: `host header ${settings.originHostHeader ?? "of the request"}`,
    shown: () => classicEndpointResource(endpoint),
  });
}

function updateOrigin(context: ArmContext): Answer {
  const { profile, endpoint } = locate(context);
  const origin = originOf(context, endpoint.group);
  const { properties } = checkedUpdate(ClassicOriginUpdate, context);
  const settings: OriginSettings = withHostHeader(origin.settings, properties);
  return change(context, profile, origin, {
    settings,
    kind: "origin-updated",
    detail: detailOf(settings),
    shown: () => classicOriginResource(origin),
  });
}
