import type { Operation } from "../arm/operations.js";
import { findOperation, signedPollUrl } from "../arm/poll-url.js";
import {
  type ArmContext,
  armError,
  armHeaders,
  armJson,
  type ArmOperation,
} from "../arm/router.js";
import type { Answer, Effect } from "../server/exchange.js";
import { displayNameOf } from "../world/region-names.js";

export const PROVIDER = "Microsoft.Cache";

/** Where pollers of the provider ask: the first two are for Azure Cache for Redis, the others for Azure Managed Redis. */
export type PollKind =
  "asyncOperations" | "operationresults" | "operationsStatus" | "operationsResult";

const locations = `/subscriptions/{subscriptionId}/providers/${PROVIDER}/locations/{location}`;

function pollUrl(kind: PollKind, operation: Operation, context: ArmContext): string {
  const location = encodeURIComponent(displayNameOf(operation.region));
  return signedPollUrl(
    `/subscriptions/${operation.subscription}/providers/${PROVIDER}/locations/${location}/${kind}/${operation.id}`,
    "azureAsyncOperation=true",
    context,
  );
}

/** 201 or 202 with the resource: its own URL is `Location`, and the operation's is beside it. */
export function withResource(
  context: ArmContext,
  status: number,
  resource: unknown,
  more: { readonly operation: Operation; readonly kind: PollKind; readonly effect: Effect },
): Answer {
  const { request, apiVersion } = context;
  return armJson(context, status, resource, {
    effect: more.effect,
    headers: {
      "azure-asyncoperation": pollUrl(more.kind, more.operation, context),
      location: `${request.origin}${request.path}?api-version=${apiVersion}`,
    },
  });
}

/** 202 without a body; `Location` answers 202 until the operation has ended. */
export function accepted(
  context: ArmContext,
  operation: Operation,
  effect: Effect,
  kinds: { readonly location: PollKind; readonly status?: PollKind },
): Answer {
  return {
    status: 202,
    headers: {
      ...armHeaders(context.request),
      location: pollUrl(kinds.location, operation, context),
      ...(kinds.status && { "azure-asyncoperation": pollUrl(kinds.status, operation, context) }),
    },
    effect,
  };
}

/** Carries a change out, and lets applications look at their caches again. */
export function noticed(handle: (context: ArmContext) => Answer): (context: ArmContext) => Answer {
  return (context) => {
    const answer = handle(context);
    context.world.dependencies.changed();
    return answer;
  };
}

/** The poll URLs of the provider. */
export function operationRoutes(apiVersions: readonly string[]): readonly ArmOperation[] {
  const route = (kind: PollKind, handle: (context: ArmContext) => Answer): ArmOperation => ({
    name: `${kind}.get`,
    method: "GET",
    path: `${locations}/${kind}/{operationId}`,
    apiVersions,
    handle,
  });
  return [
    route("asyncOperations", (context) => {
      const operation = findOperation(context);
      return armJson(
        context,
        200,
        {
          id: context.id,
          name: operation.id,
          status: operation.status,
          startTime: null,
          endTime: null,
          percentComplete: null,
          properties: null,
          error: null,
          ...(operation.error && armError(operation.error)),
        },
        { headers: { "azure-asyncoperation": pollUrl("asyncOperations", operation, context) } },
      );
    }),
    route("operationresults", (context) => result(context, "operationresults")),
    route("operationsResult", (context) => result(context, "operationsResult")),
    route("operationsStatus", (context) => {
      const operation = findOperation(context);
      return armJson(context, 200, {
        id: context.id,
        name: operation.id,
        status: operation.status,
        startTime: new Date(operation.startedAt).toISOString(),
        endTime:
          operation.endedAt === undefined
            ? "0001-01-01T00:00:00+00:00"
            : new Date(operation.endedAt).toISOString(),
        ...(operation.error && armError(operation.error)),
      });
    }),
  ];
}

function result(context: ArmContext, kind: PollKind): Answer {
  const operation = findOperation(context);
  const url = pollUrl(kind, operation, context);
  const { id, status, error } = operation;
  if (status === "InProgress") {
    const headers = { location: url, "azure-asyncoperation": url };
    return armJson(context, 202, { id: context.id, name: id, status }, { headers });
  }
  if (error) throw error;
  return armJson(context, 200, operation.result() ?? { id: context.id, name: id, status });
}
