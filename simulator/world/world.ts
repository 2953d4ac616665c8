import type { RoleAssignment } from "../access/authorize.js";
import type { Operation } from "../arm/operations.js";
import { keyOf } from "../arm/resource-id.js";
import { Throttling } from "../arm/throttling.js";
import { createLifecycle, type Lifecycle } from "../container-apps/lifecycle.js";
import { seedContainerApp, seedEnvironment } from "../container-apps/seeding.js";
import type { ContainerApp, ManagedEnvironment } from "../container-apps/state.js";
import { Conditions } from "../faults/conditions.js";
import type { DiagnosticSetting } from "../diagnostic-settings/settings.js";
import type { Identity } from "../identity/tokens.js";
import { planFailovers } from "../key-vault/failover.js";
import { seedVaults } from "../key-vault/seeding.js";
import { Vaults } from "../key-vault/vaults.js";
import type { ServiceName } from "../server/service.js";
import type { Durations } from "../profiles/profile.js";
import { replicationChanged } from "../storage-accounts/replication.js";
import { seedStorageAccount } from "../storage-accounts/seeding.js";
import { nameIn, type StorageAccount } from "../storage-accounts/state.js";
import { Stores } from "../storage-accounts/stores.js";
import { guidFrom, regionOf } from "./names.js";
import type { Seed } from "./seed.js";
import type { Timeline } from "./timeline.js";

export interface Subscription {
  readonly id: string;
  readonly tenantId: string;
  readonly displayName: string;
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
  readonly stores: Stores;
  readonly workspaces: Map<string, Workspace>;
  readonly components: Map<string, Component>;
  readonly vaults: Vaults;
  /** By the key of their own ids. */
  readonly diagnosticSettings: Map<string, DiagnosticSetting>;
  /** What faults have put out of order for a while. */
  readonly conditions: Conditions;
  readonly throttling: Throttling;
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
}

export function createWorld(seed: Seed, timeline: Timeline, durations: Durations): World {
  const conditions = new Conditions();
  const world: World = {
    timeline,
    durations,
    conditions,
    throttling: new Throttling(),
    lifecycle: createLifecycle(timeline, durations, conditions),
    subscriptions: new Map(),
    resourceGroups: new Map(),
    identities: [],
    roleAssignments: [],
    environments: new Map(),
    containerApps: new Map(),
    storageAccounts: new Map(),
    stores: new Stores(seed.storageAccounts.map(({ id }) => nameIn(id))),
    workspaces: new Map(),
    components: new Map(),
    vaults: new Vaults(),
    diagnosticSettings: new Map(),
    operations: new Map(),
    tenantId: () => [...world.subscriptions.values()][0]?.tenantId ?? "",
    timeOf: (service) => timeline.now() + conditions.clockOffsetOf(service),
    conditionsChanged: () => {
      for (const app of world.containerApps.values()) world.lifecycle.conditionsChanged(app);
      planFailovers(world);
      world.vaults.changed();
      for (const account of world.storageAccounts.values()) replicationChanged(account, world);
    },
    storageChanged: () => undefined,
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
  world.vaults.clear();
  world.stores.releaseAll();
  world.identities.length = 0;
  world.roleAssignments.length = 0;
  for (const map of [
    world.subscriptions,
    world.resourceGroups,
    world.environments,
    world.containerApps,
    world.storageAccounts,
    world.workspaces,
    world.components,
    world.diagnosticSettings,
    world.operations,
  ]) {
    map.clear();
  }
}

function fill(world: World, seed: Seed): void {
  for (const { id, tenantId, displayName } of seed.subscriptions) {
    world.subscriptions.set(keyOf(id), { id, tenantId, displayName: displayName ?? "Simulated" });
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
  for (const account of seed.storageAccounts) {
    world.storageAccounts.set(nameIn(account.id), seedStorageAccount(account, world));
  }
  for (const { id, location, customerId } of seed.workspaces) {
    world.workspaces.set(keyOf(id), { id, region: regionOf(location), customerId });
  }
  for (const { id, workspaceCustomerId } of seed.components) {
    world.components.set(keyOf(id), { id, workspaceCustomerId });
  }
  seedVaults(seed.keyVaults, seed.deletedVaults, world);
}
