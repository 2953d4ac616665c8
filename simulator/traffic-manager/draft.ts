import { canonical } from "../arm/canonical.js";
import { invalidContent } from "../arm/invalid-content.js";
import { mergePatch, withoutNulls } from "../arm/merge-patch.js";
import { Refusal } from "../server/refusal.js";
import { unchecked } from "./monitoring.js";
import { endpointType, PROFILE_TYPE } from "./rules.js";
import {
  EndpointBody,
  type EndpointProperties,
  type EndpointType,
  type MonitorConfig,
  ProfileBody,
  type ProfileProperties,
} from "./schema.js";
import type { TrafficEndpoint, TrafficProfile } from "./state.js";

/** A profile as a body describes it. */
export interface ProfileDraft {
  readonly tags: TrafficProfile["tags"];
  readonly properties: ProfileProperties;
  readonly endpoints: TrafficEndpoint[];
}

/** Reads the body of a PUT; endpoints that stay what they were keep what probes have found. */
export function draftOf(body: unknown, before: TrafficProfile | undefined): ProfileDraft {
  const parsed = ProfileBody.safeParse(withoutNulls(body));
  if (!parsed.success) throw invalidContent(parsed.error);
  const { location, tags, properties: whole } = parsed.data;
  if (location.toLowerCase() !== "global") {
    throw new Refusal(
      400,
      "LocationNotAvailableForResourceType",
      `The provided location '${location}' is not available for resource type '${PROFILE_TYPE}'. List of available regions for the resource type is 'global'.`,
    );
  }
  const { endpoints: bodies, ...given } = whole;
  const properties = normal(given);
  const probedAnew = before === undefined || !sameProbes(before.properties, properties);
  const endpoints = numbered(
    bodies.map((endpoint) =>
      endpointOf(endpoint, typeOf(endpoint), probedAnew ? undefined : before),
    ),
  );
  return { tags, properties, endpoints };
}

/** Reads the body of a PATCH: what it does not say stays; a list of endpoints replaces the whole list. */
export function patchedDraftOf(body: unknown, before: TrafficProfile): ProfileDraft {
  const { tags, properties, endpoints } = before;
  const whole = {
    location: "global",
    ...(tags && { tags }),
    properties: { ...properties, endpoints: endpoints.map(bodyOf) },
  };
  return draftOf(mergePatch(whole, body), before);
}

/** Reads the body of a PUT, or of a PATCH where `merge` says so, of one endpoint. */
export function endpointDraftOf(
  body: unknown,
  named: { readonly name: string; readonly type: EndpointType; readonly merge: boolean },
  profile: TrafficProfile,
): TrafficEndpoint[] {
  const { name, type, merge } = named;
  const before = findEndpoint(profile, type, name);
  const merged = merge && before ? mergePatch(bodyOf(before), body) : body;
  const parsed = EndpointBody.safeParse(withoutNulls(merged));
  if (!parsed.success) throw invalidContent(parsed.error);
  const made = endpointOf({ ...parsed.data, name: before?.name ?? name }, type, profile);
  return numbered(
    before === undefined
      ? [...profile.endpoints, made]
      : profile.endpoints.map((one) => (one === before ? made : one)),
  );
}

export function findEndpoint(
  { endpoints }: Pick<TrafficProfile, "endpoints">,
  type: EndpointType,
  name: string,
): TrafficEndpoint | undefined {
  return endpoints.find(
    (one) => one.type === type && one.name.toLowerCase() === name.toLowerCase(),
  );
}

function bodyOf({ name, type, properties }: TrafficEndpoint): unknown {
  return { name, type: `${PROFILE_TYPE}/${type}`, properties };
}

function typeOf({ name, type }: EndpointBody): EndpointType {
  const known = endpointType(type ?? "");
  if (known) return known;
  throw new Refusal(
    400,
    "BadRequest",
    `The type '${type ?? "<null>"}' specified for endpoint '${name ?? "<null>"}' is invalid. Valid endpoint types are: '${PROFILE_TYPE}/azureEndpoints', '${PROFILE_TYPE}/externalEndpoints', '${PROFILE_TYPE}/nestedEndpoints'.`,
  );
}

function endpointOf(
  { name = "", properties: given }: EndpointBody,
  type: EndpointType,
  profile: TrafficProfile | undefined,
): TrafficEndpoint {
  const { endpointMonitorStatus: _said, ...properties } = given;
  const before = profile && findEndpoint(profile, type, name);
  const stays = before !== undefined && sameTarget(before.properties, properties);
  return { name, type, properties, monitor: stays ? before.monitor : unchecked() };
}

/** Whether probes of an endpoint go on as if nothing had happened. */
function sameTarget(before: EndpointProperties, after: EndpointProperties): boolean {
  const probed = (one: EndpointProperties): string =>
    canonical([
      one.target,
      one.targetResourceId,
      one.endpointStatus,
      one.alwaysServe ?? "Disabled",
      one.customHeaders ?? [],
    ]);
  return probed(before) === probed(after);
}

function sameProbes(before: ProfileProperties, after: ProfileProperties): boolean {
  const probes = ({ profileStatus, monitorConfig }: ProfileProperties): string =>
    canonical([profileStatus, monitorConfig]);
  return probes(before) === probes(after);
}

/** Without what only the service says, and with the time limit that it puts where there is none. */
function normal({ dnsConfig, monitorConfig, ...others }: ProfileProperties): ProfileProperties {
  const { fqdn: _fqdn, ...dns } = dnsConfig;
  const { profileMonitorStatus: _status, ...monitor } = monitorConfig;
  const timeoutInSeconds = monitor.timeoutInSeconds ?? (monitor.intervalInSeconds === 10 ? 9 : 10);
  const config: MonitorConfig = { ...monitor, timeoutInSeconds };
  return { ...others, dnsConfig: dns, monitorConfig: config };
}

/** Weight 1 and the next free priority for whoever has none. */
function numbered(endpoints: readonly TrafficEndpoint[]): TrafficEndpoint[] {
  let next = Math.max(0, ...endpoints.map(({ properties }) => properties.priority ?? 0));
  return endpoints.map((endpoint) => {
    const { properties } = endpoint;
    const priority = properties.priority ?? (next += 1);
    return { ...endpoint, properties: { weight: 1, ...properties, priority } };
  });
}
