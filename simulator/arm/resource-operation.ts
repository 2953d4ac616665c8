import { log } from "../server/log.js";
import { Refusal } from "../server/refusal.js";
import type { Outcomes } from "../server/service.js";
import { guidFrom } from "../world/names.js";
import type { World } from "../world/world.js";
import type { Operation } from "./operations.js";

/** A resource that one long operation at a time may be under way on. */
export interface Operable {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  /** The id of the operation under way. */
  operation: string | undefined;
}

/** What an operation is to come to. */
export interface OperationCourse {
  readonly provider: string;
  /** For people who read the state. */
  readonly what: string;
  readonly duration: number;
  /** What faults make of it. */
  readonly outcomes: Outcomes;
  /** Work in real time that begins now; the operation does not end before it has. Its refusal is the operation's. */
  readonly work?: Promise<unknown> | undefined;
  /** The same for work that begins when the duration is over. */
  readonly lastWork?: (() => Promise<unknown>) | undefined;
  /** How it fails where a fault has it fail. */
  readonly failure: Refusal;
  ended(error: Refusal | undefined): void;
  readonly result?: () => unknown;
}

/** Puts an operation on a resource that ends after its duration, unless a fault has it otherwise. */
export function beginOn(resource: Operable, world: World, course: OperationCourse): Operation {
  const { outcomes, duration, work, failure, what } = course;
  const fails = outcomes.befalls("operation-failed") !== undefined;
  const operation = startOn(resource, world, course, outcomes.befalls("stuck-operation"));
  let error = fails ? failure : undefined;
  const end = (): void => {
    operation.endedAt = world.timeline.now();
    operation.due = undefined;
    operation.status = error ? "Failed" : "Succeeded";
    operation.error = error;
    // A reset may have taken the resource away meanwhile.
    if (!world.operations.has(operation.id)) return;
    resource.operation = undefined;
    course.ended(error);
    world.dependencies.changed();
  };
  const doneWith = (done: Promise<unknown> | undefined, next: () => void): void => {
    if (done === undefined) {
      next();
      return;
    }
    done.then(next, (reason: unknown) => {
      error ??= refusalOf(reason, `${resource.name}: ${what}`);
      next();
    });
  };
  const finish = (): void => {
    doneWith(error ? undefined : course.lastWork?.(), end);
  };
  let waitingFor = 2;
  const oneMoreIsDone = (): void => {
    waitingFor -= 1;
    if (waitingFor > 0) return;
    if (operation.stuckBy === undefined) finish();
    else operation.due = finish;
  };
  world.timeline.plan(
    operation.startedAt + duration,
    `${resource.name}: ${what} ends`,
    oneMoreIsDone,
  );
  doneWith(work, oneMoreIsDone);
  return operation;
}

/** Somebody else's operation, which ends with the fault. */
export function beginStuckOn(
  resource: Operable,
  world: World,
  fault: string,
  { provider, ended }: { readonly provider: string; readonly ended: () => void },
): void {
  const operation = startOn(resource, world, { provider }, fault);
  operation.due = () => {
    operation.endedAt = world.timeline.now();
    operation.due = undefined;
    operation.status = "Succeeded";
    resource.operation = undefined;
    ended();
  };
}

function startOn(
  resource: Operable,
  world: World,
  { provider, result }: Pick<OperationCourse, "provider" | "result">,
  stuckBy: string | undefined,
): Operation {
  const startedAt = world.timeline.now();
  const operation: Operation = {
    id: guidFrom(resource.id, "operation", startedAt, world.operations.size),
    subscription: resource.id.split("/")[2] ?? "",
    region: resource.region,
    provider,
    resourceId: resource.id,
    startedAt,
    endedAt: undefined,
    status: "InProgress",
    error: undefined,
    stuckBy,
    due: undefined,
    result: result ?? (() => undefined),
  };
  world.operations.set(operation.id, operation);
  resource.operation = operation.id;
  return operation;
}

function refusalOf(reason: unknown, what: string): Refusal {
  if (reason instanceof Refusal) return reason;
  log(
    `${what} failed: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`,
  );
  return new Refusal(500, "InternalServerError", "the simulator failed; see its log");
}
