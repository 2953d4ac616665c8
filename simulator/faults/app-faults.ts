import { keyOf } from "../arm/resource-id.js";
import { mostUsedRevision } from "../container-apps/lifecycle.js";
import type { Ailment, ContainerApp } from "../container-apps/state.js";
import { latestRevision } from "../container-apps/traffic.js";
import { Refusal } from "../server/refusal.js";
import { nameFrom } from "../world/names.js";
import type { World } from "../world/world.js";
import type { AppFault } from "./catalogue.js";

/** Puts a fault into an app. */
export function injectAppFault(order: AppFault, id: string, world: World): void {
  const app = world.containerApps.get(keyOf(order.resource));
  if (app === undefined) {
    throw new Refusal(
      400,
      "InvalidFault",
      `resource: there is no container app ${order.resource}; it must be the id of one`,
    );
  }
  switch (order.name) {
    case "app-unhealthy":
      makeUnhealthy(app, id);
      break;
    case "restart-does-not-help":
      app.ailments = [
        ...app.ailments,
        { fault: id, check: "server", detail: "no worker accepts requests, whatever is started" },
      ];
      break;
    case "bad-revision":
      deployBadRevision(app, id, world);
      break;
  }
  world.lifecycle.recordTraffic(app);
}

/** Takes whatever a fault left in any app out again. */
export function withdrawAppFault(id: string, world: World): void {
  const others = (ailments: readonly Ailment[]): readonly Ailment[] =>
    ailments.filter(({ fault }) => fault !== id);
  for (const app of world.containerApps.values()) {
    app.ailments = others(app.ailments);
    for (const revision of app.revisions) {
      revision.ailments = others(revision.ailments);
      for (const replica of revision.replicas) replica.ailments = others(replica.ailments);
    }
    world.lifecycle.recordTraffic(app);
  }
}

/** Whether anything still has the fault: what was replaced since has not. */
export function isFelt(id: string, world: World): boolean {
  const has = (ailments: readonly Ailment[]): boolean => ailments.some(({ fault }) => fault === id);
  return [...world.containerApps.values()].some(
    (app) =>
      has(app.ailments) ||
      app.revisions.some(
        (revision) =>
          has(revision.ailments) || revision.replicas.some((replica) => has(replica.ailments)),
      ),
  );
}

/** Sick are the replicas that are there now: new ones, of this revision or another, are well. */
function makeUnhealthy(app: ContainerApp, id: string): void {
  const revision = mostUsedRevision(app);
  if (revision === undefined) {
    throw new Refusal(400, "InvalidFault", `resource: no revision of ${app.name} takes traffic`);
  }
  for (const replica of revision.replicas) {
    replica.ailments = [
      ...replica.ailments,
      { fault: id, check: "server", detail: "worker pool exhausted: 64 of 64 workers hang" },
    ];
  }
}

/** The deployment has just ended: its revision is ready, has the traffic, and is broken. */
function deployBadRevision(app: ContainerApp, id: string, world: World): void {
  const template = latestRevision(app)?.template;
  if (template === undefined) {
    throw new Refusal(400, "InvalidFault", `resource: ${app.name} has no revision to start from`);
  }
  const suffix = `bad-${nameFrom(6, app.id, id, app.revisions.length)}`;
  const bad = {
    ...template,
    revisionSuffix: suffix,
    containers: template.containers.map((container, index) =>
      index === 0
        ? { ...container, image: `${container.image.replace(/:[^:/]*$/, "")}:${suffix}` }
        : container,
    ),
  };
  app.envelope = { ...app.envelope, properties: { ...app.envelope.properties, template: bad } };
  app.modifiedAt = world.timeline.now();
  world.lifecycle.deployed(app, bad, [
    { fault: id, check: "server", detail: "startup failed: unknown setting in the new image" },
  ]);
}
