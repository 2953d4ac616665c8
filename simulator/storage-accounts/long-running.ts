import type { Operation } from "../arm/operations.js";
import { checkPollSignature, signedPollUrl } from "../arm/poll-url.js";
import { type ArmContext, armHeaders, armJson, type ArmOperation } from "../arm/router.js";
import type { Answer, Effect } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { guidFrom } from "../world/names.js";
import type { StorageAccount } from "./state.js";

const PROVIDER = "Microsoft.Storage";

/** What an operation on an account is to come to. */
interface Course {
  readonly duration: number;
  /** Happens on the way, at a share of the duration. */
  readonly midway?: { readonly share: number; readonly act: () => void };
  /** Asked when its time is over; without it nothing but a fault keeps it from succeeding. */
  readonly mayEnd?: () => boolean;
  readonly succeeded: () => void;
  readonly failed: () => void;
  /** The body that the poll URL answers in the end; none is a 204. */
  readonly result: () => unknown;
}

/** Gives the account to an operation until its time is over, unless a fault has it otherwise. */
export function beginOperation(
  account: StorageAccount,
  { world, outcomes }: ArmContext,
  course: Course,
): Operation {
  const { timeline, operations } = world;
  const fails = outcomes.befalls("operation-failed") !== undefined;
  const startedAt = timeline.now();
  const operation: Operation = {
    id: guidFrom(account.id, "operation", startedAt, operations.size),
    subscription: account.id.split("/")[2] ?? "",
    region: account.location,
    provider: PROVIDER,
    resourceId: account.id,
    startedAt,
    endedAt: undefined,
    status: "InProgress",
    error: undefined,
    stuckBy: outcomes.befalls("stuck-operation"),
    due: undefined,
    result: course.result,
  };
  operations.set(operation.id, operation);
  account.operation = operation.id;
  const end = (): void => {
    operation.endedAt = timeline.now();
    operation.due = undefined;
    account.operation = undefined;
    const failed = fails || course.mayEnd?.() === false;
    operation.status = failed ? "Failed" : "Succeeded";
    if (failed) {
      operation.error = new Refusal(
        409,
        "StorageAccountOperationFailed",
        `The operation on the storage account ${account.name} has failed.`,
      );
      course.failed();
    } else course.succeeded();
    world.storageChanged();
  };
  const { midway } = course;
  if (midway) {
    const at = startedAt + course.duration * midway.share;
    timeline.plan(at, `${account.name}: operation ${operation.id} goes on`, midway.act);
  }
  timeline.plan(
    startedAt + course.duration,
    `${account.name}: operation ${operation.id} ends`,
    () => {
      if (operation.stuckBy === undefined) end();
      else operation.due = end;
    },
  );
  return operation;
}

/** 202 without a body, in the shape of this provider: the poll URL is in `Location` alone. */
export function accepted(context: ArmContext, operation: Operation, effect: Effect): Answer {
  return {
    status: 202,
    headers: { ...armHeaders(context.request), location: pollUrl(operation, context) },
    effect,
  };
}

function pollUrl({ subscription, region, id }: Operation, context: ArmContext): string {
  const path = `/subscriptions/${subscription}/providers/${PROVIDER}/locations/${region}/asyncoperations/${id}`;
  return signedPollUrl(path, "monitor=true", context);
}

/** Where pollers ask for what became of an operation. */
export function operationRoutes(apiVersions: readonly string[]): readonly ArmOperation[] {
  return [
    {
      name: "storageOperations.get",
      method: "GET",
      path: `/subscriptions/{subscriptionId}/providers/${PROVIDER}/locations/{location}/asyncoperations/{operationId}`,
      apiVersions,
      handle: (context) => answer(context, find(context)),
    },
  ];
}

function answer(context: ArmContext, operation: Operation): Answer {
  const headers = armHeaders(context.request);
  if (operation.status === "InProgress") {
    return { status: 202, headers: { ...headers, location: pollUrl(operation, context) } };
  }
  if (operation.error) throw operation.error;
  const result = operation.result();
  // A failover ends so, and the JavaScript client takes it for an error.
  if (result === undefined) return { status: 204, headers };
  return armJson(context, 200, result);
}

function find(context: ArmContext): Operation {
  checkPollSignature(context);
  const id = context.params["operationId"] ?? "";
  const operation: Operation | undefined = context.world.operations.get(id);
  if (operation?.provider === PROVIDER) return operation;
  throw new Refusal(404, "OperationNotFound", `The operation '${id}' was not found.`);
}
