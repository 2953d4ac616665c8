import * as backup from "../activities/redis-backup.contract.js";
import * as restore from "../activities/redis-restore.contract.js";
import { namedExactly } from "../domain/backup-order.js";
import {
  describeDuration,
  hours,
  minutes,
  seconds,
  type Milliseconds,
} from "../domain/duration.js";
import type { EnvironmentName } from "../domain/environment-name.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import type { redisRestore } from "../scenarios/redis-restore.js";
import type { cacheStorageOf } from "./cache-storage.js";
import { cleanUpFiles } from "./clean-up-files.js";

/** The steps that bring keys back, in whichever run. */
type Steps = Recovery<Exclude<keyof typeof redisRestore.steps, "find-active" | "find-set">>;

/** What is to be brought back, and whether over what is there. */
export interface WantedKeys {
  readonly environment: EnvironmentName;
  readonly source: string;
  readonly set: string;
  readonly cache: string;
  readonly items: readonly string[];
  readonly overwrite: boolean;
  /** How long an import may take; a restore has time. */
  readonly within?: Milliseconds;
  readonly storage: ReturnType<typeof cacheStorageOf>;
}

/** The set and the cache, as they were found. */
interface Target {
  readonly way: "snapshot" | "export";
  readonly keys?: number | undefined;
  readonly files: readonly string[];
  readonly name: string;
  readonly location: string;
  readonly hasIdentity: boolean;
  readonly empty: boolean;
  /** That no key comes back is no failure: the time of all of them may be over. */
  readonly mayBringNone?: true;
}

/** Puts the keys of a set into a cache: one by one from a snapshot, or all at once from an export. */
export function* bringBackKeys(run: Steps, wanted: WantedKeys, target: Target): Durable<Ending> {
  return target.way === "snapshot"
    ? yield* keysBack(run, wanted, target)
    : yield* imported(run, wanted, target);
}

function* keysBack(run: Steps, wanted: WantedKeys, target: Target): Durable<Ending> {
  const { environment, source, set, cache, items, overwrite } = wanted;
  const piece = { environment, source, set, cache, items: [...items], overwrite };
  const total = target.keys === undefined ? {} : { total: target.keys };
  const answers = yield* run.onward(
    "restore-keys",
    restore.restoreSnapshot,
    { ...piece, part: 0, skip: 0 },
    ({ next }) => next && { ...piece, ...next },
    { unit: "keys", ...total },
  );
  if (!answers.ok) return run.end("failed", describeFailure(answers.failure));
  const counts = { restored: 0, same: 0, left: 0, expired: 0 };
  const missing = new Set(namedExactly(items));
  const below = new Set<string>();
  for (const answer of answers.value) {
    counts.restored += answer.restored;
    counts.same += answer.same;
    counts.left += answer.left;
    counts.expired += answer.expired;
    for (const name of answer.found) missing.delete(name);
    for (const beginning of answer.leftBelow) below.add(beginning);
  }
  for (const name of missing) run.journal.finding(`the set holds no key ${name}`);
  if (counts.left > 0) {
    const which = [...below].slice(0, 10).join(", ");
    run.journal.finding(
      `${counts.left} keys were left as they are, because the cache has others of these names: ${which}`,
    );
  }
  const what = `${counts.restored} keys ${run.planning ? "would be put" : "were put"} back, ${counts.same} were there as they are in the set, ${counts.expired} have expired since`;
  const found = counts.restored + counts.same + counts.left + counts.expired;
  if (found === 0) {
    const none = items.length > 0 ? "the set holds none of these keys" : "the set holds no keys";
    return run.end("failed", none);
  }
  return run.end(run.journal.hasFindings ? "passed-with-findings" : "passed", what);
}

