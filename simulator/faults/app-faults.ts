import { keyOf } from "../arm/resource-id.js";
import { beginStuckOperation, checkNoOperation } from "../container-apps/long-running.js";
import type { Ailment, ContainerApp, Revision } from "../container-apps/state.js";
import { latestRevision, mostUsedRevision } from "../container-apps/traffic.js";
import { Refusal } from "../server/refusal.js";
import { nameFrom } from "../world/names.js";
import type { World } from "../world/world.js";
import { occupyCache } from "./cache-faults.js";
import type { AppFault } from "./catalogue.js";

/** Puts a fault into an app; `isOver` tells later whether it has been taken back. */
export function injectAppFault(
  order: AppFault,
  id: string,
  world: World,
  isOver: () => boolean,
): void {
  if (order.name === "operation-in-progress" && occupyCache(order.resource, id, world)) return;
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
    case "health-flapping":
      flap(app, { id, everyMs: order.periodSeconds * 1000, isOver }, world);
      break;
    case "crash-loop":
      world.lifecycle.crash(app, mostUsed(app), id);
      break;
    case "operation-in-progress":
      checkNoOperation(app);
      beginStuckOperation(app, world, id);
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
      if (revision.crashing === id) revision.crashing = undefined;
      revision.ailments = others(revision.ailments);
      for (const replica of revision.replicas) replica.ailments = others(replica.ailments);
    }
    world.lifecycle.recordTraffic(app);
  }
}

/** Whether anything still has the fault: what was replaced since has not. */
export function isFelt(id: string, order: AppFault, world: World): boolean {
  // Of these the spectator sees no trace in the meantime, or at all.
  if (order.name === "health-flapping" || order.name === "operation-in-progress") return true;
  const has = (ailments: readonly Ailment[]): boolean => ailments.some(({ fault }) => fault === id);
  return [...world.containerApps.values()].some(
    (app) =>
      has(app.ailments) ||
      app.revisions.some(
        (revision) =>
          revision.crashing === id ||
          has(revision.ailments) ||
          revision.replicas.some((replica) => has(replica.ailments)),
      ),
  );
}

/** Sick are the replicas that are there now: new ones, of this revision or another, are well. */
function makeUnhealthy(app: ContainerApp, id: string): void {
  for (const replica of mostUsed(app).replicas) {
    replica.ailments = [
      ...replica.ailments,
      { fault: id, check: "server", detail: "worker pool exhausted: 64 of 64 workers hang" },
    ];
  }
}

function mostUsed(app: ContainerApp): Revision {
  const revision = mostUsedRevision(app);
  if (revision) return revision;
  throw new Refusal(400, "InvalidFault", `resource: no revision of ${app.name} takes traffic`);
}

/** Sick for a period, well for the next, and so on. */
function flap(
  app: ContainerApp,
  fault: { readonly id: string; readonly everyMs: number; readonly isOver: () => boolean },
  world: World,
): void {
  if (fault.isOver()) return;
  const { id, everyMs } = fault;
  const others = app.ailments.filter((ailment) => ailment.fault !== id);
  const sick = others.length < app.ailments.length;
  app.ailments = sick
    ? others
    : [...others, { fault: id, check: "server", detail: "workers come and go" }];
  world.lifecycle.recordTraffic(app);
  world.timeline.plan(world.timeline.now() + everyMs, `${id} flaps`, () => {
    flap(app, fault, world);
  });
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
