import { z } from "zod";
import { BackupKind, type BackupCheck, type BackupManifest } from "./backup.js";
import { describeDuration } from "./duration.js";
import { elapsed, Instant } from "./instant.js";

/*
 * A set is proven when some of it was restored into a scratch place and compared. What came of that
 * is a blob of its own beside the manifest, which is hashed by the pointer and may not be changed.
 */

/** One item that could not be restored, or is not what the set says. */
export const ProofFailure = z.strictObject({
  name: z.string(),
  reason: z.string(),
  /** Where its copy lies; sets that use the same copy have failed with this one. */
  blob: z.string(),
});
export type ProofFailure = z.infer<typeof ProofFailure>;

/** What the last proof of a set came to. */
export const BackupProof = z.strictObject({
  version: z.literal(1),
  kind: BackupKind,
  /** The set's prefix. */
  set: z.string(),
  /** SHA-256 of the manifest that was proven: another one is not. */
  manifest: z.string(),
  run: z.string(),
  at: Instant,
  /** `failed`: something of it could not be restored, or is not what the set says. */
  result: z.enum(["proven", "failed"]),
  compared: z.strictObject({
    /** Items that were restored and compared, of so many that the set holds. */
    items: z.int().nonnegative(),
    of: z.int().nonnegative(),
    bytes: z.int().nonnegative(),
    /** Those of them that were held against their source as well. */
    withSource: z.int().nonnegative(),
  }),
  /** The first of those that are not what the set says. */
  failures: z.array(ProofFailure),
});
export type BackupProof = z.infer<typeof BackupProof>;

export const proofIn = (set: string): string => `${set}proof.json`;

/** As many failures does a proof spell out. */
export const longestFailures = 20;

/** What was compared of one set. */
export const Comparison = z.strictObject({
  ...BackupProof.shape.compared.shape,
  failures: z.array(ProofFailure),
});
export type Comparison = z.infer<typeof Comparison>;

/** How far a set can be trusted: what its manifest says, unless a proof of it says more, or the contrary. */
export function checkOf(
  { check }: Pick<BackupManifest, "check">,
  manifestHash: string,
  proof: BackupProof | undefined,
): BackupCheck {
  if (proof === undefined) return check;
  if (proof.result === "failed") return { level: "none", at: proof.at };
  return proof.manifest === manifestHash ? { level: "proven", at: proof.at } : check;
}

/** A set of which a restore was compared, and when. */
export interface ProvenSet {
  readonly set: string;
  readonly takenAt: Instant;
  readonly provenAt: Instant;
}

/** How old the newest proven set is, for whoever is about to restore from one. */
export function describeProven(proven: ProvenSet | undefined, now: Instant): string {
  if (proven === undefined) return "no set of it has been proven by a restore";
  const age = describeDuration(elapsed(proven.takenAt, now));
  return `the newest proven set is ${age} old, proven at ${proven.provenAt}`;
}
