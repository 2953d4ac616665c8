import type { CacheChanges } from "../azure/cache-changes.js";
import { classifyError } from "../azure/classify-error.js";
import type { ContainerApps } from "../azure/container-apps.js";
import type { KeyVaults } from "../azure/key-vault.js";
import type { CacheView, RedisCaches } from "../azure/redis-caches.js";
import type { Secrets } from "../azure/secrets.js";
import { cacheGroups } from "../domain/recovery-cache.js";
import { activeVault } from "./active-vault.js";

/** Where the address of the cache in use is read, and the caches that it may be. */
export interface CacheSources {
  readonly apps: ContainerApps;
  readonly vaults: KeyVaults;
  readonly secrets: Secrets;
  readonly caches: RedisCaches;
  readonly changes: Pick<CacheChanges, "inGroup">;
}

interface ActiveCache {
  readonly side: "primary" | "secondary" | "recovery";
  readonly known: "observed" | "assumed";
  readonly id: string;
  /** Undefined where it is the primary one by assumption, and does not exist. */
  readonly view: CacheView | undefined;
  readonly detail: string;
}

/**
 * The cache that the app is told to use, be it one that a recovery made and nobody has entered in the
 * estate yet; the primary one where it cannot be told.
 */
export async function activeCache(
  azure: CacheSources,
  wanted: {
    readonly app: string;
    readonly vault: { readonly primary: string; readonly secondary?: string | undefined };
    readonly redis: { readonly primary: string; readonly secondary?: string | undefined };
    readonly secret: string;
  },
): Promise<ActiveCache> {
  const { caches, changes } = azure;
  const { redis } = wanted;
  const [primary, secondary, address] = await Promise.all([
    caches.cache(redis.primary),
    redis.secondary === undefined ? undefined : caches.cache(redis.secondary),
    addressInUse(azure, wanted),
  ]);
  const observed = (side: ActiveCache["side"], view: CacheView): ActiveCache => ({
    side,
    known: "observed",
    id: view.id,
    view,
    detail: `the app uses ${view.name} (${view.tier}), ${side === "recovery" ? "which a recovery made" : `the ${side} side`}`,
  });
  const isUsed = (view: CacheView): boolean => address === addressOf(view);
  if (primary !== undefined && isUsed(primary)) return observed("primary", primary);
  if (secondary !== undefined && isUsed(secondary)) return observed("secondary", secondary);
  if (address !== undefined) {
    const groups = await Promise.all(cacheGroups(redis).map((group) => changes.inGroup(group)));
    const named = [redis.primary, redis.secondary].map((id) => id?.toLowerCase());
    for (const id of groups.flat().filter((each) => !named.includes(each.toLowerCase()))) {
      const view = await caches.cache(id).catch(() => undefined);
      if (view !== undefined && isUsed(view)) return observed("recovery", view);
    }
  }
  const why =
    address === undefined ? "the secret cannot be read" : "the secret names another cache";
  const what = primary === undefined ? redis.primary : `${primary.name} (${primary.tier})`;
  return {
    side: "primary",
    known: "assumed",
    id: redis.primary,
    view: primary,
    detail: `taken to be ${what}: ${why}`,
  };
}

/** Host and port in the connection string that the app reads; the rest of it is left alone. */
async function addressInUse(
  { apps, vaults, secrets }: Pick<CacheSources, "apps" | "vaults" | "secrets">,
  wanted: Pick<Parameters<typeof activeCache>[1], "app" | "vault" | "secret">,
): Promise<string | undefined> {
  const { active } = await activeVault(apps, vaults, wanted, wanted.vault);
  const secret = await secrets.value(active.uri, wanted.secret).catch((error: unknown) => {
    // Without the secret the cache is assumed, and that is a finding; a vault that is away is waited for.
    if (classifyError(error)?.class === "terminal") return undefined;
    throw error;
  });
  const [first = ""] = (secret?.value ?? "").split(",");
  return first === "" ? undefined : first.trim().toLowerCase();
}

const addressOf = ({ host, port }: CacheView): string => `${host}:${port}`.toLowerCase();
