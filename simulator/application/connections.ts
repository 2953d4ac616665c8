import { readSecret, type ReadResult } from "../key-vault/readable.js";
import type { World } from "../world/world.js";
import type { Application } from "./dependencies.js";

/** The connection strings that running applications have read. */
export class Connections {
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
