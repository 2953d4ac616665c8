import { keyOf } from "../arm/resource-id.js";
import type { World } from "../world/world.js";

/** What an application needs to connect to a cache. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly password: string;
  readonly ssl: boolean;
}

/** A connection string as the clients of StackExchange.Redis have it. */
function connectionString({ host, port, password, ssl }: Connection): string {
  return `${host}:${port},password=${password},ssl=${ssl ? "True" : "False"},abortConnect=False`;
}

/** The connection string of a cache of either kind, with its primary key; undefined where there is no such cache. */
export function connectionStringOf(
  cacheId: string,
  { redisCaches, managedRedis }: Pick<World, "redisCaches" | "managedRedis">,
): string | undefined {
  const classic = redisCaches.get(keyOf(cacheId));
  const database = managedRedis.get(keyOf(cacheId))?.database;
  const port = (classic?.shards[0] ?? database)?.endpoint.port;
  const keys = (classic ?? database)?.keys;
  if (port === undefined || keys === undefined) return undefined;
  return connectionString({ host: "localhost", port, password: keys.primary, ssl: true });
}

/** Undefined where a text is no connection string. */
export function parseConnectionString(text: string): Connection | undefined {
  const [address = "", ...options] = text.split(",");
  const [, host = "", port = ""] = /^([^:=\s]+):(\d{1,5})$/.exec(address.trim()) ?? [];
  if (host === "") return undefined;
  const of = (name: string): string | undefined => {
    const prefix = `${name}=`;
    const option = options.find((one) => one.trim().toLowerCase().startsWith(prefix));
    return option?.trim().slice(prefix.length);
  };
  return {
    host: host.toLowerCase(),
    port: Number(port),
    password: of("password") ?? "",
    ssl: of("ssl")?.toLowerCase() === "true",
  };
}
