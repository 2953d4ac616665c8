import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isAllowed } from "../access/authorize.js";
import type { TokenAuthority } from "../identity/tokens.js";
import type { Answer, Request } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { Call, Service } from "../server/service.js";
import type { StorageAccount, World } from "../world/world.js";
import type { Azurite } from "./azurite.js";
import { type BlobOperation, blobOperation } from "./operations.js";

const SUFFIX = ".blob.core.windows.net";
const AUDIENCE = "https://storage.azure.com";

export interface BlobOptions {
  readonly world: World;
  readonly tokens: TokenAuthority;
  /** The process that keeps the blobs; a reset may bring another one. */
  readonly azurite: () => Azurite;
}

/** The blob service: token and role are checked here, the blobs themselves are Azurite's. */
export function blobService(options: BlobOptions): Service {
  const { world } = options;
  const accountOf = (host: string): StorageAccount | undefined =>
    host.endsWith(SUFFIX) ? world.storageAccounts.get(host.slice(0, -SUFFIX.length)) : undefined;

  return {
    name: "blobs",
    serves: (host) => accountOf(host) !== undefined,
    regionOf: (host) => accountOf(host)?.region,
    identify: (request): Call => {
      const account = accountOf(request.host);
      const asked = blobOperation(request);
      if (account === undefined || asked === undefined) {
        return {
          operation: "blobs.unknown",
          mutating: request.method !== "GET" && request.method !== "HEAD",
          carryOut: () => {
            throw new Refusal(
              400,
              "InvalidUri",
              `The blob service has nothing at ${request.method} ${request.path}.`,
            );
          },
        };
      }
      return {
        operation: asked.operation,
        mutating: asked.mutating,
        resource: resourceOf(account, asked),
        region: account.region,
        carryOut: () => carryOut(request, account, asked, options),
      };
    },
    refuse: (refusal, request) => refused(refusal, request, world),
  };
}

async function carryOut(
  request: Request,
  account: StorageAccount,
  asked: BlobOperation,
  options: BlobOptions,
): Promise<Answer> {
  await authorize(request, account, asked, options);
  if (asked.operation === "blobs.copy") {
    throw new Refusal(501, "NotImplemented", "Copies by URL are not simulated yet.");
  }
  const reply = await passOn(request, account.name, options.azurite());
  const { statusCode = 502 } = reply;
  const { connection: _connection, "keep-alive": _keepAlive, ...headers } = reply.headers;
  const done = asked.effect !== undefined && statusCode < 300;
  return {
    status: statusCode,
    headers,
    body: reply,
    ...(done && { effect: { kind: asked.effect, resource: resourceOf(account, asked) } }),
  };
}

async function authorize(
  request: Request,
  account: StorageAccount,
  asked: BlobOperation,
  { world, tokens }: BlobOptions,
): Promise<void> {
  const { authorization } = request.headers;
  if (authorization === undefined && request.query.has("sig")) return; // Azurite checks signatures.
  if (authorization?.startsWith("SharedKey") === true) {
    throw new Refusal(
      403,
      "KeyBasedAuthenticationNotPermitted",
      "Key based authentication is not permitted on this storage account.",
    );
  }
  const tenants = [...world.subscriptions.values()].map(({ tenantId }) => tenantId);
  const audiences = [AUDIENCE, `https://${account.name}${SUFFIX}`];
  const verdict = await tokens.verify(authorization, audiences, tenants, world.timeOf("blobs"));
  if (verdict.kind === "missing") {
    throw new Refusal(
      401,
      "NoAuthenticationInformation",
      "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
      { headers: challenge(world) },
    );
  }
  if (verdict.kind !== "valid") {
    throw new Refusal(
      401,
      "InvalidAuthenticationInfo",
      `Server failed to authenticate the request: ${verdict.message}.`,
      { headers: challenge(world) },
    );
  }
  if (asked.demand === undefined) return;
  const demand = {
    ...asked.demand,
    principalId: verdict.caller.principalId,
    scope: containerScope(account, asked),
    at: world.timeline.now(),
  };
  if (isAllowed(world, demand)) return;
  throw new Refusal(
    403,
    "AuthorizationPermissionMismatch",
    "This request is not authorized to perform this operation using this permission.",
  );
}

/** Everything as it came, but path-style, which is how one Azurite serves many accounts. */
function passOn(request: Request, account: string, azurite: Azurite): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const onward = httpsRequest(
      {
        host: azurite.host,
        port: azurite.port,
        agent: azurite.agent,
        method: request.method,
        path: `/${account}${request.target}`,
        headers: { ...request.headers, host: `${azurite.host}:${azurite.port}` },
      },
      resolve,
    );
    onward.on("error", (error) => {
      reject(new Refusal(503, "ServerBusy", `Azurite cannot be reached: ${error.message}`));
    });
    request.stream.on("error", () => onward.destroy());
    request.stream.pipe(onward);
  });
}

function refused(
  { status, code, message, headers }: Refusal,
  request: Request,
  world: World,
): Answer {
  const time = new Date(world.timeline.now()).toISOString();
  const text = escapeXml(`${message}\nRequestId:${request.id}\nTime:${time}`);
  return {
    status,
    headers: {
      "content-type": "application/xml",
      "x-ms-error-code": code,
      "x-ms-request-id": request.id,
      "x-ms-version": request.headers["x-ms-version"] ?? "2026-10-06",
      ...headers,
    },
    ...(request.method !== "HEAD" && {
      body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${text}</Message></Error>`,
    }),
  };
}

function challenge(world: World): Record<string, string> {
  const authority = `https://login.microsoftonline.com/${world.tenantId()}/oauth2/authorize`;
  return {
    "www-authenticate": `Bearer authorization_uri=${authority} resource_id=${AUDIENCE}`,
  };
}

function containerScope(account: StorageAccount, { container }: BlobOperation): string {
  return container === undefined
    ? account.id
    : `${account.id}/blobServices/default/containers/${container}`;
}

function resourceOf(account: StorageAccount, asked: BlobOperation): string {
  const scope = containerScope(account, asked);
  return asked.blob === undefined ? scope : `${scope}/blobs/${asked.blob}`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
