import type { Operation } from "../arm/operations.js";
import type { Outcomes } from "../server/service.js";
import { guidFrom } from "../world/names.js";
import type { World } from "../world/world.js";

export const PROVIDER = "Microsoft.KeyVault";

interface Course {
  readonly resourceId: string;
  readonly region: string;
  readonly duration: number;
  /** For people who read what is planned. */
  readonly what: string;
  /** What faults make of it; undefined for what no call has asked for. */
  readonly outcomes: Outcomes;
  succeeded(): void;
}

/** A change that goes on after it was accepted. It ends well after its time, unless a fault keeps it from ending. */
export function beginOperation(world: World, course: Course): Operation {
  const startedAt = world.timeline.now();
  const operation: Operation = {
    id: guidFrom(course.resourceId, course.what, startedAt, world.operations.size),
    subscription: course.resourceId.split("/")[2] ?? "",
    region: course.region,
    provider: PROVIDER,
    resourceId: course.resourceId,
    startedAt,
    endedAt: undefined,
    status: "InProgress",
    error: undefined,
    stuckBy: course.outcomes.befalls("stuck-operation"),
    due: undefined,
    result: () => undefined,
  };
  const end = (): void => {
    operation.endedAt = world.timeline.now();
    operation.due = undefined;
    operation.status = "Succeeded";
    course.succeeded();
    world.vaults.changed();
  };
  world.operations.set(operation.id, operation);
  world.timeline.plan(startedAt + course.duration, course.what, () => {
    if (operation.stuckBy === undefined) end();
    else operation.due = end;
  });
  return operation;
}
