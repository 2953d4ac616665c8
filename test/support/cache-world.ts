import { drillExportActivities } from "../../src/activities/drill-export.js";
import { redisBackupActivities } from "../../src/activities/redis-backup.js";
import { redisRestoreActivities } from "../../src/activities/redis-restore.js";
import type { CacheFiles } from "../../src/azure/cache-files.js";
import type { ContainerApps } from "../../src/azure/container-apps.js";
import type { KeyVaults, VaultView } from "../../src/azure/key-vault.js";
import type { CacheView, RedisCaches } from "../../src/azure/redis-caches.js";
import type { RedisConnection, RedisConnections } from "../../src/azure/redis-connection.js";
import type { StorageAccounts, StorageAccountView } from "../../src/azure/storage-accounts.js";
import type { Caller } from "../../src/durable/activity-contract.js";
import { instantOf } from "../../src/domain/instant.js";
import { backups } from "../../src/state/backups.js";
import { stateStore } from "../../src/state/state-store.js";
import { asking } from "./activity-call.js";
import { MemoryBlobs } from "./memory-blobs.js";
import { MemoryContainer, restError } from "./memory-container.js";
import { MemoryVaults } from "./memory-vaults.js";

const id = (type: string, name: string): string =>
  `/subscriptions/s/resourceGroups/g/providers/Microsoft.${type}/${name}`;

export const redis = { primary: id("Cache/redis", "mine"), secondary: id("Cache/redis", "dr") };
export const vault = { primary: id("KeyVault/vaults", "kv") };
export const storage = {
  primary: id("Storage/storageAccounts", "prod"),
  secondary: id("Storage/storageAccounts", "west"),
};
/** An account of the caches' region for their files alone. */
export const staging = id("Storage/storageAccounts", "staging");
export const setsPlace = {
  endpoint: "https://backup.blob.core.windows.net",
  container: "backups",
};
const vaultUri = "https://kv.vault.azure.net/";

