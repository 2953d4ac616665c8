import type { CacheChanges } from "../azure/cache-changes.js";
import { classifyError } from "../azure/classify-error.js";
import type { ContainerApps } from "../azure/container-apps.js";
import type { KeyVaults } from "../azure/key-vault.js";
import type { CacheView, RedisCaches } from "../azure/redis-caches.js";
import type { Secrets } from "../azure/secrets.js";
import { cacheGroups } from "../domain/recovery-cache.js";
import { parseResourceId } from "../domain/resource-id.js";
import { activeVault } from "./active-vault.js";
import { lookAtBothSides, refuseUnseen, withoutOther, type SideLook } from "./side-look.js";

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
  /** Undefined where Resource Manager does not show it. */
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
  const [looks, { address, vault }] = await Promise.all([
    lookAtBothSides(redis, (id) => caches.cache(id)),
    addressInUse(azure, wanted),
  ]);
  const [primary, secondary] = looks;
  // What a vault says that the app may not use tells nothing.
  const found = (
    side: ActiveCache["side"],
    id: string,
    { view }: SideLook<CacheView>,
    other: SideLook<CacheView> = { view: undefined },
  ): ActiveCache => {
    const what =
      view === undefined
        ? `${parseResourceId(id)?.name ?? id}, which was not seen`
        : `${view.name} (${view.tier})`;
    const detail =
      vault === "observed"
        ? `the app uses ${what}, ${side === "recovery" ? "which a recovery made" : `the ${side} side`}`
        : `taken to be ${what}: the secret names it, but which vault the app reads is not known`;
    return {
      ...{ side, known: vault, id: view?.id ?? id, view },
      detail: withoutOther(detail, other),
    };
  };
  const isUsed = (id: string | undefined, { view, unseen }: SideLook<CacheView>): boolean =>
    view !== undefined
      ? address === addressOf(view)
      : // A cache's name is the first part of its host name.
        id !== undefined && unseen !== undefined && address?.split(".")[0] === labelOf(id);
  if (isUsed(redis.primary, primary)) {
    return found("primary", redis.primary, primary, secondary);
  }
  if (redis.secondary !== undefined && isUsed(redis.secondary, secondary)) {
    return found("secondary", redis.secondary, secondary, primary);
  }
  if (address !== undefined) {
    const groups = await Promise.all(cacheGroups(redis).map((group) => changes.inGroup(group)));
    const named = [redis.primary, redis.secondary].map((id) => id?.toLowerCase());
    for (const id of groups.flat().filter((each) => !named.includes(each.toLowerCase()))) {
      const view = await caches.cache(id).catch(() => undefined);
      if (view !== undefined && isUsed(id, { view })) return found("recovery", id, { view });
    }
  }
  // One that was not seen may be the one that the secret names.
  if (address !== undefined) looks.forEach(refuseUnseen);
  const why =
    address === undefined ? "the secret cannot be read" : "the secret names another cache";
  const { view } = primary;
  const what = view === undefined ? redis.primary : `${view.name} (${view.tier})`;
  return {
    ...{ side: "primary", known: "assumed", id: redis.primary, view },
    detail: withoutOther(`taken to be ${what}: ${why}`, secondary),
  };
}

const labelOf = (id: string): string | undefined => parseResourceId(id)?.name.toLowerCase();

/** Host and port in the connection string that the app reads; the rest of it is left alone. */
async function addressInUse(
  { apps, vaults, secrets }: Pick<CacheSources, "apps" | "vaults" | "secrets">,
  wanted: Pick<Parameters<typeof activeCache>[1], "app" | "vault" | "secret">,
): Promise<{ readonly address: string | undefined; readonly vault: ActiveCache["known"] }> {
  const { active, known } = await activeVault(apps, vaults, wanted, wanted.vault);
  const secret = await secrets.value(active.uri, wanted.secret).catch((error: unknown) => {
    // Without the secret the cache is assumed, and that is a finding; a vault that is away is waited for.
    if (classifyError(error)?.class === "terminal") return undefined;
    throw error;
  });
  const [first = ""] = (secret?.value ?? "").split(",");
  return { address: first === "" ? undefined : first.trim().toLowerCase(), vault: known };
}

const addressOf = ({ host, port }: CacheView): string => `${host}:${port}`.toLowerCase();
