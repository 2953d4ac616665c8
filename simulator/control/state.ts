import { fqdnOf } from "../container-apps/representation.js";
import type { ContainerApp, Revision } from "../container-apps/state.js";
import { ailmentOf, weightOf } from "../container-apps/traffic.js";
import { cacheState, clusterState } from "./cache-state.js";
import type { World } from "../world/world.js";

/** What exists and what is about to change, for people and for tests. */
export function stateOf(world: World): Record<string, unknown> {
  return {
    containerApps: [...world.containerApps.values()].map((app) => appState(app, world)),
    storageAccounts: [...world.storageAccounts.values()],
    redisCaches: [...world.redisCaches.values()].map(cacheState),
    managedRedis: [...world.managedRedis.values()].map(clusterState),
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
    revisions: app.revisions.map((revision) => revisionState(app, revision)),
  };
}

function revisionState(app: ContainerApp, revision: Revision): unknown {
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
      ailment: ailmentOf(app, revision, replica)?.detail,
    })),
  };
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
