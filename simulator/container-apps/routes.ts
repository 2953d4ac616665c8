import type { StreamTokens } from "../application/stream-token.js";
import { keyOf } from "../arm/resource-id.js";
import {
  type ArmContext,
  armHeaders,
  armJson,
  type ArmOperation,
  type ArmType,
} from "../arm/router.js";
import type { Answer, Effect } from "../server/exchange.js";
import { isListed } from "../world/listing.js";
import { regionOf } from "../world/names.js";
import { API_VERSIONS } from "./api-versions.js";
import { type Change, checkPatch, checkPut } from "./change.js";
import { ENVIRONMENT_TYPE, environmentOperations } from "./environments.js";
import { APP_TYPE, appOf, within } from "./find.js";
import { beginOperation, checkNoOperation, operationRoutes, pollUrl } from "./long-running.js";
import { appResource, logHostName, secretResources } from "./representation.js";
import { revisionOperations } from "./revisions.js";
import { checkAppName } from "./rules.js";
import type { ContainerApp } from "./state.js";

export const containerAppTypes: readonly ArmType[] = [
  { type: APP_TYPE, apiVersions: API_VERSIONS },
  { type: ENVIRONMENT_TYPE, apiVersions: API_VERSIONS },
  { type: "Microsoft.App/locations", apiVersions: API_VERSIONS },
];

const subscription = "/subscriptions/{subscriptionId}";
const group = `${subscription}/resourceGroups/{resourceGroupName}`;
const app = `${group}/providers/${APP_TYPE}/{containerAppName}`;
const apiVersions = API_VERSIONS;

/** Microsoft.App: container apps, their revisions and replicas, and the environments they live in. */
export function containerAppOperations(streamTokens: StreamTokens): readonly ArmOperation[] {
  return [
    {
      name: "containerApps.listBySubscription",
      method: "GET",
      path: `${subscription}/providers/${APP_TYPE}`,
      apiVersions,
      action: `${APP_TYPE}/read`,
      handle: listApps,
    },
    {
      name: "containerApps.listByResourceGroup",
      method: "GET",
      path: `${group}/providers/${APP_TYPE}`,
      apiVersions,
      action: `${APP_TYPE}/read`,
      handle: listApps,
    },
    {
      name: "containerApps.get",
      method: "GET",
      path: app,
      apiVersions,
      action: `${APP_TYPE}/read`,
      handle: (context) => armJson(context, 200, appResource(appOf(context), context.world)),
    },
    {
      name: "containerApps.createOrUpdate",
      method: "PUT",
      path: app,
      apiVersions,
      action: `${APP_TYPE}/write`,
      takesBody: true,
      handle: put,
    },
    {
      name: "containerApps.update",
      method: "PATCH",
      path: app,
      apiVersions,
      action: `${APP_TYPE}/write`,
      takesBody: true,
      handle: patch,
    },
    {
      name: "containerApps.delete",
      method: "DELETE",
      path: app,
      apiVersions,
      action: `${APP_TYPE}/delete`,
      handle: remove,
    },
    {
      name: "containerApps.stop",
      method: "POST",
      path: `${app}/stop`,
      apiVersions,
      action: `${APP_TYPE}/stop/action`,
      handle: (context) => changeRunning(context, "stop"),
    },
    {
      name: "containerApps.start",
      method: "POST",
      path: `${app}/start`,
      apiVersions,
      action: `${APP_TYPE}/start/action`,
      handle: (context) => changeRunning(context, "start"),
    },
    {
      name: "containerApps.listSecrets",
      method: "POST",
      path: `${app}/listSecrets`,
      apiVersions,
      action: `${APP_TYPE}/listSecrets/action`,
      mutating: false,
      handle: (context) => armJson(context, 200, { value: secretResources(appOf(context)) }),
    },
    {
      name: "containerApps.getAuthToken",
      method: "POST",
      path: `${app}/getAuthToken`,
      apiVersions,
      action: `${APP_TYPE}/getAuthToken/action`,
      mutating: false,
      handle: (context) => getAuthToken(context, streamTokens),
    },
    ...revisionOperations,
    ...environmentOperations,
    ...operationRoutes(apiVersions),
  ];
}

function listApps(context: ArmContext): Answer {
  const apps = within(context.world.containerApps, context.id).filter((one) =>
    isListed(one, context.world),
  );
  return armJson(context, 200, { value: apps.map((one) => appResource(one, context.world)) });
}

