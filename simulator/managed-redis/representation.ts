import { displayNameOf } from "../world/region-names.js";
import { policyOf } from "./lifecycle.js";
import type { ManagedCluster, ManagedDatabase } from "./state.js";

export const CLUSTER_TYPE = "Microsoft.Cache/redisEnterprise";

export function clusterResource(cluster: ManagedCluster): unknown {
  const { id, name, region, envelope, provisioningState, resourceState } = cluster;
  const { properties, sku, tags, zones, identity } = envelope;
  return {
    id,
    name,
    type: CLUSTER_TYPE,
    kind: "v2",
    location: displayNameOf(region),
    tags: tags ?? {},
    ...(zones && { zones }),
    ...(identity && { identity }),
    sku: { name: sku.name },
    properties: {
      ...properties,
      highAvailability: properties.highAvailability ?? "Enabled",
      minimumTlsVersion: properties.minimumTlsVersion ?? "1.2",
      provisioningState,
      resourceState,
      hostName: "localhost",
      redisVersion: "7.4",
      redundancyMode: properties.highAvailability === "Disabled" ? "None" : "LR",
      privateEndpointConnections: [],
    },
  };
}

export function databaseResource(database: ManagedDatabase): unknown {
  const { id, properties, provisioningState, resourceState, endpoint, group } = database;
  const { geoReplication: _geoReplication, ...rest } = properties;
  return {
    id,
    name: "default",
    type: `${CLUSTER_TYPE}/databases`,
    properties: {
      ...rest,
      clientProtocol: "Encrypted",
      port: endpoint.port,
      clusteringPolicy: policyOf(properties),
      evictionPolicy: properties.evictionPolicy ?? "VolatileLRU",
      accessKeysAuthentication: properties.accessKeysAuthentication ?? "Disabled",
      deferUpgrade: properties.deferUpgrade ?? "NotDeferred",
      persistence: { aofEnabled: false, rdbEnabled: false, ...properties.persistence },
      redisVersion: "7.4",
      provisioningState,
      resourceState,
      ...(group && {
        geoReplication: {
          groupNickname: group.nickname,
          linkedDatabases: [...group.members].map((member) => ({
            id: member.id,
            state: linkState(database, member),
          })),
        },
      }),
    },
  };
}

export function keysOfDatabase({ keys }: ManagedDatabase): unknown {
  return { primaryKey: keys.primary, secondaryKey: keys.secondary };
}

function linkState({ linking, unlinking }: ManagedDatabase, { id }: ManagedDatabase): string {
  if (unlinking.has(id)) return "Unlinking";
  return linking.has(id) ? "Linking" : "Linked";
}
