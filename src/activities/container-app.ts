import { classifyError } from "../azure/classify-error.js";
import type { ContainerApps, ContainerAppView, RevisionView } from "../azure/container-apps.js";
import type { HealthProbe } from "../azure/health-probe.js";
import { seconds } from "../domain/duration.js";
import { isAfter } from "../domain/instant.js";
import { parseResourceId } from "../domain/resource-id.js";
import type { Activity } from "../durable/activity-contract.js";
import type { StateStore } from "../state/state-store.js";
import { checkIn } from "./apps-word.js";
import * as contract from "./container-app.contract.js";
import { ensure, type Effect } from "./ensure.js";
import { makingRevision } from "./make-revision.js";
import { operationSeen } from "./operation-seen.js";

/** How long Azure may take to show a trace of a restart: the first new replica. */
const restartSettling = seconds(15);
/** ARM shows an activation or an accepted change at once or after a few seconds. */
const changeSettling = seconds(5);

const runningStates = new Set(["Running", "RunningAtMaxScale", "ScaledToZero"]);
const failedStates = new Set(["Failed", "Degraded"]);

/** Everything a recovery may do to a container app. */
export function containerAppActivities(
  apps: ContainerApps,
  health: HealthProbe,
  store: StateStore,
): readonly Activity[] {
  return [
    contract.observeApp.implementedBy(classifyError, async ({ app: id }) => {
      const [app, revisions] = await Promise.all([apps.app(id), apps.revisions(id)]);
      const serving = servingRevisions(app, revisions);
      return {
        detail: `${app.name}: ${app.provisioningState}, ${app.runningStatus}; serving ${serving.join(", ") || "nothing"}`,
        ...(app.fqdn === undefined ? {} : { fqdn: app.fqdn }),
        mode: isMultiple(app) ? "multiple" : "single",
        provisioningState: app.provisioningState,
        runningStatus: app.runningStatus,
        ...(app.latestRevision === undefined ? {} : { latestRevision: app.latestRevision }),
        ...(app.latestReadyRevision === undefined
          ? {}
          : { latestReadyRevision: app.latestReadyRevision }),
        serving,
      };
    }),

    contract.probeHealth.implementedBy(classifyError, async ({ fqdn, rule }) => {
      const { healthy, latency, detail, status } = await health.probe(fqdn, rule);
      return { healthy, latency, detail, ...(status === undefined ? {} : { status }) };
    }),

    contract.probeAppCheck.implementedBy(classifyError, async ({ fqdn, rule, check }) => {
      const probe = await health.probe(fqdn, rule);
      const { well, detail } = checkIn(probe, check);
      return {
        well,
        healthy: probe.healthy,
        detail: detail === "" ? check : `${check}: ${detail}`,
      };
    }),

    contract.probeRevisions.implementedBy(classifyError, async ({ app, revisions, rule }) => {
      const wanted = newestFirst(await apps.revisions(app)).filter(({ name }) =>
        revisions.includes(name),
      );
      const probed = await Promise.all(
        wanted.map(async ({ name, fqdn }) => ({
          name,
          healthy: fqdn !== undefined && (await health.probe(fqdn, rule)).healthy,
        })),
      );
      const names = (healthy: boolean): string[] =>
        probed.filter((each) => each.healthy === healthy).map(({ name }) => name);
      const [well, failing] = [names(true), names(false)];
      return {
        failing,
        well,
        detail: `failing: ${failing.join(", ") || "none"}; well: ${well.join(", ") || "none"}`,
      };
    }),

    contract.restartRevision.implementedBy(classifyError, ({ app, revision }, context) =>
      ensure(store, context, contract.restartRevision, {
        resource: app,
        plan: () => ({ changed: true, detail: `would restart ${revision}` }),
        onRepeat: "repeat",
        settling: restartSettling,
        observe: async (since) => {
          // Before the act there is nothing to look for: a restart is always wanted then.
          if (since === undefined) return undefined;
          const replicas = await apps.replicas(app, revision);
          const fresh = replicas.filter(({ createdAt }) => createdAt && isAfter(createdAt, since));
          return fresh.length > 0
            ? { changed: true, detail: `${revision} is restarting: ${fresh.length} new replicas` }
            : undefined;
        },
        act: async () => {
          await apps.restart(app, revision);
          return { changed: true, detail: `restarted ${revision}` };
        },
      }),
    ),

    contract.observeRestart.implementedBy(
      classifyError,
      async ({ app, revisions, since, fqdn, rule }) => {
        const [probe, replicas] = await Promise.all([
          health.probe(fqdn, rule),
          // Without ARM the app's own answer still counts.
          Promise.all(revisions.map((revision) => apps.replicas(app, revision))).then(
            (found) => found.flat(),
            () => [],
          ),
        ]);
        const fresh = replicas.filter(
          ({ createdAt, ready }) => ready && createdAt !== undefined && isAfter(createdAt, since),
        );
        return {
          healthy: probe.healthy,
          replaced: replicas.length > 0 && fresh.length === replicas.length,
          detail: `${fresh.length} of ${replicas.length} replicas new and ready; ${probe.detail}`,
        };
      },
    ),

    contract.chooseKnownGood.implementedBy(classifyError, async ({ app, failing }) => {
      const candidates = knownGoodRevisions(await apps.revisions(app), failing);
      const [best] = candidates;
      if (best?.createdAt === undefined) {
        return {
          kind: "none",
          detail: `no earlier revision of ${nameOf(app)} is provisioned and free of failures`,
        };
      }
      return {
        kind: "found",
        revision: best.name,
        createdAt: best.createdAt,
        detail: `${best.name}, made ${best.createdAt}, is the newest of ${candidates.length} that ran well`,
      };
    }),

    contract.activateRevision.implementedBy(classifyError, ({ app, revision }, context) =>
      ensure(store, context, contract.activateRevision, activation(apps, app, revision)),
    ),

    contract.observeRevision.implementedBy(classifyError, async ({ app, revision }) => {
      const seen = await apps.revision(app, revision);
      if (seen === undefined) {
        return { running: false, failed: false, detail: `${revision} does not exist yet` };
      }
      const failed = failedStates.has(seen.runningState) || seen.provisioningState === "Failed";
      return {
        running: seen.active && !failed && runningStates.has(seen.runningState),
        failed,
        detail: `${revision}: ${seen.provisioningState}, ${seen.runningState}, ${seen.replicas} replicas`,
      };
    }),

    contract.startTrafficShift.implementedBy(classifyError, ({ app, revision }, context) =>
      ensure(store, context, contract.startTrafficShift, {
        resource: app,
        plan: () => ({ changed: true, detail: `would send all traffic to ${revision}` }),
        onRepeat: "repeat",
        settling: changeSettling,
        observe: async () => {
          const { traffic } = await apps.app(app);
          const share = traffic.find((part) => part.revision === revision)?.weight ?? 0;
          return share === 100
            ? { changed: false, detail: `${revision} has all traffic` }
            : undefined;
        },
        act: async () => ({
          changed: true,
          operation: await apps.startTrafficShift(app, revision),
          detail: `sending all traffic to ${revision}`,
        }),
      }),
    ),

    contract.startRollForward.implementedBy(classifyError, ({ app, from, suffix }, context) => {
      const what = ` from the template of ${from}`;
      const start = () => apps.startRollForward(app, from, suffix);
      const effect = makingRevision(apps, { app, suffix, what, start });
      return ensure(store, context, contract.startRollForward, effect);
    }),

    contract.pollAppOperation.implementedBy(classifyError, async ({ app, operation }) =>
      operationSeen(await apps.operation(app, operation)),
    ),
  ];
}

