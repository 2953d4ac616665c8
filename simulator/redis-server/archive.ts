import { keyOf } from "../arm/resource-id.js";
import type { Identity } from "../identity/tokens.js";
import { Refusal } from "../server/refusal.js";
import { guidFrom } from "../world/names.js";
import type { World } from "../world/world.js";
import type { BlobAccess } from "./blob-client.js";

const SUFFIX = ".blob.core.windows.net";
const FAILED = "Conflict";
const HOUR_MS = 3_600_000;
const QUARTER_MS = 900_000;

/** A cache as far as the storage of its exports is concerned. */
export interface ArchivedCache {
  readonly id: string;
  readonly region: string;
}

/**
 * Checks what a cache asks of a storage URL before it uses it: an account of its own region, reached with a SAS that
 * has been valid for a while and will be, or with an identity.
 */
export function checkStorage(
  text: string,
  cache: ArchivedCache,
  access: BlobAccess,
  world: World,
  otherSubscription?: string,
): URL {
  const url = parseUrl(text);
  const account = world.storageAccounts.get(url.hostname.slice(0, -SUFFIX.length));
  if (!url.hostname.endsWith(SUFFIX) || account === undefined) {
    throw failure(`there is no storage account at ${url.hostname}`);
  }
  if (account.primaryLocation !== cache.region) {
    throw failure(`the storage account is in ${account.primaryLocation}, not in ${cache.region}`);
  }
  const subscriptionOf = (id: string): string => keyOf(id.split("/")[2] ?? "");
  const expected = otherSubscription?.toLowerCase() ?? subscriptionOf(cache.id);
  if (subscriptionOf(account.id) !== expected) {
    throw failure("the storage account is in another subscription than expected");
  }
  if (access.kind === "sas") checkTimes(url, world.timeOf("blobs"));
  return url;
}

/** The URL of a blob in a container; the SAS, if there is one, stays. */
export function blobIn(container: URL, name: string): URL {
  const url = new URL(container);
  const path = name.split("/").map(encodeURIComponent).join("/");
  url.pathname = `${container.pathname.replace(/\/+$/, "")}/${path}`;
  return url;
}

/** The identity that a cache has: the system's, or the first that was assigned to it. */
export function identityOf(
  cache: ArchivedCache,
  given:
    { readonly type: string; readonly userAssignedIdentities?: object | undefined } | undefined,
  world: World,
): Identity | undefined {
  if (given?.type.includes("SystemAssigned") === true) {
    const principalId = systemPrincipalOf(cache);
    return { clientId: principalId, principalId, resourceId: cache.id };
  }
  const assigned = Object.keys(given?.userAssignedIdentities ?? {}).map(keyOf);
  return world.identities.find(({ resourceId }) => assigned.includes(keyOf(resourceId)));
}

/** The identity that lives and dies with a resource. */
export function systemPrincipalOf({ id }: { readonly id: string }): string {
  return guidFrom(id.toLowerCase(), "system-assigned");
}

/** A storage problem as an export or import ends with it: the provider says little. */
export function failure(detail: string): Refusal {
  return new Refusal(409, FAILED, `The operation failed: ${detail}.`);
}

/** Any problem with storage or files as the operation's own failure. */
export async function failingAsConflict<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Refusal && error.code === FAILED) throw error;
    throw failure(error instanceof Error ? error.message : String(error));
  }
}

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw failure("the storage URL is no URL");
  }
}

// "Import and Export data in Azure Cache for Redis": an hour to go, and a quarter of one since it began.
function checkTimes(url: URL, now: number): void {
  if (!url.searchParams.has("sig")) throw failure("the storage URL has no SAS");
  const expires = Date.parse(url.searchParams.get("se") ?? "");
  if (!(expires >= now + HOUR_MS)) throw failure("the SAS must be valid for an hour at least");
  const starts = url.searchParams.get("st");
  if (starts !== null && !(Date.parse(starts) <= now - QUARTER_MS)) {
    throw failure("the SAS must have been valid for a quarter of an hour");
  }
}
