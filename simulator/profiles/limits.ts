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

/** Transactions that one vault takes in a window of time; what comes after them waits for the next window. */
interface Window {
  readonly transactions: number;
  readonly seconds: number;
}

// documented: "Azure Key Vault service limits", for each vault and region. Backup and restore are not in its table;
// that they are as dear as a write is assumed (they are reported to be in the small classes).
export const SECRET_LIMITS = {
  reads: { transactions: 4000, seconds: 10 },
  writes: { transactions: 300, seconds: 10 },
  backups: { transactions: 300, seconds: 10 },
} as const satisfies Readonly<Record<string, Window>>;
export type SecretTransaction = keyof typeof SECRET_LIMITS;

/** documented: all vaults of a subscription in a region together have five times the limit of one. */
export const SUBSCRIPTION_FACTOR = 5;

/** documented: an object with more versions than this cannot be backed up. */
export const MOST_VERSIONS_IN_A_BACKUP = 500;
