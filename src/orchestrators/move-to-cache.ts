import * as container from "../activities/container-app.contract.js";
import * as redis from "../activities/redis-failure.contract.js";
import type { Environment, HealthRule } from "../domain/estate.js";
import type { Failure } from "../domain/failure.js";
import type { Durable } from "../durable/durable.js";
import type { Recovery } from "../recovery/recovery.js";
import { waits } from "../scenarios/redis-failure.js";

/** The app as a cache's recovery needs it: where it answers, and which check speaks of the cache. */
export interface CacheUser {
  readonly fqdn: string;
  readonly rule: HealthRule;
  readonly check: string;
}

/** What is read to find the cache in use. */
export const cacheInUse = ({
  containerApp,
  keyVault,
  redis: { primary, secondary, connectionSecret },
}: Environment) => ({
  app: containerApp.primary,
  vault: { primary: keyVault.primary, secondary: keyVault.secondary },
  redis: { primary, secondary },
  secret: connectionSecret,
});

/** What a look at a cache asks, of the app as well where that can be asked. */
export const probeOf = (cache: string, app: CacheUser | undefined) => ({
  cache,
  ...(app === undefined ? {} : { app }),
});

interface Looked {
  readonly verdict: string;
  readonly sources: readonly { readonly says: string }[];
}

/** Well by the word of whoever is affected, and nobody says otherwise. */
export const isWell = ({ verdict, sources }: Looked): boolean =>
  verdict === "well" && sources.every(({ says }) => says !== "failed");

/** The app's address, if it has one; without it the cache alone is looked at. */
export function* findApp<Id extends string>(
  run: Recovery<Id>,
  step: Id,
  { containerApp, redis: { healthCheck } }: Environment,
): Durable<CacheUser | undefined> {
  const seen = yield* run.step(step, container.observeApp, { app: containerApp.primary });
  if (!seen.ok || seen.value.fqdn === undefined) return undefined;
  return { fqdn: seen.value.fqdn, rule: containerApp.health, check: healthCheck };
}

/** Names of the steps by which the app is moved; a rotation moves it twice. */
export interface MoveSteps<Id> {
  readonly write: Id;
  readonly restart: Id;
  readonly await: Id;
  readonly verify: Id;
}

/** The names that they have where the app is moved once. */
export const moving = {
  write: "write-secret",
  restart: "restart-revision",
  await: "await-restart",
  verify: "verify",
} as const;

export type Moved =
  | { readonly kind: "moved"; readonly told: boolean }
  | { readonly kind: "not-moved"; readonly why: string };

/**
 * Points the app to a cache: its connection string into the vault in use, the serving revisions
 * restarted one after the other, and a proof that the app uses it.
 */
export function* moveApp<Id extends string>(
  run: Recovery<Id>,
  steps: MoveSteps<Id>,
  to: { readonly cache: string; readonly key: "primary" | "secondary"; readonly lease: string },
  app: CacheUser | undefined,
): Durable<Moved> {
  const { vault, secret, app: id } = cacheInUse(run.order.estate);
  const written = yield* run.insist(steps.write, redis.writeConnection, {
    ...to,
    app: id,
    vault,
    secret,
  });
  if (written.kind !== "done") {
    const why = written.kind === "failed" ? describe(written.failure) : "it was skipped";
    return { kind: "not-moved", why: `the connection string was not written: ${why}` };
  }
  const restarted = yield* run.holding(id, () => restartServing(run, steps, id, app));
  if (!restarted.ok) return { kind: "not-moved", why: describe(restarted.failure) };
  if (restarted.value !== undefined) return { kind: "not-moved", why: restarted.value };
  return yield* verified(run, steps.verify, to.cache, app);
}

/** The app looks at its cache three times in a row, and says which one it is where it can. */
export function* verified<Id extends string>(
  run: Recovery<Id>,
  step: Id,
  cache: string,
  app: CacheUser | undefined,
): Durable<Moved> {
  let told = false;
  const waited = yield* run.until(step, redis.probeCache, probeOf(cache, app), {
    ...waits.verify,
    done: (seen) => {
      told = seen.uses === "this";
      return isWell(seen) && seen.uses !== "another";
    },
  });
  if (waited !== "done") return { kind: "not-moved", why: "the app is not well with the cache" };
  run.journal.restored(run.now());
  return { kind: "moved", told };
}

/** Undefined once every replica is younger than the connection string. */
function* restartServing<Id extends string>(
  run: Recovery<Id>,
  steps: MoveSteps<Id>,
  app: string,
  user: CacheUser | undefined,
): Durable<string | undefined> {
  const seen = yield* run.quietly("find-serving", container.observeApp, { app });
  if (!seen.ok) return `the app cannot be read: ${describe(seen.failure)}`;
  if (seen.value.serving.length === 0) return "no revision of the app serves";
  for (const revision of seen.value.serving) {
    const since = run.now();
    const target = { app, revision };
    const restarted = yield* run.step(steps.restart, container.restartRevision, target, revision);
    if (!restarted.ok) return `${revision} was not restarted: ${describe(restarted.failure)}`;
    if (user === undefined) continue;
    const { fqdn, rule } = user;
    const waited = yield* run.until(
      steps.await,
      container.observeRestart,
      { app, revisions: [revision], since, fqdn, rule },
      { ...waits.restart, done: ({ replaced }) => replaced },
    );
    if (waited !== "done") return `${revision} did not come back with new replicas`;
  }
  return undefined;
}

const describe = ({ code, message }: Failure): string => `${code}: ${message}`;
