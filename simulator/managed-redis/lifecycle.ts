import { keyOf } from "../arm/resource-id.js";
import { admissionOf, backendOf, type ServedCache } from "../redis-server/backend.js";
import { FORBIDDEN_IN_A_GROUP, MANAGED } from "../redis-server/commands.js";
import type { Admission, Endpoint } from "../redis-server/endpoint.js";
import { newKeys } from "../redis-server/keys.js";
import type { Store, StoreSettings } from "../redis-server/store.js";
import { regionOf } from "../world/names.js";
import type { World } from "../world/world.js";
import {
  type ClusterEnvelope,
  type DatabaseProperties,
  evictionOf,
  memoryBytesOf,
} from "./schema.js";
import type { GeoGroup, ManagedCluster, ManagedDatabase } from "./state.js";

export function newCluster(id: string, envelope: ClusterEnvelope): ManagedCluster {
  return {
    id,
    name: id.split("/").at(-1) ?? "",
    region: regionOf(envelope.location),
    operation: undefined,
    envelope,
    provisioningState: "Creating",
    resourceState: "Creating",
    database: undefined,
  };
}

/** Makes the database of a cluster with its address. Its redis-server is started when it is first needed. */
export function newDatabase(
  cluster: ManagedCluster,
  properties: DatabaseProperties,
  world: World,
  preload?: StoreSettings["preload"],
): ManagedDatabase {
  const endpoint = world.redisServers.endpoint();
  const database: ManagedDatabase = {
    id: `${cluster.id}/databases/default`,
    name: cluster.name,
    region: cluster.region,
    operation: undefined,
    cluster,
    properties,
    provisioningState: "Creating",
    resourceState: "Creating",
    keys: newKeys(),
    endpoint,
    store: newStore(cluster, properties, endpoint, world, preload && { preload }),
    group: undefined,
    linking: new Set(),
    unlinking: new Set(),
    outages: new Set(),
    ailments: [],
  };
  endpoint.serve(backendOf(servedDatabase(database), world));
  cluster.database = database;
  return database;
}

/** One redis-server. With the policy OSSCluster it speaks as a cluster of one node. */
function newStore(
  cluster: ManagedCluster,
  properties: DatabaseProperties,
  endpoint: Endpoint,
  world: World,
  more: Pick<StoreSettings, "preload" | "rdb"> = {},
): Store {
  return world.redisServers.store({
    name: cluster.name,
    rules: MANAGED,
    databases: 1,
    maxMemoryBytes: memoryBytesOf(cluster.envelope.sku.name),
    maxMemoryPolicy: evictionOf(properties),
    ...(policyOf(properties) === "OSSCluster" && { clusterPorts: () => [endpoint.port] }),
    ...more,
  });
}

export function policyOf({ clusteringPolicy }: DatabaseProperties): string {
  return clusteringPolicy ?? "OSSCluster";
}

/** Puts a database into a group; what it held before gives way to what the group has. */
export function join(database: ManagedDatabase, group: GeoGroup, world: World): void {
  group.members.add(database);
  database.group = group;
  if (database.store === group.store) return;
  database.endpoint.cut();
  world.redisServers.discard(database.store);
  database.store = group.store;
}

/** A group that a database founds with the data it has. */
export function newGroup(nickname: string, founder: ManagedDatabase): GeoGroup {
  const group: GeoGroup = { nickname, store: founder.store, members: new Set([founder]) };
  group.store.forbid(FORBIDDEN_IN_A_GROUP);
  founder.group = group;
  return group;
}

/** Takes a database out of its group. It keeps a copy of what the group has at this moment. */
export async function leave(database: ManagedDatabase, world: World): Promise<void> {
  const { group, cluster, properties, endpoint } = database;
  if (group === undefined) return;
  const [rdb] = world.redisServers.available ? await group.store.snapshot() : [];
  const { geoReplication: _geoReplication, ...rest } = properties;
  database.properties = rest;
  database.store = newStore(cluster, properties, endpoint, world, rdb && { rdb });
  database.group = undefined;
  group.members.delete(database);
  endpoint.cut();
}

/** Breaks connections that would not be let in now. */
export function reconsiderDatabase(database: ManagedDatabase, world: World): void {
  if (admissionOf(servedDatabase(database), world).kind !== "open") database.endpoint.cut();
}

export function removeDatabase(database: ManagedDatabase, world: World): void {
  database.cluster.database = undefined;
  database.group?.members.delete(database);
  const shared = (database.group?.members.size ?? 0) > 0;
  world.redisServers.discard(database.endpoint, ...(shared ? [] : [database.store]));
}

export function removeCluster(cluster: ManagedCluster, world: World): void {
  if (cluster.database) removeDatabase(cluster.database, world);
  world.managedRedis.delete(keyOf(cluster.id));
}

export function servedDatabase(database: ManagedDatabase): ServedCache {
  return {
    id: database.id,
    name: database.name,
    region: database.region,
    keys: () => {
      const refused =
        database.properties.accessKeysAuthentication !== "Enabled" ||
        database.ailments.some(({ kind }) => kind === "keys-refused");
      return refused ? undefined : database.keys;
    },
    admission: () => ownAdmission(database),
    server: async () => {
      const [server] = await database.store.start();
      if (server === undefined) throw new Error(`${database.name} has no server`);
      return server;
    },
  };
}

function ownAdmission({ cluster, resourceState, outages, ailments }: ManagedDatabase): Admission {
  if (["Creating", "CreateFailed", "Deleting"].includes(resourceState)) {
    return { kind: "refused", why: `it is ${resourceState}` };
  }
  if (cluster.envelope.properties.publicNetworkAccess === "Disabled") {
    return { kind: "refused", why: "public network access is disabled" };
  }
  const [outage] = outages;
  if (outage !== undefined) return { kind: "refused", why: outage };
  const ailment = ailments.find(({ kind }) => kind === "down");
  if (ailment === undefined) return { kind: "open" };
  return { kind: ailment.mode === "hang" ? "hanging" : "refused", why: ailment.fault };
}
