import * as backup from "../activities/backup.contract.js";
import * as protection from "../activities/protection.contract.js";
import * as redis from "../activities/redis-backup.contract.js";
import { folderOf, setPrefix, sideKnownFact, type ItemPart } from "../domain/backup.js";
import { BackupOrder } from "../domain/backup-order.js";
import {
  describeDuration,
  hours,
  minutes,
  seconds,
  type Milliseconds,
} from "../domain/duration.js";
import type { Answer } from "../durable/activity-contract.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { redisBackup } from "../scenarios/redis-backup.js";
import { cleanUpFiles } from "./clean-up-files.js";
import { cacheStorageOf } from "./cache-storage.js";
import { ensured } from "./ensured-settings.js";
import { estateOfUsers } from "./users-side.js";

type Steps = Recovery<keyof typeof redisBackup.steps>;

/** What a set holds, or why it could not be taken. */
type Copied =
  | {
      readonly parts: readonly ItemPart[];
      readonly what: string;
      /** Undefined for the export of a cache that did not say how many it holds. */
      readonly keys: number | undefined;
      readonly verified: boolean;
      readonly facts: Readonly<Record<string, string>>;
    }
  | Failed;

/** How often a walk over all keys is begun anew because another server has taken over. */
const mostWalks = 4;

/**
 * The keys of the cache in use are copied into a set: by the cache's own export where it has one,
 * which the service copies into the recovery region, or else key by key.
 */
export const backUpRedis = framed(redisBackup, BackupOrder, function* (run, order) {
  const { environment, scope, kind } = order;
  const estate = yield* estateOfUsers(run, "find-active");
  const asUsed = { ...order, estate };
  const active = yield* run.step("find-active", redis.findActiveCache, {
    app: estate.containerApp.primary,
    vault: estate.keyVault,
    redis: { primary: estate.redis.primary, secondary: estate.redis.secondary },
    secret: estate.redis.connectionSecret,
  });
  if (!active.ok) return run.end("failed", describeFailure(active.failure));
  const cache = active.value;
  if (cache.known === "assumed") run.journal.finding(cache.detail);
  // The set is as old as its oldest copy can be.
  const takenAt = run.now();
  const set = setPrefix({ kind, environment, source: cache.id }, takenAt, run.run());

  const counted = yield* run.quietly("count-keys", redis.countCacheKeys, { cache: cache.id });
  const copied: Copied =
    cache.way === "export"
      ? yield* exported(run, asUsed, cache, set, counted)
      : yield* copiedByKey(run, cache.id, set, counted);
  if ("failed" in copied) return run.end("failed", copied.failed);
  const { keys } = copied;
  const emptied = keys === 0 ? yield* emptiedSince(run, order, cache.id) : undefined;
  if (emptied !== undefined) return run.end("failed", emptied);
  const completed = yield* run.step("complete", backup.completeSet, {
    set,
    kind,
    environment,
    scope,
    source: cache.id,
    region: cache.location,
    takenAt,
    completedAt: run.now(),
    parts: [...copied.parts],
    skipped: [],
    verified: copied.verified,
    copies: [],
    facts: {
      ...copied.facts,
      ...(keys === undefined ? {} : { keys: String(keys) }),
      tier: cache.tier,
      [sideKnownFact]: cache.known,
    },
  });
  if (!completed.ok) return run.end("failed", describeFailure(completed.failure));
  yield* protect(run, asUsed, cache.id);
  return ending(run, copied.what);
});

const ending = (run: Steps, what: string): Ending =>
  run.end(run.journal.hasFindings ? "passed-with-findings" : "passed", what);

/**
 * An empty set would become the newest one, and hide the last that holds something. Only a cache that
 * never held a key is backed up without any; of another it is said why it is not.
 */
function* emptiedSince(
  run: Steps,
  { kind, environment }: BackupOrder,
  source: string,
): Durable<string | undefined> {
  const wanted = { kind, environment, source };
  const latest = yield* run.quietly("find-latest", backup.findLatestSet, wanted);
  const empty = "the cache holds no keys";
  if (!latest.ok) {
    return `${empty}, and the sets cannot be looked at: ${describeFailure(latest.failure)}`;
  }
  const { set, problem, facts } = latest.value;
  if (problem !== undefined) return `${empty}, and the newest set cannot be used: ${problem}`;
  const before = facts?.["keys"] ?? "an unknown number";
  return set === undefined || before === "0"
    ? undefined
    : `${empty}, and the newest set, ${set}, holds ${before} of them: it stays the newest`;
}

