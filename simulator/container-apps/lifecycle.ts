import { trafficOf } from "../application/health.js";
import { keyOf } from "../arm/resource-id.js";
import { nameFrom } from "../world/names.js";
import { createBringUp, createLater, type Surroundings } from "./bring-up.js";
import { recordLives } from "./lives.js";
import { containerOf, createPlatformLog } from "./platform-log.js";
import { hasDuplicateVariable, replicaCount } from "./rules.js";
import type { Template } from "./schema.js";
import { hasVersionlessReference, refreshReferences, secretReferencesOf } from "./secrets.js";
import type { Ailment, ContainerApp, Replica, Revision } from "./state.js";
import { configuredTraffic, isSingle, latestRevision } from "./traffic.js";

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
  /** To be called when an app comes to have secrets. */
  watchSecrets(app: ContainerApp): void;
  /** Makes the containers of a revision end after each start, for as long as `crashing` says so. */
  crash(app: ContainerApp, revision: Revision, fault: string): void;
}

const DEFAULT_INACTIVE_REVISIONS = 100;

export function createLifecycle(surroundings: Surroundings): Lifecycle {
  const { timeline, durations, conditions } = surroundings;
  const event = createPlatformLog(timeline);
  const later = createLater(surroundings);
  const bringUp = createBringUp(surroundings, event, later, {
    revisionReady: becomeReady,
    traffic: recordTraffic,
  });

  function recordTraffic(app: ContainerApp): void {
    recordLives(app, timeline.now());
    const shares = trafficOf(app, surroundings);
    const last = app.phases.at(-1);
    if (last === undefined || JSON.stringify(last.shares) !== JSON.stringify(shares)) {
      app.phases.push({ from: timeline.now(), shares });
    }
    surroundings.trafficChanged.tell();
  }

  function newRevision(
    app: ContainerApp,
    template: Template,
    createdAt = timeline.now(),
  ): Revision {
    const ordinal = app.revisions.length + 1;
    const suffix =
      template.revisionSuffix === undefined || template.revisionSuffix === ""
        ? nameFrom(7, app.id, ordinal, timeline.now())
        : template.revisionSuffix;
    const revision: Revision = {
      name: `${app.name}--${suffix}`,
      template,
      createdAt,
      lastActiveAt: timeline.now(),
      active: true,
      provisioningState: "Provisioning",
      provisioningError: undefined,
      ready: false,
      hasBeenReady: false,
      wedged: hasDuplicateVariable(template),
      pulling: false,
      crashing: undefined,
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

  function becomeReady(app: ContainerApp, revision: Revision): void {
    revision.ready = true;
    revision.hasBeenReady = true;
    revision.provisioningState = "Provisioned";
    revision.provisioningError = undefined;
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
      recordTraffic(app);
      bringUp.coresFreed(app.environmentKey);
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

  function restart(app: ContainerApp, revision: Revision): void {
    revision.course += 1;
    event(app, "RevisionRestart", `Restarting revision '${revision.name}'`, { revision });
    refreshReferences(app, surroundings);
    const running = revision.replicas.filter(({ scheduled }) => scheduled);
    const waiting = revision.replicas.filter(({ scheduled }) => !scheduled);
    // A restart during a restart starts over with what is there.
    const ready = running.filter((replica) => replica.ready);
    const replaced = ready.length > 0 ? ready : running;
    revision.replicas = [...replaced, ...waiting];
    revision.restarting = replaced.length > 0;
    const fresh: Replica[] = [];
    const each = durations.revisionRestart / Math.max(1, replaced.length);
    replaced.forEach((old, index) => {
      later(revision, Math.round(each * index), "restart starts a replica", () => {
        const replica = bringUp.newReplica(app, revision);
        fresh.push(replica);
        revision.replicas.push(replica);
      });
      later(revision, Math.round(each * (index + 1)), "restart replaces a replica", () => {
        revision.replicas = revision.replicas.filter((replica) => replica !== old);
        event(app, "ContainerTerminated", `Stopped container '${containerOf(revision)}'`, {
          revision,
          replica: old,
        });
        if (index === replaced.length - 1) revision.restarting = false;
        if (revision.wedged) recordTraffic(app);
        else bringUp.comeUp(app, revision, fresh.splice(0));
      });
    });
    recordTraffic(app);
  }

  /** Reads versionless references again every half an hour, and restarts whoever uses what has changed. */
  function watchSecrets(app: ContainerApp): void {
    if (app.watched || !hasVersionlessReference(app.envelope)) return;
    app.watched = true;
    const at = timeline.now() + durations.secretRefresh;
    timeline.plan(at, `${app.name}: Key Vault references are read again`, () => {
      app.watched = false;
      if (!surroundings.containerApps.has(keyOf(app.id))) return;
      const changed = refreshReferences(app, surroundings);
      for (const revision of app.revisions.filter(({ active }) => active)) {
        const uses = secretReferencesOf(revision.template);
        if (uses.some(({ secretRef }) => changed.has(secretRef))) restart(app, revision);
      }
      watchSecrets(app);
    });
  }

  return {
    recordTraffic,
    forgetOldest,
    watchSecrets,

    deploy: (app, template) => {
      const revision = newRevision(app, template);
      bringUp.startReplicas(app, revision, durations.revisionReady);
      recordTraffic(app);
      return revision;
    },

    deployed: (app, template, ailments) => {
      const before = latestRevision(app)?.createdAt ?? 0;
      const begun = Math.max(before + 1, timeline.now() - durations.revisionReady);
      const revision = newRevision(app, template, begun);
      revision.ailments = ailments;
      for (let made = 0; made < replicaCount(template); made += 1) {
        revision.replicas.push({ ...bringUp.newReplica(app, revision), ready: true });
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

    restart,

    activate: (app, revision) => {
      revision.course += 1;
      revision.active = true;
      revision.lastActiveAt = timeline.now();
      revision.provisioningState = "Provisioning";
      revision.replicas = [];
      event(app, "RevisionActivating", `Activating revision '${revision.name}'`, { revision });
      bringUp.startReplicas(app, revision, durations.revisionActivation);
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
      bringUp.coresFreed(app.environmentKey);
      event(app, "ContainerAppStopped", `Stopped container app '${app.name}'`);
      recordTraffic(app);
    },

    start: (app) => {
      app.runningStatus = "Running";
      for (const revision of app.revisions.filter(({ active }) => active)) {
        revision.course += 1;
        bringUp.startReplicas(app, revision, 0);
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
      bringUp.coresFreed(app.environmentKey);
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
        for (const replica of revision.replicas) replica.scheduled = false;
        bringUp.startReplicas(app, revision, durations.revisionActivation);
      }
      recordTraffic(app);
    },

    crash: (app, revision, fault) => {
      revision.crashing = fault;
      bringUp.comeUp(
        app,
        revision,
        revision.replicas.filter(({ ready }) => ready),
      );
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