/** Two caches, a vault that names one, and accounts of two regions, in memory. */
export function cacheWorld() {
  const blobs = new MemoryBlobs();
  const secrets = new MemoryVaults();
  const container = new MemoryContainer();
  const sets = backups(container, () => container);
  const store = stateStore(new MemoryContainer());
  const viewOf = (cache: string, name: string): CacheView => ({
    id: cache,
    name,
    kind: "classic",
    tier: "Premium",
    location: "eastus",
    provisioningState: "Succeeded",
    host: `${name}.redis.cache.windows.net`,
    port: 6380,
    hasIdentity: true,
    linked: false,
    persistence: "none",
  });
  const world = {
    caches: new Map([
      [redis.primary, viewOf(redis.primary, "mine")],
      [redis.secondary, viewOf(redis.secondary, "dr")],
    ]),
    variables: { KEY_VAULT_URL: vaultUri } as Record<string, string>,
    /** What is in the cache that one connects to. */
    keys: 0,
    marks: new Set<string>(),
    /** What the cache was asked to do, and how the next of that ends. */
    requests: [] as unknown[],
    next: undefined as "lost" | "refused" | undefined,
    operation: { state: "running", token: "poll-2" } as
      | { state: "running"; token: string }
      | { state: "succeeded" }
      | { state: "failed"; message: string },
  };
  secrets.put(vaultUri, "redis", "mine.redis.cache.windows.net:6380,password=secret,ssl=True");

  const request = async (what: unknown, act: () => void): Promise<string> => {
    world.requests.push(what);
    const end = world.next;
    world.next = undefined;
    if (end === "refused") throw restError(429, "TooManyRequests");
    act();
    if (end === "lost") throw restError(503, "ServiceUnavailable");
    return Promise.resolve("poll-1");
  };
  const caches = {
    cache: (cache: string) => Promise.resolve(world.caches.get(cache)),
    key: () => Promise.resolve("secret"),
    startExport: (_cache: string, target: { prefix: string }) =>
      request(target, () => {
        blobs.put({ ...placeOf("redis-backups"), name: `${target.prefix}_c0` }, "REDIS");
      }),
    startImport: (_cache: string, source: unknown) =>
      request(source, () => {
        world.marks.clear();
      }),
    operation: () => Promise.resolve(world.operation),
  } as unknown as RedisCaches;
  const connection = {
    servers: [{ runId: "a", redis: { info: () => Promise.resolve(`db0:keys=${world.keys}`) } }],
    router: {
      exists: (mark: string) => Promise.resolve(world.marks.has(mark) ? 1 : 0),
      set: (mark: string) => Promise.resolve(world.marks.add(mark)),
    },
    clustered: false,
    run: <T>(act: () => Promise<T>) => act(),
    close: () => undefined,
  } as unknown as RedisConnection;
  const connectTo: RedisConnections = () => Promise.resolve(connection);
  const accounts = {
    account: (account: string) => {
      const name = account.slice(account.lastIndexOf("/") + 1);
      const region = name === "west" ? "westus" : "East US";
      const blobEndpoint = `https://${name}.blob.core.windows.net`;
      return Promise.resolve({
        id: account,
        name,
        primaryLocation: region,
        blobEndpoint,
      } as unknown as StorageAccountView);
    },
  } as unknown as StorageAccounts;
  const files: CacheFiles = {
    list: (place, prefix) => {
      const below = `${place.endpoint}/${place.container}/`;
      const found = [...blobs.blobs].flatMap(([name, { bytes }]) =>
        name.startsWith(`${below}${prefix}`)
          ? [{ name: name.slice(below.length), bytes: bytes.byteLength }]
          : [],
      );
      return Promise.resolve(found);
    },
    url: ({ endpoint, container: of }, name) => [endpoint, of, ...(name ? [name] : [])].join("/"),
    signedUrl: ({ endpoint, container: of }, name) =>
      Promise.resolve(`${[endpoint, of, ...(name ? [name] : [])].join("/")}?sig=secret`),
    async *read({ endpoint, container: of, name }, _etag, from, to) {
      const found = blobs.blobs.get(`${endpoint}/${of}/${name}`);
      yield Promise.resolve((found?.bytes ?? Buffer.alloc(0)).subarray(from, to));
    },
    removeContainer: ({ container: of }) => {
      world.requests.push(`remove ${of}`);
      return Promise.resolve();
    },
  };
  const activities = [
    ...redisBackupActivities({
      apps: {
        app: () => Promise.resolve({ variables: world.variables }),
      } as unknown as ContainerApps,
      vaults: {
        vault: () => Promise.resolve({ id: vault.primary, name: "kv", uri: vaultUri } as VaultView),
      } as unknown as KeyVaults,
      secrets,
      caches,
      changes: { inGroup: () => Promise.resolve([]) },
      accounts,
      copies: blobs,
      files,
      store,
      sets: setsPlace,
    }),
    ...redisRestoreActivities(
      { caches, accounts, copies: blobs, files, streams: container, sets, store },
      connectTo,
    ),
    ...drillExportActivities({ caches, sets }, connectTo),
  ];
  return {
    world,
    blobs,
    secrets,
    sets,
    vaultUri,
    ...asking(activities),
    /** The caller that a run is which holds a cache. */
    holding: async (resource: string): Promise<Partial<Caller>> => {
      const wanted = { resource, run: "run-1", scenario: "redis-backup" } as const;
      const claimed = await store.leases.claim(wanted, instantOf(new Date()));
      if (claimed.kind !== "take") throw new Error("no lease");
      return { leases: [{ resource, fencing: claimed.lease.fencing }] };
    },
  };
}

/** A container of the account in the caches' region. */
export const placeOf = (container: string) => ({
  endpoint: "https://prod.blob.core.windows.net",
  container,
});
