import { withoutNulls } from "../arm/merge-patch.js";
import { DOMAIN, PROFILE_TYPE } from "./rules.js";
import type { TrafficEndpoint, TrafficProfile } from "./state.js";
import { endpointStatus, profileStatus } from "./status.js";

type Profiles = ReadonlyMap<string, TrafficProfile>;

/** A profile as GET answers it. */
export function profileResource(profile: TrafficProfile, profiles: Profiles): unknown {
  const { id, name, tags, properties, endpoints } = profile;
  const { dnsConfig, monitorConfig } = properties;
  return withoutNulls({
    id,
    name,
    type: PROFILE_TYPE,
    tags: tags ?? {},
    location: "global",
    properties: {
      ...properties,
      dnsConfig: { ...dnsConfig, fqdn: fqdnOfProfile(profile) },
      monitorConfig: {
        ...monitorConfig,
        profileMonitorStatus: profileStatus(profile, profiles),
      },
      endpoints: endpoints.map((one) => endpointResource(profile, one, profiles)),
      trafficViewEnrollmentStatus: properties.trafficViewEnrollmentStatus ?? "Disabled",
    },
  });
}

export function endpointResource(
  profile: TrafficProfile,
  endpoint: TrafficEndpoint,
  profiles: Profiles,
): unknown {
  const { name, type, properties } = endpoint;
  // The service writes the type with a small first letter.
  const spelled = type.charAt(0).toLowerCase() + type.slice(1);
  return withoutNulls({
    id: `${profile.id}/${spelled}/${name}`,
    name,
    type: `${PROFILE_TYPE}/${spelled}`,
    properties: {
      ...properties,
      endpointMonitorStatus: endpointStatus(profile, endpoint, profiles),
    },
  });
}

export function fqdnOfProfile({ properties }: TrafficProfile): string {
  return `${properties.dnsConfig.relativeName}.${DOMAIN}`.toLowerCase();
}
