import { isAllowed } from "../access/authorize.js";
import type { TokenAuthority } from "../identity/tokens.js";
import { type Answer, json, readBody, type Request } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { Call, Service } from "../server/service.js";
import type { World } from "../world/world.js";
import { MANIFEST_TYPE } from "./seeding.js";
import { loginServerOf, REGISTRY_SUFFIX, type Registry } from "./state.js";
import { createRegistryTokens, type RegistryTokens } from "./tokens.js";

/** Tokens for Resource Manager are taken too, unless a policy of the registry is against it. */
const AUDIENCES = ["https://containerregistry.azure.net", "https://management.azure.com"];
const PULL = "Microsoft.ContainerRegistry/registries/pull/read";
const MANIFEST_PATH = /^\/v2\/(.+)\/manifests\/([^/]+)$/;

interface RegistryOptions {
  readonly world: World;
  readonly tokens: TokenAuthority;
}

/** What the handlers need besides the request. */
interface Surroundings extends RegistryOptions {
  readonly own: RegistryTokens;
}

/** The data plane of container registries: manifests, by the distribution protocol's tokens. */
export function containerRegistryService(options: RegistryOptions): Service {
  const { world } = options;
  const surroundings = { ...options, own: createRegistryTokens() };
  const registryAt = (host: string): Registry | undefined =>
    [...world.registries.values()].find((registry) => loginServerOf(registry) === host);
  return {
    name: "container-registry",
    serves: (host) => host.endsWith(REGISTRY_SUFFIX),
    regionOf: (host) => {
      const registry = registryAt(host);
      return registry && servingRegion(registry, world);
    },
    resolves: (host) => registryAt(host) !== undefined,
    identify: (request): Call => {
      const registry = registryAt(request.host);
      return {
        operation: operationOf(request),
        mutating: false,
        ...(registry && { resource: registry.id, region: registry.region }),
        carryOut: () => {
          if (registry === undefined) throw new Refusal(404, "NAME_UNKNOWN", "no such registry");
          return answer(request, registry, surroundings);
        },
      };
    },
    refuse: ({ status, code, message, headers }) =>
      json(status, { errors: [{ code, message }] }, { headers: { ...HEADERS, ...headers } }),
  };
}

const HEADERS = { "docker-distribution-api-version": "registry/2.0" };

/** Whoever asks is led to a region that answers: one that is down is left out. */
function servingRegion({ region, replications }: Registry, { conditions }: World): string {
  const all = [
    region,
    ...replications.filter(({ endpointEnabled }) => endpointEnabled).map((each) => each.region),
  ];
  return all.find((each) => !conditions.isDown("data", each)) ?? region;
}

function operationOf({ method, path }: Request): string {
  if (path === "/oauth2/exchange") return "registry.exchange";
  if (path === "/oauth2/token") return "registry.token";
  if (MANIFEST_PATH.test(path)) {
    return method === "HEAD" ? "registry.checkManifest" : "registry.getManifest";
  }
  return "registry.unknown";
}

async function answer(
  request: Request,
  registry: Registry,
  surroundings: Surroundings,
): Promise<Answer> {
  const { method, path } = request;
  if (path === "/oauth2/exchange" && method === "POST") {
    return exchange(await form(request), registry, surroundings);
  }
  if (path === "/oauth2/token" && method === "POST") {
    return token(await form(request), registry, surroundings);
  }
  const [, encoded, reference = ""] = MANIFEST_PATH.exec(path) ?? [];
  if (encoded !== undefined && (method === "GET" || method === "HEAD")) {
    const repository = decodeURIComponent(encoded);
    await checkPull(request, registry, repository, surroundings);
    return manifest(request, registry, repository, decodeURIComponent(reference));
  }
  throw new Refusal(
    501,
    "UNSUPPORTED",
    `Azure may know ${method} ${path}; the simulator serves manifests alone`,
  );
}

/** An Entra token for one that stands for its holder at this registry. */
async function exchange(
  fields: URLSearchParams,
  registry: Registry,
  { world, tokens, own }: Surroundings,
): Promise<Answer> {
  checkField(fields, "grant_type", "access_token");
  checkField(fields, "service", loginServerOf(registry));
  const tenants = [...world.subscriptions.values()].map(({ tenantId }) => tenantId);
  const at = world.timeOf("container-registry");
  const given = `Bearer ${fields.get("access_token") ?? ""}`;
  const verdict = await tokens.verify(given, AUDIENCES, tenants, at);
  if (verdict.kind !== "valid") throw unauthorized(verdict.message);
  const { principalId } = verdict.caller;
  return json(200, { refresh_token: await own.refresh(loginServerOf(registry), principalId, at) });
}