function* imported(
  run: Steps,
  { storage, cache, within = hours(2) }: WantedKeys,
  target: Target,
): Durable<Ending> {
  const step = target.empty ? "import" : "import-over";
  // A person is asked before anything is prepared, so that nothing has to be taken back.
  const approval = yield* run.approval(step);
  if (approval !== "granted") return run.end("failed", `the import was not approved: ${approval}`);
  const prepared = yield* run.step("prepare-import", restore.prepareImport, {
    storage,
    region: target.location,
  });
  if (!prepared.ok) return run.end("failed", describeFailure(prepared.failure));
  const { place } = prepared.value;
  const copies = target.files.map((name) => ({
    name,
    target: `${place.prefix}${name.slice(name.lastIndexOf("/") + 1)}`,
  }));
  let ending: Ending;
  try {
    ending = yield* importedFrom(run, step, cache, target, place, copies, within);
  } finally {
    if (!run.planning) yield* cleanUpFiles(run, place, false, step);
  }
  return ending.outcome === "passed" && run.journal.hasFindings
    ? { ...ending, outcome: "passed-with-findings" }
    : ending;
}

function* importedFrom(
  run: Steps,
  step: "import" | "import-over",
  cache: string,
  target: Target,
  place: backup.FilePlace,
  copies: readonly { readonly name: string; readonly target: string }[],
  within: Milliseconds,
): Durable<Ending> {
  const { hasIdentity } = target;
  const to = { endpoint: place.endpoint, container: place.container };
  const copied = yield* run.until(
    "copy-files",
    backup.copyCacheFiles,
    { to, files: [...copies] },
    {
      done: ({ waiting, failed }) => waiting === 0 && failed.length === 0,
      failed: ({ failed }) => failed.length > 0,
      failedInARow: 3,
      within,
      first: seconds(5),
      longest: minutes(2),
    },
  );
  if (copied !== "done") return run.end("failed", "the export was not copied into the region");
  const files = copies.map((copy) => copy.target);
  const first = yield* loaded(run, step, { cache, place, files }, hasIdentity, within);
  let failure = first;
  if (first !== undefined && hasIdentity) {
    run.journal.finding(`the cache cannot import with its own identity: ${first}`);
    failure = yield* loaded(run, "import-with-sas", { cache, place, files }, false, within);
  }
  if (failure !== undefined) return run.end("failed", failure, nextSteps);
  if (run.planning) return run.end("planned", `would import ${files.length} files`);
  const checked = yield* run.until(
    "check-import",
    restore.observeImport,
    { cache },
    {
      done: ({ imported: isImported }) => isImported,
      within: minutes(15),
      first: seconds(5),
      longest: seconds(30),
    },
  );
  if (checked !== "done") {
    return run.end("failed", "the cache does not serve what was imported", nextSteps);
  }
  const seen = yield* run.quietly("count-imported", restore.observeImport, { cache });
  if (seen.ok && seen.value.keys === 0 && target.mayBringNone !== true) {
    if (target.keys !== 0) return run.end("failed", "the import brought no keys", nextSteps);
    run.journal.finding("the set holds no keys, and so does the cache now");
  }
  const keys = seen.ok ? `${seen.value.keys} keys` : "the keys";
  return run.end("passed", `${keys} were imported into ${target.name}`);
}

const nextSteps = [
  "Look at the cache: a failed import may leave it empty",
  "Restore an earlier set: GET /api/backups lists them",
];

/** Undefined if the import has ended well, or what has become of it. */
function* loaded(
  run: Steps,
  step: "import" | "import-over" | "import-with-sas",
  files: {
    readonly cache: string;
    readonly place: backup.FilePlace;
    readonly files: readonly string[];
  },
  byIdentity: boolean,
  within: Milliseconds,
): Durable<string | undefined> {
  const { cache } = files;
  const started = yield* run.step(step, restore.startImport, {
    ...files,
    files: [...files.files],
    access: byIdentity ? "identity" : "sas",
  });
  if (!started.ok) return describeFailure(started.failure);
  if (run.planning) return undefined;
  let said = `did not end within ${describeDuration(within)}`;
  const look = function* (operation: string) {
    const seen = yield* run.look(step, backup.observeCacheOperation, { cache, operation });
    if (seen.ok && seen.value.state === "failed") said = seen.value.detail;
    return seen;
  };
  const ended = yield* run.operation(step, started.value.operation, look, within);
  return ended ? undefined : `the import ${said}`;
}
