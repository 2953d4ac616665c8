import { isAllowed } from "../access/authorize.js";
import type { TokenAuthority } from "../identity/tokens.js";
import type { Request } from "../server/exchange.js";
import { Refusal } from "../server/refusal.js";
import type { StorageAccount } from "../storage-accounts/state.js";
import type { World } from "../world/world.js";
import { type BlobOperation, blobOperation } from "./operations.js";
import { type Site, siteOf, SUFFIX } from "./site.js";
import { AUDIENCE } from "./store.js";
import { type Delegator, verifySas, withoutSas } from "./user-delegation.js";

/** Who reads what is open to anybody. */
const NOBODY: Delegator = { principalId: "", tenantId: "" };

/** Whom tokens are checked with, and against what. */
export interface Guard {
  readonly world: World;
  readonly tokens: TokenAuthority;
}

/** A blob that something is copied from. */
export interface CopySource {
  readonly site: Site;
  /** Path and query of the source, without credentials. */
  readonly target: string;
  readonly container: string;
  readonly blob: string;
}

/** Token or SAS, and role; whoever it is may do what is asked. */
export async function authorize(
  request: Request,
  account: StorageAccount,
  asked: BlobOperation,
  guard: Guard,
): Promise<Delegator> {
  const { world } = guard;
  if (isAnonymous(request) && isOpenToAnybody(account, asked)) {
    checkNetwork(account);
    return NOBODY;
  }
  const caller = await callerOf(request, account, asked, guard);
  checkNetwork(account);
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

/** Whoever may read the source: the bearer or the SAS that comes with its URL or, in one account, the caller. */
export async function authorizeSource(
  request: Request,
  destination: StorageAccount,
  guard: Guard,
): Promise<CopySource> {
  const url = new URL(String(request.headers["x-ms-copy-source"]));
  const site = siteOf(url.hostname, guard.world);
  if (site === undefined) {
    throw new Refusal(404, "CannotVerifyCopySource", `There is no account at ${url.hostname}.`);
  }
  const given = request.headers["x-ms-copy-source-authorization"];
  const own =
    site.account === destination && !url.searchParams.has("sig")
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
  if (asked?.container === undefined || asked.blob === undefined) {
    throw new Refusal(400, "InvalidHeaderValue", "x-ms-copy-source must be the URL of a blob.");
  }
  try {
    await authorize(reading, site.account, asked, guard);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(error.status, "CannotVerifyCopySource", error.message);
  }
  const { container, blob } = asked;
  return { site, target: withoutSas(target), container, blob };
}

/** Whether blobs of a container can be read by whoever asks. */
export function isOpenToAnybody(
  { settings, containers }: StorageAccount,
  { operation, container = "" }: Pick<BlobOperation, "operation" | "container">,
): boolean {
  if (settings.allowBlobPublicAccess !== true) return false;
  const access = containers.get(container)?.publicAccess ?? "None";
  if (operation === "blobs.get" || operation === "blobs.getProperties") return access !== "None";
  const lists = operation === "blobs.list" || operation === "containers.get";
  return lists && access === "Container";
}

function isAnonymous({ headers, query }: Request): boolean {
  return headers.authorization === undefined && !query.has("sig");
}

/** Whoever calls comes from a network that no rule names. */
export function isOpen({ settings }: StorageAccount): boolean {
  return (
    settings.publicNetworkAccess !== "Disabled" && settings.networkAcls?.defaultAction !== "Deny"
  );
}

function checkNetwork(account: StorageAccount): void {
  if (isOpen(account)) return;
  throw new Refusal(
    403,
    "AuthorizationFailure",
    "This request is not authorized to perform this operation.",
  );
}

async function callerOf(
  request: Request,
  account: StorageAccount,
  asked: BlobOperation,
  { world, tokens }: Guard,
): Promise<Delegator> {
  const { authorization } = request.headers;
  if (authorization === undefined && request.query.has("sig")) {
    if (!request.query.has("skoid")) throw keysRefused(account);
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
  if (authorization?.startsWith("SharedKey") === true) throw keysRefused(account);
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

function keysRefused({ settings }: StorageAccount): Refusal {
  return settings.allowSharedKeyAccess === false
    ? new Refusal(
        403,
        "KeyBasedAuthenticationNotPermitted",
        "Key based authentication is not permitted on this storage account.",
      )
    : new Refusal(501, "NotSimulated", "shared keys of storage accounts are not simulated.");
}

function challenge(world: World): Record<string, string> {
  const authority = `https://login.microsoftonline.com/${world.tenantId()}/oauth2/authorize`;
  return {
    "www-authenticate": `Bearer authorization_uri=${authority} resource_id=${AUDIENCE}`,
  };
}

export function containerScope(
  account: StorageAccount,
  { container }: Pick<BlobOperation, "container">,
): string {
  return container === undefined
    ? account.id
    : `${account.id}/blobServices/default/containers/${container}`;
}
