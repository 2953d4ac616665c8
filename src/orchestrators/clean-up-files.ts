import { removeCacheFiles, type FilePlace } from "../activities/redis-backup.contract.js";
import type { Durable } from "../durable/durable.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";

/**
 * Removes what a cache has written or was given: a copy of all its data, which does not stay where the
 * app's files are. It belongs into a `finally`, so it is no step: a step does nothing in a run that
 * has been canceled. The record tells of it with the step that the files were for.
 */
export function* cleanUpFiles(
  run: Pick<Recovery, "journal" | "quietly" | "now">,
  place: FilePlace,
  whole: boolean,
  step?: string,
): Durable<void> {
  const removed = yield* run.quietly("clean-up", removeCacheFiles, { place, whole });
  if (removed.ok) {
    if (step !== undefined && removed.value.changed) {
      run.journal.note(step, removed.value, run.now());
    }
    return;
  }
  run.journal.finding(
    `the export stays in ${place.container}: ${describeFailure(removed.failure)}`,
  );
}
