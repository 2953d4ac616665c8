import { classifyError } from "../azure/classify-error.js";
import type { BlobCopies } from "../azure/blob-copies.js";
import type { HealthProbe } from "../azure/health-probe.js";
import type { KeyVaults } from "../azure/key-vault.js";
import { type RedisCaches, shortRegion } from "../azure/redis-caches.js";
import type { RedisConnections } from "../azure/redis-connection.js";
import type { Secrets } from "../azure/secrets.js";
import type { StorageAccounts } from "../azure/storage-accounts.js";
import type { HealthRule } from "../domain/estate.js";
import type { RegionLook } from "../domain/region-verdict.js";
import { withCache } from "./open-cache.js";

type Seen = RegionLook["seen"];

const noAnswer = Object.assign(new Error("no answer"), { code: "ECONNREFUSED" });

/**
 * Whether nobody answers. An error that somebody took the trouble to answer is an answer, a throttled
 * request as well; that Resource Manager cannot reach what stands there is none.
 */
export async function seenOf(ask: () => Promise<Seen | undefined>): Promise<Seen> {
  try {
    return (await ask()) ?? "answers";
  } catch (error) {
    const failure = classifyError(error);
    if (failure === null) throw error;
    const isSilent = failure.code.startsWith("redis-")
      ? failure.code === "redis-connection"
      : failure.class === "transient" && !/429|thrott|too.?many/i.test(failure.code);
    return isSilent ? "silent" : "answers";
  }
}

/**
 * An app answers below 500, or with a word on its own checks, however ill it is. An ingress whose apps are
 * away says 503 for them.
 */
export async function askApp(
  health: HealthProbe,
  { fqdn, rule }: { readonly fqdn: string; readonly rule: HealthRule },
): Promise<undefined> {
  const { status, checks } = await health.probe(fqdn, rule);
  const speaks = status !== undefined && (status < 500 || Object.keys(checks).length > 0);
  if (!speaks) throw noAnswer;
}

export async function askCache(
  caches: RedisCaches,
  connectTo: RedisConnections,
  region: string,
  id: string,
): Promise<Seen | undefined> {
  const cache = await caches.cache(id);
  if (cache === undefined || shortRegion(cache.location) !== region) return "elsewhere";
  await withCache(caches, connectTo, id, (connection) =>
    connection.run(() => connection.router.ping()),
  );
  return undefined;
}

export async function askVault(
  { vaults, secrets }: { readonly vaults: KeyVaults; readonly secrets: Secrets },
  region: string,
  id: string,
): Promise<Seen | undefined> {
  const vault = await vaults.vault(id);
  if (vault === undefined || shortRegion(vault.location) !== region) return "elsewhere";
  for await (const _page of secrets.pages(vault.uri)) break;
  return undefined;
}

/** Storage is asked where its primary is: it may have failed over. */
export async function askStorage(
  { accounts, copies }: { readonly accounts: StorageAccounts; readonly copies: BlobCopies },
  region: string,
  { id, container }: { readonly id: string; readonly container: string },
): Promise<Seen | undefined> {
  const account = await accounts.account(id);
  if (account === undefined || shortRegion(account.primaryLocation) !== region) return "elsewhere";
  await copies.page({ endpoint: account.blobEndpoint, container }, undefined, 1);
  return undefined;
}