/** A portable snapshot: every key of every database, in as many parts as it takes. */
function* copiedByKey(run: Steps, cache: string, set: string, counted: Counted): Durable<Copied> {
  const total = counted.ok ? { total: counted.value.count } : {};
  let walks = 0;
  const copied = yield* run.onward(
    "copy-keys",
    redis.copyKeys,
    { cache, set, nth: 1 },
    ({ fresh, next }, nth) => {
      if (fresh) walks += 1;
      return next === undefined || walks > mostWalks
        ? undefined
        : { cache, set, nth: nth + 1, from: next };
    },
    { unit: "keys", ...total },
  );
  if (!copied.ok) return { failed: describeFailure(copied.failure) };
  const answers = copied.value;
  if (answers.at(-1)?.next !== undefined) {
    return { failed: `another server has taken over ${walks} times while keys were copied` };
  }
  // Parts from before another server took over are not of this walk.
  const whole = answers.slice(answers.findLastIndex(({ fresh }) => fresh));
  const keys = whole.reduce((sum, { done }) => sum + done, 0);
  return {
    parts: whole.map(({ part }) => part),
    what: `${keys} keys are backed up and verified`,
    keys,
    verified: true,
    facts: { format: "rsnap/1" },
  };
}

interface Cache {
  readonly id: string;
  readonly kind: "classic" | "managed";
  readonly location: string;
  readonly hasIdentity: boolean;
}

type Counted = Answer<{ readonly count: number }>;

interface Failed {
  readonly failed: string;
}

type Files = readonly { readonly name: string; readonly bytes: number }[];

/** The cache's own export, copied into the recovery region by the service and proven there. */
function* exported(
  run: Steps,
  order: BackupOrder,
  cache: Cache,
  set: string,
  counted: Counted,
): Durable<Copied> {
  const prepared = yield* run.step("prepare-export", redis.prepareExport, {
    storage: cacheStorageOf(order.estate),
    cache: cache.id,
    kind: cache.kind,
    region: cache.location,
    folder: folderOf(set),
  });
  if (!prepared.ok) return { failed: describeFailure(prepared.failure) };
  const { place } = prepared.value;
  try {
    const held = yield* run.holding(cache.id, () => written(run, cache, place));
    const files: Files | Failed = held.ok ? held.value : { failed: describeFailure(held.failure) };
    const copied = "failed" in files ? files : yield* takenOver(run, set, place, files);
    if ("failed" in copied) return copied;
    if (counted.ok) return { ...copied, keys: counted.value.count };
    run.journal.finding(
      `nobody knows how many keys the export holds: ${describeFailure(counted.failure)}`,
    );
    return { ...copied, keys: undefined };
  } finally {
    yield* cleanUpFiles(run, place, true);
  }
}

/** Has the cache write its files: with its own identity, or else with a SAS that is made for it. */
function* written(run: Steps, cache: Cache, place: redis.FilePlace): Durable<Files | Failed> {
  if (!cache.hasIdentity) return yield* writtenBy(run, "export", cache.id, place, "sas");
  const first = yield* writtenBy(run, "export", cache.id, place, "identity");
  if (!("failed" in first)) return first;
  run.journal.finding(`the cache cannot export with its own identity: ${first.failed}`);
  // Half a file of the first try would be taken for one of the second.
  yield* run.quietly("remove-failed-export", redis.removeCacheFiles, { place, whole: false });
  return yield* writtenBy(run, "export-with-sas", cache.id, place, "sas");
}

