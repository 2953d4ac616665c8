import type { EnvironmentName } from "../domain/environment-name.js";
import type { Milliseconds } from "../domain/duration.js";
import { elapsed, type Instant } from "../domain/instant.js";
import type { FallsBackOn, RecoveryPoint } from "../domain/recovery-point.js";
import type { Backups } from "./backups.js";

/** Of which failure the recovery points are. */
interface Failure {
  readonly environment: EnvironmentName;
  readonly detectedAt: Instant;
  readonly rpo: Milliseconds;
}

/** Finds, for each kind, the newest copy of any side that could be used when a failure was detected. */
export const recoveryPoints = (
  sets: Backups,
  kinds: readonly FallsBackOn[],
  { environment, detectedAt, rpo }: Failure,
  now: Instant,
): Promise<RecoveryPoint[]> =>
  Promise.all(
    kinds.map(async ({ kind, ...sides }) => {
      const sources = await sets.sourcesOf(kind, sides);
      const found = await Promise.all(
        sources.map((source) =>
          sets.newestVerified({ kind, environment, source }, now, { takenUntil: detectedAt }),
        ),
      );
      const [newest] = found
        .flatMap(({ found: set }) => set ?? [])
        .sort((one, other) => other.manifest.takenAt.localeCompare(one.manifest.takenAt));
      if (newest === undefined) return { kind, rpo, withinRpo: false };
      const { set, manifest, check } = newest;
      const { source, takenAt } = manifest;
      const age = elapsed(takenAt, detectedAt);
      return {
        kind,
        rpo,
        withinRpo: age <= rpo,
        newest: { set, source, takenAt, age, check },
      };
    }),
  );
