import { ailmentOf } from "../application/health.js";
import { fqdnOf } from "../container-apps/representation.js";
import type { ContainerApp, Revision } from "../container-apps/state.js";
import { servedFrom } from "../key-vault/failover.js";
import type { Vault } from "../key-vault/state.js";
import { lastSyncAt } from "../storage-accounts/replication.js";
import type { StorageAccount } from "../storage-accounts/state.js";
import { weightOf } from "../container-apps/traffic.js";
import { fqdnOfProfile } from "../traffic-manager/representation.js";
import type { TrafficProfile } from "../traffic-manager/state.js";
import { endpointStatus, profileStatus } from "../traffic-manager/status.js";
import { USER_REGIONS } from "../traffic-manager/traffic-manager.js";
import type { World } from "../world/world.js";
import { cacheState, clusterState } from "./cache-state.js";
import { edgeState } from "./edge-state.js";

/** What exists and what is about to change, for people and for tests. */
export function stateOf(world: World): Record<string, unknown> {
  return {
    containerApps: [...world.containerApps.values()].map((app) => appState(app, world)),
    redisCaches: [...world.redisCaches.values()].map(cacheState),
    managedRedis: [...world.managedRedis.values()].map(clusterState),
    keyVaults: [...world.vaults.live.values()].map((vault) => vaultState(vault, world)),
    deletedVaults: [...world.vaults.deleted.values()].map(({ vault, deletedAt, purgesAt }) => ({
      id: vault.id,
      deletedAt: instant(deletedAt),
      purgesAt: instant(purgesAt),
    })),
    storageAccounts: [...world.storageAccounts.values()].map((account) =>
      storageAccountState(account, world),
    ),
    trafficManagerProfiles: [...world.trafficManagerProfiles.values()].map((profile) =>
      profileState(profile, world),
    ),
    cdnProfiles: [...world.cdnProfiles.values()].map((profile) => edgeState(profile, world)),
    operations: [...world.operations.values()]
      .filter(({ status }) => status === "InProgress")
      .map(({ id, resourceId, startedAt }) => ({ id, resourceId, startedAt: instant(startedAt) })),
    upcoming: world.timeline.upcoming(),
  };
}

function appState(app: ContainerApp, world: World): unknown {
  const domain = world.environments.get(app.environmentKey)?.defaultDomain;
  return {
    id: app.id,
    fqdn: domain === undefined ? undefined : fqdnOf(app, domain),
    provisioningState: app.provisioningState,
    runningStatus: app.runningStatus,
    revisions: app.revisions.map((revision) => revisionState(app, revision, world)),
    health: healthOf(app),
  };
}

/** Since when, and each time until the next, somebody who asks again and again is served by the app, or nobody. */
function healthOf({ phases }: ContainerApp): unknown {
  const all = phases.map(({ from, shares }) => ({
    from: instant(from),
    well: shares.some(({ backends }) => backends.some(({ ailment }) => ailment === undefined)),
  }));
  return all.filter(({ well }, index) => well !== all[index - 1]?.well);
}

/** What there is; never what it holds. */
function vaultState(vault: Vault, world: World): unknown {
  const { id, provisioningState, networkRulesInForce, secrets } = vault;
  const { region, readOnly } = servedFrom(vault, world);
  const all = secrets.inOrder();
  return {
    id,
    provisioningState,
    servedFrom: region,
    readOnly,
    networkRulesInForce,
    secrets: all.filter(({ state }) => state === "active").length,
    deletedSecrets: all.filter(({ state }) => state === "deleted").length,
  };
}

function revisionState(app: ContainerApp, revision: Revision, world: World): unknown {
  return {
    name: revision.name,
    createdAt: instant(revision.createdAt),
    image: revision.template.containers[0]?.image,
    active: revision.active,
    ready: revision.ready,
    weight: weightOf(app, revision),
    provisioningState: revision.provisioningState,
    replicas: revision.replicas.map((replica) => ({
      name: replica.name,
      createdAt: instant(replica.createdAt),
      ready: replica.ready,
      restarts: replica.restarts,
      ailment: ailmentOf(app, revision, replica, world)?.detail,
    })),
  };
}

function storageAccountState(account: StorageAccount, world: World): unknown {
  const synced = lastSyncAt(account, world.timeline.now());
  return {
    id: account.id,
    sku: account.sku,
    provisioningState: account.provisioningState,
    primaryLocation: account.primaryLocation,
    secondaryLocation: account.secondaryLocation,
    lastSyncTime: synced === undefined ? undefined : instant(synced),
    failoverInProgress: account.failover !== undefined,
    containers: [...account.containers.values()].map(({ name, policy, holds }) => ({
      name,
      policy: policy && { days: policy.days, state: policy.state },
      holds,
    })),
  };
}

function profileState(profile: TrafficProfile, world: World): unknown {
  const profiles = world.trafficManagerProfiles;
  const asker = { region: USER_REGIONS[0], n: 0 };
  return {
    id: profile.id,
    fqdn: fqdnOfProfile(profile),
    status: profileStatus(profile, profiles),
    endpoints: profile.endpoints.map((endpoint) => ({
      name: endpoint.name,
      target: endpoint.properties.target ?? endpoint.properties.targetResourceId,
      status: endpointStatus(profile, endpoint, profiles),
    })),
    answer: world.trafficManager.answer(profile, asker, world.timeline.now())?.host,
  };
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
