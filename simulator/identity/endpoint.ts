import { type Answer, json, type Request } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { Call, Service } from "../server/service.js";
import type { World } from "../world/world.js";
import type { Identity, IssuedToken, TokenAuthority } from "./tokens.js";

/** The path of the token endpoint, as App Service has it. */
export const TOKEN_PATH = "/msi/token";

/** What tokens can be had for. Entra refuses a resource that no application stands for. */
const AUDIENCES = [
  "https://management.azure.com",
  "https://management.core.windows.net",
  "https://storage.azure.com",
  "https://api.loganalytics.io",
  "https://vault.azure.net",
  "https://redis.azure.com",
  "https://metrics.monitor.azure.com",
  "https://monitor.azure.com",
  "https://containerregistry.azure.net",
];

export interface IdentityEndpointOptions {
  readonly header: string;
  readonly tokens: TokenAuthority;
  readonly world: World;
  /** Audiences of the simulator's own direct endpoints. */
  readonly extraAudiences: () => readonly string[];
}

/** The managed identity endpoint of App Service (`IDENTITY_ENDPOINT`), in both of its versions. */
export function identityEndpoint(options: IdentityEndpointOptions): Service {
  return {
    name: "identity",
    serves: () => false, // Reached at its own port; no host name leads here.
    identify: (request): Call => ({
      operation: "identity.token",
      mutating: false,
      ...(request.query.has("resource") && { resource: request.query.get("resource") ?? "" }),
      carryOut: () => answer(request, options),
    }),
    refuse: ({ status, code, message, headers }) =>
      json(status, { statusCode: status, error: code, error_description: message }, { headers }),
  };
}

async function answer(request: Request, options: IdentityEndpointOptions): Promise<Answer> {
  if (request.path.replace(/\/$/, "") !== TOKEN_PATH) {
    throw new Refusal(404, "not_found", `the token endpoint is ${TOKEN_PATH}`);
  }
  if (request.method !== "GET") {
    throw new Refusal(405, "method_not_allowed", "the token endpoint answers GET");
  }
  const version = request.query.get("api-version");
  if (version !== "2019-08-01" && version !== "2017-09-01") {
    throw new Refusal(
      400,
      "invalid_request",
      "api-version must be 2019-08-01 or 2017-09-01 at this endpoint",
    );
  }
  const [name, clientParameter] =
    version === "2019-08-01" ? ["x-identity-header", "client_id"] : ["secret", "clientid"];
  if (request.headers[name] !== options.header) {
    throw new Refusal(401, "unauthorized", `the header ${name} is missing or wrong`);
  }
  const resource = request.query.get("resource") ?? "";
  if (resource === "") {
    throw new Refusal(400, "invalid_request", "the query parameter resource is missing");
  }
  const known = [...AUDIENCES, ...options.extraAudiences()];
  if (!known.includes(resource.toLowerCase().replace(/\/+$/, ""))) {
    throw new Refusal(
      400,
      "invalid_resource",
      `AADSTS500011: no application stands for the resource ${resource}`,
    );
  }
  const { world } = options;
  const identity = chosen(
    world,
    request.query.get(clientParameter) ?? request.query.get("client_id"),
  );
  const issued = await options.tokens.issue(
    identity,
    resource,
    world.tenantId(),
    world.timeOf("identity"),
  );
  return json(200, {
    access_token: issued.token,
    client_id: identity.clientId,
    ...times(version, issued),
    resource,
    token_type: "Bearer",
  });
}

function chosen({ identities }: World, clientId: string | null): Identity {
  const identity =
    clientId === null
      ? identities[0]
      : identities.find((one) => one.clientId.toLowerCase() === clientId.toLowerCase());
  if (identity === undefined) {
    throw new Refusal(
      400,
      "invalid_request",
      `no managed identity with client id ${clientId ?? ""} is assigned here`,
    );
  }
  return identity;
}

function times(version: string, { notBefore, expiresOn }: IssuedToken): Record<string, string> {
  if (version === "2019-08-01") {
    return { expires_on: String(expiresOn), not_before: String(notBefore) };
  }
  // The older version writes an American date, with 24 hours.
  const [, year, month, day, clock] =
    /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(new Date(expiresOn * 1000).toISOString()) ?? [];
  return { expires_on: `${month ?? ""}/${day ?? ""}/${year ?? ""} ${clock ?? ""} +00:00` };
}
