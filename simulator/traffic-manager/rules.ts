import { keyOf, parseResourceId } from "../arm/resource-id.js";
import { Refusal } from "../server/refusal.js";
import { regionOf } from "../world/names.js";
import { isKnownRegion } from "./regions.js";
import {
  ENDPOINT_TYPES,
  type EndpointType,
  type MonitorConfig,
  type ProfileProperties,
} from "./schema.js";
import type { TrafficEndpoint, TrafficProfile } from "./state.js";

export const DOMAIN = "trafficmanager.net";
export const PROFILE_TYPE = "Microsoft.Network/trafficManagerProfiles";

const DEEPEST_NESTING = 10;
const MOST_HEADERS = 8;
const MOST_RANGES = 8;
const LONGEST_TTL = 2_147_483_647;

/** A profile as it is to be, before it is let in. */
export interface Draft {
  readonly id: string;
  readonly properties: ProfileProperties;
  readonly endpoints: readonly TrafficEndpoint[];
}

type Profiles = ReadonlyMap<string, TrafficProfile>;

/** What must hold of a profile; the service names everything that is wrong in one message. */
export function checkProfile(draft: Draft, profiles: Profiles): void {
  const { properties, endpoints } = draft;
  const { trafficRoutingMethod } = properties;
  if (["Geographic", "MultiValue", "Subnet"].includes(trafficRoutingMethod)) {
    throw new Refusal(
      501,
      "NotSimulated",
      `properties.trafficRoutingMethod ${trafficRoutingMethod} is not simulated; Priority, Weighted and Performance are.`,
    );
  }
  const findings = [
    ...checkDns(properties),
    ...checkMonitor(properties.monitorConfig),
    ...checkNames(endpoints),
    ...endpoints.flatMap((endpoint) => checkEndpoint(endpoint, draft, profiles)),
    ...checkPriorities(properties, endpoints),
  ];
  if (findings.length > 0) throw new Refusal(400, "BadRequest", findings.join(" "));
  const name = properties.dnsConfig.relativeName.toLowerCase();
  for (const other of profiles.values()) {
    if (keyOf(other.id) === keyOf(draft.id)) continue;
    if (other.properties.dnsConfig.relativeName.toLowerCase() !== name) continue;
    throw new Refusal(
      409,
      "Conflict",
      `Domain name ${name}.${DOMAIN} already exists. Please choose a different DNS prefix.`,
    );
  }
}

/** `externalEndpoints` and the like in any spelling. */
export function endpointType(spelled: string): EndpointType | undefined {
  const bare = spelled.slice(spelled.lastIndexOf("/") + 1).toLowerCase();
  return ENDPOINT_TYPES.find((type) => type.toLowerCase() === bare);
}

function checkDns({ dnsConfig: { relativeName, ttl } }: ProfileProperties): string[] {
  const findings: string[] = [];
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(relativeName)) {
    findings.push(`The relative name '${relativeName}' is not a valid DNS label.`);
  }
  if (ttl < 0 || ttl > LONGEST_TTL) {
    findings.push(`The TTL must be a number of seconds from 0 to ${LONGEST_TTL}.`);
  }
  return findings;
}

function checkMonitor(config: MonitorConfig): string[] {
  const { protocol, port, path, intervalInSeconds, toleratedNumberOfFailures } = config;
  const findings: string[] = [];
  const demand = (holds: boolean, message: string): void => {
    if (!holds) findings.push(message);
  };
  demand(port >= 1 && port <= 65_535, "The monitoring port must be from 1 to 65535.");
  if (protocol === "TCP") {
    demand(path === undefined || path === "", "The path must not be set when the protocol is TCP.");
    demand(
      (config.expectedStatusCodeRanges ?? []).length === 0,
      "Expected status code ranges must not be set when the protocol is TCP.",
    );
  } else {
    demand(path?.startsWith("/") === true, "The monitoring path must start with '/'.");
  }
  const fast = intervalInSeconds === 10;
  demand(fast || intervalInSeconds === 30, "The probing interval must be 10 or 30 seconds.");
  const longest = fast ? 9 : 10;
  const timeout = config.timeoutInSeconds ?? longest;
  demand(
    timeout >= 5 && timeout <= longest,
    `The probe timeout must be from 5 to ${longest} seconds for an interval of ${intervalInSeconds} seconds.`,
  );
  demand(
    toleratedNumberOfFailures >= 0 && toleratedNumberOfFailures <= 9,
    "The tolerated number of failures must be from 0 to 9.",
  );
  demand(
    (config.customHeaders ?? []).length <= MOST_HEADERS,
    "There are more than 8 custom headers.",
  );
  const ranges = config.expectedStatusCodeRanges ?? [];
  demand(ranges.length <= MOST_RANGES, "There are more than 8 expected status code ranges.");
  demand(
    ranges.every(({ min, max }) => min >= 100 && max <= 999 && min <= max),
    "An expected status code range must lie between 100 and 999.",
  );
  return findings;
}

