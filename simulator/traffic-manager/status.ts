import { keyOf } from "../arm/resource-id.js";
import type { EndpointStatus, TrafficEndpoint, TrafficProfile } from "./state.js";

type Profiles = ReadonlyMap<string, TrafficProfile>;

/** The monitor status of an endpoint, by the published table: what is configured comes before what probes found. */
export function endpointStatus(
  profile: TrafficProfile,
  { type, properties, monitor }: TrafficEndpoint,
  profiles: Profiles,
): EndpointStatus {
  if (properties.endpointStatus === "Disabled") return "Disabled";
  if (profile.properties.profileStatus === "Disabled") return "Inactive";
  if (type === "NestedEndpoints") return nestedStatus(properties, profiles);
  return properties.alwaysServe === "Enabled" ? "Unmonitored" : monitor.status;
}

/** The monitor status of a whole profile, by the published table. */
export function profileStatus(
  profile: TrafficProfile,
  profiles: Profiles,
): "CheckingEndpoints" | "Online" | "Degraded" | "Disabled" | "Inactive" {
  if (profile.properties.profileStatus === "Disabled") return "Disabled";
  const statuses = profile.endpoints.map((one) => endpointStatus(profile, one, profiles));
  if (statuses.includes("Degraded")) return "Degraded";
  if (statuses.includes("Online") || statuses.includes("Unmonitored")) return "Online";
  return statuses.includes("CheckingEndpoint") ? "CheckingEndpoints" : "Inactive";
}

/** A nested endpoint is as well as enough of the endpoints below it. */
function nestedStatus(
  { targetResourceId, minChildEndpoints = 1 }: TrafficEndpoint["properties"],
  profiles: Profiles,
): EndpointStatus {
  const child = profiles.get(keyOf(targetResourceId ?? ""));
  if (child === undefined) return "Stopped";
  const whole = profileStatus(child, profiles);
  if (whole === "Disabled" || whole === "Inactive") return "Stopped";
  const statuses = child.endpoints.map((one) => endpointStatus(child, one, profiles));
  const online = statuses.filter((one) => one === "Online" || one === "Unmonitored").length;
  const checking = statuses.filter((one) => one === "CheckingEndpoint").length;
  if (online >= minChildEndpoints) return "Online";
  return online + checking >= minChildEndpoints ? "CheckingEndpoint" : "Degraded";
}
