import { keyOf } from "../arm/resource-id.js";
import { fqdnOf } from "../container-apps/representation.js";
import type { Audience } from "../container-apps/state.js";
import { regionOf } from "../world/names.js";
import type { World } from "../world/world.js";
import { createMonitoring } from "./monitoring.js";
import { type Asker, choose, type Chosen } from "./routing.js";
import type { EndpointStatus, Release, TrafficProfile } from "./state.js";
import { endpointStatus } from "./status.js";

/** Traffic Manager as a whole: its probes, and what its name servers know. */
export interface TrafficManager {
  /** To be called after every change of a profile. */
  changed(): void;
  /** What the seed holds has been there for long: probed, published, and known to the users. */
  settleSeed(): void;
  /** The profile that a name below the domain belongs to. */
  profileNamed(relativeName: string): TrafficProfile | undefined;
  /** Whether it is an endpoint of another profile: users ask for that one. */
  isNested(profile: TrafficProfile): boolean;
  /** What the name servers answer, from the release that was in force at an instant. */
  answer(profile: TrafficProfile, asker: Asker, at: number): Chosen | undefined;
}

type Surroundings = Pick<
  World,
  | "timeline"
  | "durations"
  | "conditions"
  | "containerApps"
  | "environments"
  | "identities"
  | "dependencies"
  | "trafficManagerProfiles"
  | "trafficChanged"
>;

/** Where the users are, and their resolvers; those whose queries nobody counts are spread over them. */
export const USER_REGIONS = ["eastus", "westus", "westeurope"] as const;

export function releaseAt({ releases }: TrafficProfile, at: number): Release | undefined {
  return releases.findLast(({ from }) => from <= at) ?? releases[0];
}

