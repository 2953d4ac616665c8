import { type Metric, type MetricSource, minutesBetween, type Sample } from "../metrics/metric.js";
import type { World } from "../world/world.js";
import type { TrafficProfile } from "./state.js";
import { releaseAt, USER_REGIONS } from "./traffic-manager.js";

/** The metrics of a Traffic Manager profile: what its name servers answered, and what its probes found. */
export const trafficManagerMetrics: MetricSource = {
  namespace: "Microsoft.Network/trafficManagerProfiles",
  find: (key, world) => {
    const profile = world.trafficManagerProfiles.get(key);
    return profile && { region: "global", metrics: metricsOf(profile, world) };
  },
};

const metricsOf = (profile: TrafficProfile, world: World): readonly Metric[] => [
  {
    name: "QpsByEndpoint",
    description: "Number of times a Traffic Manager endpoint was returned in the given time frame",
    dimensions: ["EndpointName"],
    aggregations: ["total"],
    samples: (from, to) => [
      ...profile.queries
        .filter(({ at }) => at >= from && at <= to)
        .map(({ at, endpoint }) => answered(at, endpoint)),
      ...queriesOfUsers(profile, world, from, to),
    ],
  },
  {
    name: "ProbeAgentCurrentEndpointStateByProfileResourceId",
    description: "1 if an endpoint's probe status is Online, 0 otherwise, sampled each minute",
    dimensions: ["EndpointName"],
    aggregations: ["maximum"],
    samples: (from, to) =>
      minutesBetween(from, to).flatMap((at) => {
        const statuses = profile.statuses.findLast((one) => one.from <= at)?.of;
        return [...(statuses ?? [])].map(([name, status]) => ({
          at,
          value: status === "Online" ? 1 : 0,
          dimensions: { EndpointName: name },
        }));
      }),
  },
];

/** The users' resolvers, one in each region, ask anew whenever an answer has expired. */
function queriesOfUsers(
  profile: TrafficProfile,
  { trafficManager }: World,
  from: number,
  to: number,
): Sample[] {
  const found: Sample[] = [];
  if (trafficManager.isNested(profile)) return found; // They ask for the profile that holds it.
  const everyMs = Math.max(1, releaseAt(profile, to)?.ttl ?? 1) * 1000;
  for (let n = Math.ceil(from / everyMs); n * everyMs <= to; n += 1) {
    for (const [index, region] of USER_REGIONS.entries()) {
      const asker = { region, n: n * USER_REGIONS.length + index };
      const chosen = trafficManager.answer(profile, asker, n * everyMs);
      if (chosen) found.push(answered(n * everyMs, chosen.endpoint));
    }
  }
  return found;
}

function answered(at: number, endpoint: string): Sample {
  return { at, value: 1, dimensions: { EndpointName: endpoint } };
}
