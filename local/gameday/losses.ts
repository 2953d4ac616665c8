/** What became of the records that users wrote while it all happened. */
export interface StoreLoss {
  /** How many were tried, and how many the app said it has, in its storage and in its cache. */
  readonly attempted: number;
  readonly acknowledged: number;
  /** Which of the acknowledged ones are gone; absent where nobody can read them. */
  readonly gone?: { readonly storage: readonly string[]; readonly redis: readonly string[] };
  /** Why they could not be read back. */
  readonly unread?: string;
}

/** How many acknowledged records are gone from somewhere. */
export const recordsGone = ({ gone }: StoreLoss): number =>
  gone === undefined ? 0 : new Set([...gone.storage, ...gone.redis]).size;

export function describeLoss(loss: StoreLoss | undefined): string {
  if (loss === undefined) return "-";
  const { acknowledged, gone } = loss;
  if (acknowledged === 0) return "nothing written";
  if (gone === undefined) return `? of ${acknowledged}`;
  const where = (["storage", "redis"] as const).filter((store) => gone[store].length > 0);
  const lost = `${recordsGone(loss)} of ${acknowledged}`;
  return where.length === 0 ? lost : `${lost} (${where.join(", ")})`;
}

/** Why the record's words about the loss are not true, if they are not: records are gone, and it says none are. */
export function untoldLoss(told: string, loss: StoreLoss | undefined): string | undefined {
  const gone = loss === undefined ? 0 : recordsGone(loss);
  return gone > 0 && /^none\b/i.test(told.trim())
    ? `${gone} acknowledged records are gone, and the record says: ${told}`
    : undefined;
}
