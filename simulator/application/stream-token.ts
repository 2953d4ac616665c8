import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { isObject } from "../arm/merge-patch.js";

const LIFETIME_MS = 3_600_000;
const ISSUER = "AzureContainerApps";

/** Whom a token of `getAuthToken` lets read what. */
interface StreamGrant {
  readonly appId: string;
  readonly principalId: string;
}

/** The short-lived tokens of the log stream, which only the regional data plane accepts. */
export interface StreamTokens {
  issue(grant: StreamGrant, audience: string): { readonly token: string; readonly expires: Date };
  /** The grant, or undefined for a token that is not ours, not for this audience or no longer valid. */
  verify(token: string, audience: string): StreamGrant | undefined;
}

export function createStreamTokens(now: () => number): StreamTokens {
  const secret = randomBytes(32);
  const sign = (text: string): string =>
    createHmac("sha256", secret).update(text).digest("base64url");
  const encode = (value: unknown): string =>
    Buffer.from(JSON.stringify(value)).toString("base64url");

  return {
    issue: ({ appId, principalId }, audience) => {
      const expires = new Date(now() + LIFETIME_MS);
      const seconds = Math.floor(now() / 1000);
      const head = encode({ alg: "HS256", typ: "JWT" });
      const claims = encode({
        capp_id: appId,
        capp_oid: principalId,
        nbf: seconds,
        iat: seconds,
        exp: Math.floor(expires.getTime() / 1000),
        iss: ISSUER,
        aud: audience,
      });
      return { token: `${head}.${claims}.${sign(`${head}.${claims}`)}`, expires };
    },

    verify: (token, audience) => {
      const [head = "", claims = "", signature = ""] = token.split(".");
      const expected = Buffer.from(sign(`${head}.${claims}`));
      const given = Buffer.from(signature);
      if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined;
      const content: unknown = JSON.parse(Buffer.from(claims, "base64url").toString("utf8"));
      if (!isObject(content) || content["aud"] !== audience) return undefined;
      if (Number(content["exp"]) * 1000 <= now()) return undefined;
      return { appId: String(content["capp_id"]), principalId: String(content["capp_oid"]) };
    },
  };
}
