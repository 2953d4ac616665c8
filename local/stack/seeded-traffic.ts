import type { Environment } from "../../src/domain/estate.js";
import { parseResourceId } from "../../src/domain/resource-id.js";

/**
 * The Traffic Manager profile of each environment that has one: the primary app gets the users, the
 * standby is switched as the estate says. Probes name the host that they ask, the app's own, by default.
 */
export function seededTraffic(environments: readonly Environment[]) {
  const fronts = environments.flatMap((environment) => {
    const { trafficManager, containerApp, serviceRegion } = environment;
    if (trafficManager === undefined) return [];
    const { profile, primaryEndpoint, secondaryEndpoint, publicName } = trafficManager;
    const standby = trafficManager.standbyEndpoint === "enabled" ? "Enabled" : "Disabled";
    const { subscription = "", group = "", name = "" } = parseResourceId(profile) ?? {};
    return {
      resourceGroup: [
        `/subscriptions/${subscription}/resourceGroups/${group}`,
        serviceRegion,
      ] as const,
      profile: {
        id: profile,
        trafficRoutingMethod: "Priority",
        dnsConfig: { relativeName: name, ttl: 30 },
        monitorConfig: {
          protocol: "HTTPS",
          port: 443,
          path: containerApp.health.path,
          intervalInSeconds: 10,
          timeoutInSeconds: 5,
          toleratedNumberOfFailures: 2,
        },
        endpoints: [
          {
            name: primaryEndpoint,
            containerApp: containerApp.primary,
            priority: 1,
            endpointStatus: "Enabled",
          },
          ...(secondaryEndpoint === undefined || containerApp.secondary === undefined
            ? []
            : [
                {
                  name: secondaryEndpoint,
                  containerApp: containerApp.secondary,
                  priority: 2,
                  endpointStatus: standby,
                },
              ]),
        ],
      },
      records:
        publicName === undefined
          ? []
          : [{ name: publicName, target: `${name}.trafficmanager.net`, ttl: 300 }],
    };
  });
  return {
    resourceGroups: fronts.map(({ resourceGroup }) => resourceGroup),
    trafficManagerProfiles: fronts.map(({ profile }) => profile),
    dnsRecords: fronts.flatMap(({ records }) => records),
  };
}
