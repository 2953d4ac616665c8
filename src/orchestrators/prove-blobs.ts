import * as blobs from "../activities/blob-proof.contract.js";
import type { ProofFailure } from "../domain/backup-proof.js";
import { ProofOrder } from "../domain/backup-order.js";
import type { Durable } from "../durable/durable.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { blobProof } from "../scenarios/blob-proof.js";
import { proveSets, type ChosenSet, type SetProof } from "./prove-sets.js";
import { stretches } from "./stretches.js";

type Steps = Recovery<keyof typeof blobProof.steps>;

/** Blobs that one activity takes, and how many activities run at once. */
const stretch = 100;
const atATime = 2;

/**
 * A sample of the blobs of the newest set and of an older one is restored into a scratch container of
 * the backup account, read back, held against the manifest and removed.
 */
export const proveBlobs = framed(blobProof, ProofOrder, function* (run, order) {
  // A host that was killed, or a run that was ended from outside, has left what it had restored.
  yield* clear(run, "clear-before");
  return yield* proveSets(run, order, (chosen) => proof(run, order, chosen));
});

function* proof(run: Steps, order: ProofOrder, { set, source }: ChosenSet): Durable<SetProof> {
  const { environment, estate } = order;
  const wanted = { environment, source, set, ...estate.proof.blobs };
  const drawn = yield* run.step("sample", blobs.sampleBlobs, wanted, set);
  if (!drawn.ok) return { kind: "failed", failure: drawn.failure };
  const { list, items, of } = drawn.value;
  if (items === 0) return { kind: "no-place", why: "all its blobs are too large for a sample" };
  const pieces = stretches(items, stretch).map(({ begin, end }) => ({ list, begin, end }));
  const failures: ProofFailure[] = [];
  let bytes = 0;
  try {
    const work = { atATime, total: items, unit: "blobs" };
    for (const answer of yield* run.each("compare", blobs.compareBlobSample, pieces, work)) {
      if (!answer.ok) return { kind: "failed", failure: answer.failure };
      failures.push(...answer.value.failures);
      bytes += answer.value.bytes;
    }
  } finally {
    yield* clear(run, "clear");
  }
  return { kind: "compared", comparison: { items, of, bytes, withSource: 0, failures } };
}

/** It belongs into a `finally`, so it is called quietly: a step does nothing in a run that was canceled. */
function* clear(run: Steps, step: "clear-before" | "clear"): Durable<void> {
  run.journal.begin(step, run.now());
  for (let left = true; left;) {
    const cleared = yield* run.quietly(step, blobs.clearScratchContainer, {});
    if (!cleared.ok) {
      run.journal.fail(step, cleared.failure, run.now());
      run.journal.finding(`the scratch container keeps blobs: ${describeFailure(cleared.failure)}`);
      return;
    }
    run.journal.note(step, cleared.value, run.now());
    if (cleared.value.kept > 0) run.journal.finding(cleared.value.detail);
    left = cleared.value.left;
  }
}
