import { countCacheKeys } from "../activities/redis-backup.contract.js";
import * as redis from "../activities/redis-failure.contract.js";
import { parseResourceId, sameResource } from "../domain/resource-id.js";
import type { Durable } from "../durable/durable.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { linkWait, type KeysHomeStep } from "../scenarios/redis-failback.js";
import { waits } from "../scenarios/redis-failure.js";
import type { cacheInUse } from "./move-to-cache.js";
import { nameOf } from "./replace-cache.js";

type KeySteps = Recovery<KeysHomeStep>;

/** From the cache in use to the original; both by their ids. */
export interface WayOfKeys {
  readonly from: string;
  readonly to: string;
  /** What is read to see which cache the app uses, right before anything is removed. */
  readonly use: ReturnType<typeof cacheInUse>;
}

/** Brings the keys home, by the way that the link between both caches allows; or says why not. */
export function* keysHome(
  run: KeySteps,
  way: WayOfKeys,
): Durable<{ readonly why: string } | { readonly link: "none" | "replica" | "member" }> {
  const asked = { cache: way.to, instead: way.from };
  const seen = yield* run.step("inspect-original", redis.inspectStandby, asked);
  if (!seen.ok) return { why: describeFailure(seen.failure) };
  if (!seen.value.usable) return { why: `${nameOf(way.to)}: ${seen.value.detail}` };
  const { link, keys } = seen.value;
  const why =
    link === "member"
      ? undefined
      : link === "replica"
        ? yield* unlinked(run, way)
        : yield* filled(run, way, keys);
  return why === undefined ? { link } : { why };
}

/** What was written to the cache in use meanwhile, and nothing that home has anew; why not is a finding. */
export function* lateKeysHome(run: KeySteps, way: WayOfKeys): Durable<void> {
  yield* copied(run, "copy-late-keys", way, false);
}

/** The original follows the cache in use already; unlinking makes it a cache of its own. */
function* unlinked(run: KeySteps, { from, to }: WayOfKeys): Durable<string | undefined> {
  const both = { primary: from, secondary: to, lease: to };
  const begun = yield* run.step("unlink", redis.startUnlink, both);
  if (!begun.ok) return describeFailure(begun.failure);
  const ended = yield* run.until(
    "await-unlink",
    redis.observeLinks,
    { cache: to },
    { ...waits.unlink, done: ({ linked, settled }) => !linked && settled },
  );
  return ended === "done" ? undefined : `${nameOf(to)} was not unlinked in time`;
}

/** Keys that were removed since the failure must not come back, so the original is emptied first. */
function* filled(run: KeySteps, way: WayOfKeys, stale: number): Durable<string | undefined> {
  if (stale > 0) {
    const original = { cache: way.to, use: way.use };
    const emptied = yield* run.step("empty-original", redis.emptyCache, original);
    if (!emptied.ok) return describeFailure(emptied.failure);
  }
  const failure = yield* copied(run, "copy-keys", way, true);
  if (failure !== undefined || run.planning) return failure;
  const away = yield* run.quietly("count-away", countCacheKeys, { cache: way.from });
  const home = yield* run.quietly("count-home", countCacheKeys, { cache: way.to });
  if (!away.ok || !home.ok) return "the keys of both caches could not be counted";
  const missing = away.value.count - home.value.count;
  // Some expire while others are counted.
  return missing > Math.max(10, away.value.count / 20)
    ? `it would lose data: ${missing} of ${away.value.count} keys did not arrive`
    : undefined;
}

/** Undefined once all keys are copied, or why they are not. */
function* copied(
  run: KeySteps,
  step: "copy-keys" | "copy-late-keys",
  { from, to, use }: WayOfKeys,
  replace: boolean,
): Durable<string | undefined> {
  const piece = { from, to, replace, use };
  const answers = yield* run.onward(
    step,
    redis.copyKeysAcross,
    piece,
    ({ next }) => next && { ...piece, position: next },
    { unit: "keys" },
  );
  if (answers.ok) return undefined;
  if (!replace) run.journal.finding(`keys written meanwhile: ${describeFailure(answers.failure)}`);
  return describeFailure(answers.failure);
}

/** As it was before the failure: the secondary of a Premium pair follows the primary. */
export function* linkedAgain(run: KeySteps, { from, to }: WayOfKeys, link: string): Durable<void> {
  const { tier, secondary } = run.order.estate.redis;
  const pair =
    tier === "Premium" && secondary !== undefined && isClassic(secondary) && isClassic(to);
  if (!pair || link === "member") return;
  // A person is asked before anything is prepared.
  const approval = yield* run.approval("link");
  if (approval !== "granted") {
    run.journal.finding(`${nameOf(secondary)} is no replica again: not approved`);
    return;
  }
  for (const cache of [to, secondary]) {
    const both = { cache, lease: to };
    const stopped = yield* run.step("stop-persistence", redis.stopPersistence, both, nameOf(cache));
    if (!stopped.ok || !stopped.value.changed) continue;
    yield* run.until("stop-persistence", redis.observeLinks, { cache }, settling);
  }
  const begun = yield* run.step("link", redis.startLink, { primary: to, secondary, lease: to });
  if (!begun.ok) {
    run.journal.finding(
      `${nameOf(secondary)} is no replica again: ${describeFailure(begun.failure)}${sameResource(from, secondary) ? "" : "; look whether it is well"}`,
    );
    return;
  }
  const waited = yield* run.until(
    "await-link",
    redis.observeLinks,
    { cache: to },
    { ...linkWait, done: ({ linked, settled }) => linked && settled },
  );
  if (waited !== "done") run.journal.finding(`${nameOf(secondary)} is not in step yet`);
}

const settling = {
  ...linkWait,
  done: ({ settled }: { readonly settled: boolean }) => settled,
} as const;

const isClassic = (id: string): boolean => parseResourceId(id)?.type === "microsoft.cache/redis";
