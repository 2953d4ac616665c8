import { createHash } from "node:crypto";
import type { CacheChanges, KeyName } from "../azure/cache-changes.js";
import { classifyError } from "../azure/classify-error.js";
import { seconds } from "../domain/duration.js";
import { terminal } from "../domain/failure.js";
import type { Activity } from "../durable/activity-contract.js";
import type { SecretDescription, SecretValue } from "../azure/secrets.js";
import type { StateStore } from "../state/state-store.js";
import type { activeCache, CacheSources } from "./active-cache.js";
import { activeVault } from "./active-vault.js";
import { ensure } from "./ensure.js";
import { cacheAt } from "./open-cache.js";
import * as contract from "./redis-failure.contract.js";

/** Reading one's own write of a secret, and of a key that Azure makes anew. */
const secretSettling = seconds(10);
const keySettling = seconds(60);

/** What a recovery does with the keys of a cache. No key and no connection string leaves an activity. */
export function cacheConnectionActivities(
  azure: CacheSources & { readonly changes: CacheChanges; readonly store: StateStore },
): readonly Activity[] {
  const { apps, vaults, secrets, caches, changes, store } = azure;
  return [
    contract.writeConnection.implementedBy(classifyError, async (wanted, context) => {
      const { cache, secret, key, lease } = wanted;
      const [{ active }, { name, host, port }, keys] = await Promise.all([
        activeVault(apps, vaults, wanted, wanted.vault),
        cacheAt(caches, cache),
        changes.keys(cache),
      ]);
      const goal = { address: `${host}:${port}`, password: keys[key] };
      const what = `the ${key} key of ${name}`;
      return ensure(store, context, contract.writeConnection, {
        resource: lease,
        plan: () => ({ changed: true, detail: `would write ${what} into ${active.name}` }),
        // The goal is a value: written twice it is the same.
        onRepeat: "repeat",
        settling: secretSettling,
        observe: async () => {
          const current = await readable(() => secrets.value(active.uri, secret));
          return current !== undefined && names(current.value, goal)
            ? { changed: false, detail: `${secret} in ${active.name} holds ${what}` }
            : undefined;
        },
        act: async () => {
          const current = await readable(() => secrets.value(active.uri, secret));
          const value = connectionString(current?.value, goal);
          await secrets.set(active.uri, secret, value, described(current, context.caller.run));
          return { changed: true, detail: `wrote ${what} into ${active.name}` };
        },
      });
    }),

    contract.fingerprintKey.implementedBy(classifyError, async ({ cache, key }) => ({
      sha256: await fingerprintOf(changes, cache, key),
      detail: `the ${key} key is known by its hash`,
    })),

    contract.regenerateKey.implementedBy(classifyError, ({ cache, key, before, use }, context) =>
      ensure(store, context, contract.regenerateKey, {
        resource: cache,
        plan: () => ({ changed: true, detail: `would make the ${key} key anew` }),
        onRepeat: "repeat",
        settling: keySettling,
        observe: async () =>
          (await fingerprintOf(changes, cache, key)) === before
            ? undefined
            : { changed: true, detail: `the ${key} key is another one` },
        act: async () => {
          await refuseInUse(azure, cache, key, use);
          await changes.regenerateKey(cache, key);
          return { changed: true, detail: `the ${key} key was made anew` };
        },
      }),
    ),
  ];
}

/** People wait, and others write the secret meanwhile: what the app would read is seen right before. */
async function refuseInUse(
  { apps, vaults, secrets, caches, changes }: CacheSources & { readonly changes: CacheChanges },
  cache: string,
  key: KeyName,
  use: Parameters<typeof activeCache>[1],
): Promise<void> {
  const [{ active, known }, { host, port }, keys] = await Promise.all([
    activeVault(apps, vaults, use, use.vault),
    cacheAt(caches, cache),
    changes.keys(cache),
  ]);
  const current = await readable(() => secrets.value(active.uri, use.secret));
  const goal = { address: `${host}:${port}`, password: keys[key] };
  if (known === "observed" && current !== undefined && !names(current.value, goal)) return;
  throw terminal("key-in-use", `${active.name} may tell the app the ${key} key, which is kept`);
}

async function fingerprintOf(changes: CacheChanges, cache: string, key: KeyName): Promise<string> {
  const keys = await changes.keys(cache);
  return createHash("sha256").update(keys[key]).digest("hex");
}

interface Goal {
  readonly address: string;
  readonly password: string;
}

/** A secret that is disabled or was never set is no obstacle: a new version takes its place. */
async function readable(
  read: () => Promise<SecretValue | undefined>,
): Promise<SecretValue | undefined> {
  try {
    return await read();
  } catch (error) {
    if (classifyError(error)?.class === "terminal") return undefined;
    throw error;
  }
}

/** Whether a connection string leads to a cache, whatever else it says. */
function names(value: string, { address, password }: Goal): boolean {
  const [first = "", ...options] = value.split(",");
  return (
    first.trim().toLowerCase() === address.toLowerCase() &&
    options.some((option) => option.trim() === `password=${password}`)
  );
}

/**
 * As the runbook writes it. What else the present one sets, such as time limits, stays: clients are to
 * behave as they did.
 */
function connectionString(current: string | undefined, { address, password }: Goal): string {
  const ours = /^(password|ssl|abortConnect)=/i;
  const [, ...options] = (current ?? "").split(",").map((option) => option.trim());
  const kept = options.filter((option) => option.includes("=") && !ours.test(option));
  return [address, `password=${password}`, "ssl=True", "abortConnect=False", ...kept].join(",");
}

const described = (current: SecretValue | undefined, run: string): SecretDescription => ({
  contentType: current?.contentType,
  enabled: true,
  notBeforeAt: undefined,
  expiresAt: current?.expiresAt,
  tags: { ...current?.tags, "mcp-dr-run": run },
});
