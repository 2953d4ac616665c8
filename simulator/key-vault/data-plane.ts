import type { Caller, TokenAuthority, Verdict } from "../identity/tokens.js";
import { type Answer, json, readBody, type Request } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { Call, Service } from "../server/service.js";
import type { World } from "../world/world.js";
import { addressOf, checkNetwork, checkPermission, forbidden } from "./access.js";
import { openBackup, sealBackup } from "./backup-blob.js";
import { servedFrom } from "./failover.js";
import { answerSecretRequest } from "./secret-answers.js";
import { type SecretRequest, secretRequest } from "./secret-requests.js";
import { checkNotManaged, checkSecretName, checkVersionCount, findSecret } from "./secret-rules.js";
import { badParameter, parseRestoreSecret } from "./secret-schema.js";
import { type Vault, VAULT_SUFFIX } from "./state.js";

const AUDIENCE = "https://vault.azure.net";

/** The published versions of the data plane; the newest is what @azure/keyvault-secrets 4.12 sends. */
const API_VERSIONS = [
  "2015-06-01",
  "2016-10-01",
  "7.0",
  "7.1",
  "7.2",
  "7.3",
  "7.4",
  "7.5",
  "7.6",
  "2025-07-01",
  "2026-04-01",
];

export interface KeyVaultOptions {
  readonly world: World;
  readonly tokens: TokenAuthority;
}

/** The data plane of key vaults, as far as secrets go: each vault answers at its own name. */
export function keyVaultService({ world, tokens }: KeyVaultOptions): Service {
  const vaultAt = (host: string): Vault | undefined =>
    host.endsWith(VAULT_SUFFIX) ? world.vaults.get(host.slice(0, -VAULT_SUFFIX.length)) : undefined;

  return {
    name: "key-vault",
    serves: (host) => host.endsWith(VAULT_SUFFIX),
    regionOf: (host) => {
      const vault = vaultAt(host);
      return vault && servedFrom(vault, world).region;
    },
    resolves: (host) => vaultAt(host)?.provisioningState === "Succeeded",
    cutBy: (host) => {
      const vault = vaultAt(host);
      return vault && world.conditions.isVaultUnavailable(vault) ? "vault-unavailable" : undefined;
    },
    identify: (request): Call => {
      const vault = vaultAt(request.host);
      const asked = secretRequest(request.method, request.path);
      const resource =
        vault && asked?.name !== undefined ? `${vault.id}/secrets/${asked.name}` : vault?.id;
      return {
        operation: asked?.operation ?? "vault.unknown",
        mutating: asked?.mutating ?? (request.method !== "GET" && request.method !== "HEAD"),
        ...(resource !== undefined && { resource }),
        ...(vault && { region: vault.region }),
        carryOut: async () => {
          const caller = await authenticate(request, world, tokens);
          if (vault === undefined) throw vaultNotFound(request);
          const answer = await carryOut(request, asked, vault, caller, world);
          return {
            ...answer,
            headers: { ...answer.headers, ...headers(vault, request, caller, world) },
          };
        },
      };
    },
    refuse: (refusal, request) => refused(refusal, request, vaultAt(request.host), world),
  };
}

async function carryOut(
  request: Request,
  asked: SecretRequest | undefined,
  vault: Vault,
  caller: Caller,
  world: World,
): Promise<Answer> {
  checkApiVersion(request);
  if (asked === undefined) throw unknownPath(request);
  checkNetwork(vault, caller, world);
  world.vaults.throttling.take(vault, asked.transaction, world.timeline.now());
  if (asked.name !== undefined) checkSecretName(asked.name);
  checkPermission(vault, caller, asked.action, asked.name, world);
  if (asked.mutating && servedFrom(vault, world).readOnly) {
    // That changes are not possible is documented; how that is said is assumed.
    throw forbidden(
      "VaultIsReadOnly",
      `The vault ${vault.name} is in read-only mode. Operations that change it are not supported during a failover.`,
    );
  }
  if (asked.verb === "backup") return backUp(vault, asked.name ?? "");
  const body = asked.takesBody ? await parseBody(request) : undefined;
  const restored =
    asked.verb === "restore" ? await openBackup(vault, parseRestoreSecret(body)) : undefined;
  // From here on nothing is awaited: a change is made whole or not at all.
  world.timeline.settle();
  if (world.vaults.get(vault.name) !== vault) throw vaultNotFound(request);
  return answerSecretRequest({ request, asked, vault, body, restored, world });
}

