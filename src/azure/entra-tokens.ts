import type { JWTPayload, JWTVerifyGetKey } from "jose" with { "resolution-mode": "import" };
import { z } from "zod";
import type { ApplicationTokens, TokenVerdict } from "../domain/application-token.js";
import { scrub } from "../domain/credential-scrubbing.js";
import { seconds, type Milliseconds } from "../domain/duration.js";
import { classifyError } from "./classify-error.js";
import { lazily } from "./lazily.js";

/** Whose tokens are taken: those that Entra gave one application for this service. */
export interface EntraTokenSettings {
  /** Where Entra is; sovereign clouds have one of their own. */
  readonly authorityHost: string;
  readonly tenant: string;
  /** This service's registration: its identifier URI in tokens of version 1, its id in version 2. */
  readonly audiences: readonly string[];
  readonly application: string;
  readonly role: string;
}

/** Azure Monitor gives up on a webhook after about ten seconds, and two calls must fit in. */
const longestCall = seconds(4);

/**
 * Entra's advice is to ask for new keys once a day, and whenever a token names one that is not
 * known, which jose does. Younger keys would make an outage of Entra one of this service.
 */
const cacheMaxAge = 24 * 3_600_000;

const clockToleranceSeconds = 60;

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });

/** Checks tokens of applications against the keys that Entra publishes. */
export function entraTokens(
  settings: EntraTokenSettings,
  callTimeLimit: Milliseconds,
): ApplicationTokens {
  const timeoutDuration = Math.min(callTimeLimit, longestCall);
  const authority = `${settings.authorityHost.replace(/\/$/, "")}/${settings.tenant}/v2.0`;
  const issuer = [`https://sts.windows.net/${settings.tenant}/`, authority];
  const jose = lazily(() => import("jose"));

  const published = lazily(async (): Promise<JWTVerifyGetKey> => {
    const answer = await fetch(`${authority}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(timeoutDuration),
      redirect: "error",
    });
    if (!answer.ok) throw new Error(`the discovery document was answered ${answer.status}`);
    const document = Discovery.parse(await answer.json());
    if (document.issuer !== authority) {
      throw new Error(`the discovery document is of another issuer, ${document.issuer}`);
    }
    const { createRemoteJWKSet } = await jose();
    return createRemoteJWKSet(new URL(document.jwks_uri), { timeoutDuration, cacheMaxAge });
  });
  const keyOf: JWTVerifyGetKey = async (header, token) => {
    const { errors } = await jose();
    try {
      return await (
        await published()
      )(header, token);
    } catch (error) {
      // That the keys are here and none fits is the token's fault.
      const faults = [
        errors.JWKSNoMatchingKey,
        errors.JWKSMultipleMatchingKeys,
        errors.JOSENotSupported,
      ];
      if (faults.some((fault) => error instanceof fault)) throw error;
      throw new KeysUnavailable(error);
    }
  };

  return {
    async verify(authorization) {
      const token = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
      if (token === undefined) return unauthenticated("there is no bearer token");
      const { errors, jwtVerify } = await jose();
      try {
        const { payload } = await jwtVerify(token, keyOf, {
          algorithms: ["RS256"],
          issuer,
          audience: [...settings.audiences],
          requiredClaims: ["exp"],
          clockTolerance: clockToleranceSeconds,
        });
        return verdictOn(payload, settings);
      } catch (error) {
        if (error instanceof KeysUnavailable) {
          return { kind: "undecided", reason: presentable(error.message) };
        }
        // The signature holds by then, so these claims are Entra's own words.
        if (error instanceof errors.JWTClaimValidationFailed) {
          const { claim, payload } = error;
          return unauthenticated(`${error.message}: ${JSON.stringify(payload[claim])}`);
        }
        if (error instanceof errors.JOSEError) return unauthenticated(error.message);
        throw error;
      }
    },
  };
}

/** Entra's keys could not be had. */
class KeysUnavailable extends Error {
  constructor(cause: unknown) {
    const failure = classifyError(cause);
    const why = failure === null ? String(cause) : `${failure.code}: ${failure.message}`;
    super(`Entra's keys could not be had: ${why}`, { cause });
  }
}

function verdictOn(payload: JWTPayload, settings: EntraTokenSettings): TokenVerdict {
  const { application: wanted, role } = settings;
  // `appid` in tokens of version 1, `azp` in version 2.
  const shown = payload["azp"] ?? payload["appid"];
  const application = typeof shown === "string" ? shown : "(unnamed)";
  const forbidden = (reason: string): TokenVerdict => ({ kind: "forbidden", application, reason });
  if (application.toLowerCase() !== wanted.toLowerCase()) {
    return forbidden(`it is not the application ${wanted}`);
  }
  const roles: unknown = payload["roles"];
  return Array.isArray(roles) && roles.includes(role)
    ? { kind: "accepted", application }
    : forbidden(`its token has not the role ${role}`);
}

const presentable = (text: string): string => scrub(text).slice(0, 300);

const unauthenticated = (reason: string): TokenVerdict => ({
  kind: "unauthenticated",
  reason: presentable(reason),
});
