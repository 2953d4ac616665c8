import type { RedisResource } from "@azure/arm-rediscache" with { "resolution-mode": "import" };
import type { TokenCredential } from "@azure/identity";
import { terminal } from "../domain/failure.js";
import type { AzureSettings } from "./azure-settings.js";
import type { OperationState } from "./arm-operation.js";
import {
  type CacheView,
  type MaintenanceWindow,
  type RedisCaches,
  shortRegion,
} from "./redis-caches.js";
import { cacheFor, redisManagement } from "./redis-management.js";

/** What a serialized poller belongs to; each kind is taken up by its own method. */
type Work = "export" | "import" | "update";

/** Azure Cache for Redis: Basic, Standard and Premium. */
export function classicRedis(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
): RedisCaches {
  const client = redisManagement(settings, credential);
  const limit = () => ({ abortSignal: AbortSignal.timeout(settings.callTimeLimit) });
  const at = (id: string) => cacheFor(client, id);
  /** Begins an operation, or asks once how one stands that was begun in another process. */
  const work = async (
    id: string,
    { kind, ...given }: Begun,
    resumeFrom?: string,
  ): Promise<{ readonly done: boolean; readonly token: string }> => {
    const { azure, group, name } = await at(id);
    const options = { ...limit(), ...(resumeFrom === undefined ? {} : { resumeFrom }) };
    // The SDK looks once by itself, right after the request that begins the operation.
    const poller =
      kind === "export"
        ? await azure.redis.beginExportData(group, name, given as Export, options)
        : kind === "import"
          ? await azure.redis.beginImportData(group, name, given as Import, options)
          : await azure.redis.beginUpdate(group, name, given as Update, options);
    return { done: poller.isDone(), token: `${kind} ${poller.toString()}` };
  };
  const begin = async (id: string, begun: Begun): Promise<string> => (await work(id, begun)).token;

  return {
    async cache(id) {
      const { azure, group, name } = await at(id);
      try {
        return viewOf(id, await azure.redis.get(group, name, limit()));
      } catch (error) {
        if ((error as { statusCode?: unknown }).statusCode === 404) return undefined;
        throw error;
      }
    },

    async key(id) {
      const { azure, group, name } = await at(id);
      const { primaryKey } = await azure.redis.listKeys(group, name, limit());
      if (primaryKey === undefined) throw terminal("no-key", `${name} shows no key`);
      return primaryKey;
    },

    async windows(id) {
      const { azure, group, name } = await at(id);
      try {
        const { scheduleEntries } = await azure.patchSchedules.get(group, name, "default", limit());
        return scheduleEntries.map(windowOf);
      } catch (error) {
        if ((error as { statusCode?: unknown }).statusCode === 404) return [];
        throw error;
      }
    },

    async setWindows(id, windows) {
      const { azure, group, name } = await at(id);
      const scheduleEntries = windows.map(({ day, startHour, hours }) => ({
        dayOfWeek: day as "Everyday",
        startHourUtc: startHour,
        maintenanceWindow: `PT${hours}H`,
      }));
      await azure.patchSchedules.createOrUpdate(
        group,
        name,
        "default",
        { scheduleEntries },
        limit(),
      );
    },

    async startPersistence(id, blobEndpoint) {
      const redisConfiguration = {
        rdbStorageConnectionString: `BlobEndpoint=${blobEndpoint}`,
        rdbBackupEnabled: "true",
        rdbBackupFrequency: "60",
        preferredDataPersistenceAuthMethod: "ManagedIdentity",
      };
      return begin(id, { kind: "update", redisConfiguration });
    },

    startExport: (id, { container, prefix, byIdentity }) =>
      begin(id, {
        kind: "export",
        format: "RDB",
        container,
        prefix,
        preferredDataArchiveAuthMethod: byIdentity ? "ManagedIdentity" : "SAS",
      }),

    startImport: (id, { files, byIdentity }) =>
      begin(id, {
        kind: "import",
        format: "RDB",
        files: [...files],
        preferredDataArchiveAuthMethod: byIdentity ? "ManagedIdentity" : "SAS",
      }),

    async operation(id, token): Promise<OperationState> {
      const space = token.indexOf(" ");
      const kind = token.slice(0, space) as Work;
      // Nothing of it is sent again, so it need not be what it was: a SAS is in no poller.
      const given: Begun =
        kind === "export"
          ? { kind, container: "", prefix: "" }
          : kind === "import"
            ? { kind, files: [] }
            : { kind };
      try {
        const seen = await work(id, given, token.slice(space + 1));
        return seen.done ? { state: "succeeded" } : { state: "running", token: seen.token };
      } catch (error) {
        const message = failureOf(error);
        if (message === undefined) throw error;
        return { state: "failed", message };
      }
    },
  };
}

interface Archive {
  readonly format?: string;
  readonly preferredDataArchiveAuthMethod?: string;
}
type Export = Archive & { container: string; prefix: string };
type Import = Archive & { files: string[] };
interface Update {
  readonly redisConfiguration?: Readonly<Record<string, string>>;
}
type Begun =
  | ({ readonly kind: "export" } & Export)
  | ({ readonly kind: "import" } & Import)
  | ({ readonly kind: "update" } & Update);

/** The SDK throws for an operation that failed; the provider answers 409 for some. Undefined if it is neither. */
function failureOf(error: unknown): string | undefined {
  const { message, statusCode } = error as { message?: unknown; statusCode?: unknown };
  if (typeof message !== "string") return undefined;
  if (statusCode === 409) return message;
  return /operation has (failed|been canceled)/i.test(message) ? message : undefined;
}

function viewOf(id: string, resource: RedisResource): CacheView {
  const { name = "", location, sku, redisConfiguration: settings, hostName, sslPort } = resource;
  if (hostName === undefined || sslPort === undefined) {
    throw terminal("no-address", `${name} shows no address yet`);
  }
  return {
    id,
    name,
    kind: "classic",
    tier: sku.name,
    location: shortRegion(location),
    provisioningState: resource.provisioningState ?? "Unknown",
    host: hostName,
    port: sslPort,
    hasIdentity: (resource.identity?.type ?? "None") !== "None",
    linked: (resource.linkedServers ?? []).length > 0,
    persistence:
      sku.name !== "Premium"
        ? "not-in-this-tier"
        : settings?.rdbBackupEnabled === "true"
          ? "rdb"
          : settings?.aofBackupEnabled === "true"
            ? "aof"
            : "none",
  };
}

function windowOf(entry: {
  dayOfWeek: string;
  startHourUtc: number;
  maintenanceWindow?: string;
}): MaintenanceWindow {
  const [, days = "0", hours = "0"] =
    /^P(?:(\d+)D)?(?:T(?:(\d+)H)?.*)?$/.exec(entry.maintenanceWindow ?? "PT5H") ?? [];
  return {
    day: entry.dayOfWeek,
    startHour: entry.startHourUtc,
    hours: Number(days) * 24 + Number(hours),
  };
}
