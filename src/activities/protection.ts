import { classifyError } from "../azure/classify-error.js";
import type { ContainerRegistries } from "../azure/container-registries.js";
import type { DiagnosticSettings } from "../azure/diagnostic-settings.js";
import type { KeyVaults, VaultView } from "../azure/key-vault.js";
import { exportsItself, type CacheView, type RedisCaches } from "../azure/redis-caches.js";
import type { DataProtection, StorageAccounts } from "../azure/storage-accounts.js";
import { seconds } from "../domain/duration.js";
import { terminal } from "../domain/failure.js";
import { missingRedundancy } from "../domain/storage-redundancy.js";
import type { Activity } from "../durable/activity-contract.js";
import type { StateStore } from "../state/state-store.js";
import { ensure } from "./ensure.js";
import { cacheAt } from "./open-cache.js";
import * as contract from "./protection.contract.js";
import { storageInRegion } from "./storage-in-region.js";

/** The name of the setting that sends a vault's audit log to the workspace. */
const auditSetting = "mcp-dr-audit";
/** Logs that hold what was done with secrets. */
const auditLogs = ["audit", "allLogs", "AuditEvent"];
/** Patching is not wanted in the day of the Americas. */
const windowStart = 7;
/** How long a changed setting may take to be read as that. */
const settling = seconds(5);
/** The same for persistence, which Azure works on for minutes. */
const persistenceSettling = seconds(60);

/** What a backup ensures about the settings of what it backs up. */
export function protectionActivities({
  vaults,
  diagnostics,
  accounts,
  caches,
  registries,
  store,
}: {
  readonly vaults: KeyVaults;
  readonly diagnostics: DiagnosticSettings;
  readonly accounts: StorageAccounts;
  readonly caches: RedisCaches;
  readonly registries: ContainerRegistries;
  readonly store: StateStore;
}): readonly Activity[] {
  const vaultAt = async (id: string): Promise<VaultView> => {
    const view = await vaults.vault(id);
    if (view === undefined) throw terminal("vault-missing", `${id} does not exist`);
    return view;
  };
  return [
    contract.protectVault.implementedBy(classifyError, async (wanted, context) => {
      const { vault, purgeProtection, retentionDays } = wanted;
      const { rolesDecide, retentionDays: days } = await vaultAt(vault);
      const drift = [
        ...(rolesDecide ? [] : ["access policies decide instead of roles"]),
        ...(days < retentionDays
          ? [
              `deleted secrets are kept for ${days} days; that cannot be changed for a vault that exists`,
            ]
          : []),
      ];
      const turnedOn = {
        changed: true,
        drift,
        detail: said(["purge protection turned on"], drift),
      };
      return ensure(store, context, contract.protectVault, {
        resource: vault,
        plan: () => turnedOn,
        onRepeat: "repeat",
        settling,
        observe: async () =>
          !purgeProtection || (await vaultAt(vault)).purgeProtection
            ? { changed: false, drift, detail: said([], drift) }
            : undefined,
        act: async () => {
          await vaults.change(vault, { purgeProtection: true });
          return turnedOn;
        },
      });
    }),

    contract.auditVault.implementedBy(classifyError, ({ vault, workspace }, context) => {
      const turnedOn = { changed: true, detail: "audit logging turned on" };
      return ensure(store, context, contract.auditVault, {
        resource: vault,
        plan: () => turnedOn,
        onRepeat: "repeat",
        settling,
        observe: async () => {
          const isAudited = (await diagnostics.of(vault)).some(
            ({ workspaceId, logs }) =>
              workspaceId?.toLowerCase() === workspace.toLowerCase() &&
              logs.some(({ name }) => auditLogs.includes(name)),
          );
          return isAudited ? { changed: false, detail: "its audit log flows" } : undefined;
        },
        act: async () => {
          await diagnostics.put(vault, {
            name: auditSetting,
            workspaceId: workspace,
            storageAccountId: undefined,
            logs: [{ kind: "group", name: "audit" }],
            metrics: false,
          });
          return turnedOn;
        },
      });
    }),

    contract.protectAccount.implementedBy(classifyError, async (wanted, context) => {
      const { account, retentionDays, redundant } = wanted;
      const view = await accounts.account(account);
      if (view === undefined) throw terminal("account-missing", `${account} does not exist`);
      const missing = redundant
        ? missingRedundancy(view.sku, view.conversionInProgress)
        : undefined;
      const drift = missing === undefined ? [] : [missing];
      const lacking = lackOf(await accounts.dataProtection(account), retentionDays);
      const turnedOn = {
        changed: true,
        drift,
        detail: said([`turned on: ${lacking.join(", ")}`], drift),
      };
      return ensure(store, context, contract.protectAccount, {
        resource: account,
        plan: () => turnedOn,
        onRepeat: "repeat",
        settling,
        observe: async () =>
          lackOf(await accounts.dataProtection(account), retentionDays).length === 0
            ? { changed: false, drift, detail: said([], drift) }
            : undefined,
        act: async () => {
          await accounts.protect(account, retentionDays);
          return turnedOn;
        },
      });
    }),

    contract.keepImages.implementedBy(classifyError, ({ registry, retentionDays }, context) => {
      const kept = {
        changed: true,
        detail: `images without a tag are kept for ${retentionDays} days`,
      };
      return ensure(store, context, contract.keepImages, {
        resource: registry,
        plan: () => kept,
        onRepeat: "repeat",
        settling,
        observe: async () => {
          const found = await registries.registry(registry);
          if (found === undefined) throw terminal("registry-missing", `${registry} does not exist`);
          const days = found.retentionDays;
          return days === undefined || days >= retentionDays
            ? { changed: false, detail: said([], []) }
            : undefined;
        },
        act: async () => {
          await registries.setRetention(registry, retentionDays);
          return kept;
        },
      });
    }),

    contract.protectCache.implementedBy(classifyError, async (wanted, context) => {
      const { cache, windowHours, storage } = wanted;
      const drift = await keptAfterRemoval(accounts, storage, await cacheAt(caches, cache));
      const set = {
        changed: true,
        drift,
        detail: said([`maintenance window of ${windowHours} h set`], drift),
      };
      return ensure(store, context, contract.protectCache, {
        resource: cache,
        plan: () => set,
        onRepeat: "repeat",
        settling,
        observe: async () => {
          const windows = await caches.windows(cache);
          return windows === undefined || isEnough(windows, windowHours)
            ? { changed: false, drift, detail: said([], drift) }
            : undefined;
        },
        act: async () => {
          const longer = ((await caches.windows(cache)) ?? []).map((each) => ({
            ...each,
            hours: Math.max(each.hours, windowHours),
          }));
          const sunday = { day: "Sunday", startHour: windowStart, hours: windowHours };
          await caches.setWindows(cache, longer.length > 0 ? longer : [sunday]);
          return set;
        },
      });
    }),

    contract.persistCache.implementedBy(classifyError, ({ cache, storage }, context) => {
      const begun = { changed: true, drift: [], detail: "hourly persistence begun" };
      return ensure(store, context, contract.persistCache, {
        resource: cache,
        plan: () => begun,
        onRepeat: "repeat",
        settling: persistenceSettling,
        observe: async () => {
          const { persistence, linked, kind, hasIdentity } = await cacheAt(caches, cache);
          const drift =
            kind === "classic" && !hasIdentity
              ? [
                  "persistence is off, and the cache has no identity to reach a storage account with",
                ]
              : [];
          if (persistence !== "none" || linked) {
            return { changed: false, drift: [], detail: said([], []) };
          }
          return drift.length > 0 ? { changed: false, drift, detail: said([], drift) } : undefined;
        },
        act: async () => {
          const { location } = await cacheAt(caches, cache);
          const { blobEndpoint } = await storageInRegion(accounts, storage, location);
          return { ...begun, operation: await caches.startPersistence(cache, blobEndpoint) };
        },
      });
    }),
  ];
}

