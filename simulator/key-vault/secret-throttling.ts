import { SECRET_LIMITS, SUBSCRIPTION_FACTOR, type SecretTransaction } from "../profiles/limits.js";
import { Refusal } from "../server/refusal.js";
import type { Vault } from "./state.js";

interface Count {
  until: number;
  taken: number;
}

/** Key Vault's own throttling: transactions in a window, for each vault and for all of a subscription in a region. */
export class SecretThrottling {
  readonly #counts = new Map<string, Count>();

  clear(): void {
    this.#counts.clear();
  }

  /** Counts a transaction; throws 429 where the window is full. What is refused does not count. */
  take({ id, name, region }: Vault, kind: SecretTransaction, now: number): void {
    const { transactions, seconds } = SECRET_LIMITS[kind];
    const window = seconds * 1000;
    const [, , subscription = ""] = id.split("/");
    const own = this.#count(`${kind} vault ${name}`.toLowerCase(), now, window);
    const shared = this.#count(`${kind} ${subscription} ${region}`.toLowerCase(), now, window);
    if (own.taken >= transactions) throw throttled("VaultRequestTypeLimitReached", own, now);
    if (shared.taken >= transactions * SUBSCRIPTION_FACTOR) {
      throw throttled("SubscriptionRequestTypeLimitReached", shared, now);
    }
    own.taken += 1;
    shared.taken += 1;
  }

  #count(key: string, now: number, window: number): Count {
    const known = this.#counts.get(key);
    if (known && known.until > now) return known;
    const fresh = { until: now + window, taken: 0 };
    this.#counts.set(key, fresh);
    return fresh;
  }
}

function throttled(reason: string, { until }: Count, now: number): Refusal {
  return new Refusal(
    429,
    "Throttled",
    `Request was not processed because too many requests were received. Reason: ${reason}`,
    { headers: { "retry-after": String(Math.max(1, Math.ceil((until - now) / 1000))) } },
  );
}
