import { modeOf } from "./rules.js";
import type { TrafficWeight } from "./schema.js";
import type { Ailment, Backend, ContainerApp, Replica, Revision, Share } from "./state.js";

/** The configured weights, with the platform's default where there are none. */
export function configuredTraffic(app: ContainerApp): readonly TrafficWeight[] {
  const traffic = app.envelope.properties.configuration?.ingress?.traffic ?? [];
  return traffic.length === 0 ? [{ latestRevision: true, weight: 100 }] : traffic;
}

export function isSingle(app: ContainerApp): boolean {
  return modeOf(app.envelope.properties.configuration) === "Single";
}

export function latestRevision(app: ContainerApp): Revision | undefined {
  return app.revisions.at(-1);
}

export function latestReadyRevision(app: ContainerApp): Revision | undefined {
  return app.revisions.findLast(({ hasBeenReady }) => hasBeenReady);
}

export function findRevision(app: ContainerApp, name: string): Revision | undefined {
  const wanted = name.toLowerCase();
  return app.revisions.find((revision) => revision.name.toLowerCase() === wanted);
}

/** The active revision that a label of the configured traffic stands for. */
export function labelled(app: ContainerApp, label: string): Revision | undefined {
  const entry = configuredTraffic(app).find((one) => one.label === label);
  if (entry === undefined || isSingle(app)) return undefined;
  return entry.latestRevision === true
    ? latestActiveReady(app)
    : findRevision(app, entry.revisionName ?? "");
}

/** The share of traffic that ingress sends to a revision, in percent. */
export function weightOf(app: ContainerApp, revision: Revision): number {
  if (isSingle(app)) return app.serving === revision.name ? 100 : 0;
  const latest = latestActiveReady(app);
  return configuredTraffic(app)
    .filter(({ revisionName, latestRevision: toLatest }) =>
      toLatest === true ? latest === revision : revisionName === revision.name,
    )
    .reduce((sum, { weight }) => sum + (weight ?? 0), 0);
}

/** What makes a replica answer 503, if anything does. */
export type Diagnosis = (revision: Revision, replica: Replica) => Ailment | undefined;

/** Where traffic goes now. A revision without a ready replica keeps its share, and its requests fail. */
export function sharesOf(app: ContainerApp, diagnose: Diagnosis): readonly Share[] {
  if (app.runningStatus === "Stopped" || app.cutOff) return [];
  return app.revisions
    .map((revision) => ({
      revision: revision.name,
      weight: weightOf(app, revision),
      backends: revision.active
        ? revision.replicas
            .filter(({ ready }) => ready)
            .map((replica) => ({
              revision: revision.name,
              replica: replica.name,
              ailment: diagnose(revision, replica),
            }))
        : [],
    }))
    .filter(({ weight }) => weight > 0);
}

/** The revision that most of the traffic meets. */
export function mostUsedRevision(app: ContainerApp): Revision | undefined {
  if (app.runningStatus === "Stopped") return undefined;
  return [...app.revisions]
    .filter((revision) => weightOf(app, revision) > 0)
    .sort((a, b) => weightOf(app, b) - weightOf(app, a))[0];
}

/** The replica that answers the n-th request: shares are kept over each hundred requests, without chance. */
export function backendFor(shares: readonly Share[], n: number): Backend | undefined {
  // 61 is coprime with 100, so that the slots of a small share are spread over the hundred.
  let slot = (n * 61) % 100;
  for (const { weight, backends } of shares) {
    if (slot < weight) return backends[n % Math.max(1, backends.length)];
    slot -= weight;
  }
  return undefined;
}

/** What a fault has put into the replica, its revision or its app. */
export function ownAilment(
  app: ContainerApp,
  revision: Revision,
  replica: Replica,
): Ailment | undefined {
  return [...app.ailments, ...revision.ailments, ...replica.ailments][0];
}

function latestActiveReady(app: ContainerApp): Revision | undefined {
  return app.revisions.findLast(({ active, ready }) => active && ready);
}
