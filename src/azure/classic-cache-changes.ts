import type { TokenCredential } from "@azure/identity";
import { terminal } from "../domain/failure.js";
import { parseResourceId } from "../domain/resource-id.js";
import type { AzureSettings } from "./azure-settings.js";
import type { CacheChanges } from "./cache-changes.js";
import { cacheFor, redisManagement } from "./redis-management.js";

/** Azure Cache for Redis: Basic, Standard and Premium. */
export function classicCacheChanges(
  settings: AzureSettings,
  credential: () => Promise<TokenCredential>,
): CacheChanges {
  const client = redisManagement(settings, credential);
  const at = (id: string) => cacheFor(client, id);
  const limit = () => ({ abortSignal: AbortSignal.timeout(settings.callTimeLimit) });

  return {
    async standing(id) {
      const { azure, group, name } = await at(id);
      try {
        const { provisioningState, tags, shardCount, sku } = await azure.redis.get(
          group,
          name,
          limit(),
        );
        return {
          provisioningState: provisioningState ?? "Unknown",
          tags: { ...tags },
          shards: shardCount ?? 0,
          hasReplica: sku.name !== "Basic",
          database: "none",
        };
      } catch (error) {
        if ((error as { statusCode?: unknown }).statusCode === 404) return undefined;
        throw error;
      }
    },

    async inGroup(group) {
      const [, , subscription = "", , name = ""] = group.split("/");
      const azure = await client(subscription);
      const found: string[] = [];
      for await (const { id } of azure.redis.listByResourceGroup(name, limit())) {
        if (id !== undefined) found.push(id);
      }
      return found;
    },

    async keys(id) {
      const { azure, group, name } = await at(id);
      const { primaryKey, secondaryKey } = await azure.redis.listKeys(group, name, limit());
      if (primaryKey === undefined || secondaryKey === undefined) {
        throw terminal("no-key", `${name} does not show both keys`);
      }
      return { primary: primaryKey, secondary: secondaryKey };
    },

    async regenerateKey(id, key) {
      const { azure, group, name } = await at(id);
      const keyType = key === "primary" ? "Primary" : "Secondary";
      await azure.redis.regenerateKey(group, name, { keyType }, limit());
    },

    async rebootPrimary(id, shard) {
      const { azure, group, name } = await at(id);
      const which = { rebootType: "PrimaryNode", ...(shard !== undefined && { shardId: shard }) };
      await azure.redis.forceReboot(group, name, which, limit());
    },

    async rebootAll(id) {
      const { azure, group, name } = await at(id);
      await azure.redis.forceReboot(group, name, { rebootType: "AllNodes" }, limit());
    },

    async links(id) {
      const { azure, group, name } = await at(id);
      const found = [];
      for await (const link of azure.linkedServer.list(group, name, limit())) {
        const { linkedRedisCacheId: other, serverRole, provisioningState: state = "" } = link;
        if (other === undefined) continue;
        // The role is the other one's.
        found.push({
          other,
          role: serverRole === "Secondary" ? "primary" : "secondary",
          state,
        } as const);
      }
      return found;
    },

    async unlink(asked, linked) {
      const { azure, group, name } = await at(asked);
      const other = parseResourceId(linked)?.name ?? linked;
      await azure.linkedServer.beginDelete(group, name, other, limit());
    },

    async link(primary, { id, location }) {
      const { azure, group, name } = await at(primary);
      const body = {
        linkedRedisCacheId: id,
        linkedRedisCacheLocation: location,
        serverRole: "Secondary",
      } as const;
      await azure.linkedServer.beginCreate(
        group,
        name,
        parseResourceId(id)?.name ?? id,
        body,
        limit(),
      );
    },

    async stopPersistence(id) {
      const { azure, group, name } = await at(id);
      const redisConfiguration = { rdbBackupEnabled: "false", aofBackupEnabled: "false" };
      await azure.redis.beginUpdate(group, name, { redisConfiguration }, limit());
    },

    async create(id, { location, tags, size }) {
      const { azure, group, name } = await at(id);
      const [, tier = "", family = "", capacity = ""] = /^(\w+)_([CP])(\d)$/.exec(size) ?? [];
      await azure.redis.beginCreate(
        group,
        name,
        {
          location,
          tags: { ...tags },
          sku: { name: tier, family, capacity: Number(capacity) },
          minimumTlsVersion: "1.2",
          enableNonSslPort: false,
        },
        limit(),
      );
    },

    createDatabase: (id) =>
      Promise.reject(terminal("no-database", `${id} has no database of its own`)),
  };
}
