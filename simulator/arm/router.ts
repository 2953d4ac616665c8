import { isObject } from "./merge-patch.js";
import { type Answer, json, readBody, type Request } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { Call, Outcomes, Service } from "../server/service.js";
import { isAllowed } from "../access/authorize.js";
import type { Caller, TokenAuthority, Verdict } from "../identity/tokens.js";
import type { World } from "../world/world.js";
import { regionUnavailable } from "../faults/refusals.js";
import { keyOf } from "./resource-id.js";

type ArmMethod = "GET" | "PUT" | "PATCH" | "POST" | "DELETE";

/** What a handler gets to know about a request that was let through. */
export interface ArmContext {
  readonly world: World;
  readonly request: Request;
  /** The placeholders of the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly apiVersion: string;
  readonly caller: Caller;
  /** The parsed body of a PUT, PATCH or POST; undefined where none was sent. */
  readonly body: unknown;
  /** What faults make of a change that is accepted. */
  readonly outcomes: Outcomes;
  /** The id that the path names, spelled as the operation's path has it. */
  readonly id: string;
}

export interface ArmOperation {
  /** Its name in the log. */
  readonly name: string;
  readonly method: ArmMethod;
  /** Path with `{placeholders}`; matched without regard to case. */
  readonly path: string;
  readonly apiVersions: readonly string[];
  /** The action that a role must allow, at the resource or, for lists, at what holds them; with placeholders of the path; none: a token is enough. */
  readonly action?: string;
  /** Whether it may change something; GET never does. */
  readonly mutating?: boolean;
  /** Whether a body is expected. */
  readonly takesBody?: boolean;
  /** Whether the provider stands in no region: it answers about a resource also while the resource's region is down. */
  readonly isGlobal?: boolean;
  handle(context: ArmContext): Answer | Promise<Answer>;
}

/** Makes the operations of a resource type: `right` is the action below it. PUT and PATCH come with a body. */
export const operationsOf =
  (type: string, apiVersions: readonly string[]) =>
  (
    name: string,
    method: ArmMethod,
    path: string,
    right: string,
    handle: ArmOperation["handle"],
  ): ArmOperation => ({
    ...{ name, method, path, apiVersions, handle },
    action: `${type}/${right}`,
    takesBody: method === "PUT" || method === "PATCH",
  });

/** A resource type as ARM's own checks need it. */
export interface ArmType {
  readonly type: string;
  readonly apiVersions: readonly string[];
}

export interface ArmOptions {
  readonly world: World;
  readonly tokens: TokenAuthority;
  readonly operations: readonly ArmOperation[];
  readonly types: readonly ArmType[];
  readonly audiences: () => readonly string[];
}

const ARM_HOST = "management.azure.com";

interface Match {
  readonly operation: ArmOperation;
  readonly params: Readonly<Record<string, string>>;
}

