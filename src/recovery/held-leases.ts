import { isAfter, type Instant } from "../domain/instant.js";
import { renewalAt, type LeaseProof } from "../domain/lease.js";

/** The leases that the run has now, and when each is to be renewed. */
export class HeldLeases {
  readonly #held = new Map<string, { readonly fencing: number; readonly renewAt: Instant }>();

  add(resource: string, fencing: number, takenAt: Instant): void {
    this.#held.set(resource, { fencing, renewAt: renewalAt(takenAt) });
  }

  drop(resource: string): void {
    this.#held.delete(resource);
  }

  has(resource: string): boolean {
    return this.#held.has(resource);
  }

  /** What an activity shows to prove that the run may change something. */
  proofs(): LeaseProof[] {
    return [...this.#held].map(([resource, { fencing }]) => ({ resource, fencing }));
  }

  due(now: Instant): readonly string[] {
    return [...this.#held].flatMap(([resource, { renewAt }]) =>
      isAfter(now, renewAt) ? [resource] : [],
    );
  }

  /** When the next one has to be renewed. */
  nextRenewal(): Instant | undefined {
    return [...this.#held.values()].map(({ renewAt }) => renewAt).sort()[0];
  }
}
