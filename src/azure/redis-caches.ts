import type { OperationState } from "./arm-operation.js";
import { terminal } from "../domain/failure.js";
import { parseResourceId } from "../domain/resource-id.js";

/** A cache of either kind as its resource provider shows it. */
export interface CacheView {
  readonly id: string;
  readonly name: string;
  /** Azure Cache for Redis, or Azure Managed Redis. */
  readonly kind: "classic" | "managed";
  /** `Basic`, `Standard`, `Premium`, or the name of a managed size such as `Balanced_B5`. */
  readonly tier: string;
  /** As ARM writes it in short: `eastus`. */
  readonly location: string;
  readonly provisioningState: string;
  readonly host: string;
  /** Its TLS port. */
  readonly port: number;
  /** Whether it reaches a storage account with an identity of its own: Azure Managed Redis never does. */
  readonly hasIdentity: boolean;
  /** Whether it is linked with a cache of another region; such caches have no persistence. */
  readonly linked: boolean;
  readonly persistence: "rdb" | "aof" | "none" | "not-in-this-tier";
}

/** When Azure may patch a cache, in hours of UTC. */
export interface MaintenanceWindow {
  readonly day: string;
  readonly startHour: number;
  readonly hours: number;
}

/** Where an export goes to: a container's URL, which carries a SAS unless the cache uses its identity. */
export interface ExportTarget {
  readonly container: string;
  readonly prefix: string;
  readonly byIdentity: boolean;
}

/** What an import reads: URLs of blobs, which carry a SAS unless the cache uses its identity. */
export interface ImportSource {
  readonly files: readonly string[];
  readonly byIdentity: boolean;
}

/** Caches of one resource provider. Ids are full ARM ids; keys and SAS never leave the activity. */
export interface RedisCaches {
  /** Undefined if there is no such cache. */
  cache(id: string): Promise<CacheView | undefined>;
  key(id: string): Promise<string>;
  /** Undefined where the tier has no such setting. */
  windows(id: string): Promise<readonly MaintenanceWindow[] | undefined>;
  setWindows(id: string, windows: readonly MaintenanceWindow[]): Promise<void>;
  /** Has the cache save itself each hour, into an account by its blob endpoint, with its own identity. */
  startPersistence(id: string, blobEndpoint: string): Promise<string>;
  /** Writes all keys into files; the cache stays online. The same prefix twice overwrites. */
  startExport(id: string, target: ExportTarget): Promise<string>;
  /** Deletes all keys and loads those of files; until it has ended nobody is served. */
  startImport(id: string, source: ImportSource): Promise<string>;
  operation(id: string, token: string): Promise<OperationState>;
}

/** Both kinds of caches behind one interface; a cache's id says which it is. */
export function redisCaches(classic: RedisCaches, managed: RedisCaches): RedisCaches {
  const of = (id: string): RedisCaches => {
    const type = parseResourceId(id)?.type.toLowerCase();
    if (type === "microsoft.cache/redis") return classic;
    if (type === "microsoft.cache/redisenterprise") return managed;
    throw terminal("invalid-resource-id", `"${id}" is no id of a cache`);
  };
  return {
    cache: async (id) => of(id).cache(id),
    key: async (id) => of(id).key(id),
    windows: async (id) => of(id).windows(id),
    setWindows: async (id, windows) => of(id).setWindows(id, windows),
    startPersistence: async (id, blobEndpoint) => of(id).startPersistence(id, blobEndpoint),
    startExport: async (id, target) => of(id).startExport(id, target),
    startImport: async (id, source) => of(id).startImport(id, source),
    operation: async (id, token) => of(id).operation(id, token),
  };
}

/** Whether a cache can write all its keys into files by itself. */
export const exportsItself = ({ kind, tier }: Pick<CacheView, "kind" | "tier">): boolean =>
  kind === "managed" || tier === "Premium";

/** `East US` and `eastus` are one region. */
export const shortRegion = (location: string): string =>
  location.toLowerCase().replaceAll(/\s/g, "");
