import {
  type ArmContext,
  armHeaders,
  armJson,
  type ArmOperation,
  resourceNotFound,
} from "../arm/router.js";
import type { Answer } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import { isListed } from "../world/listing.js";
import { nameFrom } from "../world/names.js";
import { API_VERSIONS as apiVersions } from "./api-versions.js";
import { APP_TYPE, appOf, revisionOf } from "./find.js";
import { checkNoOperation } from "./long-running.js";
import { replicaResource, revisionResource } from "./representation.js";
import type { Revision } from "./state.js";

const app = `/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/${APP_TYPE}/{containerAppName}`;
const revision = `${app}/revisions/{revisionName}`;

/** Revisions of container apps and their replicas. */
export const revisionOperations: readonly ArmOperation[] = [
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
];

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

function listRevisions(context: ArmContext): Answer {
  const owner = appOf(context);
  const filter = context.request.query.get("$filter");
  let revisions: readonly Revision[] = owner.revisions.filter((one) =>
    isListed(one, context.world),
  );
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
