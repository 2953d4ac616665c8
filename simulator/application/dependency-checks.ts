import { storageReachable } from "../blobs/reachable.js";
import { readSecret, type ReadResult } from "../key-vault/readable.js";
import type { World } from "../world/world.js";
import { parseConnectionString } from "../redis-server/connection-string.js";
import type { Application, Check } from "./dependencies.js";
import { redisReachable } from "./redis-reachable.js";

const WELL: Check = { status: "healthy", detail: "ok" };

/**
 * What the application does with its dependencies. It knows them by its variables: `KEY_VAULT_URL`,
 * `STORAGE_ACCOUNT_URL`, and for Redis `REDIS_CONNECTION_STRING` or `REDIS_CONNECTION_SECRET`, the name of a secret of
 * its vault. That secret it reads once, when it starts.
 */
export function registerDependencies(world: World): void {
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
}

/** The connection strings that running applications have read. */
class Connections {
  readonly #world: World;
  /** By the variables of a replica: another start is another map. */
  readonly #read = new WeakMap<Application["env"], string>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Undefined where the application does not use Redis. */
  of({ env, principalId }: Application): ReadResult | undefined {
    const given = env.get("REDIS_CONNECTION_STRING");
    if (given !== undefined) return { readable: true, value: given };
    const secret = env.get("REDIS_CONNECTION_SECRET");
    const vaultUri = env.get("KEY_VAULT_URL");
    if (secret === undefined || vaultUri === undefined) return undefined;
    const known = this.#read.get(env);
    if (known !== undefined) return { readable: true, value: known };
    if (principalId === undefined) return { readable: false, reason: "the app has no identity" };
    const result = readSecret(this.#world, { vaultUri, principalId, secret });
    if (result.readable && result.value !== undefined) this.#read.set(env, result.value);
    return result;
  }
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
