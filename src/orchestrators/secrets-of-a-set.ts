import * as restore from "../activities/key-vault-restore.contract.js";
import type { Answer } from "../durable/activity-contract.js";
import type { Durable } from "../durable/durable.js";
import type { Recovery, Work } from "../recovery/recovery.js";

/** Secrets that one activity takes, and how many activities run at once. */
export const secretStretch = 100;
export const secretsAtATime = 2;

type Piece = Parameters<typeof restore.compareSecrets.task>[2];

/** What a set's secrets need in a vault. */
export interface ComparedSet {
  /** Where the decisions about each secret stand. */
  readonly actions: readonly string[];
  readonly counts: Readonly<Record<restore.SecretAction, number>>;
  /** The first of those that are newer than the set. */
  readonly newer: readonly string[];
  /** The first of those that the vault, which is not the set's own, has in an older version. */
  readonly older: readonly string[];
}

/** Compares a set with a vault, stretch by stretch, and adds up. */
export function* compareWithSet(
  run: Recovery<"compare">,
  pieces: readonly Piece[],
  work: Work,
): Durable<Answer<ComparedSet>> {
  const compared = yield* run.each("compare", restore.compareSecrets, pieces, work);
  const actions: string[] = [];
  const newer: string[] = [];
  const older: string[] = [];
  const counts = { ...restore.noActions };
  for (const answer of compared) {
    if (!answer.ok) return answer;
    actions.push(answer.value.actions);
    newer.push(...answer.value.newer);
    older.push(...answer.value.older);
    for (const action of restore.SecretAction.options) {
      counts[action] += answer.value.counts[action];
    }
  }
  return { ok: true, value: { actions, counts, newer, older } };
}
