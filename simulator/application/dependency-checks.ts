import { storageReachable } from "../blobs/reachable.js";
import { readSecret, type ReadResult } from "../key-vault/readable.js";
import type { World } from "../world/world.js";
import { parseConnectionString } from "../redis-server/connection-string.js";
import { Connections } from "./connections.js";
import type { Check } from "./dependencies.js";
import { redisReachable } from "./redis-reachable.js";

const WELL: Check = { status: "healthy", detail: "ok" };

/**
 * What the application does with its dependencies. It knows them by its variables: `KEY_VAULT_URL`,
 * `STORAGE_ACCOUNT_URL`, and for Redis `REDIS_CONNECTION_STRING` or `REDIS_CONNECTION_SECRET`, the name of a secret of
 * its vault. That secret it reads once, when it starts; the answer knows what has been read.
 */
export function registerDependencies(world: World): Connections {
  const { dependencies } = world;
  dependencies.readSecretsWith((url, principalId) => {
    const result = readReference(world, url, principalId);
    return result.readable ? result.value : undefined;
  });
  dependencies.register("keyVault", ({ env, principalId }) => {
    const vaultUri = env.get("KEY_VAULT_URL");
    if (vaultUri === undefined) return undefined;
    if (principalId === undefined) return ill("the app has no identity to read secrets with");
    const result = readSecret(world, { vaultUri, principalId });
    return result.readable ? WELL : ill(result.reason);
  });
  dependencies.register("storage", ({ env, principalId }) => {
    const url = env.get("STORAGE_ACCOUNT_URL");
    if (url === undefined) return undefined;
    const result = storageReachable(world, url, principalId);
    return result.reachable ? WELL : ill(result.detail);
  });
  const connections = new Connections(world);
  dependencies.register("redis", (application) => {
    const connection = connections.of(application);
    if (connection === undefined) return undefined;
    if (!connection.readable) return ill(`no connection string: ${connection.reason}`);
    const result = redisReachable(world, connection.value ?? "");
    // Which cache it uses is what an operator wants to know after a failover.
    const { host, port } = parseConnectionString(connection.value ?? "") ?? {};
    return result.reachable ? { ...WELL, detail: `ok at ${host}:${port}` } : ill(result.detail);
  });
  return connections;
}

/** Reads what a Key Vault reference of a container app points at, `https://{vault}/secrets/{name}[/{version}]`. */
function readReference(world: World, url: string, principalId: string): ReadResult {
  const { origin, pathname } = new URL(url);
  const [, , secret = "", version = ""] = pathname.split("/");
  return readSecret(world, {
    vaultUri: origin,
    principalId,
    secret,
    ...(version !== "" && { version }),
  });
}

function ill(detail: string): Check {
  return { status: "unhealthy", detail };
}