const said = (done: readonly string[], drift: readonly string[]): string =>
  [...done, ...drift].join("; ") || "as it should be";

const lackOf = (found: DataProtection, retentionDays: number): readonly string[] => [
  ...(found.versioning ? [] : ["versions"]),
  ...(found.blobRetentionDays < retentionDays
    ? [`soft deletion of blobs for ${retentionDays} days`]
    : []),
  ...(found.containerRetentionDays < retentionDays
    ? [`soft deletion of containers for ${retentionDays} days`]
    : []),
];

const isEnough = (windows: readonly { readonly hours: number }[], hours: number): boolean =>
  windows.length > 0 && windows.every((each) => each.hours >= hours);

/** Soft deletion keeps a copy of all keys for every export that was removed. */
async function keptAfterRemoval(
  accounts: StorageAccounts,
  storage: Parameters<typeof storageInRegion>[1],
  view: CacheView,
): Promise<string[]> {
  if (!exportsItself(view)) return [];
  const { id, name } = await storageInRegion(accounts, storage, view.location);
  const { blobRetentionDays, containerRetentionDays } = await accounts.dataProtection(id);
  const days =
    view.kind === "managed"
      ? Math.max(blobRetentionDays, containerRetentionDays)
      : blobRetentionDays;
  if (days === 0) return [];
  return [
    `its exports pass through ${name}, which keeps each as deleted for ${days} days; name one of its region without soft deletion as redis.staging in the estate`,
  ];
}
