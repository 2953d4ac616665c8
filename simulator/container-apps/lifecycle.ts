import type { Conditions } from "../faults/conditions.js";
import type { Durations } from "../profiles/profile.js";
import { nameFrom } from "../world/names.js";
import type { Timeline } from "../world/timeline.js";
import { hasDuplicateVariable, replicaCount } from "./rules.js";
import type { Template } from "./schema.js";
import type { Ailment, ContainerApp, PlatformEvent, Replica, Revision } from "./state.js";
import { configuredTraffic, findRevision, isSingle, latestRevision, sharesOf } from "./traffic.js";

/** What the platform does to revisions and replicas, over time. */
export interface Lifecycle {
  /** Starts a new revision. In single mode the old one keeps the traffic until the new one is ready. */
  deploy(app: ContainerApp, template: Template): Revision;
  /** A deployment that has come to its end already. */
  deployed(app: ContainerApp, template: Template, ailments: readonly Ailment[]): Revision;
  /** Replaces the replicas one after the other; an old one serves until its successor is ready. */
  restart(app: ContainerApp, revision: Revision): void;
  activate(app: ContainerApp, revision: Revision): void;
  deactivate(app: ContainerApp, revision: Revision): void;
  stop(app: ContainerApp): void;
  start(app: ContainerApp): void;
  /** To be called after every change of what traffic meets. */
  recordTraffic(app: ContainerApp): void;
  /** A revision whose operation has failed: it will not come up. */
  fail(app: ContainerApp, revision: Revision, error: string): void;
  /** To be called when a region or a registry has gone or is back. */
  conditionsChanged(app: ContainerApp): void;
  /** Lets go of the oldest inactive revisions that are more than the app may keep. */
  forgetOldest(app: ContainerApp): void;
  /** Applies a change of the mode of revisions. */
  modeChanged(app: ContainerApp): void;
}

const DEFAULT_INACTIVE_REVISIONS = 100;

