import type { Environment } from "../../src/domain/estate.js";
import { parseResourceId } from "../../src/domain/resource-id.js";

const roles = {
  trafficManagerContributor: "a4b10055-b0c7-44c2-b00f-c7b5b3550cf7",
  monitoringReader: "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
};

/**
 * The Traffic Manager profile of each environment that has one: the primary app gets the users, the
 * standby is switched as the estate says. Probes name the host that they ask, the app's own, by default.
 */
export function seededTraffic(environments: readonly Environment[], servicePrincipal: string) {
  const fronts = environments.flatMap((environment) => {
    const { trafficManager, subscriptionId, containerApp, serviceRegion } = environment;
    if (trafficManager === undefined) return [];
    const { profile, primaryEndpoint, secondaryEndpoint, publicName } = trafficManager;
    const standby = trafficManager.standbyEndpoint === "enabled" ? "Enabled" : "Disabled";
    const { subscription = "", group = "", name = "" } = parseResourceId(profile) ?? {};
    return {
      resourceGroup: [
        `/subscriptions/${subscription}/resourceGroups/${group}`,
        serviceRegion,
      ] as const,
      roleAssignments: [
        { scope: profile, roleDefinitionId: roles.trafficManagerContributor },
        // Service Health speaks of a subscription, so nothing narrower lets anybody read it.
        { scope: `/subscriptions/${subscriptionId}`, roleDefinitionId: roles.monitoringReader },
      ].map((assignment) => ({ ...assignment, principalId: servicePrincipal })),
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
    roleAssignments: fronts.flatMap(({ roleAssignments }) => roleAssignments),
    trafficManagerProfiles: fronts.map(({ profile }) => profile),
    dnsRecords: fronts.flatMap(({ records }) => records),
  };
}
