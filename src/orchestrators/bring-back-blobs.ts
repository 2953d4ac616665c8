import * as restore from "../activities/blob-restore.contract.js";
import { hours, minutes, seconds } from "../domain/duration.js";
import type { Failure } from "../domain/failure.js";
import type { Answer } from "../durable/activity-contract.js";
import type { Durable } from "../durable/durable.js";
import type { Recovery } from "../recovery/recovery.js";
import { stretches } from "./stretches.js";

/** Blobs that one activity takes, and how many activities run at once. */
const stretch = 500;
const atATime = 4;

type Counts = Record<restore.BlobAction, number>;

const noCounts = (): Counts => ({
  restore: 0,
  replace: 0,
  same: 0,
  "keep-newer": 0,
  overwrite: 0,
  "no-copy": 0,
});

/** A set, and the blobs of it that are wanted somewhere. */
export interface WantedBlobs {
  readonly of: Omit<Parameters<typeof restore.findRestorableAccount.task>[2], "account" | "items">;
  readonly endpoint: string;
  readonly items: readonly string[];
  readonly overwrite: boolean;
  /** Between which positions of the set they are, and how many. */
  readonly begin: number;
  readonly end: number;
  readonly wanted: number;
}

/** What is to be done with each blob of a set at a target. */
export interface DecidedBlobs {
  readonly endpoint: string;
  /** Where the decisions stand. */
  readonly decisions: readonly string[];
  readonly counts: Readonly<Counts>;
}

/** Compares a set with an account, stretch by stretch, and adds up; what stays as it is becomes a finding. */
export function* compareWithBlobSet(
  run: Recovery<"compare">,
  { of, endpoint, items, overwrite, begin, end, wanted }: WantedBlobs,
): Durable<Answer<DecidedBlobs>> {
  const pieces = stretches(end - begin, stretch).map((piece) => ({
    ...of,
    endpoint,
    items: [...items],
    overwrite,
    begin: begin + piece.begin,
    end: begin + piece.end,
  }));
  const work = { atATime, total: wanted, unit: "blobs" };
  const decisions: string[] = [];
  const counts = noCounts();
  for (const answer of yield* run.each("compare", restore.compareBlobs, pieces, work)) {
    if (!answer.ok) return answer;
    decisions.push(answer.value.decisions);
    for (const action of restore.BlobAction.options) counts[action] += answer.value.counts[action];
    for (const name of answer.value.newer) {
      run.journal.finding(`${name} was left as it is: newer than the copy`);
    }
    for (const name of answer.value.damaged) {
      run.journal.finding(`${name}: its copy is gone or not as long as the set says`);
    }
  }
  return { ok: true, value: { endpoint, decisions, counts } };
}

/** Works through the decisions; large blobs are waited for, as long as the service takes for them. */
export function* carryOut<StepId extends string>(
  run: Recovery<StepId>,
  step: StepId,
  wanted: DecidedBlobs & {
    readonly actions: readonly restore.BlobAction[];
    readonly count: number;
  },
): Durable<{ readonly restored: number } | { readonly failure: Failure }> {
  const { endpoint, actions, count } = wanted;
  const work = { atATime, total: count, unit: "blobs" };
  const pieces = wanted.decisions.map((decisions) => ({
    endpoint,
    decisions,
    actions: [...actions],
  }));
  const first = yield* run.each(step, restore.copyBlobsBack, pieces, work);
  const slow = pieces.filter((_, index) => {
    const answer = first[index];
    return answer?.ok === true && answer.value.waiting > 0;
  });
  for (const piece of slow) {
    yield* run.until(step, restore.copyBlobsBack, piece, {
      done: ({ waiting }) => waiting === 0,
      within: hours(2),
      first: seconds(10),
      longest: minutes(5),
    });
  }
  const again = slow.length === 0 ? [] : yield* run.each(step, restore.copyBlobsBack, slow, work);
  let restored = 0;
  const settled = first.filter((answer) => !answer.ok || answer.value.waiting === 0);
  for (const answer of [...settled, ...again]) {
    if (!answer.ok) return { failure: answer.failure };
    restored += answer.value.restored;
    for (const { name, reason } of answer.value.failed) run.journal.finding(`${name}: ${reason}`);
    if (answer.value.waiting > 0) {
      run.journal.finding(`${answer.value.waiting} large blobs were still being copied after 2 h`);
    }
  }
  return { restored };
}
