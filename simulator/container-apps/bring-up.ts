import { nameFrom } from "../world/names.js";
import type { World } from "../world/world.js";
import { hasRoomFor } from "./cores.js";
import { recordRestart } from "./lives.js";
import { containerOf, type PlatformLog } from "./platform-log.js";
import { coresOf, replicaCount } from "./rules.js";
import { refreshReferences, variablesOf } from "./secrets.js";
import type { ContainerApp, Replica, Revision } from "./state.js";

/** What the course of an app depends on. */
export type Surroundings = Pick<
  World,
  | "timeline"
  | "durations"
  | "conditions"
  | "containerApps"
  | "environments"
  | "identities"
  | "dependencies"
  | "trafficChanged"
>;

/** How replicas come to be: a place, an image, a start, and maybe a crash. */
export interface BringUp {
  /** A replica that has a place, and the variables as the platform knows them now. */
  newReplica(app: ContainerApp, revision: Revision): Replica;
  /** As many replicas as the revision should have, as far as cores and images can be had. */
  startReplicas(app: ContainerApp, revision: Revision, readyAfter: number): void;
  /** Whoever was started passes its probes, or crashes. */
  comeUp(app: ContainerApp, revision: Revision, started: readonly Replica[]): void;
  /** Replicas have gone: others that waited for their cores may have them. */
  coresFreed(environmentKey: string): void;
}

// Documented of Kubernetes: a container that ends is started again after 10 s, then twice that, up to 5 min.
const FIRST_BACK_OFF_MS = 10_000;
const LONGEST_BACK_OFF_MS = 300_000;

/** Plans a change that lapses if the revision takes another course before. */
export type Later = (revision: Revision, after: number, what: string, act: () => void) => void;

export function createLater({ timeline }: Pick<World, "timeline">): Later {
  return (revision, after, what, act) => {
    const { course } = revision;
    timeline.plan(timeline.now() + after, `${revision.name}: ${what}`, () => {
      if (revision.course === course) act();
    });
  };
}

export function createBringUp(
  surroundings: Surroundings,
  log: PlatformLog,
  later: Later,
  changed: {
    /** All replicas of a revision are ready. */
    revisionReady(app: ContainerApp, revision: Revision): void;
    /** What traffic meets has changed. */
    traffic(app: ContainerApp): void;
  },
): BringUp {
  const { timeline, durations, conditions } = surroundings;

  function newReplica(app: ContainerApp, revision: Revision): Replica {
    revision.replicasMade += 1;
    const id = nameFrom(15, app.id, revision.name, revision.replicasMade);
    return {
      name: `${revision.name}-${id.slice(0, 10)}-${id.slice(10)}`,
      createdAt: timeline.now(),
      scheduled: true,
      ready: false,
      ailments: [],
      env: variablesOf(app, revision.template),
      restarts: 0,
    };
  }

  function startReplicas(app: ContainerApp, revision: Revision, readyAfter: number): void {
    refreshReferences(app, surroundings);
    while (revision.replicas.length < replicaCount(revision.template)) {
      revision.replicas.push({ ...newReplica(app, revision), scheduled: false });
    }
    revision.pulling = conditions.isRegistryDown(app);
    schedule(app, revision);
    const allPlaced = revision.replicas.every(({ scheduled }) => scheduled);
    if (revision.pulling || !allPlaced) expectDeadline(app, revision);
    if (revision.pulling || revision.wedged) return;
    later(revision, readyAfter, "ready for traffic", () => {
      comeUp(app, revision, revision.replicas);
    });
  }

  /** Gives the replicas that wait a place, as long as the environment has cores for them. */
  function schedule(app: ContainerApp, revision: Revision): Replica[] {
    const placed: Replica[] = [];
    const cores = coresOf(revision.template);
    for (const replica of revision.replicas.filter(({ scheduled }) => !scheduled)) {
      const about = { revision, replica };
      if (!hasRoomFor(cores, app.environmentKey, surroundings)) {
        log(
          app,
          "AssigningReplicaFailed",
          "Maximum Allowed Cores exceeded for the Managed Environment. Please check https://learn.microsoft.com/en-us/azure/container-apps/quotas for resource limits",
          { ...about, type: "Warning" },
        );
        continue;
      }
      replica.scheduled = true;
      placed.push(replica);
      if (revision.pulling) pull(app, revision, replica);
      else started(app, revision, replica);
    }
    return placed;
  }

  function started(app: ContainerApp, revision: Revision, replica: Replica): void {
    const message = `Started container '${containerOf(revision)}'`;
    log(app, "ContainerStarted", message, { revision, replica });
  }

  function pull(app: ContainerApp, revision: Revision, replica: Replica): void {
    const image = revision.template.containers[0]?.image ?? "";
    const about = { revision, replica };
    log(app, "PullingImage", `Pulling image '${image}'`, about);
    log(app, "ImagePullFailure", `Failed to pull image '${image}': connection refused`, {
      ...about,
      type: "Warning",
    });
  }

  /** The platform tries again and again; after its deadline it calls the revision failed, and still tries. */
  function expectDeadline(app: ContainerApp, revision: Revision): void {
    later(revision, durations.progressDeadline, "fails unless it is ready by then", () => {
      const { replicas } = revision;
      const ready = replicas.filter((replica) => replica.ready).length;
      if (ready === replicas.length) return;
      revision.provisioningState = "Failed";
      revision.provisioningError = `Deployment Progress Deadline Exceeded. ${ready}/${replicas.length} replicas ready.`;
      log(app, "ProgressDeadlineExceeded", revision.provisioningError, {
        revision,
        type: "Warning",
      });
    });
  }

  function comeUp(app: ContainerApp, revision: Revision, begun: readonly Replica[]): void {
    for (const replica of begun.filter(({ scheduled }) => scheduled)) {
      if (revision.crashing === undefined) replica.ready = true;
      else crash(app, revision, replica);
    }
    if (!revision.ready && revision.replicas.every(({ ready }) => ready)) {
      changed.revisionReady(app, revision);
    }
    changed.traffic(app);
  }

  /** The container ends by itself, and the platform starts it again, each time a little later. */
  function crash(app: ContainerApp, revision: Revision, replica: Replica): void {
    replica.ready = false;
    const name = containerOf(revision);
    const about = { revision, replica, type: "Warning" } as const;
    log(app, "ContainerTerminated", `Container '${name}' was terminated with exit code '1'`, about);
    log(app, "ContainerBackOff", `Persistent failure to start container '${name}'`, about);
    const pause = Math.min(FIRST_BACK_OFF_MS * 2 ** replica.restarts, LONGEST_BACK_OFF_MS);
    later(revision, pause, "a container that ended is started again", () => {
      if (!revision.replicas.includes(replica)) return;
      replica.restarts += 1;
      recordRestart(app, replica.name, timeline.now());
      started(app, revision, replica);
      comeUp(app, revision, [replica]);
    });
  }

  return {
    newReplica: (app, revision) => {
      const replica = newReplica(app, revision);
      started(app, revision, replica);
      return replica;
    },

    startReplicas,
    comeUp,

    coresFreed: (environmentKey) => {
      for (const app of surroundings.containerApps.values()) {
        if (app.environmentKey !== environmentKey) continue;
        for (const revision of app.revisions.filter(({ active }) => active)) {
          const placed = schedule(app, revision);
          if (placed.length === 0 || revision.pulling || revision.wedged) continue;
          later(
            revision,
            durations.revisionActivation,
            "replicas that had waited are ready",
            () => {
              comeUp(app, revision, placed);
            },
          );
        }
      }
    },
  };
}