export function createTrafficManager(world: Surroundings): TrafficManager {
  const { timeline, durations, trafficManagerProfiles: profiles } = world;
  const monitoring = createMonitoring(world, statusesChanged);
  /** The release that each profile is to have, by the profile's key. */
  const latest = new Map<string, { readonly profile: TrafficProfile; readonly text: string }>();

  world.trafficChanged.listen(() => {
    monitoring.reconsider();
  });

  function statusesOf(profile: TrafficProfile): Map<string, EndpointStatus> {
    return new Map(
      profile.endpoints.map((one) => [one.name, endpointStatus(profile, one, profiles)]),
    );
  }

  function releaseOf(profile: TrafficProfile, from: number): Release {
    const { properties, endpoints } = profile;
    return {
      from,
      enabled: properties.profileStatus === "Enabled",
      ttl: properties.dnsConfig.ttl,
      method: properties.trafficRoutingMethod,
      candidates: endpoints.map((endpoint) => {
        const { name, type } = endpoint;
        const {
          priority = 1,
          weight = 1,
          endpointLocation,
          target,
          targetResourceId,
        } = endpoint.properties;
        return {
          name,
          status: endpointStatus(profile, endpoint, profiles),
          priority,
          weight,
          location: endpointLocation === undefined ? undefined : regionOf(endpointLocation),
          leadsTo:
            type === "NestedEndpoints"
              ? { profile: keyOf(targetResourceId ?? "") }
              : { host: (target ?? "").toLowerCase() },
        };
      }),
    };
  }

  /** Notes the statuses, and lets the name servers know what has changed after a while. */
  function statusesChanged(): void {
    const now = timeline.now();
    for (const [key, profile] of profiles) {
      noteStatuses(profile, now);
      const release = releaseOf(profile, now + durations.trafficManagerPropagation);
      const text = JSON.stringify({ ...release, from: 0 });
      const known = latest.get(key);
      if (known?.profile === profile && known.text === text) continue;
      latest.set(key, { profile, text });
      timeline.plan(release.from, `${profile.name}: the name servers know`, () => {
        if (profiles.get(key) === profile) publish(profile, release);
      });
    }
  }

  function noteStatuses(profile: TrafficProfile, from: number): void {
    const of = statusesOf(profile);
    const before = profile.statuses.at(-1);
    const same =
      before?.of.size === of.size &&
      [...of].every(([name, status]) => before.of.get(name) === status);
    if (!same) profile.statuses.push({ from, of });
  }

  /** From now on this is answered; users hold what they were told before for its time to live. */
  function publish(profile: TrafficProfile, release: Release): void {
    const before = profile.releases.at(-1);
    profile.releases.push(release);
    const heldFor = (before?.ttl ?? 0) * 1000;
    const at = timeline.now() + heldFor;
    timeline.plan(at, `${profile.name}: users follow`, () => {
      sendUsers(at);
    });
  }

  function answer(profile: TrafficProfile, asker: Asker, at: number): Chosen | undefined {
    const release = releaseAt(profile, at);
    return (
      release &&
      choose(release, asker, (key) => {
        const nested = profiles.get(key);
        return nested && releaseAt(nested, at);
      })
    );
  }

  function isNested({ id }: TrafficProfile): boolean {
    return [...profiles.values()].some(({ endpoints }) =>
      endpoints.some(({ properties }) => keyOf(properties.targetResourceId ?? "") === keyOf(id)),
    );
  }

  /** The hosts that a profile may lead to, whatever the weather. */
  function hostsOf(profile: TrafficProfile): string[] {
    return profile.endpoints.flatMap(({ properties: { target, targetResourceId } }) => {
      const nested = profiles.get(keyOf(targetResourceId ?? ""));
      return nested ? hostsOf(nested) : [(target ?? "").toLowerCase()];
    });
  }

  /** The users of a profile, numbered from 0 to 99, one after the other to the hosts that it answers. */
  function usersOf(profile: TrafficProfile, at: number): Map<string, Omit<Audience, "from">> {
    const counts = new Map(hostsOf(profile).map((host) => [host, 0]));
    for (let n = 0; n < 100; n += 1) {
      const region = USER_REGIONS[n % USER_REGIONS.length] ?? "";
      const host = answer(profile, { region, n }, at)?.host;
      if (host !== undefined) counts.set(host, (counts.get(host) ?? 0) + 1);
    }
    let first = 0;
    return new Map(
      [...counts].map(([host, count]) => {
        first += count;
        return [host, { first: first - count, count }];
      }),
    );
  }

  /** From an instant on the users of each app are those whom its profile sends there. */
  function sendUsers(from: number): void {
    const known = new Map<string, Omit<Audience, "from">>();
    const asked = [...profiles.values()].filter((profile) => !isNested(profile));
    // Of two profiles that lead to an app, the first decides.
    for (const profile of asked.reverse()) {
      for (const [host, users] of usersOf(profile, from)) known.set(host, users);
    }
    for (const app of world.containerApps.values()) {
      const domain = world.environments.get(app.environmentKey)?.defaultDomain;
      const users = domain === undefined ? undefined : known.get(fqdnOf(app, domain));
      if (users) app.audience.push({ from, ...users });
      // Nobody directs its users any more.
      else if (app.audience.length > 0) app.audience.push({ from, first: 0, count: 100 });
    }
  }

  return {
    answer,
    isNested,

    changed: () => {
      monitoring.reconsider();
      statusesChanged();
    },

    settleSeed: () => {
      latest.clear();
      for (const profile of profiles.values()) {
        for (const endpoint of profile.endpoints) monitoring.settle(profile, endpoint);
      }
      for (const [key, profile] of profiles) {
        noteStatuses(profile, 0);
        const release = releaseOf(profile, 0);
        profile.releases = [release];
        latest.set(key, { profile, text: JSON.stringify(release) });
      }
      sendUsers(0);
    },

    profileNamed: (relativeName) => {
      const wanted = relativeName.toLowerCase();
      return [...profiles.values()].find(
        ({ properties }) => properties.dnsConfig.relativeName.toLowerCase() === wanted,
      );
    },
  };
}