function put(context: ArmContext): Answer {
  const { world, params, id } = context;
  const existing = world.containerApps.get(keyOf(id));
  if (existing) checkNoOperation(existing);
  else checkAppName(params["containerAppName"] ?? "");
  const change = checkPut(id, existing, context.body, world);
  const target = existing ?? newApp(context, change);
  world.containerApps.set(keyOf(id), target);
  const effect = apply(context, target, change, existing ? "app-updated" : "app-created");
  const operation = target.operation && world.operations.get(target.operation);
  return armJson(context, existing ? 200 : 201, appResource(target, world), {
    effect,
    headers: operation
      ? {
          "azure-asyncoperation": pollUrl("containerappOperationStatuses", operation, context),
        }
      : {},
  });
}

function patch(context: ArmContext): Answer {
  const target = appOf(context);
  checkNoOperation(target);
  const change = checkPatch(target, context.body, context.world);
  return accepted(context, target, apply(context, target, change, "app-updated"));
}

function remove(context: ArmContext): Answer {
  const { world, outcomes, id } = context;
  const target = world.containerApps.get(keyOf(id));
  if (target === undefined) return { status: 204, headers: armHeaders(context.request) };
  checkNoOperation(target);
  beginOperation(target, world, {
    duration: world.durations.appDeletion,
    outcomes,
    succeeded: () => {
      world.lifecycle.stop(target);
      world.containerApps.delete(keyOf(id));
    },
  });
  target.provisioningState = "Deleting";
  return accepted(context, target, { kind: "app-deleted", resource: target.id });
}

function changeRunning(context: ArmContext, verb: "stop" | "start"): Answer {
  const { world } = context;
  const target = appOf(context);
  checkNoOperation(target);
  const [there, duration] =
    verb === "stop"
      ? [target.runningStatus === "Stopped", world.durations.appStop]
      : [target.runningStatus !== "Stopped", world.durations.appStart];
  beginOperation(target, world, {
    duration: there ? 0 : duration,
    outcomes: context.outcomes,
    succeeded: () => {
      if (!there) world.lifecycle[verb](target);
    },
  });
  return accepted(
    context,
    target,
    there
      ? undefined
      : { kind: verb === "stop" ? "app-stopped" : "app-started", resource: target.id },
  );
}

/** 202 without a body; the result is at `Location` once the operation has ended. */
function accepted(context: ArmContext, target: ContainerApp, effect: Effect | undefined): Answer {
  const operation = context.world.operations.get(target.operation ?? "");
  if (operation === undefined) throw new Error(`there is no operation on ${target.id}`);
  return {
    status: 202,
    headers: {
      ...armHeaders(context.request),
      location: pollUrl("containerappOperationResults", operation, context),
    },
    ...(effect && { effect }),
  };
}

function apply(
  { world, outcomes }: ArmContext,
  target: ContainerApp,
  { envelope, newRevision, newMode, secrets }: Change,
  kind: string,
): Effect {
  target.envelope = envelope;
  target.secrets.clear();
  for (const [name, value] of secrets) target.secrets.set(name, value);
  world.lifecycle.watchSecrets(target);
  if (newMode) world.lifecycle.modeChanged(target);
  world.lifecycle.forgetOldest(target);
  const { template } = envelope.properties;
  const made = newRevision && template ? world.lifecycle.deploy(target, template) : undefined;
  world.lifecycle.recordTraffic(target);
  const { revisionProvisioning, appSettings } = world.durations;
  beginOperation(target, world, {
    duration: made ? revisionProvisioning : appSettings,
    outcomes,
    failed: ({ message }) => {
      if (made) world.lifecycle.fail(target, made, message);
    },
  });
  return { kind, resource: target.id, ...(made && { detail: `new revision ${made.name}` }) };
}

function newApp({ id, params, world }: ArmContext, { envelope }: Change): ContainerApp {
  const { environmentId, managedEnvironmentId } = envelope.properties;
  const now = world.timeline.now();
  return {
    id,
    name: params["containerAppName"] ?? "",
    region: regionOf(envelope.location),
    environmentKey: keyOf(environmentId ?? managedEnvironmentId ?? ""),
    // Its code is not there to report anything.
    componentKey: undefined,
    createdAt: now,
    modifiedAt: now,
    envelope,
    provisioningState: "InProgress",
    runningStatus: "Running",
    operation: undefined,
    revisions: [],
    serving: undefined,
    ailments: [],
    secrets: new Map(),
    watched: false,
    cutOff: false,
    phases: [],
    audience: [],
    lives: [],
    events: [],
    requests: [],
    telemetry: [],
    requestsSeen: 0,
  };
}

function getAuthToken(context: ArmContext, streamTokens: StreamTokens): Answer {
  const target = appOf(context);
  const { token, expires } = streamTokens.issue(
    { appId: target.id, principalId: context.caller.principalId },
    `https://${logHostName(target.region)}`,
  );
  return armJson(context, 200, {
    id: target.id,
    name: target.name,
    type: `${APP_TYPE}/accesstoken`,
    location: target.envelope.location,
    properties: { token, expires: expires.toISOString() },
  });
}