export function createLifecycle(
  timeline: Timeline,
  durations: Durations,
  conditions: Conditions,
): Lifecycle {
  function event(
    app: ContainerApp,
    reason: string,
    message: string,
    about: { revision?: Revision; replica?: Replica; type?: PlatformEvent["type"] } = {},
  ): void {
    app.events.push({
      at: timeline.now(),
      reason,
      type: about.type ?? "Normal",
      revision: about.revision?.name ?? "",
      replica: about.replica?.name ?? "",
      message,
    });
  }

  function recordTraffic(app: ContainerApp): void {
    const shares = sharesOf(app);
    const last = app.phases.at(-1);
    if (last !== undefined && JSON.stringify(last.shares) === JSON.stringify(shares)) return;
    app.phases.push({ from: timeline.now(), shares });
  }

  function newReplica(app: ContainerApp, revision: Revision, ready: boolean): Replica {
    revision.replicasMade += 1;
    const id = nameFrom(15, app.id, revision.name, revision.replicasMade);
    // What is restarted finds its image on the node.
    const replica: Replica = {
      name: `${revision.name}-${id.slice(0, 10)}-${id.slice(10)}`,
      createdAt: timeline.now(),
      ready,
      ailments: [],
    };
    if (!revision.pulling) started(app, revision, replica);
    return replica;
  }

  function started(app: ContainerApp, revision: Revision, replica: Replica): void {
    event(app, "ContainerStarted", `Started container '${containerOf(revision)}'`, {
      revision,
      replica,
    });
  }

  function newRevision(app: ContainerApp, template: Template): Revision {
    const ordinal = app.revisions.length + 1;
    const suffix =
      template.revisionSuffix === undefined || template.revisionSuffix === ""
        ? nameFrom(7, app.id, ordinal, timeline.now())
        : template.revisionSuffix;
    const revision: Revision = {
      name: `${app.name}--${suffix}`,
      template,
      createdAt: timeline.now(),
      lastActiveAt: timeline.now(),
      active: true,
      provisioningState: "Provisioning",
      provisioningError: undefined,
      ready: false,
      hasBeenReady: false,
      wedged: hasDuplicateVariable(template),
      pulling: false,
      restarting: false,
      ailments: [],
      replicas: [],
      course: 0,
      replicasMade: 0,
    };
    app.revisions.push(revision);
    event(app, "RevisionCreation", `Creating a new revision: ${revision.name}`, { revision });
    return revision;
  }

  /** Plans a change that lapses if the revision takes another course before. */
  function later(revision: Revision, after: number, what: string, act: () => void): void {
    const { course } = revision;
    timeline.plan(timeline.now() + after, `${revision.name}: ${what}`, () => {
      if (revision.course === course) act();
    });
  }

  function startReplicas(app: ContainerApp, revision: Revision, readyAfter: number): void {
    const count = replicaCount(revision.template);
    revision.pulling = conditions.isRegistryDown(app);
    while (revision.replicas.length < count) {
      revision.replicas.push(newReplica(app, revision, false));
    }
    if (revision.pulling) {
      failToPull(app, revision);
      return;
    }
    if (revision.wedged) return;
    later(revision, readyAfter, "ready for traffic", () => {
      becomeReady(app, revision);
    });
  }

  /** The platform tries again and again; after its deadline it calls the revision failed, and still tries. */
  function failToPull(app: ContainerApp, revision: Revision): void {
    const image = revision.template.containers[0]?.image ?? "";
    for (const replica of revision.replicas) {
      event(app, "PullingImage", `Pulling image '${image}'`, { revision, replica });
      event(app, "ImagePullFailure", `Failed to pull image '${image}': connection refused`, {
        revision,
        replica,
        type: "Warning",
      });
    }
    later(revision, durations.progressDeadline, "image pull fails for good", () => {
      const count = revision.replicas.length;
      revision.provisioningState = "Failed";
      revision.provisioningError = `Deployment Progress Deadline Exceeded. 0/${count} replicas ready.`;
      event(app, "ProgressDeadlineExceeded", revision.provisioningError, {
        revision,
        type: "Warning",
      });
    });
  }

  function becomeReady(app: ContainerApp, revision: Revision): void {
    revision.ready = true;
    revision.hasBeenReady = true;
    revision.provisioningState = "Provisioned";
    revision.provisioningError = undefined;
    for (const replica of revision.replicas) replica.ready = true;
    event(app, "RevisionReady", `Successfully provisioned revision '${revision.name}'`, {
      revision,
    });
    if (isSingle(app)) {
      app.serving = revision.name;
      // One that was started later is still on its way and will take over in its turn.
      for (const other of app.revisions) {
        const older = other.lastActiveAt <= revision.lastActiveAt;
        if (other !== revision && other.active && older) retire(app, other);
      }
    }
    recordTraffic(app);
  }

  function retire(app: ContainerApp, revision: Revision): void {
    revision.course += 1;
    revision.active = false;
    revision.ready = false;
    revision.pulling = false;
    revision.restarting = false;
    revision.lastActiveAt = timeline.now();
    revision.provisioningState = "Deprovisioning";
    if (app.serving === revision.name) app.serving = undefined;
    event(app, "RevisionDeactivating", `Deactivating revision '${revision.name}'`, { revision });
    later(revision, durations.replicaShutdown, "replicas gone", () => {
      revision.replicas = [];
      revision.provisioningState = "Deprovisioned";
      event(app, "ContainerTerminated", `Stopped the containers of '${revision.name}'`, {
        revision,
      });
    });
    forgetOldest(app);
  }

  function forgetOldest(app: ContainerApp): void {
    const kept =
      app.envelope.properties.configuration?.maxInactiveRevisions ?? DEFAULT_INACTIVE_REVISIONS;
    const inactive = app.revisions.filter(({ active }) => !active);
    const forgotten = new Set(inactive.slice(0, Math.max(0, inactive.length - kept)));
    if (forgotten.size > 0) {
      app.revisions = app.revisions.filter((revision) => !forgotten.has(revision));
    }
  }

  return {
    recordTraffic,
    forgetOldest,

    deploy: (app, template) => {
      const revision = newRevision(app, template);
      startReplicas(app, revision, durations.revisionReady);
      recordTraffic(app);
      return revision;
    },

    deployed: (app, template, ailments) => {
      const revision = newRevision(app, template);
      revision.ailments = ailments;
      for (let made = 0; made < replicaCount(template); made += 1) {
        revision.replicas.push(newReplica(app, revision, true));
      }
      becomeReady(app, revision);
      if (!isSingle(app) && !configuredTraffic(app).some((entry) => entry.latestRevision)) {
        const { configuration } = app.envelope.properties;
        if (configuration?.ingress) {
          configuration.ingress.traffic = [{ revisionName: revision.name, weight: 100 }];
        }
        recordTraffic(app);
      }
      return revision;
    },

    restart: (app, revision) => {
      revision.course += 1;
      revision.restarting = true;
      event(app, "RevisionRestart", `Restarting revision '${revision.name}'`, { revision });
      // A restart during a restart starts over with what is there.
      const outgoing = revision.replicas.filter(({ ready }) => ready);
      if (outgoing.length > 0) revision.replicas = outgoing;
      const replaced = [...revision.replicas];
      const each = durations.revisionRestart / Math.max(1, replaced.length);
      replaced.forEach((old, index) => {
        later(revision, Math.round(each * index), "restart starts a replica", () => {
          revision.replicas.push(newReplica(app, revision, false));
        });
        later(revision, Math.round(each * (index + 1)), "restart replaces a replica", () => {
          revision.replicas = revision.replicas.filter((replica) => replica !== old);
          for (const replica of revision.replicas) replica.ready ||= !revision.wedged;
          event(app, "ContainerTerminated", `Stopped container '${containerOf(revision)}'`, {
            revision,
            replica: old,
          });
          const last = index === replaced.length - 1;
          if (last) revision.restarting = false;
          if (last && !revision.ready && !revision.wedged) becomeReady(app, revision);
          else recordTraffic(app);
        });
      });
      recordTraffic(app);
    },

    activate: (app, revision) => {
      revision.course += 1;
      revision.active = true;
      revision.lastActiveAt = timeline.now();
      revision.provisioningState = "Provisioning";
      revision.replicas = [];
      event(app, "RevisionActivating", `Activating revision '${revision.name}'`, { revision });
      startReplicas(app, revision, durations.revisionActivation);
      recordTraffic(app);
    },

    deactivate: (app, revision) => {
      retire(app, revision);
      recordTraffic(app);
    },

    stop: (app) => {
      app.runningStatus = "Stopped";
      for (const revision of app.revisions.filter(({ active }) => active)) {
        revision.course += 1;
        revision.ready = false;
        revision.restarting = false;
        revision.replicas = [];
      }
      event(app, "ContainerAppStopped", `Stopped container app '${app.name}'`);
      recordTraffic(app);
    },

    start: (app) => {
      app.runningStatus = "Running";
      for (const revision of app.revisions.filter(({ active }) => active)) {
        revision.course += 1;
        startReplicas(app, revision, 0);
      }
      event(app, "ContainerAppStarted", `Started container app '${app.name}'`);
      recordTraffic(app);
    },

    fail: (app, revision, error) => {
      revision.course += 1;
      revision.ready = false;
      revision.pulling = false;
      revision.provisioningState = "Failed";
      revision.provisioningError = error;
      revision.replicas = [];
      event(app, "RevisionFailed", error, { revision, type: "Warning" });
      recordTraffic(app);
    },

    conditionsChanged: (app) => {
      app.cutOff = conditions.isDown("data", app.region);
      for (const revision of app.revisions) {
        if (!revision.pulling || conditions.isRegistryDown(app)) continue;
        revision.course += 1;
        revision.pulling = false;
        revision.provisioningState = "Provisioning";
        revision.provisioningError = undefined;
        for (const replica of revision.replicas) started(app, revision, replica);
        startReplicas(app, revision, durations.revisionActivation);
      }
      recordTraffic(app);
    },

    modeChanged: (app) => {
      if (!isSingle(app)) {
        app.serving = undefined;
      } else {
        const keeper =
          app.revisions.findLast(({ active, ready }) => active && ready) ?? latestRevision(app);
        app.serving = keeper?.ready === true ? keeper.name : undefined;
        for (const other of app.revisions) {
          if (other.active && other !== keeper && other !== latestRevision(app)) retire(app, other);
        }
      }
      recordTraffic(app);
    },
  };
}

/** The revision that most of the traffic meets. */
export function mostUsedRevision(app: ContainerApp): Revision | undefined {
  const [busiest] = [...sharesOf(app)].sort((a, b) => b.weight - a.weight);
  return busiest === undefined ? undefined : findRevision(app, busiest.revision);
}

function containerOf({ template }: Revision): string {
  return template.containers[0]?.name ?? "";
}
