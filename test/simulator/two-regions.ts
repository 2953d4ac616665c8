import type { z } from "zod";
import { smallSeed } from "../../simulator/seeds/small.js";
import type { Seed } from "../../simulator/world/seed.js";
import { FQDN, GROUP, SUBSCRIPTION } from "./names.js";

const STANDBY_GROUP = "mcp-server-dr";
export const EDGE_GROUP = "mcp-edge";
export const PROFILE = "mcp-traffic-manager";
export const PROFILE_ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${EDGE_GROUP}/providers/Microsoft.Network/trafficManagerProfiles/${PROFILE}`;
export const STANDBY_APP_ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${STANDBY_GROUP}/providers/Microsoft.App/containerApps/mcp-server-dr`;
export const STANDBY_FQDN = "mcp-server-dr.calmsea-5e6f7a8b.westus.azurecontainerapps.io";
export const PUBLIC_NAME = "mcp-server.trafficmanager.net";

const group = (name: string): string => `/subscriptions/${SUBSCRIPTION}/resourceGroups/${name}`;
const ROLES = {
  trafficManagerContributor: "a4b10055-b0c7-44c2-b00f-c7b5b3550cf7",
  monitoringReader: "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
  containerAppsContributor: "358470bc-b998-42bd-ab17-a7e34c199c0f",
};

type SeedInput = z.input<typeof Seed>;

/** The small seed's app in East US, its standby in West US, and a profile by priority before them, probed fast. */
export function twoRegions(
  profile: Partial<NonNullable<SeedInput["trafficManagerProfiles"]>[number]> = {},
): SeedInput {
  const { principalId } = smallSeed.identities[0]!;
  const [environment] = smallSeed.managedEnvironments!;
  const [app] = smallSeed.containerApps!;
  const standbyEnvironment = `${group(STANDBY_GROUP)}/providers/Microsoft.App/managedEnvironments/mcp-env-dr`;
  return {
    ...smallSeed,
    resourceGroups: [
      ...smallSeed.resourceGroups,
      { id: group(STANDBY_GROUP), location: "westus" },
      { id: group(EDGE_GROUP), location: "centralus" },
    ],
    roleAssignments: [
      ...smallSeed.roleAssignments,
      ...[
        [ROLES.trafficManagerContributor, EDGE_GROUP],
        [ROLES.monitoringReader, EDGE_GROUP],
        [ROLES.monitoringReader, GROUP],
        [ROLES.containerAppsContributor, STANDBY_GROUP],
      ].map(([roleDefinitionId = "", name = ""]) => ({
        roleDefinitionId,
        scope: group(name),
        principalId,
      })),
    ],
    managedEnvironments: [
      environment!,
      {
        ...environment!,
        id: standbyEnvironment,
        location: "westus",
        defaultDomain: STANDBY_FQDN.slice(STANDBY_FQDN.indexOf(".") + 1),
      },
    ],
    containerApps: [
      app!,
      { ...app!, id: STANDBY_APP_ID, location: "westus", environmentId: standbyEnvironment },
    ],
    trafficManagerProfiles: [
      {
        id: PROFILE_ID,
        trafficRoutingMethod: "Priority",
        dnsConfig: { relativeName: "mcp-server", ttl: 30 },
        monitorConfig: {
          protocol: "HTTPS",
          port: 443,
          path: "/health",
          intervalInSeconds: 10,
          timeoutInSeconds: 5,
          toleratedNumberOfFailures: 2,
        },
        endpoints: [
          { name: "primary", target: FQDN, endpointLocation: "East US" },
          { name: "secondary", containerApp: STANDBY_APP_ID, endpointLocation: "West US" },
        ],
        ...profile,
      },
    ],
  };
}
