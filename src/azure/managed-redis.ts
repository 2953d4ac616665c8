import { z } from "zod";
import { terminal } from "../domain/failure.js";
import { parseResourceId } from "../domain/resource-id.js";
import type { ArmRest } from "./arm-rest.js";
import { type RedisCaches, shortRegion } from "./redis-caches.js";

const API_VERSION = "2025-07-01";

const Cluster = z.looseObject({
  name: z.string(),
  location: z.string(),
  sku: z.looseObject({ name: z.string() }),
  properties: z.looseObject({
    provisioningState: z.string().nullish(),
    hostName: z.string().nullish(),
  }),
});
const Database = z.looseObject({
  properties: z.looseObject({
    port: z.int(),
    provisioningState: z.string().nullish(),
    persistence: z
      .looseObject({ aofEnabled: z.boolean().nullish(), rdbEnabled: z.boolean().nullish() })
      .nullish(),
    geoReplication: z.looseObject({ linkedDatabases: z.array(z.unknown()).nullish() }).nullish(),
  }),
});
const Keys = z.looseObject({ primaryKey: z.string() });

/** Azure Managed Redis: a cluster with one database, `default`. No SDK covers its current version. */
export function managedRedis(arm: ArmRest): RedisCaches {
  const database = (id: string): string => `${id}/databases/default`;
  const began = (operation: string | undefined, what: string): string => {
    if (operation === undefined)
      throw terminal("no-operation", `${what} began without an operation`);
    return operation;
  };
  return {
    async cache(id) {
      const [cluster, below] = await Promise.all([
        unlessMissing(() => arm.get(id, API_VERSION)),
        unlessMissing(() => arm.get(database(id), API_VERSION)),
      ]);
      if (cluster === undefined || below === undefined) return undefined;
      const { name, location, sku, properties } = Cluster.parse(cluster);
      const { port, persistence, geoReplication, ...rest } = Database.parse(below).properties;
      if (typeof properties.hostName !== "string") {
        throw terminal("no-address", `${name} shows no address yet`);
      }
      const states = [properties.provisioningState, rest.provisioningState];
      const unsettled = states.find((state) => state !== "Succeeded");
      return {
        id,
        name,
        kind: "managed",
        tier: sku.name,
        location: shortRegion(location),
        provisioningState: unsettled ?? "Succeeded",
        host: properties.hostName,
        port,
        // An identity it may have, but its export and its import know URLs with a SAS alone.
        hasIdentity: false,
        linked: (geoReplication?.linkedDatabases ?? []).length > 1,
        persistence:
          persistence?.rdbEnabled === true
            ? "rdb"
            : persistence?.aofEnabled === true
              ? "aof"
              : "none",
      };
    },

    async key(id) {
      const { body } = await arm.send("POST", `${database(id)}/listKeys`, API_VERSION);
      return Keys.parse(body).primaryKey;
    },

    // Its maintenance windows are not part of this version of the interface.
    windows: () => Promise.resolve(undefined),
    setWindows: (id) =>
      Promise.reject(terminal("no-maintenance-window", `${nameOf(id)} has no such setting`)),

    async startPersistence(id) {
      const persistence = { rdbEnabled: true, rdbFrequency: "1h" };
      const { operation } = await arm.send("PATCH", database(id), API_VERSION, {
        properties: { persistence },
      });
      return began(operation, "the change");
    },

    async startExport(id, { container }) {
      const { operation } = await arm.send("POST", `${database(id)}/export`, API_VERSION, {
        sasUri: container,
      });
      return began(operation, "the export");
    },

    async startImport(id, { files }) {
      const { operation } = await arm.send("POST", `${database(id)}/import`, API_VERSION, {
        sasUris: files,
      });
      return began(operation, "the import");
    },

    operation: (_id, token) => arm.operation(token),
  };
}

const nameOf = (id: string): string => parseResourceId(id)?.name ?? id;

/** What was asked for, or undefined where ARM knows no such resource. */
export async function unlessMissing(ask: () => Promise<unknown>): Promise<unknown> {
  try {
    return await ask();
  } catch (error) {
    if ((error as { statusCode?: unknown }).statusCode === 404) return undefined;
    throw error;
  }
}
