import { describeDuration, type Milliseconds } from "../duration.js";
import type { TrafficManager } from "../estate.js";
import type { CheckResult, Found } from "./readiness.js";

/** A profile as far as readiness looks at it. */
export interface TrafficFacts {
  readonly enabled: boolean;
  readonly routing: string;
  readonly ttl: Milliseconds;
  readonly endpoints: readonly {
    readonly name: string;
    readonly type: string;
    readonly enabled: boolean;
    readonly priority?: number | undefined;
  }[];
}

type Side = "primary" | "secondary";

/** The side whose endpoint users are led to; the first by priority where both are on. */
export function sideInUse(
  front: TrafficManager,
  { endpoints }: Pick<TrafficFacts, "endpoints">,
): Side {
  const named = (name: string | undefined) => endpoints.find((each) => each.name === name);
  const [primary, secondary] = [named(front.primaryEndpoint), named(front.secondaryEndpoint)];
  if (secondary?.enabled !== true) return "primary";
  if (primary?.enabled !== true) return "secondary";
  return (secondary.priority ?? Infinity) < (primary.priority ?? Infinity)
    ? "secondary"
    : "primary";
}

/** Whether users could be led to the other side by Traffic Manager; `undefined`: there is no such profile. */
export function trafficFindings(
  front: TrafficManager,
  profile: TrafficFacts | undefined,
  longestTtl: Milliseconds,
): CheckResult[] {
  const about = front.profile;
  if (profile === undefined) {
    const gone: Found = {
      about,
      level: "not-ready",
      what: "there is no such Traffic Manager profile",
      remedy:
        "make it by the deployment templates, or correct trafficManager.profile in the estate",
    };
    return [
      { check: "traffic-routing", found: [gone] },
      ...empty(["traffic-endpoints", "traffic-endpoint-type", "traffic-ttl"]),
    ];
  }
  return [
    { check: "traffic-routing", found: routing(about, profile) },
    { check: "traffic-endpoints", found: switches(front, profile) },
    { check: "traffic-endpoint-type", found: types(front, profile) },
    { check: "traffic-ttl", found: ttl(about, profile, longestTtl) },
  ];
}

/** The same checks where the estate has no Traffic Manager: there is nothing to find. */
export const noTraffic = (): CheckResult[] =>
  empty(["traffic-routing", "traffic-endpoints", "traffic-endpoint-type", "traffic-ttl"]);

const empty = (checks: readonly string[]): CheckResult[] =>
  checks.map((check) => ({ check, found: [] }));

function routing(about: string, { routing: method }: TrafficFacts): Found[] {
  if (method === "Priority") return [];
  return [
    {
      about,
      level: "degraded",
      what: `Traffic Manager routes by ${method}: with both endpoints on, users are spread over both sides`,
      remedy: "set the profile's routing method to Priority",
    },
  ];
}

function switches(front: TrafficManager, profile: TrafficFacts): Found[] {
  const { profile: about, primaryEndpoint, secondaryEndpoint, standbyEndpoint } = front;
  const found: Found[] = [];
  const find = (level: Found["level"], of: string, what: string, remedy: string): void => {
    found.push({ about: of, level, what, remedy });
  };
  if (!profile.enabled) {
    find(
      "not-ready",
      about,
      "the profile is disabled: its name does not resolve",
      "enable the profile",
    );
  }
  const names = [primaryEndpoint, ...(secondaryEndpoint === undefined ? [] : [secondaryEndpoint])];
  for (const name of names) {
    if (profile.endpoints.some((each) => each.name === name)) continue;
    find(
      "not-ready",
      `${about}/${name}`,
      `the profile has no endpoint ${name}`,
      "make the endpoint by the deployment templates, or correct its name in the estate",
    );
  }
  const known = profile.endpoints.filter(({ name }) => names.includes(name));
  if (known.length > 0 && known.every(({ enabled }) => !enabled)) {
    find(
      "not-ready",
      about,
      "every endpoint is disabled: the users' name does not resolve",
      `enable the endpoint ${primaryEndpoint}`,
    );
    return found;
  }
  const standby = sideInUse(front, profile) === "primary" ? secondaryEndpoint : primaryEndpoint;
  const endpoint = known.find(({ name }) => name === standby);
  if (endpoint === undefined || endpoint.enabled === (standbyEndpoint === "enabled")) return found;
  const [is, wanted] = endpoint.enabled ? ["enabled", "disable"] : ["disabled", "enable"];
  const why = endpoint.enabled
    ? "Traffic Manager would lead users there before its data can be written"
    : "users are not led there until somebody enables it";
  find(
    "degraded",
    `${about}/${endpoint.name}`,
    `the standby endpoint ${endpoint.name} is ${is}, and the estate says ${standbyEndpoint}: ${why}`,
    `${wanted} it, or correct trafficManager.standbyEndpoint in the estate`,
  );
  return found;
}

function types(
  { profile: about, primaryEndpoint, secondaryEndpoint, endpointType }: TrafficManager,
  { endpoints }: TrafficFacts,
): Found[] {
  return endpoints
    .filter(
      ({ name, type }) =>
        [primaryEndpoint, secondaryEndpoint].includes(name) && type !== endpointType,
    )
    .map(({ name, type }) => ({
      about: `${about}/${name}`,
      level: "not-ready" as const,
      what: `the endpoint ${name} is of type ${type}, and the estate says ${endpointType}: under that type a recovery does not find it`,
      remedy: `make it anew as ${endpointType}, or correct trafficManager.endpointType in the estate; a container app can only be external`,
    }));
}

function ttl(about: string, { ttl: is }: TrafficFacts, longest: Milliseconds): Found[] {
  if (is <= longest) return [];
  return [
    {
      about,
      level: "degraded",
      what: `resolvers may repeat an old answer for ${describeDuration(is)}; ${describeDuration(longest)} is the most`,
      remedy: `set the profile's DNS time to live to ${longest / 1_000} seconds or less`,
    },
  ];
}

/** Resource groups that a recovery changes something in, and the region each one's metadata lies in. */
export interface GroupFacts {
  readonly group: string;
  readonly region: string;
  /** What of it is in the group, for people. */
  readonly holds: readonly string[];
}

/**
 * Groups that lie in the region that may be down: nothing in them can be changed then, wherever it is.
 */
export const groupFindings = (
  groups: readonly GroupFacts[],
  primaryRegion: string,
): CheckResult => ({
  check: "resource-group-region",
  found: groups
    .filter(({ region }) => region.toLowerCase().replaceAll(/\s/g, "") === primaryRegion)
    .map(({ group, holds }) => ({
      about: group,
      level: "not-ready",
      what: `the resource group ${group.split("/").at(-1) ?? group} lies in ${primaryRegion}: while that is down, ${holds.join(", ")} cannot be changed`,
      remedy:
        "move what is in it to a resource group of another region (az resource move), and correct the ids in the estate",
    })),
});
