import type { Operation } from "../arm/operations.js";
import { findOperation, signedPollUrl } from "../arm/poll-url.js";
import { type ArmContext, armHeaders, armJson, type ArmOperation } from "../arm/router.js";
import type { Answer, Effect } from "../server/exchange.js";
import { API_VERSIONS, GROUP } from "./api.js";

export const PROVIDER = "Microsoft.Cdn";

const operationId = `${GROUP}/providers/${PROVIDER}/operationresults/{operationId}`;

/** `Location` spells the resource's own path with `results` behind each type. */
const RESULTS = [
  "profileresults/{profileName}/origingroupresults/{originGroupName}/originresults/{originName}",
  "profileresults/{profileName}/afdendpointresults/{endpointName}",
  "profileresults/{profileName}/endpointresults/{endpointName}",
  "profileresults/{profileName}/endpointresults/{endpointName}/originresults/{originName}",
];

/** 202, and the headers of which pollers take the one that they were made for. */
export function accepted(
  context: ArmContext,
  operation: Operation,
  { resource, effect }: { readonly resource?: unknown; readonly effect?: Effect | undefined },
): Answer {
  const [, , subscription = "", , group = "", , , ...own] = operation.resourceId.split("/");
  const base = `/subscriptions/${subscription}/resourcegroups/${group}/providers/${PROVIDER}/operationresults/${operation.id}`;
  const results = own.map((part, index) =>
    index % 2 === 0 ? `${part.toLowerCase().replace(/s$/, "")}results` : part,
  );
  const headers = {
    "azure-asyncoperation": signedPollUrl(base, undefined, context),
    location: signedPollUrl(`${base}/${results.join("/")}`, undefined, context),
    "retry-after": "10",
  };
  if (resource !== undefined) {
    return armJson(context, 202, resource, { headers, ...(effect && { effect }) });
  }
  return {
    status: 202,
    headers: { ...armHeaders(context.request), ...headers },
    ...(effect && { effect }),
  };
}

/** The poll URLs of the provider, as its recorded answers have them. */
export const edgeOperationRoutes: readonly ArmOperation[] = [
  {
    name: "cdnOperations.get",
    method: "GET",
    path: operationId,
    apiVersions: API_VERSIONS,
    handle: (context) => {
      const { status, error } = findOperation(context);
      return armJson(context, 200, {
        status,
        error: { code: error?.code ?? "None", message: error?.message ?? null },
      });
    },
  },
  ...RESULTS.map((results): ArmOperation => ({
    name: "cdnOperations.getResult",
    method: "GET",
    path: `${operationId}/${results}`,
    apiVersions: API_VERSIONS,
    handle: result,
  })),
];

function result(context: ArmContext): Answer {
  const { status, error, result: resource } = findOperation(context);
  const { request } = context;
  if (status === "InProgress") {
    const location = `${request.origin}${request.target}`;
    return { status: 202, headers: { ...armHeaders(request), location, "retry-after": "10" } };
  }
  if (error) throw error;
  const found = resource();
  return found === undefined
    ? { status: 200, headers: armHeaders(request) }
    : armJson(context, 200, found);
}
