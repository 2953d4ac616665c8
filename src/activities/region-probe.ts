import { classifyError } from "../azure/classify-error.js";
import { shortRegion } from "../azure/redis-caches.js";
import type { HealthRule } from "../domain/estate.js";
import type { CacheSources } from "./active-cache.js";
import type { CacheProbing } from "./cache-probe.js";

interface Asked {
  readonly cache: string;
  readonly app: string;
  readonly vault: { readonly primary: string };
  readonly user?: { readonly fqdn: string; readonly rule: HealthRule } | undefined;
}

/**
 * Whether two other services of a cache's region are silent as well. Any answer counts, be it an error:
 * a region that is down gives none. What cannot be asked is not taken for silent.
 */
export async function probeRegion(
  { apps, vaults, secrets, caches, health }: CacheSources & CacheProbing,
  { cache, app, vault, user }: Asked,
) {
  const [view, application, ofVault] = await Promise.all([
    orNothing(() => caches.cache(cache)),
    orNothing(() => apps.app(app)),
    orNothing(() => vaults.vault(vault.primary)),
  ]);
  const beside = (location: string | undefined): boolean =>
    location !== undefined && shortRegion(location) === view?.location;
  const silent: string[] = [];
  if (user !== undefined && beside(application?.location)) {
    const { status } = await health.probe(user.fqdn, user.rule);
    if (status === undefined) silent.push("the app");
  }
  if (ofVault !== undefined && beside(ofVault.location) && (await isSilent(secrets, ofVault.uri))) {
    silent.push(ofVault.name);
  }
  const down = silent.length === 2;
  const detail =
    silent.length === 0
      ? "other services of its region answer"
      : `no answer from ${silent.join(" and ")}`;
  return { down, detail };
}

async function isSilent(secrets: CacheSources["secrets"], uri: string): Promise<boolean> {
  try {
    for await (const _page of secrets.pages(uri)) break;
    return false;
  } catch (error) {
    return classifyError(error)?.class === "transient";
  }
}

async function orNothing<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (classifyError(error) === null) throw error;
    return undefined;
  }
}
