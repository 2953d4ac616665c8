import * as restore from "../activities/blob-restore.contract.js";
import {
  describeDuration,
  hours,
  milliseconds,
  minutes,
  seconds,
  type Milliseconds,
} from "../domain/duration.js";
import type { Failure } from "../domain/failure.js";
import { elapsed } from "../domain/instant.js";
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

/** What became of the decisions. */
export interface CarriedOut {
  readonly restored: number;
  /** Large ones that the service was still copying in the end, and how long they were waited for. */
  readonly waiting: number;
  readonly waited: Milliseconds;
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

/** How long large blobs are waited for where nobody waits for the rest, for each stretch that has some. */
const patiently = hours(2);

/**
 * Works through the decisions; large blobs are waited for, as long as the service takes for them, or
 * `within` for all of them together where the app cannot wait for them.
 */
export function* carryOut<StepId extends string>(
  run: Recovery<StepId>,
  step: StepId,
  wanted: DecidedBlobs & {
    readonly actions: readonly restore.BlobAction[];
    readonly count: number;
    readonly within?: Milliseconds;
  },
): Durable<CarriedOut | { readonly failure: Failure }> {
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
  const within = wanted.within ?? milliseconds(patiently * slow.length);
  const begunAt = run.now();
  for (const piece of slow) {
    const left = Math.max(0, within - elapsed(begunAt, run.now()));
    yield* run.until(step, restore.copyBlobsBack, piece, {
      done: ({ waiting }) => waiting === 0,
      within: milliseconds(Math.min(left, patiently)),
      first: seconds(10),
      longest: minutes(5),
    });
  }
  const again = slow.length === 0 ? [] : yield* run.each(step, restore.copyBlobsBack, slow, work);
  const waited = milliseconds(elapsed(begunAt, run.now()));
  let [restored, waiting] = [0, 0];
  const settled = first.filter((answer) => !answer.ok || answer.value.waiting === 0);
  for (const answer of [...settled, ...again]) {
    if (!answer.ok) return { failure: answer.failure };
    restored += answer.value.restored;
    for (const { name, reason } of answer.value.failed) run.journal.finding(`${name}: ${reason}`);
    waiting += answer.value.waiting;
  }
  if (waiting > 0) {
    const after = describeDuration(waited);
    run.journal.finding(`${waiting} large blobs were still being copied after ${after}`);
  }
  return { restored, waiting, waited };
}
