import { createHmac, randomBytes } from "node:crypto";
import type { Operation } from "../arm/operations.js";
import {
  type ArmContext,
  armError,
  armHeaders,
  armJson,
  type ArmOperation,
} from "../arm/router.js";
import { Refusal } from "../server/refusal.js";
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

/** Puts an operation on the app that ends well after `duration`. */
export function beginOperation(
  app: ContainerApp,
  world: World,
  duration: number,
  atEnd: () => void = () => undefined,
): Operation {
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
    result: () => appResource(app, world),
  };
  world.operations.set(operation.id, operation);
  app.operation = operation.id;
  app.provisioningState = "InProgress";
  app.modifiedAt = startedAt;
  world.timeline.plan(startedAt + duration, `${app.name}: operation ${operation.id} ends`, () => {
    operation.status = "Succeeded";
    operation.endedAt = world.timeline.now();
    app.operation = undefined;
    app.provisioningState = "Succeeded";
    atEnd();
  });
  return operation;
}

// A poll URL is signed and over a kilobyte long, as Azure's are: callers must keep it whole.
const SIGNING_KEY = randomBytes(32);
const CERTIFICATE = randomBytes(720).toString("base64url");

function signed(path: string, apiVersion: string): string {
  const ticks = "638900000000000000";
  const signature = createHmac("sha256", SIGNING_KEY)
    .update(path.toLowerCase())
    .digest("base64url");
  return `${path}?api-version=${apiVersion}&azureAsyncOperation=true&t=${ticks}&c=${CERTIFICATE}&s=${signature}&h=simulated`;
}

export function pollUrl(
  kind: "containerappOperationResults" | "containerappOperationStatuses",
  operation: Operation,
  { request, apiVersion }: ArmContext,
): string {
  const path = `/subscriptions/${operation.subscription}/providers/${PROVIDER}/locations/${operation.region}/${kind}/${operation.id}`;
  return request.origin + signed(path, apiVersion);
}

function findOperation(context: ArmContext): Operation {
  const { request, world, params } = context;
  const expected = new URL(signed(request.path, context.apiVersion), request.origin);
  if (request.query.get("s") !== expected.searchParams.get("s")) {
    throw new Refusal(
      403,
      "InvalidOperationUrl",
      "The signature of the operation URL is missing or wrong: use the URL whole, as it was answered.",
    );
  }
  const operation = world.operations.get(params["operationId"] ?? "");
  if (operation) return operation;
  throw new Refusal(
    404,
    "OperationNotFound",
    `The operation '${params["operationId"] ?? ""}' was not found.`,
  );
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
