import { AskedRights } from "../access/asked-rights.js";
import type { RoleAssignment } from "../access/authorize.js";
import type { Role } from "../access/roles.js";
import { Dependencies } from "../application/dependencies.js";
import { type AlertResource, seedAlerts } from "../alerts/routes.js";
import type { Operation } from "../arm/operations.js";
import { keyOf } from "../arm/resource-id.js";
import { Throttling } from "../arm/throttling.js";
import { createLifecycle, type Lifecycle } from "../container-apps/lifecycle.js";
import { seedContainerApp, seedEnvironment, settleSeed } from "../container-apps/seeding.js";
import type { ContainerApp, ManagedEnvironment } from "../container-apps/state.js";
import { seedRegistry } from "../container-registry/seeding.js";
import type { Registry } from "../container-registry/state.js";
import { Conditions } from "../faults/conditions.js";
import { Edge } from "../front-door/edge.js";
import { seedEdge } from "../front-door/seeding.js";
import type { CdnProfile } from "../front-door/state.js";
import type { DiagnosticSetting } from "../diagnostic-settings/settings.js";
import type { Identity } from "../identity/tokens.js";
import type { ReceivedItem } from "../ingestion/envelope.js";
import { reconsiderDatabase } from "../managed-redis/lifecycle.js";
import { type RequestHistory, requestHistoryOf } from "../log-analytics/request-history.js";
import { seedManagedRedis } from "../managed-redis/seeding.js";
import type { ManagedCluster } from "../managed-redis/state.js";
import { RedisServers } from "../redis-server/redis-servers.js";
import { reconsiderConnections } from "../redis/lifecycle.js";
import { seedCaches } from "../redis/seeding.js";
import type { RedisCache } from "../redis/state.js";
import { planFailovers } from "../key-vault/failover.js";
import { seedVaults } from "../key-vault/seeding.js";
import { Vaults } from "../key-vault/vaults.js";
import type { ServiceName } from "../server/service.js";
import type { Durations } from "../profiles/profile.js";
import { Outages } from "../resource-health/outages.js";
import { replicationChanged } from "../storage-accounts/replication.js";
import { seedStorageAccount } from "../storage-accounts/seeding.js";
import { nameIn, type StorageAccount } from "../storage-accounts/state.js";
import { Stores } from "../storage-accounts/stores.js";
import { seedTrafficProfiles } from "../traffic-manager/seeding.js";
import type { TrafficProfile } from "../traffic-manager/state.js";
import { createTrafficManager, type TrafficManager } from "../traffic-manager/traffic-manager.js";
import { guidFrom, regionOf } from "./names.js";
import type { Seed } from "./seed.js";
import { Signal } from "./signal.js";
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

export interface Workspace {
  readonly id: string;
  readonly region: string;
  readonly customerId: string;
  /** By the key of their names. */
  readonly dataExports: Map<string, DataExport>;
}

/** A rule that has tables of a workspace written into a storage account from now on. */
export interface DataExport {
  readonly name: string;
  readonly tables: readonly string[];
  readonly destination: string;
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly changedAt: number;
}

/** What a log query answers with at most; beyond that it is cut off. */
export interface LogLimits {
  readonly rows: number;
  readonly bytes: number;
}

/** An Application Insights component: requests and exceptions that apps report go to its workspace. */
export interface Component {
  readonly id: string;
  readonly workspaceCustomerId: string;
  /** Requests from before the seed was laid. */
  readonly requests: RequestHistory | undefined;
  readonly region: string;
  readonly instrumentationKey: string | undefined;
  /** What was sent to it, the oldest first. */
  readonly received: ReceivedItem[];
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
  /** By the GUID of their definitions. */
  readonly customRoles: Map<string, Role>;
  readonly askedRights: AskedRights;
  readonly environments: Map<string, ManagedEnvironment>;
  readonly containerApps: Map<string, ContainerApp>;
  /** By account name, which is global. */
  readonly storageAccounts: Map<string, StorageAccount>;
  readonly redisCaches: Map<string, RedisCache>;
  readonly managedRedis: Map<string, ManagedCluster>;
  readonly stores: Stores;
  readonly workspaces: Map<string, Workspace>;
  readonly components: Map<string, Component>;
  logLimits: LogLimits;
  readonly registries: Map<string, Registry>;
  readonly vaults: Vaults;
  /** By the key of their own ids. */
  readonly diagnosticSettings: Map<string, DiagnosticSetting>;
  /** Alert rules and action groups. */
  readonly alerts: Map<string, AlertResource>;
  /** What faults have put out of order for a while. */
  readonly conditions: Conditions;
  /** What the platform knows of its own outages. */
  readonly outages: Outages;
  /** What the recovered application uses, as the services behind it answer. */
  readonly dependencies: Dependencies;
  /** Told after every change of what traffic meets. */
  readonly trafficChanged: Signal;
  readonly trafficManagerProfiles: Map<string, TrafficProfile>;
  readonly trafficManager: TrafficManager;
  /** Profiles of Azure Front Door and of Azure CDN (classic). */
  readonly cdnProfiles: Map<string, CdnProfile>;
  readonly edge: Edge;
  /** Names of the application's own zone, which lead to other names. */
  readonly dnsRecords: Map<string, { readonly target: string; readonly ttl: number }>;
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
  /** To be called after every change of storage accounts that others may notice. */
  storageChanged(): void;
  /** Back to what a seed says. */
  load(seed: Seed): void;
  /** To be called once all services have registered what the application depends on. */
  settle(): void;
}