/** Azure Resource Manager: what all resource providers have in common is checked here, once. */
export function armService(options: ArmOptions): Service {
  const routes = options.operations.map((operation) => ({
    operation,
    segments: operation.path.split("/").slice(1),
  }));

  function find(method: string, path: string): Match | "other-method" | undefined {
    const segments = path.replace(/\/+$/, "").split("/").slice(1).map(decodeSegment);
    let otherMethod = false;
    for (const route of routes) {
      const params = match(route.segments, segments);
      if (params === undefined) continue;
      if (route.operation.method === method) return { operation: route.operation, params };
      otherMethod = true;
    }
    return otherMethod ? "other-method" : undefined;
  }

  function identify(request: Request): Call {
    const found = find(request.method, request.path);
    if (found === undefined || found === "other-method") {
      return {
        operation: "arm.unknown",
        mutating: request.method !== "GET" && request.method !== "HEAD",
        carryOut: async () => {
          await authenticate(request);
          throw found === "other-method" ? notSimulated(request) : unknownPath(request, options);
        },
      };
    }
    const { operation, params } = found;
    const id = resourceOf(operation, params);
    const region = operation.isGlobal === true ? undefined : regionAt(options.world, id);
    const mutating = operation.mutating ?? operation.method !== "GET";
    return {
      operation: operation.name,
      mutating,
      resource: id,
      ...(region !== undefined && { region }),
      carryOut: async (outcomes) => {
        const caller = await authenticate(request);
        const apiVersion = checkApiVersion(request, operation.apiVersions, operation.path);
        checkSubscription(params, options.world);
        const remaining = options.world.throttling.take(
          request.method,
          caller.principalId,
          params["subscriptionId"] ?? caller.tenantId,
          options.world.timeline.now(),
        );
        checkAuthorization(caller, operation, params, id, request);
        checkResourceGroup(params, options.world);
        if (operation.isGlobal !== true) checkReachable(id, mutating, options.world);
        const body = operation.takesBody === true ? await parseBody(request) : undefined;
        // From here on a handler awaits nothing, unless it must ask another process: a change is made whole or not at all.
        options.world.timeline.settle();
        const answer = await operation.handle({
          world: options.world,
          request,
          params,
          apiVersion,
          caller,
          body,
          outcomes,
          id,
        });
        return { ...answer, headers: { ...answer.headers, ...remaining } };
      },
    };
  }

  async function authenticate(request: Request): Promise<Caller> {
    const tenants = [...options.world.subscriptions.values()].map(({ tenantId }) => tenantId);
    const verdict = await options.tokens.verify(
      request.headers.authorization,
      options.audiences(),
      tenants,
      options.world.timeOf("arm"),
    );
    if (verdict.kind === "valid") return verdict.caller;
    throw unauthenticated(verdict, tenants[0] ?? "");
  }

  function checkAuthorization(
    caller: Caller,
    { action: template }: ArmOperation,
    params: Readonly<Record<string, string>>,
    id: string,
    request: Request,
  ): void {
    if (template === undefined) return;
    const action = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? "");
    const scope = scopeOf(id, request);
    const { principalId } = caller;
    const demand = {
      principalId,
      scope,
      action,
      plane: "control",
      at: options.world.timeline.now(),
    } as const;
    if (isAllowed(options.world, demand)) return;
    throw new Refusal(
      403,
      "AuthorizationFailed",
      `The client '${caller.clientId}' with object id '${principalId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    );
  }

  return {
    name: "arm",
    serves: (host) => host === ARM_HOST,
    identify,
    refuse: (refusal, request) =>
      json(refusal.status, armError(refusal), {
        headers: { ...armHeaders(request), ...refusal.headers },
      }),
  };
}

/** The headers that ARM puts on every answer. */
export function armHeaders(request: Request): Record<string, string> {
  const given = request.headers["x-ms-correlation-request-id"];
  return {
    "cache-control": "no-cache",
    "x-ms-request-id": request.id,
    "x-ms-correlation-request-id": typeof given === "string" ? given : request.id,
    "x-content-type-options": "nosniff",
  };
}

/** A successful answer of a resource provider. */
export function armJson(
  context: ArmContext,
  status: number,
  value: unknown,
  more: { readonly headers?: Record<string, string>; readonly effect?: Answer["effect"] } = {},
): Answer {
  return json(status, value, {
    headers: { ...armHeaders(context.request), ...more.headers },
    ...(more.effect && { effect: more.effect }),
  });
}

export function armError({ code, message }: Refusal): { error: object } {
  return { error: { code, message } };
}

/** 404 for a resource that is not there, in ARM's words. */
export function resourceNotFound(context: ArmContext, type: string, name: string): Refusal {
  return new Refusal(
    404,
    "ResourceNotFound",
    `The Resource '${type}/${name}' under resource group '${context.params["resourceGroupName"] ?? ""}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );
}

function match(
  template: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  const [first = ""] = template;
  if (first.startsWith("{*")) {
    // An extension resource: whatever it extends comes before.
    const taken = segments.length - template.length + 1;
    if (taken < 1) return undefined;
    const scope = segments.slice(0, taken);
    const rest = match(template.slice(1), segments.slice(taken));
    return rest && { ...rest, ...scopeParams(scope), [first.slice(2, -1)]: scope.join("/") };
  }
  if (template.length !== segments.length) return undefined;
  for (const [index, part] of template.entries()) {
    const segment = segments[index] ?? "";
    if (part.startsWith("{")) params[part.slice(1, -1)] = segment;
    else if (part.toLowerCase() !== segment.toLowerCase()) return undefined;
  }
  return params;
}

/** The subscription and the group that a scope lies in, so that they are checked as for any resource. */
function scopeParams(scope: readonly string[]): Record<string, string> {
  const [subscriptions, subscriptionId, groups, resourceGroupName] = scope;
  if (subscriptions?.toLowerCase() !== "subscriptions" || subscriptionId === undefined) return {};
  return groups?.toLowerCase() === "resourcegroups" && resourceGroupName !== undefined
    ? { subscriptionId, resourceGroupName }
    : { subscriptionId };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The id that a path names; the verb at the end of a POST is not part of it. */
function resourceOf(
  { path, method }: ArmOperation,
  params: Readonly<Record<string, string>>,
): string {
  const named = path.replaceAll(/\{\*?([^}]+)\}/g, (_, name: string) => params[name] ?? "");
  return method === "POST" ? named.slice(0, named.lastIndexOf("/")) : named;
}

/** Permissions on a list are asked for at what holds the list. */
function scopeOf(id: string, request: Request): string {
  const [, ...segments] = id.split("/");
  const provider = segments.findIndex((segment) => segment.toLowerCase() === "providers");
  if (provider === -1) {
    return segments.length % 2 === 0 ? id : `/${segments.slice(0, -1).join("/")}`;
  }
  const typed = segments.length - provider - 2;
  if (typed % 2 === 0) return id;
  const isTopLevel = typed === 1 && request.method === "GET";
  return `/${segments.slice(0, isTopLevel ? provider : -1).join("/")}`;
}

/** Where the resource is: a fault may be limited to a region. */
function regionAt(world: World, id: string): string | undefined {
  const segments = keyOf(id).split("/");
  const key = segments.slice(0, 9).join("/");
  const found =
    world.containerApps.get(key) ??
    world.environments.get(key) ??
    world.workspaces.get(key) ??
    world.registries.get(key) ??
    world.redisCaches.get(key) ??
    world.managedRedis.get(key);
  if (found) return found.region;
  const account = world.storageAccounts.get(segments[8] ?? "");
  if (account && keyOf(account.id) === key) return account.location;
  const vault = world.vaults.get(segments[8] ?? "");
  if (vault && keyOf(vault.id) === key) return vault.region;
  const location = segments.indexOf("locations");
  return location === -1 ? undefined : segments[location + 1];
}

/**
 * A resource is managed by its own region. The group's metadata lies in the group's region, so while that one is
 * down nothing in the group can be changed, wherever the resource itself is.
 */
function checkReachable(id: string, mutating: boolean, world: World): void {
  const { conditions } = world;
  const region = regionAt(world, id);
  if (conditions.isDown("control", region)) throw regionUnavailable(region ?? "");
  const group = world.resourceGroups.get(keyOf(id).split("/").slice(0, 5).join("/"));
  if (mutating && conditions.isDown("control", group?.location)) {
    throw regionUnavailable(group?.location ?? "");
  }
}

function checkApiVersion(request: Request, known: readonly string[], path: string): string {
  const version = request.query.get("api-version");
  if (version === null || version === "") {
    throw new Refusal(
      400,
      "MissingApiVersionParameter",
      "The api-version query parameter (?api-version=) is required for all requests.",
    );
  }
  if (known.includes(version.toLowerCase())) return version.toLowerCase();
  const [, namespace, type] = /\/providers\/([^/]+)\/([^/{]+)/i.exec(path) ?? [];
  if (namespace === undefined || type === undefined) {
    throw new Refusal(
      400,
      "InvalidApiVersionParameter",
      `The api-version '${version}' is invalid. The supported versions are '${known.join(",")}'.`,
    );
  }
  throw new Refusal(
    400,
    "NoRegisteredProviderFound",
    `No registered resource provider found for API version '${version}' and type '${type}' in namespace '${namespace}'. The supported api-versions are '${known.join(", ")}'.`,
  );
}

function checkSubscription(params: Readonly<Record<string, string>>, world: World): void {
  const id = params["subscriptionId"];
  if (id === undefined || world.subscriptions.has(keyOf(id))) return;
  throw new Refusal(404, "SubscriptionNotFound", `The subscription '${id}' could not be found.`);
}

function checkResourceGroup(params: Readonly<Record<string, string>>, world: World): void {
  const { subscriptionId, resourceGroupName } = params;
  if (subscriptionId === undefined || resourceGroupName === undefined) return;
  const id = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroupName}`;
  if (world.resourceGroups.has(keyOf(id))) return;
  throw new Refusal(
    404,
    "ResourceGroupNotFound",
    `Resource group '${resourceGroupName}' could not be found.`,
  );
}

async function parseBody(request: Request): Promise<unknown> {
  const bytes = await readBody(request.stream);
  if (bytes.length === 0) {
    throw new Refusal(400, "MissingRequestBody", "The request body is missing.");
  }
  const contentType = request.headers["content-type"] ?? "";
  if (!/^application\/(merge-patch\+)?json\s*(;|$)/i.test(contentType)) {
    throw new Refusal(
      415,
      "UnsupportedMediaType",
      `The content media type '${contentType}' is not supported. Only 'application/json' is supported.`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new Refusal(
      400,
      "InvalidRequestContent",
      `The request content was invalid and could not be deserialized: '${String(error)}'.`,
    );
  }
  if (!isObject(value)) {
    throw new Refusal(
      400,
      "InvalidRequestContent",
      "The request content was invalid and could not be deserialized: an object is expected.",
    );
  }
  return value;
}

function unauthenticated(verdict: Exclude<Verdict, { kind: "valid" }>, tenant: string): Refusal {
  const codes = {
    missing: "AuthenticationFailed",
    malformed: "InvalidAuthenticationToken",
    signature: "InvalidAuthenticationToken",
    issuer: "InvalidAuthenticationTokenTenant",
    audience: "InvalidAuthenticationTokenAudience",
    expired: "ExpiredAuthenticationToken",
  } as const;
  const code = codes[verdict.kind];
  return new Refusal(401, code, `Authentication failed: ${verdict.message}.`, {
    headers: {
      "www-authenticate": `Bearer authorization_uri="https://login.microsoftonline.com/${tenant}", error="invalid_token", error_description="${verdict.message}"`,
    },
  });
}

/** What ARM says about a path that no registered type answers. */
function unknownPath(request: Request, { types, world }: ArmOptions): Refusal {
  checkApiVersionGiven(request);
  const [, subscription] = /^\/subscriptions\/([^/]+)/i.exec(request.path) ?? [];
  if (subscription !== undefined) checkSubscription({ subscriptionId: subscription }, world);
  const [, namespace, type] = /\/providers\/([^/]+)\/([^/]+)/i.exec(request.path) ?? [];
  if (namespace === undefined || type === undefined) {
    return new Refusal(
      404,
      "InvalidResourceType",
      `The simulator serves nothing at ${request.method} ${request.path}.`,
    );
  }
  const wanted = `${namespace}/${type}`.toLowerCase();
  if (!types.some((known) => known.type.toLowerCase().startsWith(`${namespace.toLowerCase()}/`))) {
    return new Refusal(
      404,
      "InvalidResourceNamespace",
      `The resource namespace '${namespace}' is invalid.`,
    );
  }
  if (!types.some((known) => known.type.toLowerCase() === wanted)) {
    return new Refusal(
      404,
      "InvalidResourceType",
      `The resource type '${type}' could not be found in the namespace '${namespace}' for api version '${request.query.get("api-version") ?? ""}'.`,
    );
  }
  return notSimulated(request);
}

function checkApiVersionGiven(request: Request): void {
  if (!request.query.has("api-version")) checkApiVersion(request, [], request.path);
}

function notSimulated(request: Request): Refusal {
  return new Refusal(
    501,
    "NotSimulated",
    `Azure may know ${request.method} ${request.path}; the simulator does not. simulator/README.md lists what it serves.`,
  );
}
