import { z } from "zod";
import { milliseconds, minutes, seconds, type Milliseconds } from "./duration.js";
import { elapsed, Instant, isAfter, plus } from "./instant.js";
import { outranks, RunbookId } from "./scenario-id.js";

/** Who may change a resource, until when. The fencing number grows with every new holder. */
export const Lease = z.strictObject({
  version: z.literal(1),
  resource: z.string(),
  run: z.string(),
  scenario: RunbookId,
  fencing: z.int().positive(),
  takenAt: Instant,
  expiresAt: Instant,
  released: z.boolean(),
  /** A run of a wider scenario that wants the resource; the holder gives way at its next change. */
  askedFor: z.strictObject({ run: z.string(), scenario: RunbookId, at: Instant }).optional(),
});
export type Lease = z.infer<typeof Lease>;

/** What a mutating activity shows to prove that its run holds the resource. */
export const LeaseProof = z.strictObject({ resource: z.string(), fencing: z.int().positive() });
export type LeaseProof = z.infer<typeof LeaseProof>;

export const leaseLength: Milliseconds = minutes(10);
/** A mutating activity ends within this; a lease that ends sooner is no cover for it. */
export const longestMutation: Milliseconds = seconds(90);

const holds = (lease: Lease, now: Instant): boolean =>
  !lease.released && isAfter(lease.expiresAt, now);

/** What a run that wants a resource says of itself. */
export interface Wanted {
  readonly resource: string;
  readonly run: string;
  readonly scenario: RunbookId;
}

export type Claiming =
  | { readonly kind: "take"; readonly lease: Lease }
  /** Another run has it. `lease` is what to write so that the holder learns who waits for it. */
  | { readonly kind: "held"; readonly by: Lease; readonly lease?: Lease };

/** How long a region outage waits for the holder's change under way before it takes the resource. */
const grace: Milliseconds = longestMutation;

/** What a run that wants a resource gets: its lease, new or renewed, or the name of the holder. */
export function claimLease(current: Lease | undefined, wanted: Wanted, now: Instant): Claiming {
  const { run, scenario } = wanted;
  const expiresAt = plus(now, leaseLength);
  if (current !== undefined && holds(current, now)) {
    if (current.run === run) {
      // A holder that has been asked to give way gets no more time.
      return current.askedFor === undefined
        ? { kind: "take", lease: { ...current, expiresAt } }
        : { kind: "held", by: { ...current, ...current.askedFor } };
    }
    const { askedFor } = current;
    if (!outranks(scenario, current.scenario)) return { kind: "held", by: current };
    if (askedFor?.run !== run) {
      const first = askedFor === undefined || outranks(scenario, askedFor.scenario);
      return first
        ? { kind: "held", by: current, lease: { ...current, askedFor: { run, scenario, at: now } } }
        : { kind: "held", by: current };
    }
    const waited = scenario === "region-outage" && elapsed(askedFor.at, now) >= grace;
    if (!waited) return { kind: "held", by: current };
  }
  const fencing = (current?.fencing ?? 0) + 1;
  return {
    kind: "take",
    lease: { version: 1, ...wanted, fencing, takenAt: now, expiresAt, released: false },
  };
}

export type Cover =
  | { readonly kind: "covered" }
  | { readonly kind: "lost" }
  /** A wider scenario waits for the resource. */
  | { readonly kind: "asked-for"; readonly by: string };

/** Whether a proof still covers a mutation that begins now. */
export function coverOf(
  lease: Lease | undefined,
  proof: LeaseProof | undefined,
  run: string,
  now: Instant,
): Cover {
  if (
    lease === undefined ||
    proof === undefined ||
    !holds(lease, now) ||
    lease.run !== run ||
    lease.fencing !== proof.fencing ||
    elapsed(now, lease.expiresAt) < longestMutation
  ) {
    return { kind: "lost" };
  }
  return lease.askedFor === undefined
    ? { kind: "covered" }
    : { kind: "asked-for", by: lease.askedFor.run };
}

/** From half-time on a lease is renewed. */
export const renewalAt = (takenAt: Instant): Instant =>
  plus(takenAt, milliseconds(leaseLength / 2));
