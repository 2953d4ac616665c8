import { createHash } from "node:crypto";
import { errors, generateKeyPair, type JWTPayload, jwtVerify, SignJWT } from "jose";

const LIFETIME_SECONDS = 24 * 3600;
const TOLERANCE_SECONDS = 5;
const MOST_VERIFIED = 1000;
const KEY_ID = "simulated-entra-1";

export interface Identity {
  readonly clientId: string;
  readonly principalId: string;
  readonly resourceId: string;
  /** Where its calls come from, as network rules see it. */
  readonly outboundAddress?: string | undefined;
}

/** Whoever stands behind a valid token. */
export interface Caller {
  readonly principalId: string;
  readonly clientId: string;
  readonly tenantId: string;
}

export interface IssuedToken {
  readonly token: string;
  readonly notBefore: number;
  readonly expiresOn: number;
}

export type Verdict =
  | { readonly kind: "valid"; readonly caller: Caller }
  | {
      readonly kind: "missing" | "malformed" | "signature" | "expired" | "issuer";
      readonly message: string;
    }
  | { readonly kind: "audience"; readonly message: string; readonly audience: string };

/** The simulated Entra: signs tokens and checks them, `at` the clock of whoever does. */
export interface TokenAuthority {
  issue(identity: Identity, audience: string, tenantId: string, at: number): Promise<IssuedToken>;
  /** Signature, issuer, times and audience of an `Authorization` header. */
  verify(
    authorization: string | undefined,
    audiences: readonly string[],
    tenants: readonly string[],
    at: number,
  ): Promise<Verdict>;
}

export async function createTokenAuthority(): Promise<TokenAuthority> {
  const keys = await generateKeyPair("RS256");
  // A client sends the same token a thousand times, and its signature stays as it is.
  const verified = new Map<string, JWTPayload>();

  return {
    issue: async (identity, audience, tenantId, at) => {
      const notBefore = Math.floor(at / 1000);
      const expiresOn = notBefore + LIFETIME_SECONDS;
      const token = await new SignJWT({
        appid: identity.clientId,
        appidacr: "2",
        idp: issuerOf(tenantId),
        idtyp: "app",
        oid: identity.principalId,
        sub: identity.principalId,
        tid: tenantId,
        uti: createHash("sha256")
          .update(`${audience} ${identity.clientId} ${notBefore}`)
          .digest("base64url")
          .slice(0, 22),
        ver: "1.0",
        xms_mirid: identity.resourceId,
      })
        .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: KEY_ID, x5t: KEY_ID })
        .setAudience(audience)
        .setIssuer(issuerOf(tenantId))
        .setIssuedAt(notBefore)
        .setNotBefore(notBefore)
        .setExpirationTime(expiresOn)
        .sign(keys.privateKey);
      return { token, notBefore, expiresOn };
    },

    verify: async (authorization, audiences, tenants, at) => {
      if (authorization === undefined || authorization === "") {
        return { kind: "missing", message: "the Authorization header is missing" };
      }
      const [, token] = /^Bearer (\S+)$/i.exec(authorization) ?? [];
      if (token === undefined) {
        return { kind: "malformed", message: "the Authorization header carries no bearer token" };
      }
      let claims = verified.get(token);
      if (claims === undefined || !isInTime(claims, at)) {
        try {
          ({ payload: claims } = await jwtVerify(token, keys.publicKey, {
            algorithms: ["RS256"],
            currentDate: new Date(at),
            clockTolerance: TOLERANCE_SECONDS,
          }));
        } catch (error) {
          return rejection(error);
        }
        if (verified.size >= MOST_VERIFIED) verified.clear();
        verified.set(token, claims);
      }
      const tenantId = text(claims, "tid");
      if (!tenants.includes(tenantId) || claims.iss !== issuerOf(tenantId)) {
        return { kind: "issuer", message: `the issuer ${claims.iss ?? "(none)"} is not trusted` };
      }
      const audience = typeof claims.aud === "string" ? claims.aud : "";
      if (!audiences.some((allowed) => bare(allowed) === bare(audience))) {
        return {
          kind: "audience",
          audience,
          message: `the token is for ${audience || "nobody"}, not for ${audiences.join(" or ")}`,
        };
      }
      return {
        kind: "valid",
        caller: { principalId: text(claims, "oid"), clientId: text(claims, "appid"), tenantId },
      };
    },
  };
}

function isInTime({ nbf = Infinity, exp = 0 }: JWTPayload, at: number): boolean {
  const seconds = at / 1000;
  return nbf <= seconds + TOLERANCE_SECONDS && exp > seconds - TOLERANCE_SECONDS;
}

function issuerOf(tenantId: string): string {
  return `https://sts.windows.net/${tenantId}/`;
}

function bare(audience: string): string {
  return audience.toLowerCase().replace(/\/+$/, "");
}

function text(claims: JWTPayload, name: string): string {
  const value = claims[name];
  return typeof value === "string" ? value : "";
}

function rejection(error: unknown): Verdict {
  if (error instanceof errors.JWTExpired) {
    return { kind: "expired", message: "the access token is expired" };
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return { kind: "signature", message: "the signature of the access token is not valid" };
  }
  return { kind: "malformed", message: `the access token is not valid: ${String(error)}` };
}
