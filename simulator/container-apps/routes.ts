import { isWithin, keyOf } from "../arm/resource-id.js";
import {
  type ArmContext,
  armHeaders,
  armJson,
  type ArmOperation,
  type ArmType,
  resourceNotFound,
} from "../arm/router.js";
import type { StreamTokens } from "../application/stream-token.js";
import type { Answer, Effect } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { isListed } from "../world/listing.js";
import { nameFrom, regionOf } from "../world/names.js";
import { type Change, checkPatch, checkPut } from "./change.js";
import { beginOperation, checkNoOperation, operationRoutes, pollUrl } from "./long-running.js";
import {
  appResource,
  environmentResource,
  logHostName,
  replicaResource,
  revisionResource,
} from "./representation.js";
import { checkAppName } from "./rules.js";
import type { ContainerApp, ManagedEnvironment, Revision } from "./state.js";
import { findRevision } from "./traffic.js";

/** The published versions of Microsoft.App that know container apps. */
const API_VERSIONS = [
  "2022-01-01-preview",
  "2022-03-01",
  "2022-06-01-preview",
  "2022-10-01",
  "2022-11-01-preview",
  "2023-04-01-preview",
  "2023-05-01",
  "2023-05-02-preview",
  "2023-08-01-preview",
  "2023-11-02-preview",
  "2024-02-02-preview",
  "2024-03-01",
  "2024-08-02-preview",
  "2024-10-02-preview",
  "2025-01-01",
  "2025-02-02-preview",
  "2025-07-01",
  "2025-10-02-preview",
  "2026-01-01",
  "2026-03-02-preview",
  "2026-07-01",
];

const APP_TYPE = "Microsoft.App/containerApps";
const ENVIRONMENT_TYPE = "Microsoft.App/managedEnvironments";

export const containerAppTypes: readonly ArmType[] = [
  { type: APP_TYPE, apiVersions: API_VERSIONS },
  { type: ENVIRONMENT_TYPE, apiVersions: API_VERSIONS },
  { type: "Microsoft.App/locations", apiVersions: API_VERSIONS },
];

const subscription = "/subscriptions/{subscriptionId}";
const group = `${subscription}/resourceGroups/{resourceGroupName}`;
const app = `${group}/providers/${APP_TYPE}/{containerAppName}`;
const revision = `${app}/revisions/{revisionName}`;
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
      handle: (context) =>
        armJson(context, 200, {
          value: appOf(context).envelope.properties.configuration?.secrets ?? [],
        }),
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
    {
      name: "containerAppsRevisions.list",
      method: "GET",
      path: `${app}/revisions`,
      apiVersions,
      action: `${APP_TYPE}/revisions/read`,
      handle: listRevisions,
    },
    {
      name: "containerAppsRevisions.get",
      method: "GET",
      path: revision,
      apiVersions,
      action: `${APP_TYPE}/revisions/read`,
      handle: (context) => {
        const owner = appOf(context);
        return armJson(
          context,
          200,
          revisionResource(owner, revisionOf(context, owner), context.world),
        );
      },
    },
    ...(["restart", "activate", "deactivate"] as const).map((verb): ArmOperation => ({
      name: `containerAppsRevisions.${verb}`,
      method: "POST",
      path: `${revision}/${verb}`,
      apiVersions,
      action: `${APP_TYPE}/revisions/${verb}/action`,
      handle: (context) => actOnRevision(context, verb),
    })),
    {
      name: "containerAppsRevisionReplicas.list",
      method: "GET",
      path: `${revision}/replicas`,
      apiVersions,
      action: `${APP_TYPE}/revisions/replicas/read`,
      handle: (context) => {
        const owner = appOf(context);
        const parent = revisionOf(context, owner);
        return armJson(context, 200, {
          value: parent.replicas.map((replica) => replicaResource(owner, parent, replica)),
        });
      },
    },
    {
      name: "containerAppsRevisionReplicas.get",
      method: "GET",
      path: `${revision}/replicas/{replicaName}`,
      apiVersions,
      action: `${APP_TYPE}/revisions/replicas/read`,
      handle: (context) => {
        const owner = appOf(context);
        const parent = revisionOf(context, owner);
        const name = context.params["replicaName"] ?? "";
        const replica = parent.replicas.find((one) => one.name === name);
        if (replica === undefined)
          throw resourceNotFound(context, `${APP_TYPE}/revisions/replicas`, name);
        return armJson(context, 200, replicaResource(owner, parent, replica));
      },
    },
    {
      name: "managedEnvironments.listByResourceGroup",
      method: "GET",
      path: `${group}/providers/${ENVIRONMENT_TYPE}`,
      apiVersions,
      action: `${ENVIRONMENT_TYPE}/read`,
      handle: (context) =>
        armJson(context, 200, {
          value: within(context.world.environments, context).map(environmentResource),
        }),
    },
    {
      name: "managedEnvironments.get",
      method: "GET",
      path: `${group}/providers/${ENVIRONMENT_TYPE}/{environmentName}`,
      apiVersions,
      action: `${ENVIRONMENT_TYPE}/read`,
      handle: (context) => {
        const environment = context.world.environments.get(keyOf(context.id));
        if (environment) return armJson(context, 200, environmentResource(environment));
        throw resourceNotFound(context, ENVIRONMENT_TYPE, context.params["environmentName"] ?? "");
      },
    },
    ...operationRoutes(apiVersions),
  ];
}

