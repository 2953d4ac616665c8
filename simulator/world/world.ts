import type { RoleAssignment } from "../access/authorize.js";
import type { Operation } from "../arm/operations.js";
import { keyOf } from "../arm/resource-id.js";
import { Throttling } from "../arm/throttling.js";
import { createLifecycle, type Lifecycle } from "../container-apps/lifecycle.js";
import { seedContainerApp, seedEnvironment } from "../container-apps/seeding.js";
import type { ContainerApp, ManagedEnvironment } from "../container-apps/state.js";
import { Conditions } from "../faults/conditions.js";
import type { Identity } from "../identity/tokens.js";
import { reconsiderDatabase } from "../managed-redis/lifecycle.js";
import { seedManagedRedis } from "../managed-redis/seeding.js";
import type { ManagedCluster } from "../managed-redis/state.js";
import type { RedisServers } from "../redis-server/redis-servers.js";
import { reconsiderConnections } from "../redis/lifecycle.js";
import { seedCaches } from "../redis/seeding.js";
import type { RedisCache } from "../redis/state.js";
import type { ServiceName } from "../server/service.js";
import type { Durations } from "../profiles/profile.js";
import { guidFrom, regionOf } from "./names.js";
import type { Seed } from "./seed.js";
import type { Timeline } from "./timeline.js";

export interface Subscription {
  readonly id: string;
  readonly tenantId: string;
  readonly displayName: string;
  /** Undefined where Azure's rule for its tenant decides. */
  readonly mayCreateClassicRedis: boolean | undefined;
}

export interface ResourceGroup {
  readonly id: string;
  readonly name: string;
  readonly location: string;
}

export interface StorageAccount {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly sku: string;
}

export interface Workspace {
  readonly id: string;
  readonly region: string;
  readonly customerId: string;
}

/** An Application Insights component: requests and exceptions that apps report go to its workspace. */
export interface Component {
  readonly id: string;
  readonly workspaceCustomerId: string;
}

/** Everything that exists at the simulated Azure. Maps are keyed by `keyOf(id)` unless they say otherwise. */
export interface World {
  readonly timeline: Timeline;
  readonly durations: Durations;
  readonly lifecycle: Lifecycle;
  readonly subscriptions: Map<string, Subscription>;
  readonly resourceGroups: Map<string, ResourceGroup>;
  readonly identities: Identity[];
  readonly roleAssignments: RoleAssignment[];
  readonly environments: Map<string, ManagedEnvironment>;
  readonly containerApps: Map<string, ContainerApp>;
  /** By account name, which is global. */
  readonly storageAccounts: Map<string, StorageAccount>;
  readonly redisCaches: Map<string, RedisCache>;
  readonly managedRedis: Map<string, ManagedCluster>;
  readonly workspaces: Map<string, Workspace>;
  readonly components: Map<string, Component>;
  /** What faults have put out of order for a while. */
  readonly conditions: Conditions;
  readonly throttling: Throttling;
  /** What is behind the caches of both kinds. */
  readonly redisServers: RedisServers;
  /** By operation id. */
  readonly operations: Map<string, Operation>;
  tenantId(): string;
  /** The time that a service believes it is. */
  timeOf(service: ServiceName): number;
  /** To be called after every change of the conditions. */
  conditionsChanged(): void;
  /** Back to what a seed says. */
  load(seed: Seed): void;
}

export function createWorld(
  seed: Seed,
  timeline: Timeline,
  durations: Durations,
  redisServers: RedisServers,
): World {
  const conditions = new Conditions();
  const world: World = {
    timeline,
    durations,
    conditions,
    throttling: new Throttling(),
    redisServers,
    lifecycle: createLifecycle(timeline, durations, conditions),
    subscriptions: new Map(),
    resourceGroups: new Map(),
    identities: [],
    roleAssignments: [],
    environments: new Map(),
    containerApps: new Map(),
    storageAccounts: new Map(),
    redisCaches: new Map(),
    managedRedis: new Map(),
    workspaces: new Map(),
    components: new Map(),
    operations: new Map(),
    tenantId: () => [...world.subscriptions.values()][0]?.tenantId ?? "",
    timeOf: (service) => timeline.now() + conditions.clockOffsetOf(service),
    conditionsChanged: () => {
      for (const app of world.containerApps.values()) world.lifecycle.conditionsChanged(app);
      for (const cache of world.redisCaches.values()) reconsiderConnections(cache, world);
      for (const { database } of world.managedRedis.values()) {
        if (database) reconsiderDatabase(database, world);
      }
    },
    load: (next) => {
      clear(world);
      fill(world, next);
    },
  };
  fill(world, seed);
  return world;
}

function clear(world: World): void {
  world.timeline.clear();
  world.throttling.clear();
  world.redisServers.clear();
  world.identities.length = 0;
  world.roleAssignments.length = 0;
  for (const map of [
    world.subscriptions,
    world.resourceGroups,
    world.environments,
    world.containerApps,
    world.storageAccounts,
    world.redisCaches,
    world.managedRedis,
    world.workspaces,
    world.components,
    world.operations,
  ]) {
    map.clear();
  }
}

function fill(world: World, seed: Seed): void {
  for (const { id, tenantId, displayName, mayCreateClassicRedis } of seed.subscriptions) {
    world.subscriptions.set(keyOf(id), {
      id,
      tenantId,
      displayName: displayName ?? "Simulated",
      mayCreateClassicRedis,
    });
  }
  for (const { id, location } of seed.resourceGroups) {
    world.resourceGroups.set(keyOf(id), { id, name: id.split("/")[4] ?? "", location });
  }
  world.identities.push(...seed.identities);
  // What the seed holds was assigned long ago.
  world.roleAssignments.push(
    ...seed.roleAssignments.map(({ scope, principalId, roleDefinitionId }) => ({
      name: guidFrom(scope, principalId, roleDefinitionId),
      scope,
      principalId,
      principalType: "ServicePrincipal",
      roleDefinitionId,
      description: undefined,
      createdAt: 0,
      createdBy: "",
      effectiveAt: 0,
      endsAt: undefined,
    })),
  );
  for (const environment of seed.managedEnvironments) {
    world.environments.set(keyOf(environment.id), seedEnvironment(environment));
  }
  for (const app of seed.containerApps) {
    world.containerApps.set(keyOf(app.id), seedContainerApp(app, world));
  }
  for (const { id, location, sku } of seed.storageAccounts) {
    const name = (id.split("/").at(-1) ?? "").toLowerCase();
    world.storageAccounts.set(name, { id, name, region: regionOf(location), sku });
  }
  seedCaches(seed.redisCaches, world);
  seedManagedRedis(seed.managedRedis, world);
  for (const { id, location, customerId } of seed.workspaces) {
    world.workspaces.set(keyOf(id), { id, region: regionOf(location), customerId });
  }
  for (const { id, workspaceCustomerId } of seed.components) {
    world.components.set(keyOf(id), { id, workspaceCustomerId });
  }
}
