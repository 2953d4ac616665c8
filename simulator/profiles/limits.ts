/** Requests that may come at once, and how fast that right grows back. */
export interface Bucket {
  readonly size: number;
  readonly perSecond: number;
}

// documented: "Understand how Azure Resource Manager throttles requests", limits of a subscription for one principal.
export const LIMITS = {
  reads: { size: 250, perSecond: 25 },
  writes: { size: 200, perSecond: 10 },
  deletes: { size: 200, perSecond: 10 },
} as const satisfies Readonly<Record<string, Bucket>>;
