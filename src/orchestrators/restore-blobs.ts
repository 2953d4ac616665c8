import * as restore from "../activities/blob-restore.contract.js";
import { RestoreOrder } from "../domain/backup-order.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { blobRestore } from "../scenarios/blob-restore.js";
import { carryOut, compareWithBlobSet, type DecidedBlobs } from "./bring-back-blobs.js";

type Steps = Recovery<keyof typeof blobRestore.steps>;

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
    const pieces = { of, endpoint, items, overwrite, begin, end, wanted };
    const compared = yield* compareWithBlobSet(run, pieces);
    if (!compared.ok) return run.end("failed", describeFailure(compared.failure));
    return yield* bringBack(run, { ...compared.value, wanted, containers });
  });
  return brought.ok ? brought.value : run.end("failed", describeFailure(brought.failure));
});

interface Decided extends DecidedBlobs {
  readonly wanted: number;
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
    const done = yield* carryOut(run, step, { ...decided, actions, count });
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
