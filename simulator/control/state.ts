import { ailmentOf } from "../application/health.js";
import { fqdnOf } from "../container-apps/representation.js";
import type { ContainerApp, Revision } from "../container-apps/state.js";
import { weightOf } from "../container-apps/traffic.js";
import { fqdnOfProfile } from "../traffic-manager/representation.js";
import type { TrafficProfile } from "../traffic-manager/state.js";
import { endpointStatus, profileStatus } from "../traffic-manager/status.js";
import { USER_REGIONS } from "../traffic-manager/traffic-manager.js";
import type { World } from "../world/world.js";

/** What exists and what is about to change, for people and for tests. */
export function stateOf(world: World): Record<string, unknown> {
  return {
    containerApps: [...world.containerApps.values()].map((app) => appState(app, world)),
    trafficManagerProfiles: [...world.trafficManagerProfiles.values()].map((profile) =>
      profileState(profile, world),
    ),
    storageAccounts: [...world.storageAccounts.values()],
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