async function backUp(vault: Vault, name: string): Promise<Answer> {
  const secret = findSecret(vault, name);
  checkNotManaged(secret, "backup");
  checkVersionCount(secret);
  return json(200, { value: await sealBackup(vault, secret) });
}

async function authenticate(
  request: Request,
  world: World,
  tokens: TokenAuthority,
): Promise<Caller> {
  const tenants = [...world.subscriptions.values()].map(({ tenantId }) => tenantId);
  const at = world.timeOf("key-vault");
  const verdict = await tokens.verify(request.headers.authorization, [AUDIENCE], tenants, at);
  if (verdict.kind === "valid") return verdict.caller;
  throw unauthorized(verdict, world);
}

function unauthorized(verdict: Exclude<Verdict, { kind: "valid" }>, world: World): Refusal {
  const said: Record<typeof verdict.kind, string> = {
    missing: "AKV10000: Request is missing a Bearer or PoP token.",
    malformed: "AKV10001: Request contains an invalid Bearer or PoP token.",
    signature: "[TokenSignatureInvalid] Error validating token: IDX10511.",
    expired: "[TokenExpired] Error validating token: IDX10223.",
    issuer: `AKV10032: Invalid issuer. Expected one of https://sts.windows.net/${world.tenantId()}/.`,
    audience: `AKV10022: Invalid audience. Expected ${AUDIENCE}, found: ${"audience" in verdict ? verdict.audience : ""}.`,
  };
  return new Refusal(401, "Unauthorized", said[verdict.kind], {
    headers: {
      "www-authenticate": `Bearer authorization="https://login.microsoftonline.com/${world.tenantId()}", resource="${AUDIENCE}"`,
    },
  });
}

function checkApiVersion({ query }: Request): void {
  const version = query.get("api-version");
  if (version === null || version === "") throw badParameter("api-version must be specified");
  if (API_VERSIONS.includes(version)) return;
  throw badParameter(
    `The specified version (${version}) is not recognized. Consider using the latest supported version (${API_VERSIONS.at(-1) ?? ""}).`,
  );
}

async function parseBody({ stream, headers }: Request): Promise<unknown> {
  const bytes = await readBody(stream);
  if (!/^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "")) {
    throw new Refusal(415, "UnsupportedMediaType", "The content type must be application/json.");
  }
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    // The parser's message quotes the body, which may hold a secret.
    throw badParameter("The request body is not valid JSON.");
  }
}

function unknownPath({ method, path }: Request): Refusal {
  const [first = ""] = path.split("/").filter((segment) => segment !== "");
  const known = ["keys", "deletedkeys", "certificates", "deletedcertificates", "storage", "rng"];
  if (known.includes(first.toLowerCase()) || /^(deleted)?secrets$/i.test(first)) {
    return new Refusal(
      501,
      "NotSimulated",
      `Azure may know ${method} ${path}; the simulator does not. simulator/README.md lists what it serves.`,
    );
  }
  return new Refusal(404, "NotFound", `There is nothing at ${path}.`);
}

/** Whoever still has a connection to a vault that is gone. What the service says then is assumed. */
function vaultNotFound({ host }: Request): Refusal {
  return new Refusal(404, "VaultNotFound", `Vault not found: ${host.split(".")[0] ?? ""}`);
}

function refused(
  { status, code, message, reason, headers: own }: Refusal,
  request: Request,
  vault: Vault | undefined,
  world: World,
): Answer {
  const error = {
    // How faults that strike any service name it, and how this one does.
    code: code === "TooManyRequests" ? "Throttled" : code,
    message,
    ...(reason !== undefined && { innererror: { code: reason } }),
  };
  return json(
    status,
    { error },
    { headers: { ...headers(vault, request, undefined, world), ...own } },
  );
}

function headers(
  vault: Vault | undefined,
  request: Request,
  caller: Caller | undefined,
  world: World,
): Record<string, string> {
  const clientId = request.headers["x-ms-client-request-id"];
  const address = caller && addressOf(caller.principalId, world);
  return {
    "cache-control": "no-cache",
    pragma: "no-cache",
    expires: "-1",
    "x-ms-request-id": request.id,
    ...(typeof clientId === "string" && { "x-ms-client-request-id": clientId }),
    ...(vault && { "x-ms-keyvault-region": servedFrom(vault, world).region }),
    ...(address !== undefined && {
      "x-ms-keyvault-network-info": `conn_type=Ipv4;addr=${address};act_addr_fam=InterNetwork;`,
    }),
    "x-content-type-options": "nosniff",
    "strict-transport-security": "max-age=31536000;includeSubDomains",
  };
}
