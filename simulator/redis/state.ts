import type { Operable } from "../arm/resource-operation.js";
import type { Endpoint } from "../redis-server/endpoint.js";
import type { AccessKeys } from "../redis-server/keys.js";
import type { Replication } from "../redis-server/replication.js";
import type { Store } from "../redis-server/store.js";
import type { CacheEnvelope, ScheduleEntry } from "./schema.js";

/** What is wrong with a cache; `fault` is the fault that caused it. */
export interface CacheAilment {
  readonly fault: string;
  readonly kind: "down" | "keys-refused";
  /** How connections fail while it is down. */
  readonly mode: "refuse" | "hang";
  /** A reboot does not end it. */
  readonly lasting: boolean;
}

/** A node of a cluster, or the only one of a cache that is none. */
export interface Shard {
  readonly index: number;
  readonly endpoint: Endpoint;
  /** Why it serves nobody at the moment. */
  readonly outages: Set<string>;
}

/** Passive geo-replication: the secondary is a read-only copy of the primary. */
export interface GeoLink {
  readonly primary: RedisCache;
  readonly secondary: RedisCache;
  state: "Creating" | "Syncing" | "Succeeded" | "Deleting";
  replication: Replication;
  /** Resolves when the copy is complete; undefined until it has been begun. */
  copied: Promise<void> | undefined;
}

/** A cache of Azure Cache for Redis: Basic, Standard or Premium. */
export interface RedisCache extends Operable {
  envelope: CacheEnvelope;
  provisioningState: string;
  readonly keys: AccessKeys;
  readonly shards: readonly Shard[];
  readonly store: Store;
  link: GeoLink | undefined;
  patchSchedule: readonly ScheduleEntry[] | undefined;
  ailments: readonly CacheAilment[];
  /** What RDB persistence saved last. */
  saved: readonly Buffer[] | undefined;
  /** Raised whenever the schedule of saving changes, so that what was planned before lapses. */
  savings: number;
  rebootsMade: number;
}
