import * as backup from "../activities/key-vault-backup.contract.js";
import * as vault from "../activities/key-vault-failure.contract.js";
import type { Answer } from "../durable/activity-contract.js";
import type { Durable } from "../durable/durable.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { secretsAtATime, secretStretch } from "./secrets-of-a-set.js";
import { stretches } from "./stretches.js";

/** How the secrets of one vault stand in another. */
export interface ComparedVaults {
  readonly count: number;
  /** Where the secrets of the first are listed. */
  readonly list: string;
  readonly toBring: number;
  readonly newerThere: readonly string[];
  readonly left: readonly { readonly name: string; readonly reason: string }[];
}

/** Compares both vaults, stretch by stretch, and adds up. */
export function* compareBothVaults<StepId extends string>(
  run: Recovery<StepId | "list">,
  step: StepId,
  from: string,
  to: string,
): Durable<Answer<ComparedVaults>> {
  const set = `restores/${run.run()}/${step}/`;
  const listed = yield* run.step("list", backup.listSecrets, { uri: from, set }, step);
  if (!listed.ok) return listed;
  const { list, count: whole, skipped } = listed.value;
  const count = whole + skipped;
  const pieces = stretches(count, secretStretch).map(({ begin, end }) => {
    return { from, to, list, begin, end };
  });
  const work = { atATime: secretsAtATime, total: count, unit: "secrets" };
  let toBring = 0;
  const newerThere: string[] = [];
  const left: ComparedVaults["left"][number][] = [];
  for (const answer of yield* run.each(step, vault.compareVaults, pieces, work)) {
    if (!answer.ok) return answer;
    toBring += answer.value.toBring;
    newerThere.push(...answer.value.newerThere);
    left.push(...answer.value.left);
  }
  return { ok: true, value: { count, list, toBring, newerThere, left } };
}

/**
 * Brings over what differs, by value; what is the same gets no new version. What was refused is a
 * problem: the app would miss it, or get an old value.
 */
export function* bringSecrets<StepId extends string>(
  run: Recovery<StepId | "list">,
  step: StepId,
  from: string,
  to: string,
  /** ARM id of the vault that is written to, which the run holds. */
  lease: string,
  /** A secret whose own value at home is right, such as the address of a resource there. */
  own?: string,
): Durable<string | undefined> {
  const set = `restores/${run.run()}/${step}/`;
  const listed = yield* run.step("list", backup.listSecrets, { uri: from, set }, step);
  if (!listed.ok) return describeFailure(listed.failure);
  const { list, count } = listed.value;
  const pieces = stretches(count, secretStretch).map(({ begin, end }) => {
    return { from, to, list, begin, end, lease };
  });
  const work = { atATime: secretsAtATime, total: count, unit: "secrets" };
  const refusedOnes: string[] = [];
  for (const answer of yield* run.each(step, backup.syncSecrets, pieces, work)) {
    if (!answer.ok) return describeFailure(answer.failure);
    for (const { name, reason } of answer.value.skipped) {
      // That it is disabled was found when both were compared.
      if (reason === backup.isDisabled || name === own) continue;
      refusedOnes.push(name);
      run.journal.finding(`${name} was not brought home: ${reason}`);
    }
  }
  if (refusedOnes.length === 0) return undefined;
  return `${refusedOnes.length} secrets could not be brought home: ${firstOf(refusedOnes)}`;
}

export const longestList = 20;
export const firstOf = (names: readonly string[]): string => names.slice(0, longestList).join(", ");
