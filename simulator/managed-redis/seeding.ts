import { keyOf } from "../arm/resource-id.js";
import type { World } from "../world/world.js";
import { join, newCluster, newDatabase, newGroup } from "./lifecycle.js";
import { ClusterBody, DatabaseBody } from "./schema.js";
import type { SeedManaged } from "./seed.js";
import type { GeoGroup } from "./state.js";

/** Clusters with a database that were made long ago. Their keys are made now. */
export function seedManagedRedis(seeds: readonly SeedManaged[], world: World): void {
  const groups = new Map<string, GeoGroup>();
  for (const seed of seeds) {
    const cluster = newCluster(
      seed.id,
      ClusterBody.parse({
        location: seed.location,
        identity: seed.identity,
        sku: { name: seed.sku },
        properties: { publicNetworkAccess: "Enabled" },
      }),
    );
    const { properties } = DatabaseBody.parse({
      properties: {
        clusteringPolicy: seed.clusteringPolicy ?? "OSSCluster",
        accessKeysAuthentication: "Enabled",
      },
    });
    const database = newDatabase(cluster, properties, world, seed.data);
    cluster.provisioningState = database.provisioningState = "Succeeded";
    cluster.resourceState = database.resourceState = "Running";
    world.managedRedis.set(keyOf(seed.id), cluster);
    if (seed.group === undefined) continue;
    const group = groups.get(seed.group);
    if (group) join(database, group, world);
    else groups.set(seed.group, newGroup(seed.group, database));
  }
}
