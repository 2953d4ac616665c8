import { Refusal } from "../server/refusal.js";
import type { ServiceName } from "../server/service.js";

export function throttled(retryAfterSeconds: number): Refusal {
  return new Refusal(
    429,
    "TooManyRequests",
    `The request is being throttled. Try again after ${retryAfterSeconds} seconds.`,
    { headers: { "retry-after": String(retryAfterSeconds) } },
  );
}

export function failed(status: 500 | 502 | 503 | 504): Refusal {
  const codes = {
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
  } as const;
  return new Refusal(status, codes[status], "The server encountered an error. Please try again.");
}

/** The token endpoint gives none, and another service takes none. */
export function tokenDenied(service: ServiceName): Refusal {
  return service === "identity"
    ? new Refusal(500, "server_error", "An unexpected error occurred while fetching the token.")
    : new Refusal(401, "InvalidAuthenticationToken", "The access token is invalid.");
}

const CACHE_REFUSALS = {
  BadRequest: [
    400,
    "Azure Cache for Redis is retiring, create Azure Managed Redis instance instead. https://aka.ms/AzureCacheForRedisRetirement",
  ],
  QuotaExceeded: [409, "The quota of caches of the subscription has been exceeded in the region."],
  SkuNotAvailable: [409, "The requested size is not available in the region at the moment."],
  RequestDisallowedByPolicy: [403, "The resource was disallowed by policy."],
} as const;
type CacheRefusalCode = keyof typeof CACHE_REFUSALS;

export const CACHE_REFUSAL_CODES = Object.keys(CACHE_REFUSALS) as [
  CacheRefusalCode,
  ...CacheRefusalCode[],
];

/** Azure makes no cache: by default for the reason that it makes none of this kind any more. */
export function cacheRefused(code: CacheRefusalCode = "BadRequest"): Refusal {
  const [status, message] = CACHE_REFUSALS[code];
  return new Refusal(status, code, message);
}

/** What a control plane answers for a region that it cannot reach. */
export function regionUnavailable(region: string): Refusal {
  return new Refusal(
    503,
    "ServiceUnavailable",
    `The service in region '${region}' is temporarily unavailable. Please try again later.`,
  );
}
