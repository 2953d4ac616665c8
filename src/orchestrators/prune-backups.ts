import { forgetOldRuns, planPruning, pruneSet } from "../activities/backup-pruning.contract.js";
import type { PrunedSource } from "../activities/backup-pruning.contract.js";
import { BackupKind } from "../domain/backup.js";
import { scheduleOf, sidesOf } from "../domain/backup-order.js";
import { days } from "../domain/duration.js";
import type { Environment } from "../domain/estate.js";
import { RunOrder } from "../domain/run-order.js";
import { framed } from "../recovery/framed.js";
import { describeFailure } from "../recovery/recovery.js";
import { backupPruning } from "../scenarios/backup-pruning.js";

/** Sets that are removed at once. */
const atATime = 2;

/** Old sets go by a plan that says what and why; what uses their copies, and the newest, keeps them. */
export const pruneBackups = framed(backupPruning, RunOrder, function* (run, order) {
  const { environment, estate } = order;
  const planned = yield* run.step("plan", planPruning, {
    environment,
    sources: sourcesOf(estate),
  });
  if (!planned.ok) return run.end("failed", describeFailure(planned.failure));
  const { plan, prune, keep, unreadable } = planned.value;
  for (const set of unreadable) run.journal.finding(`${set}: its manifest cannot be read`);

  let pieces = Array.from({ length: prune }, (_, nth) => ({ environment, plan, nth }));
  while (pieces.length > 0) {
    const work = { atATime, total: prune, unit: "sets" };
    const answers = yield* run.each("prune", pruneSet, pieces, work);
    for (const answer of answers) {
      if (!answer.ok) run.journal.finding(describeFailure(answer.failure));
      else if (answer.value.kept > 0) run.journal.finding(answer.value.detail);
    }
    pieces = pieces.filter((_, index) => {
      const answer = answers[index];
      return answer?.ok === true && answer.value.left;
    });
  }
  const forgotten = yield* run.step("forget", forgetOldRuns, { environment, olderThan: days(30) });
  if (!forgotten.ok) run.journal.finding(describeFailure(forgotten.failure));
  const what = `${prune} sets were to go, ${keep} stay`;
  return run.end(run.journal.hasFindings ? "passed-with-findings" : "passed", what);
});

/** Both sides of everything that is backed up. */
function sourcesOf(estate: Environment): PrunedSource[] {
  return BackupKind.options.flatMap((kind) => {
    const { primary, secondary } = sidesOf(estate, kind);
    const { retention } = scheduleOf(estate, kind);
    const containers = kind === "blobs" ? estate.storage.containers : [];
    return [primary, secondary].flatMap((source) =>
      source === undefined ? [] : [{ kind, source, retention, containers }],
    );
  });
}
