import { LIMITS, type Bucket } from "../profiles/limits.js";
import { Refusal } from "../server/refusal.js";

interface Level {
  tokens: number;
  at: number;
}

/** ARM's own throttling: a bucket of tokens for each caller, subscription and kind of request. */
export class Throttling {
  readonly #levels = new Map<string, Level>();

  clear(): void {
    this.#levels.clear();
  }

  /** Takes a token and says how many are left; throws 429 where there is none. */
  take(
    method: string,
    principalId: string,
    subscription: string,
    now: number,
  ): Record<string, string> {
    const kind = method === "GET" ? "reads" : method === "DELETE" ? "deletes" : "writes";
    const bucket: Bucket = LIMITS[kind];
    const key = `${principalId} ${subscription} ${kind}`.toLowerCase();
    const level = this.#levels.get(key) ?? { tokens: bucket.size, at: now };
    const refilled = level.tokens + ((now - level.at) / 1000) * bucket.perSecond;
    level.tokens = Math.min(bucket.size, refilled);
    level.at = now;
    this.#levels.set(key, level);
    if (level.tokens < 1) {
      const seconds = Math.max(1, Math.ceil((1 - level.tokens) / bucket.perSecond));
      throw new Refusal(
        429,
        "SubscriptionRequestsThrottled",
        `Number of '${kind}' requests for subscription '${subscription}' exceeded the limit. Please try again after '${seconds}' seconds.`,
        { headers: { "retry-after": String(seconds) } },
      );
    }
    level.tokens -= 1;
    return {
      [`x-ms-ratelimit-remaining-subscription-${kind}`]: String(Math.floor(level.tokens)),
    };
  }
}
