import type { Operable } from "../arm/resource-operation.js";
import type { Endpoint } from "../redis-server/endpoint.js";
import type { AccessKeys } from "../redis-server/keys.js";
import type { Store } from "../redis-server/store.js";
import type { CacheAilment } from "../redis/state.js";
import type { ClusterEnvelope, DatabaseProperties } from "./schema.js";

export type ResourceState =
  "Creating" | "CreateFailed" | "Running" | "Updating" | "Scaling" | "Deleting";

/** Databases that hold the same data, each in its own region. What is written to one is at once in all. */
export interface GeoGroup {
  readonly nickname: string;
  readonly store: Store;
  readonly members: Set<ManagedDatabase>;
}

/** The one database of a cluster, always called `default`. */
export interface ManagedDatabase extends Operable {
  readonly cluster: ManagedCluster;
  properties: DatabaseProperties;
  provisioningState: string;
  resourceState: ResourceState;
  readonly keys: AccessKeys;
  readonly endpoint: Endpoint;
  /** Shared with the other members while it is in a group. */
  store: Store;
  group: GeoGroup | undefined;
  /** Members that it is being linked to or unlinked from. */
  readonly linking: Set<string>;
  readonly unlinking: Set<string>;
  /** Why it serves nobody at the moment. */
  readonly outages: Set<string>;
  ailments: readonly CacheAilment[];
}

/** A cluster of Azure Managed Redis. */
export interface ManagedCluster extends Operable {
  envelope: ClusterEnvelope;
  provisioningState: string;
  resourceState: ResourceState;
  database: ManagedDatabase | undefined;
}
