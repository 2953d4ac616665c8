import { terminal } from "../domain/failure.js";
import { parseResourceId } from "../domain/resource-id.js";

/** A cache as its resource provider shows it, be it still in the making. */
export interface CacheStanding {
  /** `Succeeded` once it can be used, with its database where it has one of its own. */
  readonly provisioningState: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Of a cluster; 0 for a cache that is none. */
  readonly shards: number;
  /** Whether a node stands in while the primary one reboots. */
  readonly hasReplica: boolean;
  /** Azure Managed Redis alone: its database is made after the cluster. */
  readonly database: "none" | "missing" | "there";
}

/** Another cache with the same data. */
export interface CacheLink {
  /** ARM id of the other cache. */
  readonly other: string;
  /** What this cache is in the pair; both members of an active-active group are written to. */
  readonly role: "primary" | "secondary" | "member";
  readonly state: string;
}

export type KeyName = "primary" | "secondary";

/** A cache to be made: TLS alone, and nothing in it. */
export interface NewCache {
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Such as `Premium_P1` or `Balanced_B5`. */
  readonly size: string;
}

/** What recoveries change about caches. Long operations are begun; the cache itself shows their end. */
export interface CacheChanges {
  /** Undefined if there is no such cache. */
  standing(id: string): Promise<CacheStanding | undefined>;
  /** Ids of the caches of a resource group. */
  inGroup(group: string): Promise<readonly string[]>;
  /** Both keys; they stay inside the activity that asked. */
  keys(id: string): Promise<Readonly<Record<KeyName, string>>>;
  /** Whoever uses the old key is locked out at once. */
  regenerateKey(id: string, key: KeyName): Promise<void>;
  /** The primary node alone, of one shard where the cache is a cluster. */
  rebootPrimary(id: string, shard: number | undefined): Promise<void>;
  /** All nodes at once: what is in memory alone is lost. Azure Cache for Redis alone. */
  rebootAll(id: string): Promise<void>;
  links(id: string): Promise<readonly CacheLink[]>;
  /** Ends a link at either of its two caches: the secondary becomes one of its own, with what it has by then. */
  unlink(at: string, other: string): Promise<void>;
  /** The secondary loses what it holds and becomes a copy. */
  link(
    primary: string,
    secondary: { readonly id: string; readonly location: string },
  ): Promise<void>;
  /** Caches that save themselves cannot be linked. */
  stopPersistence(id: string): Promise<void>;
  create(id: string, wanted: NewCache): Promise<void>;
  /** Azure Managed Redis alone. */
  createDatabase(id: string): Promise<void>;
}

/** Both kinds of caches behind one interface; a cache's id says which it is. */
export function cacheChanges(classic: CacheChanges, managed: CacheChanges): CacheChanges {
  const of = (id: string): CacheChanges => {
    const type = parseResourceId(id)?.type;
    if (type === "microsoft.cache/redis") return classic;
    if (type === "microsoft.cache/redisenterprise") return managed;
    throw terminal("invalid-resource-id", `"${id}" is no id of a cache`);
  };
  return {
    standing: async (id) => of(id).standing(id),
    inGroup: async (group) =>
      (await Promise.all([classic.inGroup(group), managed.inGroup(group)])).flat(),
    keys: async (id) => of(id).keys(id),
    regenerateKey: async (id, key) => of(id).regenerateKey(id, key),
    rebootPrimary: async (id, shard) => of(id).rebootPrimary(id, shard),
    rebootAll: async (id) => of(id).rebootAll(id),
    links: async (id) => of(id).links(id),
    unlink: async (at, other) => of(at).unlink(at, other),
    link: async (primary, secondary) => of(primary).link(primary, secondary),
    stopPersistence: async (id) => of(id).stopPersistence(id),
    create: async (id, wanted) => of(id).create(id, wanted),
    createDatabase: async (id) => of(id).createDatabase(id),
  };
}