export function createWorld(
  seed: Seed,
  timeline: Timeline,
  durations: Durations,
  redisServers = new RedisServers(timeline),
): World {
  const surroundings = {
    timeline,
    durations,
    conditions: new Conditions(),
    dependencies: new Dependencies(),
    identities: [],
    environments: new Map<string, ManagedEnvironment>(),
    containerApps: new Map<string, ContainerApp>(),
    trafficChanged: new Signal(),
    trafficManagerProfiles: new Map<string, TrafficProfile>(),
    cdnProfiles: new Map<string, CdnProfile>(),
    storageAccounts: new Map<string, StorageAccount>(),
    roleAssignments: [],
  };
  const { conditions, dependencies } = surroundings;
  const world: World = {
    ...surroundings,
    customRoles: new Map(),
    askedRights: new AskedRights(),
    outages: new Outages(),
    throttling: new Throttling(),
    redisServers,
    lifecycle: createLifecycle(surroundings),
    trafficManager: createTrafficManager(surroundings),
    edge: new Edge(surroundings),
    dnsRecords: new Map(),
    subscriptions: new Map(),
    resourceGroups: new Map(),
    redisCaches: new Map(),
    managedRedis: new Map(),
    stores: new Stores(seed.storageAccounts.map(({ id }) => nameIn(id))),
    workspaces: new Map(),
    components: new Map(),
    logLimits: seed.logLimits,
    registries: new Map(),
    vaults: new Vaults(),
    diagnosticSettings: new Map(),
    alerts: new Map(),
    operations: new Map(),
    tenantId: () => [...world.subscriptions.values()][0]?.tenantId ?? "",
    timeOf: (service) => timeline.now() + conditions.clockOffsetOf(service),
    conditionsChanged: () => {
      for (const app of world.containerApps.values()) world.lifecycle.conditionsChanged(app);
      for (const cache of world.redisCaches.values()) reconsiderConnections(cache, world);
      for (const { database } of world.managedRedis.values()) {
        if (database) reconsiderDatabase(database, world);
      }
      planFailovers(world);
      world.vaults.changed();
      for (const account of world.storageAccounts.values()) replicationChanged(account, world);
    },
    storageChanged: () => {
      dependencies.changed();
    },
    load: (next) => {
      clear(world);
      fill(world, next);
      world.settle();
    },
    settle: () => {
      settleSeed(world);
      world.trafficManager.settleSeed();
      world.edge.settleSeed();
    },
  };
  dependencies.onChange(() => {
    for (const app of world.containerApps.values()) world.lifecycle.recordTraffic(app);
    world.edge.reconsider();
  });
  world.vaults.onChange(() => {
    dependencies.changed();
  });
  fill(world, seed);
  return world;
}

function clear(world: World): void {
  world.timeline.clear();
  world.throttling.clear();
  world.outages.clear();
  world.redisServers.clear();
  world.vaults.clear();
  world.stores.releaseAll();
  world.identities.length = 0;
  world.roleAssignments.length = 0;
  for (const map of [
    world.customRoles,
    world.subscriptions,
    world.resourceGroups,
    world.environments,
    world.containerApps,
    world.storageAccounts,
    world.redisCaches,
    world.managedRedis,
    world.workspaces,
    world.components,
    world.registries,
    world.diagnosticSettings,
    world.alerts,
    world.operations,
    world.trafficManagerProfiles,
    world.cdnProfiles,
    world.dnsRecords,
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
  for (const { id, name, actions, notActions = [], dataActions = [] } of seed.roleDefinitions) {
    world.customRoles.set(id.toLowerCase(), { name, actions, notActions, dataActions });
  }
  // What the seed holds was assigned long ago.
  world.roleAssignments.push(
    ...seed.roleAssignments.map(({ scope, principalId, roleDefinitionId, assigns }) => ({
      name: guidFrom(scope, principalId, roleDefinitionId),
      scope,
      principalId,
      principalType: "ServicePrincipal",
      roleDefinitionId,
      description: undefined,
      createdAt: 0,
      createdBy: "",
      effectiveAt: 0,
      ...(assigns && { assigns }),
      endsAt: undefined,
    })),
  );
  for (const environment of seed.managedEnvironments) {
    world.environments.set(keyOf(environment.id), seedEnvironment(environment));
  }
  for (const app of seed.containerApps) {
    world.containerApps.set(keyOf(app.id), seedContainerApp(app, world));
  }
  for (const account of seed.storageAccounts) {
    world.storageAccounts.set(nameIn(account.id), seedStorageAccount(account, world));
  }
  seedCaches(seed.redisCaches, world);
  seedManagedRedis(seed.managedRedis, world);
  for (const { id, location, customerId } of seed.workspaces) {
    const region = regionOf(location);
    world.workspaces.set(keyOf(id), { id, region, customerId, dataExports: new Map() });
  }
  for (const { requests: seeded, location, instrumentationKey, ...component } of seed.components) {
    const requests = seeded && requestHistoryOf(seeded, world.timeline.now());
    const region = regionOf(location);
    const made = { ...component, requests, region, instrumentationKey, received: [] };
    world.components.set(keyOf(component.id), made);
  }
  world.logLimits = seed.logLimits;
  for (const registry of seed.registries) {
    world.registries.set(keyOf(registry.id), seedRegistry(registry));
  }
  seedAlerts(seed.alerts, world);
  seedVaults(seed.keyVaults, seed.deletedVaults, world);
  seedTrafficProfiles(seed.trafficManagerProfiles, world);
  seedEdge(seed, world);
  for (const { name, target, ttl } of seed.dnsRecords) {
    world.dnsRecords.set(name.toLowerCase(), { target: target.toLowerCase(), ttl });
  }
}
