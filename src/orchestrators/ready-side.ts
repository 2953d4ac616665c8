import * as container from "../activities/container-app.contract.js";
import * as redis from "../activities/redis-failure.contract.js";
import * as side from "../activities/standby.contract.js";
import { milliseconds } from "../domain/duration.js";
import type { Durable } from "../durable/durable.js";
import type { Recovery } from "../recovery/recovery.js";
import { sideWaits as waits, type SideStep } from "../scenarios/region-steps.js";
import { freshSuffix } from "./fresh-suffix.js";
import { followNewRevision } from "./new-revision.js";
import { stuck, type Stuck } from "./stuck.js";

/** What the app of a side is to use; what is absent stays as it is. */
export interface SideData {
  /** ARM id of the app. */
  readonly app: string;
  readonly fqdn: string;
  /** ARM id of the vault that the app reads, and its address. */
  readonly vault: string;
  readonly vaultAddress: string;
  readonly storageAddress: string | undefined;
  /** ARM id of the cache. */
  readonly cache: string | undefined;
}

/**
 * Has the app of one side use the data of that side, and proves it: the cache's connection string in its
 * vault, its vault and its storage by one new revision, else a restart, then a write and a read.
 */
export function* readySide(run: Recovery<SideStep>, data: SideData): Durable<Stuck | undefined> {
  const held = yield* run.holding(data.app, () => ready(run, data));
  return held.ok ? held.value : stuck("the app could not be had alone", held.failure);
}

function* ready(run: Recovery<SideStep>, data: SideData): Durable<Stuck | undefined> {
  const since = run.now();
  const written = yield* writeSecret(run, data);
  if (written instanceof Object) return written;
  const told = yield* tell(run, data);
  if (told instanceof Object) return told;
  // A new revision has read the secret as it is now.
  if (written && !told) {
    const problem = yield* restart(run, data, since);
    if (problem !== undefined) return problem;
  }
  return yield* proven(run, data);
}

/** Whether another connection string was written. */
function* writeSecret(
  run: Recovery<SideStep>,
  { app, vault, cache }: SideData,
): Durable<boolean | Stuck> {
  if (cache === undefined) return false;
  const { connectionSecret: secret } = run.order.estate.redis;
  const held = yield* run.holding(vault, () =>
    run.step("write-secret", redis.writeConnection, {
      ...{ cache, key: "primary", app, vault: { primary: vault }, secret },
      lease: vault,
    }),
  );
  if (!held.ok) return stuck("the vault could not be had alone", held.failure);
  return held.value.ok
    ? held.value.value.changed
    : stuck("the connection string was not written", held.value.failure);
}

/** Whether the app got a new revision. */
function* tell(run: Recovery<SideStep>, data: SideData): Durable<boolean | Stuck> {
  const { app, vaultAddress, storageAddress } = data;
  const variables = {
    KEY_VAULT_URL: vaultAddress,
    ...(storageAddress === undefined ? {} : { STORAGE_ACCOUNT_URL: storageAddress }),
  };
  const { secondaryReplicas: minReplicas } = run.order.estate.containerApp;
  const wanted = { app, variables, minReplicas, suffix: freshSuffix(run, 1, 1) };
  const told = yield* run.step("tell-app", side.startSideChange, wanted);
  if (!told.ok) return stuck("the app could not be told", told.failure);
  const { revision, operation } = told.value;
  if (revision === undefined) return false;
  const begun = { ok: true as const, value: { revision, operation } };
  return (yield* followNewRevision(run, "tell-app", app, begun)) ?? true;
}

function* restart(
  run: Recovery<SideStep>,
  { app, fqdn }: SideData,
  since: ReturnType<Recovery["now"]>,
): Durable<Stuck | undefined> {
  const { health: rule } = run.order.estate.containerApp;
  const seen = yield* run.look("restart-app", container.observeApp, { app });
  if (!seen.ok) return stuck("the app cannot be looked at", seen.failure);
  for (const revision of seen.value.serving) {
    const target = { app, revision };
    const restarted = yield* run.step("restart-app", container.restartRevision, target, revision);
    if (!restarted.ok) return stuck(`${revision} was not restarted`, restarted.failure);
    const watched = { app, revisions: [revision], since, fqdn, rule };
    const waited = yield* run.until("await-restart", container.observeRestart, watched, {
      ...waits.restart,
      done: ({ replaced }) => replaced,
    });
    if (waited !== "done") return stuck(`${revision} did not come back with new replicas`);
  }
  return undefined;
}

/** The app says that it is well, and gives back what was written through it. */
function* proven(
  run: Recovery<SideStep>,
  { fqdn }: Pick<SideData, "fqdn">,
): Durable<Stuck | undefined> {
  const { health: rule, proof: path } = run.order.estate.containerApp;
  let says = "";
  const well = yield* run.until(
    "verify-app",
    container.probeHealth,
    { fqdn, rule },
    {
      ...waits.well,
      inARow: rule.inARow,
      apart: milliseconds(rule.interval),
      done: ({ healthy, detail }) => {
        says = detail;
        return healthy;
      },
    },
  );
  if (well !== "done") return stuck(`the app is not well: ${says}`);
  if (path === undefined) {
    run.journal.finding(
      "that data can be written was not proven: the estate names no containerApp.proof",
    );
    return undefined;
  }
  const asked = { fqdn, path, id: `${run.run()}-${run.journal.round}` };
  let why = "";
  const held = yield* run.until("prove-app", side.proveSide, asked, {
    ...waits.proof,
    done: ({ holds, detail }) => {
      why = detail;
      return holds;
    },
  });
  return held === "done" ? undefined : stuck(`its data cannot be used: ${why}`);
}
