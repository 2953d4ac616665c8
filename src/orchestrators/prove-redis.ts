import * as backup from "../activities/redis-backup.contract.js";
import * as redis from "../activities/redis-proof.contract.js";
import { ProofOrder } from "../domain/backup-order.js";
import { sameResource } from "../domain/resource-id.js";
import type { Durable } from "../durable/durable.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { redisProof } from "../scenarios/redis-proof.js";
import { bringBackKeys } from "./bring-back-keys.js";
import { cacheStorageOf } from "./cache-storage.js";
import { proveSets, type ChosenSet, type SetProof } from "./prove-sets.js";

type Steps = Recovery<keyof typeof redisProof.steps>;

/**
 * A sample of a snapshot's keys passes through the scratch cache, or through the one in use below a prefix
 * of the service's own; an export is imported into the scratch cache as a whole, or stays verified.
 */
export const proveRedis = framed(redisProof, ProofOrder, function* (run, order) {
  const { estate } = order;
  const { primary, secondary } = estate.redis;
  const seen = yield* run.step("find-active", backup.findActiveCache, {
    app: estate.containerApp.primary,
    vault: estate.keyVault,
    redis: { primary, secondary },
    secret: estate.redis.connectionSecret,
  });
  const active = seen.ok && seen.value.known === "observed" ? seen.value.id : undefined;
  const inEstate = [primary, secondary, active].flatMap((id) => id ?? []);
  return yield* proveSets(run, order, (chosen) => proof(run, order, chosen, active, inEstate));
});

function* proof(
  run: Steps,
  { environment, estate: whole }: ProofOrder,
  { set, source }: ChosenSet,
  active: string | undefined,
  estate: string[],
): Durable<SetProof> {
  const { scratchCache: scratch, keys: count } = whole.proof;
  if (scratch !== undefined && estate.some((id) => sameResource(id, scratch))) {
    return { kind: "no-place", why: `${scratch} is a cache that the app may use` };
  }
  const of = { environment, source, set };
  const wanted = {
    ...{ ...of, estate },
    ...(scratch === undefined ? {} : { scratch }),
    ...(active === undefined ? {} : { active }),
  };
  const found = yield* run.step("check-place", redis.findProofPlace, wanted, set);
  if (!found.ok) return { kind: "failed", failure: found.failure };
  const place = found.value;
  if (place.kind === "none") return { kind: "no-place", why: place.detail };
  const { cache } = place;
  if (place.kind === "sample") {
    const compared = yield* run.step("compare-keys", redis.proveKeys, { ...of, cache, count }, set);
    if (!compared.ok) return { kind: "failed", failure: compared.failure };
    const { value } = compared;
    return value.kind === "compared" ? value : { kind: "no-place", why: value.detail };
  }
  const proven = yield* run.holding(cache, () => imported(run, of, place, whole, estate));
  return proven.ok ? proven.value : { kind: "failed", failure: proven.failure };
}

function* imported(
  run: Steps,
  of: { environment: ProofOrder["environment"]; source: string; set: string },
  place: Omit<Parameters<typeof bringBackKeys>[2], "way"> & { readonly cache: string },
  whole: ProofOrder["estate"],
  estate: string[],
): Durable<SetProof> {
  const { cache } = place;
  const begun = yield* run.quietly("begin-import", redis.beginScratchImport, { cache, estate });
  if (!begun.ok) return { kind: "failed", failure: begun.failure };
  try {
    const storage = cacheStorageOf(whole);
    const keys = { ...of, cache, items: [], overwrite: true, storage };
    const ending = yield* bringBackKeys(run, keys, {
      ...place,
      way: "export",
      mayBringNone: true,
    });
    const isThere = ending.outcome.startsWith("passed");
    const look = { ...of, cache, imported: isThere };
    const compared = yield* run.quietly("compare-import", redis.compareImport, look);
    if (!compared.ok) return { kind: "failed", failure: compared.failure };
    if (isThere) run.journal.note("check-import", compared.value, run.now());
    const { comparison, detail } = compared.value;
    if (comparison === undefined) return { kind: "no-place", why: detail };
    if (isThere || comparison.failures.length > 0) return { kind: "compared", comparison };
    // Its files are what the set says, so that it may have been the cache, or the way there.
    const failure = { class: "terminal", code: "not-imported", message: ending.reason } as const;
    return { kind: "failed", failure };
  } finally {
    yield* empty(run, cache, estate);
  }
}

/** It belongs into a `finally`, so it is called quietly: a step does nothing in a run that was canceled. */
function* empty(run: Steps, cache: string, estate: string[]): Durable<void> {
  run.journal.begin("empty-scratch", run.now());
  const emptied = yield* run.quietly("empty-scratch", redis.emptyScratchCache, { cache, estate });
  if (emptied.ok) {
    run.journal.note("empty-scratch", emptied.value, run.now());
    return;
  }
  run.journal.fail("empty-scratch", emptied.failure, run.now());
  run.journal.finding(`the scratch cache is not empty: ${describeFailure(emptied.failure)}`);
}
