import { createHmac, timingSafeEqual } from "node:crypto";
import { isObject } from "../arm/merge-patch.js";
import { readSecret } from "../key-vault/readable.js";
import { type Answer, json, type Request } from "../server/exchange.js";
import type { World } from "../world/world.js";
import type { Application } from "./dependencies.js";

const TOKEN_LIFETIME_S = 900;

/** Why a request was not taken for a tenant's. */
export class NotAdmitted extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Who the tenants are stands in the secret `tenant-configuration` of the vault that the application uses, `{"tenants":
 * ["contoso"]}`, and the key of each in a secret `tenant-{name}-key`. Tokens are signed with `jwt-signing-key`.
 */
export class Tenants {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** The tenant behind a key in `x-api-key`, with its name in `x-tenant`, or behind a token. */
  admit(application: Application, { headers }: Request): string {
    const bearer = /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1];
    const tenant = bearer === undefined ? headers["x-tenant"] : this.#verify(application, bearer);
    if (typeof tenant !== "string" || !/^[a-z0-9-]{1,40}$/.test(tenant)) {
      throw new NotAdmitted(401, "no tenant is named, or its token is not valid");
    }
    if (!this.#names(application).includes(tenant)) {
      throw new NotAdmitted(403, `${tenant} is no tenant`);
    }
    if (bearer === undefined) {
      const given = headers["x-api-key"];
      const key = this.#secret(application, `tenant-${tenant}-key`);
      if (typeof given !== "string" || !sameText(given, key)) {
        throw new NotAdmitted(401, `the key is not that of ${tenant}`);
      }
    }
    return tenant;
  }

  /** Answers a tenant's key with a token for it. */
  issue(application: Application, request: Request): Answer {
    const tenant = this.admit(application, request);
    const now = Math.floor(this.#world.timeline.now() / 1000);
    const head = encode({ alg: "HS256", typ: "JWT" });
    const claims = encode({ sub: tenant, iat: now, exp: now + TOKEN_LIFETIME_S });
    const token = `${head}.${claims}.${this.#sign(application, `${head}.${claims}`)}`;
    return json(200, { tenant, token, expiresInSeconds: TOKEN_LIFETIME_S });
  }

  #verify(application: Application, token: string): unknown {
    const [head = "", claims = "", signature = ""] = token.split(".");
    if (!sameText(signature, this.#sign(application, `${head}.${claims}`))) return undefined;
    const held: unknown = JSON.parse(Buffer.from(claims, "base64url").toString("utf8"));
    if (!isObject(held)) return undefined;
    return Number(held["exp"]) * 1000 > this.#world.timeline.now() ? held["sub"] : undefined;
  }

  #sign(application: Application, text: string): string {
    const key = this.#secret(application, "jwt-signing-key");
    return createHmac("sha256", key).update(text).digest("base64url");
  }

  #names(application: Application): readonly unknown[] {
    const text = this.#secret(application, "tenant-configuration");
    let held: unknown;
    try {
      held = JSON.parse(text);
    } catch {
      throw new NotAdmitted(503, "the tenants' configuration is not JSON");
    }
    const names = isObject(held) ? held["tenants"] : undefined;
    if (!Array.isArray(names)) throw new NotAdmitted(503, "the configuration names no tenants");
    return names;
  }

  #secret({ env, principalId }: Application, secret: string): string {
    const vaultUri = env.get("KEY_VAULT_URL");
    if (vaultUri === undefined || principalId === undefined) {
      throw new NotAdmitted(503, "the app has no vault to read tenants from");
    }
    const result = readSecret(this.#world, { vaultUri, principalId, secret });
    if (!result.readable) throw new NotAdmitted(503, result.reason);
    return result.value ?? "";
  }
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
