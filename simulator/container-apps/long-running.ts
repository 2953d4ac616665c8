import type { Operation } from "../arm/operations.js";
import { findOperation, signedPollUrl } from "../arm/poll-url.js";
import {
  type ArmContext,
  armError,
  armHeaders,
  armJson,
  type ArmOperation,
} from "../arm/router.js";
import { Refusal } from "../server/refusal.js";
import type { Outcomes } from "../server/service.js";
import { guidFrom } from "../world/names.js";
import type { World } from "../world/world.js";
import { appResource } from "./representation.js";
import type { ContainerApp } from "./state.js";

const PROVIDER = "Microsoft.App";

/** One operation at a time: whoever comes meanwhile is refused. */
export function checkNoOperation(app: ContainerApp): void {
  if (app.operation === undefined) return;
  throw new Refusal(
    409,
    "ContainerAppOperationInProgress",
    `Cannot modify a container app '${app.name}' because there is an active provisioning operation in progress with id '${app.operation}'.`,
  );
}

/** What an operation is to come to. */
export interface Course {
  readonly duration: number;
  /** What faults make of it. */
  readonly outcomes: Outcomes;
  readonly succeeded?: () => void;
  readonly failed?: (error: Refusal) => void;
}

/** Puts an operation on the app that ends well after its duration, unless a fault has it otherwise. */
export function beginOperation(app: ContainerApp, world: World, course: Course): Operation {
  const { duration, outcomes, succeeded, failed } = course;
  const fails = outcomes.befalls("operation-failed") !== undefined;
  const operation = startOperation(app, world, outcomes.befalls("stuck-operation"));
  const end = (): void => {
    operation.endedAt = world.timeline.now();
    operation.due = undefined;
    app.operation = undefined;
    if (fails) {
      operation.status = app.provisioningState = "Failed";
      operation.error = new Refusal(
        400,
        "ContainerAppOperationError",
        `Failed to provision revision for container app '${app.name}'. Error details: Operation expired.`,
      );
      failed?.(operation.error);
    } else {
      operation.status = app.provisioningState = "Succeeded";
      succeeded?.();
    }
  };
  const at = operation.startedAt + duration;
  world.timeline.plan(at, `${app.name}: operation ${operation.id} ends`, () => {
    if (operation.stuckBy === undefined) end();
    else operation.due = end;
  });
  return operation;
}

/** Somebody else's operation, which ends with the fault. */
export function beginStuckOperation(app: ContainerApp, world: World, fault: string): void {
  const operation = startOperation(app, world, fault);
  operation.due = () => {
    operation.endedAt = world.timeline.now();
    operation.due = undefined;
    operation.status = app.provisioningState = "Succeeded";
    app.operation = undefined;
  };
}

/** Lets the operations that a fault held up take their course. */
export function letGo(fault: string, world: World): void {
  for (const operation of world.operations.values()) {
    if (operation.stuckBy !== fault) continue;
    operation.stuckBy = undefined;
    operation.due?.();
  }
}

function startOperation(app: ContainerApp, world: World, stuckBy: string | undefined): Operation {
  const startedAt = world.timeline.now();
  const operation: Operation = {
    id: guidFrom(app.id, "operation", startedAt, world.operations.size),
    subscription: app.id.split("/")[2] ?? "",
    region: app.region,
    provider: PROVIDER,
    resourceId: app.id,
    startedAt,
    endedAt: undefined,
    status: "InProgress",
    error: undefined,
    stuckBy,
    due: undefined,
    result: () => appResource(app, world),
  };
  world.operations.set(operation.id, operation);
  app.operation = operation.id;
  app.provisioningState = "InProgress";
  app.modifiedAt = startedAt;
  return operation;
}

export function pollUrl(
  kind: "containerappOperationResults" | "containerappOperationStatuses",
  operation: Operation,
  context: ArmContext,
): string {
  const path = `/subscriptions/${operation.subscription}/providers/${PROVIDER}/locations/${operation.region}/${kind}/${operation.id}`;
  return signedPollUrl(path, "azureAsyncOperation=true", context);
}

const locations = `/subscriptions/{subscriptionId}/providers/${PROVIDER}/locations/{location}`;

/** Where pollers ask: the result URL of PATCH and POST, and the status URL of PUT. */
export function operationRoutes(apiVersions: readonly string[]): readonly ArmOperation[] {
  return [
    {
      name: "containerappOperationResults.get",
      method: "GET",
      path: `${locations}/containerappOperationResults/{operationId}`,
      apiVersions,
      handle: (context) => {
        const operation = findOperation(context);
        if (operation.status === "InProgress") {
          const location = pollUrl("containerappOperationResults", operation, context);
          return { status: 202, headers: { ...armHeaders(context.request), location } };
        }
        if (operation.error) throw operation.error;
        return armJson(context, 200, operation.result());
      },
    },
    {
      name: "containerappOperationStatuses.get",
      method: "GET",
      path: `${locations}/containerappOperationStatuses/{operationId}`,
      apiVersions,
      handle: (context) => {
        const operation = findOperation(context);
        return armJson(context, 200, {
          id: context.id,
          name: operation.id,
          status: operation.status,
          startTime: new Date(operation.startedAt).toISOString(),
          ...(operation.endedAt !== undefined && {
            endTime: new Date(operation.endedAt).toISOString(),
          }),
          ...(operation.error && armError(operation.error)),
        });
      },
    },
  ];
}
