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

/** What a control plane answers for a region that it cannot reach. */
export function regionUnavailable(region: string): Refusal {
  return new Refusal(
    503,
    "ServiceUnavailable",
    `The service in region '${region}' is temporarily unavailable. Please try again later.`,
  );
}