function* writtenBy(
  run: Steps,
  step: "export" | "export-with-sas",
  cache: string,
  place: redis.FilePlace,
  access: "identity" | "sas",
): Durable<Files | Failed> {
  const started = yield* run.step(step, redis.startExport, { cache, place, access });
  if (!started.ok) return { failed: describeFailure(started.failure) };
  const failed = yield* followed(run, step, cache, started.value.operation, hours(2));
  if (failed !== undefined) return { failed: `the export ${failed}` };
  const whole = yield* run.until(
    "check-export",
    redis.observeExport,
    { place },
    {
      done: (seen) => seen.whole,
      within: minutes(30),
      first: seconds(5),
      longest: seconds(60),
    },
  );
  const seen = yield* run.quietly("list-export", redis.observeExport, { place });
  if (!seen.ok) return { failed: describeFailure(seen.failure) };
  return whole === "done"
    ? seen.value.files
    : { failed: `the cache has not written whole files: ${seen.value.detail}` };
}

/** Follows what a cache does to its end: undefined, or what has become of it. */
function* followed(
  run: Steps,
  step: "export" | "export-with-sas" | "persist",
  cache: string,
  begun: string | undefined,
  within: Milliseconds,
): Durable<string | undefined> {
  let said = `did not end in ${describeDuration(within)}`;
  const look = function* (operation: string) {
    const seen = yield* run.look(step, redis.observeCacheOperation, { cache, operation });
    if (seen.ok && seen.value.state === "failed") said = seen.value.detail;
    return seen;
  };
  return (yield* run.operation(step, begun, look, within)) ? undefined : said;
}

/** Copies the files into the set, on the service's side, and proves each copy. */
function* takenOver(
  run: Steps,
  set: string,
  { endpoint, container, prefix }: redis.FilePlace,
  files: Files,
): Durable<Omit<Exclude<Copied, Failed>, "keys"> | Failed> {
  const copies = files.map(({ name }) => ({
    name,
    target: `${set}exports/${name.slice(prefix.lastIndexOf("/") + 1).replaceAll("/", "-")}`,
  }));
  const from = { endpoint, container };
  const waited = yield* run.until(
    "copy-export",
    redis.copyCacheFiles,
    { from, files: copies },
    {
      done: ({ waiting, failed }) => waiting === 0 && failed.length === 0,
      failed: ({ failed }) => failed.length > 0,
      failedInARow: 3,
      within: hours(2),
      first: seconds(5),
      longest: minutes(2),
    },
  );
  if (waited !== "done") return { failed: "the export was not copied into the recovery region" };

  const parts: ItemPart[] = [];
  let verified = true;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  for (const [index, { name, target }] of copies.entries()) {
    const file = { set, nth: index + 1, name, blob: target };
    const read = yield* run.onward(
      "verify-export",
      redis.verifyExport,
      file,
      ({ next }) => next && { ...file, from: next },
      { unit: "bytes" },
    );
    if (!read.ok) return { failed: describeFailure(read.failure) };
    for (const { part, proven, detail } of read.value) {
      if (part !== undefined) parts.push(part);
      if (!proven) run.journal.finding(detail);
      verified &&= proven;
    }
  }
  const what = `an export of ${files.length} files, ${bytes} bytes, is copied and verified`;
  const format = files.some(({ name }) => name.endsWith(".gz")) ? "rdb.gz" : "rdb";
  return { parts, what, verified, facts: { format } };
}

function* protect(run: Steps, { estate }: BackupOrder, cache: string): Durable<void> {
  const { primary, secondary } = estate.storage;
  const storage = { primary, secondary };
  yield* ensured(run, cache, "the cache", [
    () =>
      run.step("protect", protection.protectCache, {
        cache,
        windowHours: 5,
        storage: cacheStorageOf(estate),
      }),
    () => persisted(run, cache, storage),
  ]);
}

/** Turns persistence on, and waits for it: the cache takes no other change meanwhile. */
function* persisted(
  run: Steps,
  cache: string,
  storage: { primary: string; secondary?: string | undefined },
): Durable<Answer<{ detail: string; drift: readonly string[] }>> {
  const begun = yield* run.step("persist", protection.persistCache, { cache, storage });
  if (!begun.ok) return begun;
  const { detail, drift, operation } = begun.value;
  const failed = yield* followed(run, "persist", cache, operation, minutes(30));
  const problem = failed === undefined ? [] : [`turning persistence on ${failed}`];
  return { ok: true, value: { detail, drift: [...drift, ...problem] } };
}
