import { keyOf } from "../arm/resource-id.js";
import type { Operable } from "../arm/resource-operation.js";
import { badRequest } from "../redis/rules.js";
import { Refusal } from "../server/refusal.js";
import type { World } from "../world/world.js";
import { policyOf } from "./lifecycle.js";
import { type DatabaseProperties, isRetiredSku } from "./schema.js";
import type { ManagedCluster, ManagedDatabase } from "./state.js";

/** Refuses a change while another one is under way. */
export function checkIdle({ id, operation }: Operable): void {
  if (operation === undefined) return;
  throw new Refusal(
    409,
    "Conflict",
    `The resource '${id}' is busy processing a previous update request. Please try again later.`,
  );
}

export function checkName(name: string, world: World): void {
  if (!/^(?=.{1,60}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*$/.test(name)) {
    throw badRequest(`The name '${name}' is not valid.`);
  }
  const taken = [...world.managedRedis.values()].some((one) => keyOf(one.name) === keyOf(name));
  if (taken) throw new Refusal(409, "NameNotAvailable", "The specified name is not available.");
}

/** Enterprise SKUs share the type and are retired; the words are those that deployments are answered with. */
export function checkSku(name: string): void {
  if (!isRetiredSku(name)) return;
  throw badRequest(
    "Creation of new Azure Cache for Redis Enterprise resources is no longer supported. Azure Cache for Redis Enterprise is retiring, please create Azure Managed Redis instead.",
  );
}

/** What must hold in a description of a database. */
export function checkDatabase(properties: DatabaseProperties, cluster: ManagedCluster): void {
  const { persistence, geoReplication, modules, clientProtocol } = properties;
  if (persistence?.aofEnabled === true && persistence.rdbEnabled === true) {
    throw badRequest("At most one of AOF or RDB persistence may be enabled.");
  }
  if (clientProtocol === "Plaintext") throw notSimulated("clientProtocol Plaintext");
  if (modules && modules.length > 0) throw notSimulated("modules");
  if (geoReplication === undefined) return;
  const { name } = cluster.envelope.sku;
  if (/_B[01]$/.test(name) || name.startsWith("Flash")) {
    throw badRequest(`Geo-replication is not available for the SKU ${name}.`);
  }
  if (persistence?.aofEnabled === true || persistence?.rdbEnabled === true) {
    throw badRequest("Geo-replication cannot be combined with persistence.");
  }
  // The members share one server, which could announce one member's port alone.
  if (policyOf(properties) === "OSSCluster") {
    throw notSimulated("geo-replication with the clustering policy OSSCluster");
  }
}

/** What may be changed of a database that is there. */
export function checkChange(database: ManagedDatabase, to: DatabaseProperties): void {
  const before = database.properties;
  checkDatabase(to, database.cluster);
  if (policyOf(before) !== policyOf(to)) {
    if (policyOf(before) !== "NoCluster") {
      throw badRequest("The clustering policy cannot be changed once it is set.");
    }
    throw notSimulated("a change of the clustering policy");
  }
  if (JSON.stringify(to.geoReplication) !== JSON.stringify(before.geoReplication)) {
    throw badRequest("geoReplication can only be set when the database is created.");
  }
}

function notSimulated(what: string): Refusal {
  return new Refusal(501, "NotSimulated", `${what} is not simulated.`);
}
