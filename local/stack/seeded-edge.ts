import type { Environment, FrontDoor } from "../../src/domain/estate.js";
import { parseResourceId } from "../../src/domain/resource-id.js";

const roles = {
  storageBlobDataReader: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
};

/** The edge of each environment that has one: it leads users to the branding of the primary account. */
export function seededEdge(environments: readonly Environment[]) {
  const edges = environments.flatMap(({ frontDoor, storage, serviceRegion }, index) => {
    if (frontDoor === undefined) return [];
    const { profile } = frontDoor;
    const { subscription = "", group = "", name = "" } = parseResourceId(profile) ?? {};
    const resourceGroup = `/subscriptions/${subscription}/resourceGroups/${group}`;
    const identity = identityNumber(index + 1, resourceGroup);
    const accounts = [
      storage.primary,
      ...(storage.secondary === undefined ? [] : [storage.secondary]),
    ];
    return {
      resourceGroup: [resourceGroup, serviceRegion] as const,
      identity,
      roleAssignments: [
        // Containers stay closed: the edge reads as itself, wherever it is led.
        ...accounts.map((scope) => ({
          scope,
          principalId: identity.principalId,
          roleDefinitionId: roles.storageBlobDataReader,
        })),
      ],
      ...profilesOf(frontDoor, storage, identity.resourceId, name),
    };
  });
  return {
    resourceGroups: edges.map(({ resourceGroup }) => resourceGroup),
    identities: edges.map(({ identity }) => identity),
    roleAssignments: edges.flatMap(({ roleAssignments }) => roleAssignments),
    frontDoors: edges.flatMap(({ frontDoors }) => frontDoors),
    cdnProfiles: edges.flatMap(({ cdnProfiles }) => cdnProfiles),
  };
}

function profilesOf(
  { profile: id, originGroup, endpoint, origin = "storage" }: FrontDoor,
  { primary, containers }: Environment["storage"],
  identity: string,
  name: string,
): { frontDoors: object[]; cdnProfiles: object[] } {
  const origins = [{ name: origin, storageAccount: primary }];
  if (originGroup === undefined) {
    return { frontDoors: [], cdnProfiles: [{ id, endpoints: [{ name: endpoint, origins }] }] };
  }
  const healthProbe = { path: `/${containers[0] ?? ""}/tenants.json` };
  return {
    frontDoors: [
      {
        id,
        originGroups: [{ name: originGroup, identity, healthProbe, origins }],
        endpoints: [{ name, hostName: `${name}.azurefd.net`, originGroup }],
      },
    ],
    cdnProfiles: [],
  };
}

function identityNumber(n: number, resourceGroup: string) {
  const digits = String(n).padStart(12, "0");
  return {
    clientId: `ed6ec11e-0000-4000-8000-${digits}`,
    principalId: `ed6e0b1e-0000-4000-8000-${digits}`,
    resourceId: `${resourceGroup}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mcp-edge`,
  };
}
