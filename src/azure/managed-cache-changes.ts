import { z } from "zod";
import { terminal } from "../domain/failure.js";
import type { ArmRest } from "./arm-rest.js";
import type { CacheChanges } from "./cache-changes.js";
import { unlessMissing } from "./unless-missing.js";

const API_VERSION = "2025-07-01";

const Cluster = z.looseObject({
  tags: z.record(z.string(), z.string()).nullish(),
  properties: z.looseObject({ provisioningState: z.string().nullish() }),
});
const Database = z.looseObject({
  properties: z.looseObject({
    provisioningState: z.string().nullish(),
    geoReplication: z
      .looseObject({
        linkedDatabases: z
          .array(z.looseObject({ id: z.string(), state: z.string().nullish() }))
          .nullish(),
      })
      .nullish(),
  }),
});
const Keys = z.looseObject({ primaryKey: z.string(), secondaryKey: z.string() });
const List = z.looseObject({ value: z.array(z.looseObject({ id: z.string() })) });

/** Azure Managed Redis: a cluster with one database, `default`. */
export function managedCacheChanges(arm: ArmRest): CacheChanges {
  const database = (id: string): string => `${id}/databases/default`;
  const databaseAt = async (id: string) => {
    const found = await unlessMissing(() => arm.get(database(id), API_VERSION));
    return found === undefined ? undefined : Database.parse(found).properties;
  };
  const never = (what: string) => () =>
    Promise.reject(terminal("not-of-this-kind", `Azure Managed Redis has no ${what}`));

  return {
    async standing(id) {
      const [cluster, below] = await Promise.all([
        unlessMissing(() => arm.get(id, API_VERSION)),
        databaseAt(id),
      ]);
      if (cluster === undefined) return undefined;
      const { tags, properties } = Cluster.parse(cluster);
      const states = [properties.provisioningState, below?.provisioningState ?? "Succeeded"];
      return {
        provisioningState: states.find((state) => state !== "Succeeded") ?? "Succeeded",
        tags: { ...tags },
        shards: 0,
        hasReplica: true,
        database: below === undefined ? "missing" : "there",
      };
    },

    async inGroup(group) {
      const path = `${group}/providers/Microsoft.Cache/redisEnterprise`;
      return List.parse(await arm.get(path, API_VERSION)).value.map(({ id }) => id);
    },

    async keys(id) {
      const { body } = await arm.send("POST", `${database(id)}/listKeys`, API_VERSION);
      const { primaryKey, secondaryKey } = Keys.parse(body);
      return { primary: primaryKey, secondary: secondaryKey };
    },

    async regenerateKey(id, key) {
      const keyType = key === "primary" ? "Primary" : "Secondary";
      await arm.send("POST", `${database(id)}/regenerateKey`, API_VERSION, { keyType });
    },

    rebootPrimary: never("reboot"),
    rebootAll: never("reboot"),

    async links(id) {
      const members = (await databaseAt(id))?.geoReplication?.linkedDatabases ?? [];
      return members
        .map((member) => ({
          other: member.id.replace(/\/databases\/default$/i, ""),
          role: "member" as const,
          state: member.state ?? "",
        }))
        .filter(({ other }) => other.toLowerCase() !== id.toLowerCase());
    },

    unlink: never("passive link"),
    link: never("passive link"),
    stopPersistence: never("passive link that persistence stands against"),

    async create(id, { location, tags, size }) {
      await arm.put(id, API_VERSION, {
        location,
        tags,
        sku: { name: size },
        properties: {
          publicNetworkAccess: "Enabled",
          minimumTlsVersion: "1.2",
          highAvailability: "Enabled",
        },
      });
    },

    async createDatabase(id) {
      await arm.put(database(id), API_VERSION, {
        properties: {
          clientProtocol: "Encrypted",
          // One address, as the cache that it stands in for had: an application need know no cluster.
          clusteringPolicy: "EnterpriseCluster",
          evictionPolicy: "VolatileLRU",
          accessKeysAuthentication: "Enabled",
        },
      });
    },
  };
}