/** Activating a revision by name; in single-revision mode it becomes the one that serves. */
export const activation = (
  apps: ContainerApps,
  app: string,
  revision: string,
): Effect<{ changed: boolean; detail: string }> => ({
  resource: app,
  plan: () => ({ changed: true, detail: `would activate ${revision}` }),
  onRepeat: "repeat",
  settling: changeSettling,
  observe: async () =>
    (await apps.revision(app, revision))?.active === true
      ? { changed: false, detail: `${revision} is active` }
      : undefined,
  act: async () => {
    await apps.activate(app, revision);
    return { changed: true, detail: `activated ${revision}` };
  },
});

const nameOf = (app: string): string => parseResourceId(app)?.name ?? app;

const isMultiple = (app: ContainerAppView): boolean => app.mode.toLowerCase() !== "single";

/** In single mode the active one; in multiple mode every active one with traffic. Newest first. */
export function servingRevisions(
  app: ContainerAppView,
  revisions: readonly RevisionView[],
): string[] {
  const serving = revisions.filter(
    ({ active, trafficWeight }) => active && (!isMultiple(app) || trafficWeight > 0),
  );
  return newestFirst(serving).map(({ name }) => name);
}

/** Revisions to go back to where others fail: those that ran well before. Newest first. */
export function knownGoodRevisions(
  all: readonly RevisionView[],
  failing: readonly string[],
): RevisionView[] {
  const failedAt = all
    .filter(({ name }) => failing.includes(name))
    .map(({ createdAt }) => createdAt ?? "")
    .sort();
  // Only what is older than the failure: a newer one that waits without traffic never proved itself.
  const candidates = all.filter(
    (revision) =>
      !failing.includes(revision.name) &&
      ranWell(revision) &&
      (failedAt[0] === undefined || (revision.createdAt ?? "") < failedAt[0]),
  );
  return newestFirst(candidates);
}

/** Provisioned once and not known to have failed; a resting revision reports no health. */
const ranWell = ({ provisioningState, runningState, healthState }: RevisionView): boolean =>
  ["Provisioned", "Deprovisioned"].includes(provisioningState) &&
  !failedStates.has(runningState) &&
  healthState !== "Unhealthy";

const newestFirst = (revisions: readonly RevisionView[]): RevisionView[] =>
  [...revisions].sort((one, other) => (other.createdAt ?? "").localeCompare(one.createdAt ?? ""));
