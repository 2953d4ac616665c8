import * as restore from "../activities/blob-restore.contract.js";
import { RestoreOrder } from "../domain/backup-order.js";
import { hours, minutes, seconds } from "../domain/duration.js";
import type { Failure } from "../domain/failure.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { blobRestore } from "../scenarios/blob-restore.js";
import { stretches } from "./stretches.js";

type Steps = Recovery<keyof typeof blobRestore.steps>;

/** Blobs that one activity takes, and how many activities run at once. */
const stretch = 500;
const atATime = 4;

/**
 * Blobs of a set come back into an account, by the service itself. Each is compared first; what is the
 * same is not copied, and what is newer than the set stays unless the order is to overwrite it. Nothing
 * is deleted: what the set has not stays where it is.
 */
export const restoreBlobs = framed(blobRestore, RestoreOrder, function* (run, order) {
  const { environment, source, set, items, overwrite, resource } = order;
  const of = { environment, source, set };
  const found = yield* run.step("find-set", restore.findRestorableAccount, {
    ...of,
    account: resource,
    items,
  });
  if (!found.ok) return run.end("failed", describeFailure(found.failure));
  const { endpoint, begin, end, wanted, containers } = found.value;
  const brought = yield* run.holding(resource, function* () {
    const pieces = stretches(end - begin, stretch).map((piece) => ({
      ...of,
      endpoint,
      items,
      overwrite,
      begin: begin + piece.begin,
      end: begin + piece.end,
    }));
    const work = { atATime, total: wanted, unit: "blobs" };
    const compared = yield* run.each("compare", restore.compareBlobs, pieces, work);
    const decisions: string[] = [];
    const counts = noCounts();
    for (const answer of compared) {
      if (!answer.ok) return run.end("failed", describeFailure(answer.failure));
      decisions.push(answer.value.decisions);
      for (const action of restore.BlobAction.options) {
        counts[action] += answer.value.counts[action];
      }
      for (const name of answer.value.newer) {
        run.journal.finding(`${name} was left as it is: newer than the copy`);
      }
      for (const name of answer.value.damaged) {
        run.journal.finding(`${name}: its copy is gone or not as long as the set says`);
      }
    }
    return yield* bringBack(run, { endpoint, decisions, wanted, counts, containers });
  });
  return brought.ok ? brought.value : run.end("failed", describeFailure(brought.failure));
});

type Counts = Record<restore.BlobAction, number>;

const noCounts = (): Counts => ({
  restore: 0,
  replace: 0,
  same: 0,
  "keep-newer": 0,
  overwrite: 0,
  "no-copy": 0,
});

interface Decided {
  readonly endpoint: string;
  readonly decisions: readonly string[];
  readonly wanted: number;
  readonly counts: Readonly<Counts>;
  readonly containers: readonly string[];
}

function* bringBack(run: Steps, decided: Decided): Durable<Ending> {
  const { endpoint, wanted, counts, containers } = decided;
  const missing = counts.restore + counts.replace;
  const target = { endpoint, containers: [...containers] };
  if (run.planning) {
    const seen = yield* run.quietly("prepare", restore.prepareTarget, target);
    if (seen.ok && seen.value.made.length > 0) run.journal.planChange("prepare", seen.value.detail);
    if (missing > 0) {
      const older = `${counts.replace} in the place of older ones`;
      run.journal.planChange("restore", `${counts.restore} missing blobs to restore, ${older}`);
    }
    if (counts.overwrite > 0) {
      run.journal.planChange("overwrite", `${counts.overwrite} newer blobs to overwrite`);
    }
    return run.end("planned", `${missing + counts.overwrite} of ${wanted} would be changed`);
  }
  if (missing + counts.overwrite > 0) {
    const prepared = yield* run.step("prepare", restore.prepareTarget, target);
    if (!prepared.ok) return run.end("failed", describeFailure(prepared.failure));
    for (const container of prepared.value.made) {
      run.journal.finding(
        `${container} was missing; it is made without public access, which no backup keeps`,
      );
    }
  }
  let [restored, failed] = [0, counts["no-copy"]];
  for (const [step, actions, count] of [
    ["restore", ["restore", "replace"], missing],
    ["overwrite", ["overwrite"], counts.overwrite],
  ] as const) {
    if (count === 0) continue;
    if (step === "overwrite") {
      const approval = yield* run.approval("overwrite");
      if (approval !== "granted") {
        const rest = restored > 0 ? `; ${restored} missing or older blobs are back` : "";
        return run.end("failed", `overwriting was not approved: ${approval}${rest}`);
      }
    }
    const done = yield* carryOut(run, step, { ...decided, actions: [...actions], count });
    if ("failure" in done) return run.end("failed", describeFailure(done.failure));
    restored += done.restored;
    failed += count - done.restored;
  }
  const kept = counts["keep-newer"];
  const what = [
    `${restored} of ${wanted} wanted blobs brought back and verified`,
    `${counts.same} were the same`,
    ...(kept > 0 ? [`${kept} left as they are`] : []),
    ...(failed > 0 ? [`${failed} could not be brought back`] : []),
  ].join(", ");
  if (failed > 0 && restored + counts.same === 0) return run.end("failed", what, nextSteps);
  return run.journal.hasFindings
    ? run.end("passed-with-findings", what, failed > 0 ? nextSteps : [])
    : run.end("passed", what);
}

const nextSteps = ["Restore what failed from an earlier set: GET /api/backups lists them"];

/** Works through the decisions; large blobs are waited for, as long as the service takes for them. */
function* carryOut(
  run: Steps,
  step: "restore" | "overwrite",
  wanted: Decided & { readonly actions: restore.BlobAction[]; readonly count: number },
): Durable<{ readonly restored: number } | { readonly failure: Failure }> {
  const { endpoint, actions, count } = wanted;
  const work = { atATime, total: count, unit: "blobs" };
  const pieces = wanted.decisions.map((decisions) => ({ endpoint, decisions, actions }));
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