function checkNames(endpoints: readonly TrafficEndpoint[]): string[] {
  const findings = endpoints
    .filter(({ name }) => name.trim() === "" || name.length > 260)
    .map(
      ({ name }) =>
        `Endpoint name '${name}' is invalid. Endpoint names cannot be empty or all whitespace, and must be up to 260 characters long.`,
    );
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { name, properties } of endpoints) {
    const target = properties.target ?? properties.targetResourceId ?? "";
    for (const key of [`name ${keyOf(name)}`, `target ${keyOf(target)}`]) {
      if (seen.has(key)) twice.add(name);
      seen.add(key);
    }
  }
  if (twice.size > 0) {
    findings.push(
      `There are duplicates in the list of endpoints. The following endpoint(s) appear more than once: ${[...twice].join(", ")}.`,
    );
  }
  return findings;
}

function checkEndpoint(endpoint: TrafficEndpoint, draft: Draft, profiles: Profiles): string[] {
  const { name, type, properties } = endpoint;
  const { weight, priority, endpointLocation, target, targetResourceId } = properties;
  const findings: string[] = [];
  const demand = (holds: boolean, message: string): void => {
    if (!holds) findings.push(message);
  };
  demand(
    weight === undefined || (weight >= 1 && weight <= 1000),
    `The weight of endpoint '${name}' must be from 1 to 1000.`,
  );
  demand(
    priority === undefined || (priority >= 1 && priority <= 1000),
    `The priority of endpoint '${name}' must be from 1 to 1000.`,
  );
  demand(
    (properties.customHeaders ?? []).length <= MOST_HEADERS,
    `Endpoint '${name}' has more than 8 custom headers.`,
  );
  if (type === "ExternalEndpoints") {
    demand(
      targetResourceId === undefined,
      `The 'targetResourceId' property of endpoint '${name}' is invalid or missing. The property must be specified only for the following endpoint types: AzureEndpoints, NestedEndpoints.`,
    );
    demand(
      target !== undefined && isHostName(target) && !keyOf(target).endsWith(`.${DOMAIN}`),
      `The 'target' property of endpoint '${name}' is invalid or missing: it must be a domain name outside ${DOMAIN}, or an IP address.`,
    );
  } else {
    demand(
      targetResourceId !== undefined && parseResourceId(targetResourceId) !== undefined,
      `The 'targetResourceId' property of endpoint '${name}' is invalid or missing. The property must be specified only for the following endpoint types: AzureEndpoints, NestedEndpoints. You must have read access to the resource to which it refers.`,
    );
    if (targetResourceId !== undefined) {
      findings.push(...checkTargetResource(endpoint, targetResourceId, draft, profiles));
    }
  }
  if (endpointLocation !== undefined) {
    demand(
      isKnownRegion(regionOf(endpointLocation)),
      `The endpoint location '${endpointLocation}' of endpoint '${name}' is not an Azure region.`,
    );
  } else {
    demand(
      draft.properties.trafficRoutingMethod !== "Performance" || type === "AzureEndpoints",
      `The 'endpointLocation' of endpoint '${name}' must be specified when the traffic routing method is Performance.`,
    );
  }
  return findings;
}

function checkTargetResource(
  { name, type }: TrafficEndpoint,
  targetResourceId: string,
  draft: Draft,
  profiles: Profiles,
): string[] {
  const kind = parseResourceId(targetResourceId)?.type.toLowerCase();
  if (type === "AzureEndpoints") {
    const possible = [
      "microsoft.network/publicipaddresses",
      "microsoft.web/sites",
      "microsoft.web/sites/slots",
      "microsoft.classiccompute/domainnames",
    ];
    if (kind === undefined || !possible.includes(kind)) {
      return [
        `The resource '${targetResourceId}' of endpoint '${name}' is of a type that Azure endpoints do not support. Use an external endpoint.`,
      ];
    }
    throw new Refusal(
      501,
      "NotSimulated",
      `Azure endpoints are not simulated: there are no resources of type ${kind} here.`,
    );
  }
  const child = profiles.get(keyOf(targetResourceId));
  if (kind !== PROFILE_TYPE.toLowerCase() || child === undefined) {
    return [`The profile '${targetResourceId}' that endpoint '${name}' nests does not exist.`];
  }
  const depth = depthOf(child, keyOf(draft.id), profiles);
  return depth < DEEPEST_NESTING
    ? []
    : [`Endpoint '${name}' nests profiles in a loop, or more than ${DEEPEST_NESTING} levels deep.`];
}

/** How many levels of profiles there are below and with this one; infinite where `root` is among them. */
function depthOf({ id, endpoints }: TrafficProfile, root: string, profiles: Profiles): number {
  if (keyOf(id) === root) return Infinity;
  const below = endpoints.flatMap(({ properties }) => {
    const child = profiles.get(keyOf(properties.targetResourceId ?? ""));
    return child ? [depthOf(child, root, profiles)] : [];
  });
  return 1 + Math.max(0, ...below);
}

function checkPriorities(
  { trafficRoutingMethod }: ProfileProperties,
  endpoints: readonly TrafficEndpoint[],
): string[] {
  if (trafficRoutingMethod !== "Priority") return [];
  const given = endpoints.flatMap(({ properties: { priority } }) =>
    priority === undefined ? [] : [priority],
  );
  return new Set(given).size === given.length
    ? []
    : ["No two endpoints can share the same priority when the traffic routing method is Priority."];
}

function isHostName(target: string): boolean {
  return /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/i.test(
    target,
  );
}
