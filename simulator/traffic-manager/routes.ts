import { canonical } from "../arm/canonical.js";
import { keyOf } from "../arm/resource-id.js";
import {
  type ArmContext,
  armHeaders,
  armJson,
  type ArmOperation,
  type ArmType,
  resourceNotFound,
} from "../arm/router.js";
import { within } from "../container-apps/find.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import {
  endpointDraftOf,
  draftOf,
  findEndpoint,
  patchedDraftOf,
  type ProfileDraft,
} from "./draft.js";
import { endpointResource, profileResource } from "./representation.js";
import { checkProfile, DOMAIN, endpointType, PROFILE_TYPE } from "./rules.js";
import type { EndpointType } from "./schema.js";
import type { TrafficEndpoint, TrafficProfile } from "./state.js";

/** Published versions; the newest stable one is what @azure/arm-trafficmanager 6.1.0 sends. */
const API_VERSIONS = [
  "2015-11-01",
  "2017-03-01",
  "2017-05-01",
  "2018-02-01",
  "2018-03-01",
  "2018-04-01",
  "2018-08-01",
  "2022-04-01-preview",
  "2022-04-01",
  "2024-04-01-preview",
];

const subscription = "/subscriptions/{subscriptionId}";
const group = `${subscription}/resourceGroups/{resourceGroupName}`;
const profile = `${group}/providers/${PROFILE_TYPE}/{profileName}`;
const endpoint = `${profile}/{endpointType}/{endpointName}`;
const apiVersions = API_VERSIONS;

export const trafficManagerTypes: readonly ArmType[] = [
  { type: PROFILE_TYPE, apiVersions: API_VERSIONS },
];

/** Microsoft.Network/trafficManagerProfiles and their endpoints. Nothing of it takes time. */
export const trafficManagerOperations: readonly ArmOperation[] = [
  ...[
    { name: "trafficManagerProfiles.listBySubscription", below: subscription },
    { name: "trafficManagerProfiles.listByResourceGroup", below: group },
  ].map(({ name, below }): ArmOperation => ({
    name,
    method: "GET",
    path: `${below}/providers/${PROFILE_TYPE}`,
    apiVersions,
    action: `${PROFILE_TYPE}/read`,
    handle: (context) => {
      const profiles = context.world.trafficManagerProfiles;
      return armJson(context, 200, {
        value: within(profiles, context.id).map((one) => profileResource(one, profiles)),
      });
    },
  })),
  {
    name: "trafficManagerProfiles.get",
    method: "GET",
    path: profile,
    apiVersions,
    action: `${PROFILE_TYPE}/read`,
    handle: (context) => shown(context, 200, profileOf(context)),
  },
  {
    name: "trafficManagerProfiles.createOrUpdate",
    method: "PUT",
    path: profile,
    apiVersions,
    action: `${PROFILE_TYPE}/write`,
    takesBody: true,
    handle: put,
  },
  {
    name: "trafficManagerProfiles.update",
    method: "PATCH",
    path: profile,
    apiVersions,
    action: `${PROFILE_TYPE}/write`,
    takesBody: true,
    handle: (context) => {
      const target = profileOf(context);
      const changed = apply(context, target, patchedDraftOf(context.body, target));
      return shown(context, 200, target, changed ? "traffic-profile-updated" : undefined);
    },
  },
  {
    name: "trafficManagerProfiles.delete",
    method: "DELETE",
    path: profile,
    apiVersions,
    action: `${PROFILE_TYPE}/delete`,
    handle: remove,
  },
  {
    name: "trafficManagerProfiles.checkNameAvailability",
    method: "POST",
    path: "/providers/Microsoft.Network/checkTrafficManagerNameAvailability",
    apiVersions,
    mutating: false,
    takesBody: true,
    handle: checkName,
  },
  {
    name: "trafficManagerEndpoints.get",
    method: "GET",
    path: endpoint,
    apiVersions,
    action: `${PROFILE_TYPE}/{endpointType}/read`,
    handle: (context) => {
      const owner = profileOf(context);
      return shownEndpoint(context, 200, owner, endpointOf(context, owner));
    },
  },
  ...(["PUT", "PATCH"] as const).map((method): ArmOperation => ({
    name: `trafficManagerEndpoints.${method === "PUT" ? "createOrUpdate" : "update"}`,
    method,
    path: endpoint,
    apiVersions,
    action: `${PROFILE_TYPE}/{endpointType}/write`,
    takesBody: true,
    handle: (context) => writeEndpoint(context, method === "PATCH"),
  })),
  {
    name: "trafficManagerEndpoints.delete",
    method: "DELETE",
    path: endpoint,
    apiVersions,
    action: `${PROFILE_TYPE}/{endpointType}/delete`,
    handle: removeEndpoint,
  },
];

function put(context: ArmContext): Answer {
  const { world, id, params } = context;
  const existing = world.trafficManagerProfiles.get(keyOf(id));
  const draft = draftOf(context.body, existing);
  const target = existing ?? newProfile(id, params["profileName"] ?? "", draft);
  const changed = apply(context, target, draft);
  return existing
    ? shown(context, 200, target, changed ? "traffic-profile-updated" : undefined)
    : shown(context, 201, target, "traffic-profile-created");
}

/** Checks the draft whole, then lets it take the place of what was there; says whether that changed anything. */
function apply({ world, id }: ArmContext, target: TrafficProfile, draft: ProfileDraft): boolean {
  const { timeline, durations, trafficManagerProfiles: profiles, trafficManager } = world;
  checkProfile({ id: target.id, ...draft }, profiles);
  const added = draft.endpoints.some(({ monitor }) => monitor.finding === undefined);
  const before = settingsOf(target);
  target.tags = draft.tags;
  target.properties = draft.properties;
  target.endpoints = draft.endpoints;
  if (added) target.probesFrom = timeline.now() + durations.trafficManagerFirstProbe;
  profiles.set(keyOf(profileIdIn(id)), target);
  const changed = before !== settingsOf(target);
  trafficManager.changed();
  return changed;
}

