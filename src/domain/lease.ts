import { z } from "zod";
import { milliseconds, minutes, seconds, type Milliseconds } from "./duration.js";
import { elapsed, Instant, isAfter, plus } from "./instant.js";

/** Who may change a resource, until when. The fencing number grows with every new holder. */
export const Lease = z.strictObject({
  version: z.literal(1),
  resource: z.string(),
  run: z.string(),
  scenario: z.string(),
  fencing: z.int().positive(),
  takenAt: Instant,
  expiresAt: Instant,
  released: z.boolean(),
});
export type Lease = z.infer<typeof Lease>;

/** What a mutating activity shows to prove that its run holds the resource. */
export const LeaseProof = z.strictObject({ resource: z.string(), fencing: z.int().positive() });
export type LeaseProof = z.infer<typeof LeaseProof>;

export const leaseLength: Milliseconds = minutes(10);
/** A mutating activity ends within this; a lease that ends sooner is no cover for it. */
const longestMutation: Milliseconds = seconds(90);

const holds = (lease: Lease, now: Instant): boolean =>
  !lease.released && isAfter(lease.expiresAt, now);

export type Claiming =
  { readonly kind: "take"; readonly lease: Lease } | { readonly kind: "held"; readonly by: Lease };

/** What a run that wants a resource gets: its lease, new or renewed, or the name of the holder. */
export function claimLease(
  current: Lease | undefined,
  wanted: { readonly resource: string; readonly run: string; readonly scenario: string },
  now: Instant,
): Claiming {
  const expiresAt = plus(now, leaseLength);
  if (current !== undefined && holds(current, now)) {
    if (current.run !== wanted.run) return { kind: "held", by: current };
    return { kind: "take", lease: { ...current, expiresAt } };
  }
  const fencing = (current?.fencing ?? 0) + 1;
  return {
    kind: "take",
    lease: { version: 1, ...wanted, fencing, takenAt: now, expiresAt, released: false },
  };
}

/** Whether a proof still covers a mutation that begins now. */
export function covers(
  lease: Lease | undefined,
  proof: LeaseProof,
  run: string,
  now: Instant,
): boolean {
  return (
    lease !== undefined &&
    holds(lease, now) &&
    lease.run === run &&
    lease.fencing === proof.fencing &&
    elapsed(now, lease.expiresAt) >= longestMutation
  );
}

/** From half-time on a lease is renewed. */
export const renewalAt = (takenAt: Instant): Instant =>
  plus(takenAt, milliseconds(leaseLength / 2));
