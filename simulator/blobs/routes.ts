import { isAllowed } from "../access/authorize.js";
import type { TokenAuthority } from "../identity/tokens.js";
import { type Answer, readBody, type Request } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { Call, Service } from "../server/service.js";
import type { StorageAccount, World } from "../world/world.js";
import type { Azurite } from "./azurite.js";
import type { Copies, CopySource } from "./copies.js";
import { sendOnward } from "./onward.js";
import { type BlobOperation, blobOperation } from "./operations.js";
import { type Delegator, issueKey, verifySas, withoutSas } from "./user-delegation.js";

const SUFFIX = ".blob.core.windows.net";
const AUDIENCE = "https://storage.azure.com";

export interface BlobOptions {
  readonly world: World;
  readonly tokens: TokenAuthority;
  /** The process that keeps the blobs; a reset may bring another one. */
  readonly azurite: () => Azurite;
  readonly copies: Copies;
}

/** The blob service: token and role are checked here, the blobs themselves are Azurite's. */
export function blobService(options: BlobOptions): Service {
  const { world } = options;
  return {
    name: "blobs",
    serves: (host) => accountOf(host, world) !== undefined,
    regionOf: (host) => accountOf(host, world)?.region,
    identify: (request): Call => {
      const account = accountOf(request.host, world);
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
  const { world, copies } = options;
  const caller = await authorize(request, account, asked, options);
  if (asked.operation === "blobService.getUserDelegationKey") {
    const body = (await readBody(request.stream)).toString("utf8");
    const version = String(request.headers["x-ms-version"] ?? "");
    const key = issueKey(body, caller, version, world.timeOf("blobs"));
    return { status: 200, headers: { "content-type": "application/xml" }, body: key };
  }
  const now = world.timeline.now();
  if (asked.mutating && copies.isPending(account.name, request, now)) {
    throw new Refusal(409, "PendingCopyOperation", "There is currently a pending copy operation.");
  }
  const effect = asked.effect && { kind: asked.effect, resource: resourceOf(account, asked) };
  if (request.headers["x-ms-copy-source"] !== undefined) {
    const answer = await copies.carryOut({
      request,
      account: account.name,
      asked,
      source: await authorizeSource(request, account, options),
      azurite: options.azurite(),
      bearer: await internalBearer(options),
      now,
      perGibibyte: world.durations.blobCopyPerGibibyte,
    });
    return { ...answer, ...(effect && answer.status < 300 && { effect }) };
  }
  const bySas = request.headers.authorization === undefined;
  const reply = await sendOnward(
    account.name,
    {
      method: request.method,
      target: bySas ? withoutSas(request.target) : request.target,
      headers: {
        ...request.headers,
        ...(bySas && { authorization: `Bearer ${await internalBearer(options)}` }),
      },
      body: request.stream,
    },
    options.azurite(),
  );
  const { statusCode = 502 } = reply;
  const { connection: _connection, "keep-alive": _keepAlive, ...headers } = reply.headers;
  const reads = asked.operation === "blobs.get" || asked.operation === "blobs.getProperties";
  return {
    status: statusCode,
    headers: {
      ...headers,
      ...(reads && copies.headersOf(account.name, request, headers.etag ?? "", now)),
    },
    body: reply,
    ...(effect && statusCode < 300 && { effect }),
  };
}

/** Whoever may read the source: the bearer or the SAS that comes with its URL or, in one account, the caller. */
async function authorizeSource(
  request: Request,
  destination: StorageAccount,
  options: BlobOptions,
): Promise<CopySource> {
  const url = new URL(String(request.headers["x-ms-copy-source"]));
  const account = accountOf(url.hostname, options.world);
  if (account === undefined) {
    throw new Refusal(404, "CannotVerifyCopySource", `There is no account at ${url.hostname}.`);
  }
  const given = request.headers["x-ms-copy-source-authorization"];
  const own =
    account.name === destination.name && !url.searchParams.has("sig")
      ? request.headers.authorization
      : undefined;
  const target = url.pathname + url.search;
  const reading: Request = {
    ...request,
    method: "GET",
    host: url.hostname,
    path: url.pathname,
    target,
    query: url.searchParams,
    headers: { authorization: typeof given === "string" ? given : own },
  };
  const asked = blobOperation(reading);
  if (asked === undefined) throw new Refusal(400, "InvalidHeaderValue", "x-ms-copy-source");
  try {
    await authorize(reading, account, asked, options);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(error.status, "CannotVerifyCopySource", error.message);
  }
  return { account: account.name, target: withoutSas(target) };
}

/** Azurite looks at times, issuer and audience; who may do what has been decided here. */
async function internalBearer({ world, tokens }: BlobOptions): Promise<string> {
  const [identity] = world.identities;
  if (identity === undefined) throw new Error("the seed has no identity");
  return (await tokens.issue(identity, AUDIENCE, world.tenantId(), world.timeline.now())).token;
}

async function authorize(
  request: Request,
  account: StorageAccount,
  asked: BlobOperation,
  options: BlobOptions,
): Promise<Delegator> {
  const { world } = options;
  const caller = await callerOf(request, account, asked, options);
  if (asked.demand === undefined) return caller;
  const demand = {
    ...asked.demand,
    principalId: caller.principalId,
    scope: containerScope(account, asked),
    at: world.timeline.now(),
  };
  if (isAllowed(world, demand)) return caller;
  throw new Refusal(
    403,
    "AuthorizationPermissionMismatch",
    "This request is not authorized to perform this operation using this permission.",
  );
}

async function callerOf(
  request: Request,
  account: StorageAccount,
  asked: BlobOperation,
  { world, tokens }: BlobOptions,
): Promise<Delegator> {
  const { authorization } = request.headers;
  if (authorization === undefined && request.query.has("sig")) {
    const { container, blob, sas: permissions } = asked;
    const at = world.timeOf("blobs");
    return verifySas({
      query: request.query,
      account: account.name,
      container,
      blob,
      permissions,
      at,
    });
  }
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
  return verdict.caller;
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

function accountOf(host: string, world: World): StorageAccount | undefined {
  if (!host.endsWith(SUFFIX)) return undefined;
  return world.storageAccounts.get(host.slice(0, -SUFFIX.length));
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