/** What clients decide, without what probes have found. */
function settingsOf({ tags, properties, endpoints }: ProfileDraft): string {
  return canonical([
    tags ?? {},
    properties,
    endpoints.map(({ name, type, properties: own }) => ({ name, type, ...own })),
  ]);
}

function newProfile(id: string, name: string, draft: ProfileDraft): TrafficProfile {
  return { id, name, ...draft, probesFrom: 0, releases: [], statuses: [], queries: [] };
}

function remove(context: ArmContext): Answer {
  const { world, id } = context;
  const profiles = world.trafficManagerProfiles;
  const target = profiles.get(keyOf(id));
  if (target === undefined) return { status: 204, headers: armHeaders(context.request) };
  const parent = [...profiles.values()].find(({ endpoints }) =>
    endpoints.some(({ properties }) => keyOf(properties.targetResourceId ?? "") === keyOf(id)),
  );
  if (parent) {
    throw new Refusal(
      409,
      "Conflict",
      `The profile '${target.name}' is nested in the profile '${parent.name}' and cannot be deleted.`,
    );
  }
  profiles.delete(keyOf(id));
  world.trafficManager.changed();
  return armJson(
    context,
    200,
    {},
    {
      effect: { kind: "traffic-profile-deleted", resource: target.id },
    },
  );
}

function writeEndpoint(context: ArmContext, merge: boolean): Answer {
  const owner = profileOf(context);
  const [type, name] = [typeIn(context), context.params["endpointName"] ?? ""];
  const existing = findEndpoint(owner, type, name);
  if (merge && existing === undefined) endpointOf(context, owner);
  const endpoints = endpointDraftOf(context.body, { name, type, merge }, owner);
  const changed = apply(context, owner, { ...owner, endpoints });
  const made = endpointOf(context, owner);
  return existing
    ? shownEndpoint(context, 200, owner, made, changed ? "traffic-endpoint-updated" : undefined)
    : shownEndpoint(context, 201, owner, made, "traffic-endpoint-created");
}

function removeEndpoint(context: ArmContext): Answer {
  const owner = profileOf(context);
  const target = findEndpoint(owner, typeIn(context), context.params["endpointName"] ?? "");
  if (target === undefined) return { status: 204, headers: armHeaders(context.request) };
  owner.endpoints = owner.endpoints.filter((one) => one !== target);
  context.world.trafficManager.changed();
  return armJson(
    context,
    200,
    {},
    {
      effect: { kind: "traffic-endpoint-deleted", resource: context.id },
    },
  );
}

function checkName(context: ArmContext): Answer {
  const body = context.body as { name?: unknown; type?: unknown };
  if (typeof body.name !== "string" || typeof body.type !== "string") {
    throw new Refusal(400, "BadRequest", "name and type are required.");
  }
  const taken = context.world.trafficManager.profileNamed(body.name) !== undefined;
  return armJson(context, 200, {
    name: body.name,
    type: body.type,
    nameAvailable: !taken,
    ...(taken && {
      reason: "AlreadyExists",
      message: `Domain name ${body.name}.${DOMAIN} already exists. Please choose a different DNS prefix.`,
    }),
  });
}

function shown(context: ArmContext, status: number, target: TrafficProfile, kind?: string): Answer {
  return armJson(
    context,
    status,
    profileResource(target, context.world.trafficManagerProfiles),
    kind === undefined ? {} : { effect: { kind, resource: target.id, detail: switchesOf(target) } },
  );
}

/** Which endpoints of a profile are switched on, for the log. */
function switchesOf({ endpoints }: TrafficProfile): string {
  return endpoints.map(({ name, properties }) => `${name} ${properties.endpointStatus}`).join(", ");
}

function shownEndpoint(
  context: ArmContext,
  status: number,
  owner: TrafficProfile,
  target: TrafficEndpoint,
  kind?: string,
): Answer {
  const { endpointStatus } = target.properties;
  return armJson(
    context,
    status,
    endpointResource(owner, target, context.world.trafficManagerProfiles),
    kind === undefined ? {} : { effect: { kind, resource: context.id, detail: endpointStatus } },
  );
}

function profileIdIn(id: string): string {
  return id.split("/").slice(0, 9).join("/");
}

function profileOf(context: ArmContext): TrafficProfile {
  const found = context.world.trafficManagerProfiles.get(keyOf(profileIdIn(context.id)));
  if (found) return found;
  throw resourceNotFound(context, PROFILE_TYPE, context.params["profileName"] ?? "");
}

function typeIn(context: ArmContext): EndpointType {
  const given = context.params["endpointType"] ?? "";
  const known = endpointType(given);
  if (known) return known;
  throw new Refusal(
    404,
    "InvalidResourceType",
    `The resource type 'trafficManagerProfiles/${given}' could not be found in the namespace 'Microsoft.Network' for api version '${context.apiVersion}'.`,
  );
}

/** The type is part of an endpoint's id: under another type it is not found. */
function endpointOf(context: ArmContext, owner: TrafficProfile): TrafficEndpoint {
  const [type, name] = [typeIn(context), context.params["endpointName"] ?? ""];
  const found = findEndpoint(owner, type, name);
  if (found) return found;
  throw resourceNotFound(
    context,
    `${PROFILE_TYPE}/${owner.name}/${type.charAt(0).toLowerCase()}${type.slice(1)}`,
    name,
  );
}