function listApps(context: ArmContext): Answer {
  const apps = within(context.world.containerApps, context).filter((one) =>
    isListed(one, context.world),
  );
  return armJson(context, 200, { value: apps.map((one) => appResource(one, context.world)) });
}

function put(context: ArmContext): Answer {
  const { world, params, id } = context;
  const existing = world.containerApps.get(keyOf(id));
  if (existing) checkNoOperation(existing);
  else checkAppName(params["containerAppName"] ?? "");
  const change = checkPut(existing, context.body, world);
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
  { envelope, newRevision, newMode }: Change,
  kind: string,
): Effect {
  target.envelope = envelope;
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
    cutOff: false,
    phases: [],
    events: [],
    requests: [],
    requestsSeen: 0,
  };
}

const EFFECTS = {
  restart: "revision-restarted",
  activate: "revision-activated",
  deactivate: "revision-deactivated",
} as const;

function actOnRevision(context: ArmContext, verb: "restart" | "activate" | "deactivate"): Answer {
  const { world, request } = context;
  const owner = appOf(context);
  const target = revisionOf(context, owner);
  checkNoOperation(owner);
  if (owner.runningStatus === "Stopped") {
    throw new Refusal(
      400,
      "ContainerAppStopped",
      `The container app '${owner.name}' is stopped; start it before its revisions are changed.`,
    );
  }
  if (verb === "restart" && !target.active) {
    throw new Refusal(
      400,
      "RevisionInactive",
      `The revision '${target.name}' is not active and cannot be restarted.`,
    );
  }
  // To activate what is active, or the reverse, succeeds and changes nothing.
  const there =
    verb === "restart"
      ? context.outcomes.befalls("restart-has-no-effect") !== undefined
      : target.active === (verb === "activate");
  if (!there) world.lifecycle[verb](owner, target);
  return {
    status: 200,
    headers: armHeaders(request),
    ...(!there && {
      effect: { kind: EFFECTS[verb], resource: `${owner.id}/revisions/${target.name}` },
    }),
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

function listRevisions(context: ArmContext): Answer {
  const owner = appOf(context);
  const filter = context.request.query.get("$filter");
  let revisions: readonly Revision[] = owner.revisions;
  if (filter !== null && filter !== "") {
    const [, wanted] = /^properties\/active eq (true|false)$/i.exec(filter.trim()) ?? [];
    if (wanted === undefined) {
      throw new Refusal(
        400,
        "InvalidFilter",
        `The $filter '${filter}' is not simulated; 'properties/active eq true' is.`,
      );
    }
    revisions = revisions.filter(({ active }) => String(active) === wanted.toLowerCase());
  }
  // The service documents no order, so none is there to be relied on.
  const shuffled = [...revisions].sort((a, b) =>
    nameFrom(8, a.name).localeCompare(nameFrom(8, b.name)),
  );
  return armJson(context, 200, {
    value: shuffled.map((one) => revisionResource(owner, one, context.world)),
  });
}

function within<T extends ContainerApp | ManagedEnvironment>(
  resources: ReadonlyMap<string, T>,
  { id }: ArmContext,
): T[] {
  const scope = id.slice(0, id.toLowerCase().indexOf("/providers/"));
  return [...resources.values()].filter((resource) => isWithin(resource.id, scope));
}

function appOf(context: ArmContext): ContainerApp {
  const name = context.params["containerAppName"] ?? "";
  const key = keyOf(context.id).split("/").slice(0, 9).join("/");
  const found = context.world.containerApps.get(key);
  if (found) return found;
  throw resourceNotFound(context, APP_TYPE, name);
}

function revisionOf(context: ArmContext, owner: ContainerApp): Revision {
  const name = context.params["revisionName"] ?? "";
  const found = findRevision(owner, name);
  if (found) return found;
  throw new Refusal(
    404,
    "RevisionNotFound",
    `The revision '${name}' of container app '${owner.name}' was not found.`,
  );
}
