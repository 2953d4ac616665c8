import { randomBytes } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";

const REFRESH_SECONDS = 3 * 3600;
const ACCESS_SECONDS = 75 * 60;
const ISSUER = "Azure Container Registry";

/** What a token lets its holder do in a repository. */
interface Grant {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** The tokens of registries: one that stands for the caller, and those for what he may do. */
export interface RegistryTokens {
  refresh(registry: string, principalId: string, at: number): Promise<string>;
  access(registry: string, grants: readonly Grant[], at: number): Promise<string>;
  /** The principal that a refresh token stands for; undefined where it is none of the registry's. */
  principal(token: string, registry: string, at: number): Promise<string | undefined>;
  grants(
    token: string,
    registry: string,
    at: number,
  ): Promise<readonly Grant[] | "expired" | undefined>;
}

export function createRegistryTokens(): RegistryTokens {
  const key = randomBytes(32);
  const sign = (claims: object, registry: string, at: number, lifetime: number) => {
    const issued = Math.floor(at / 1000);
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setIssuer(ISSUER)
      .setAudience(registry)
      .setIssuedAt(issued)
      .setExpirationTime(issued + lifetime)
      .sign(key);
  };
  const claimsOf = async (token: string, registry: string, at: number) => {
    try {
      const options = { audience: registry, currentDate: new Date(at), issuer: ISSUER };
      return (await jwtVerify(token, key, { ...options, algorithms: ["HS256"] })).payload;
    } catch (error) {
      return error instanceof errors.JWTExpired ? "expired" : undefined;
    }
  };
  return {
    refresh: (registry, principalId, at) =>
      sign({ sub: principalId, grant_type: "refresh_token" }, registry, at, REFRESH_SECONDS),
    access: (registry, grants, at) => sign({ access: grants }, registry, at, ACCESS_SECONDS),
    principal: async (token, registry, at) => {
      const claims = await claimsOf(token, registry, at);
      const isOne = typeof claims === "object" && claims["grant_type"] === "refresh_token";
      return isOne ? claims.sub : undefined;
    },
    grants: async (token, registry, at) => {
      const claims = await claimsOf(token, registry, at);
      if (typeof claims !== "object") return claims;
      return claims["access"] as readonly Grant[] | undefined;
    },
  };
}