/** A token for what its holder asks for, as far as his roles go. */
async function token(
  fields: URLSearchParams,
  registry: Registry,
  { world, own }: Surroundings,
): Promise<Answer> {
  checkField(fields, "grant_type", "refresh_token");
  checkField(fields, "service", loginServerOf(registry));
  const at = world.timeOf("container-registry");
  const server = loginServerOf(registry);
  const principalId = await own.principal(fields.get("refresh_token") ?? "", server, at);
  if (principalId === undefined) throw unauthorized("the refresh token is not valid");
  const demand = { principalId, scope: registry.id, action: PULL, plane: "control" } as const;
  const mayPull = isAllowed(world, { ...demand, at: world.timeline.now() });
  const grants = fields.getAll("scope").flatMap((scope) => {
    const [, type = "", name = "", actions = ""] = /^([^:]+):(.+):([^:]+)$/.exec(scope) ?? [];
    const granted = actions.split(",").filter((action) => action === "pull" && mayPull);
    return granted.length === 0 ? [] : [{ type, name, actions: granted }];
  });
  return json(200, { access_token: await own.access(server, grants, at) });
}

async function checkPull(
  request: Request,
  registry: Registry,
  repository: string,
  { world, own }: Surroundings,
): Promise<void> {
  const server = loginServerOf(registry);
  const [, given] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
  const challenge = (error?: string): Refusal =>
    unauthorized("authentication required, visit https://aka.ms/acr/authorization", {
      "www-authenticate": `Bearer realm="https://${server}/oauth2/token",service="${server}",scope="repository:${repository}:pull"${error === undefined ? "" : `,error="${error}"`}`,
    });
  if (given === undefined) throw challenge();
  const grants = await own.grants(given, server, world.timeOf("container-registry"));
  if (grants === undefined || grants === "expired") throw challenge("invalid_token");
  const isGranted = grants.some(
    ({ type, name, actions }) =>
      type === "repository" && name === repository && actions.includes("pull"),
  );
  if (!isGranted) throw challenge("insufficient_scope");
}

function manifest(
  request: Request,
  registry: Registry,
  repository: string,
  reference: string,
): Answer {
  const known = registry.images.get(repository);
  if (known === undefined) {
    throw new Refusal(404, "NAME_UNKNOWN", `repository name not known to registry: ${repository}`, {
      headers: HEADERS,
    });
  }
  const isDigest = reference.startsWith("sha256:");
  const found = known.find(({ tag, digest }) => (isDigest ? digest : tag) === reference);
  const accepted = request.headers.accept ?? "";
  if (found === undefined || !(accepted.includes(MANIFEST_TYPE) || /^$|\*\/\*/.test(accepted))) {
    throw new Refusal(
      404,
      "MANIFEST_UNKNOWN",
      isDigest
        ? `manifest sha256 ${reference} is not found`
        : `manifest tagged by "${reference}" is not found`,
      { headers: HEADERS },
    );
  }
  return {
    status: 200,
    headers: {
      ...HEADERS,
      "content-type": MANIFEST_TYPE,
      "docker-content-digest": found.digest,
      etag: `"${found.digest}"`,
    },
    body: request.method === "HEAD" ? "" : found.content,
  };
}

async function form(request: Request): Promise<URLSearchParams> {
  const type = request.headers["content-type"] ?? "";
  if (!type.startsWith("application/x-www-form-urlencoded")) {
    throw new Refusal(415, "UNSUPPORTED", "the body must be a form");
  }
  return new URLSearchParams((await readBody(request.stream)).toString("utf8"));
}

function checkField(fields: URLSearchParams, name: string, wanted: string): void {
  if (fields.get(name) === wanted) return;
  throw new Refusal(400, "BAD_REQUEST", `${name} must be ${wanted}`);
}

function unauthorized(message: string, headers: Record<string, string> = {}): Refusal {
  return new Refusal(401, "UNAUTHORIZED", message, { headers: { ...HEADERS, ...headers } });
}
