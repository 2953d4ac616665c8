import { keyOf } from "../arm/resource-id.js";
import type { World } from "../world/world.js";
import { probe } from "./probe.js";
import type { Finding, Monitor, TrafficEndpoint, TrafficProfile } from "./state.js";

/** An endpoint that nobody has looked at yet. */
export function unchecked(): Monitor {
  return { status: "CheckingEndpoint", finding: undefined, failingFrom: undefined, course: 0 };
}

function isProbed({ properties }: TrafficProfile, endpoint: TrafficEndpoint): boolean {
  return (
    properties.profileStatus === "Enabled" &&
    endpoint.properties.endpointStatus === "Enabled" &&
    endpoint.properties.alwaysServe !== "Enabled" &&
    endpoint.type !== "NestedEndpoints"
  );
}

/**
 * Follows what probes find. Between two changes of the world every probe finds the same, so only changes are looked
 * at: each one plans when the probes to come will have turned the status around.
 */
export function createMonitoring(
  world: Pick<
    World,
    | "timeline"
    | "containerApps"
    | "environments"
    | "conditions"
    | "identities"
    | "dependencies"
    | "trafficManagerProfiles"
  >,
  statusChanged: () => void,
): {
  /** To be called after every change of what a probe may meet. */
  reconsider(): void;
  /** The endpoint has been probed for long: it is what probes find, at once. */
  settle(profile: TrafficProfile, endpoint: TrafficEndpoint): void;
} {
  const { timeline } = world;

  /** The first probe from an instant on. */
  function nextProbe({ probesFrom, properties }: TrafficProfile, at: number): number {
    const interval = properties.monitorConfig.intervalInSeconds * 1000;
    if (at <= probesFrom) return probesFrom;
    return probesFrom + Math.ceil((at - probesFrom) / interval) * interval;
  }

  function plan(
    profile: TrafficProfile,
    endpoint: TrafficEndpoint,
    at: number,
    status: Monitor["status"],
  ): void {
    const { monitor } = endpoint;
    const { course } = monitor;
    timeline.plan(at, `${profile.name}: endpoint ${endpoint.name} is ${status}`, () => {
      if (endpoint.monitor !== monitor || monitor.course !== course) return;
      if (world.trafficManagerProfiles.get(keyOf(profile.id)) !== profile) return;
      if (status === "Online") monitor.failingFrom = undefined;
      if (monitor.status === status) return;
      monitor.status = status;
      statusChanged();
    });
  }

  function follow(profile: TrafficProfile, endpoint: TrafficEndpoint, finding: Finding): void {
    const { monitor } = endpoint;
    const { monitorConfig } = profile.properties;
    const now = timeline.now();
    const first = nextProbe(profile, now);
    monitor.finding = finding;
    monitor.course += 1;
    // A failure that was over before the next probe has not been seen.
    if (monitor.failingFrom !== undefined && monitor.failingFrom > now) {
      monitor.failingFrom = undefined;
    }
    if (finding === "well") {
      plan(profile, endpoint, first, "Online");
      return;
    }
    monitor.failingFrom ??= first;
    const { toleratedNumberOfFailures, intervalInSeconds, timeoutInSeconds = 0 } = monitorConfig;
    const last = Math.max(
      first,
      monitor.failingFrom + toleratedNumberOfFailures * intervalInSeconds * 1000,
    );
    const answeredAfter = finding === "silent" ? timeoutInSeconds * 1000 : 0;
    plan(profile, endpoint, last + answeredAfter, "Degraded");
  }

  return {
    reconsider: () => {
      for (const profile of world.trafficManagerProfiles.values()) {
        for (const endpoint of profile.endpoints) {
          if (!isProbed(profile, endpoint)) continue;
          const finding = probe(profile, endpoint, world);
          if (finding !== endpoint.monitor.finding) follow(profile, endpoint, finding);
        }
      }
    },

    settle: (profile, endpoint) => {
      if (!isProbed(profile, endpoint)) return;
      const finding = probe(profile, endpoint, world);
      endpoint.monitor = {
        status: finding === "well" ? "Online" : "Degraded",
        finding,
        failingFrom: finding === "well" ? undefined : timeline.now(),
        course: 0,
      };
    },
  };
}
