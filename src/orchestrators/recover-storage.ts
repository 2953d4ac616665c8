import * as edge from "../activities/edge.contract.js";
import * as storage from "../activities/storage-failure.contract.js";
import { describeDuration } from "../domain/duration.js";
import type { AccountCondition } from "../domain/account-condition.js";
import { hostOf, sameHost } from "../domain/address.js";
import { hostsInUse } from "../domain/edge-move.js";
import { elapsed } from "../domain/instant.js";
import { orderText } from "../domain/order-text.js";
import { RecoveryOrder } from "../domain/recovery-order.js";
import { sameResource, shortNameOf } from "../domain/resource-id.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { storageFailure, waits } from "../scenarios/storage-failure.js";
import { accountWaits } from "../scenarios/storage-steps.js";
import { fillAccount } from "./fill-account.js";
import { followAccount } from "./follow-operations.js";
import { changeEdge, proveEdge } from "./lead-edge.js";
import { regionDown } from "./region-down.js";
import { onUsersSide, wayBack } from "./users-side.js";
import type { Stuck } from "./stuck.js";
import {
  awaitAccount,
  beginMove,
  finishMove,
  grantBlobRoles,
  lookAtStorage,
  usesAgain,
  type AppOfAccount,
} from "./use-account.js";

type Steps = Recovery<keyof typeof storageFailure.steps>;

/** The account that fails, as it was seen last. */
interface Patient {
  readonly order: RecoveryOrder;
  readonly account: storage.AccountPlace;
  readonly redundancy: storage.Redundancy | undefined;
  readonly fqdn: string | undefined;
  /** What a failover would lose, as it was measured; to be told to whoever approves one. */
  readonly measured?: string | undefined;
}

/** One way to give the app a storage that works; undefined where it cannot be gone, and why is a finding. */
type Way = (run: Steps, patient: Patient) => Durable<Ending | undefined>;

/**
 * The app cannot use its storage account: the account of the other side takes over with everything that
 * can be brought into it, else a new one or Azure's own failover, in the order that the estate prefers.
 */
export const recoverStorage = framed(
  storageFailure,
  RecoveryOrder,
  onUsersSide("confirm", function* (run: Steps, order: RecoveryOrder) {
    const look = lookAtStorage(order.estate);
    const confirmed = yield* run.until("confirm", storage.diagnoseStorage, look, failing);
    if (confirmed === "blind") return yield* unseen(run, order);
    const seen = yield* run.step("diagnose", storage.diagnoseStorage, look);
    if (!seen.ok) return blind(run, describeFailure(seen.failure));
    if (confirmed === "done") return yield* notNeeded(run, order, seen.value);
    const unconfirmed = run.unconfirmed(seen.value.sources);
    if (unconfirmed !== undefined) return unconfirmed;

    const { id } = seen.value.account;
    const treated = yield* run.holding(id, () => treat(run, order));
    return treated.ok ? treated.value : blind(run, describeFailure(treated.failure));
  }),
);

/** Two looks in a row confirm the failure, and two refute it. */
const failing = {
  ...waits.confirm,
  done: ({ condition }: { condition: AccountCondition }) => condition === "healthy",
  failed: ({ condition }: { condition: AccountCondition }) => condition !== "healthy",
  eitherWay: true,
  inPlan: "failed",
} as const;

/** Not one look has succeeded: the region may be away, or this service lacks a role to look with. */
function* unseen(run: Steps, order: RecoveryOrder): Durable<Ending> {
  const { estate, resource } = order;
  const down = sameResource(resource, estate.storage.primary)
    ? yield* regionDown(run, { kind: "redis", id: estate.redis.primary }, undefined)
    : undefined;
  if (down !== undefined) return down;
  const seen = yield* run.look("confirm", storage.diagnoseStorage, lookAtStorage(estate));
  const why = seen.ok ? "it shows again by now" : describeFailure(seen.failure);
  return blind(run, `the storage of ${shortNameOf(estate.containerApp.primary)}: ${why}`);
}

function* treat(run: Steps, order: RecoveryOrder): Durable<Ending> {
  const look = lookAtStorage(order.estate);
  const seen = yield* run.step("recheck", storage.diagnoseStorage, look);
  if (!seen.ok) return blind(run, describeFailure(seen.failure));
  const { condition, account, redundancy, fqdn, detail } = seen.value;
  const patient: Patient = { order, account, redundancy, fqdn };
  switch (condition) {
    case "healthy":
      // A plan of an account that is well shows what would be done if it were not.
      if (run.planning) return yield* replaced(run, patient);
      return run.end("not-needed", "the app uses its storage again; nothing was changed");
    case "failing-over":
      return (yield* awaited(run, patient)) ?? (yield* replaced(run, patient));
    case "unavailable":
    case "gone":
      return yield* replaced(run, patient);
    case "unexplained":
      return stuckAt(
        run,
        `the app cannot use its storage, and nothing says why: ${detail}`,
        "Read the app's log: which account, which container and which identity does it name?",
      );
  }
}

/** Somebody has failed it over already: it comes back by itself, or is waited for no longer than helps. */
function* awaited(run: Steps, patient: Patient): Durable<Ending | undefined> {
  const { id, name } = patient.account;
  const waited = yield* run.until(
    "await-failover",
    storage.observeAccount,
    { account: id },
    { ...waits.healing, done: ({ state, usable }) => state === "ready" && usable },
  );
  if (waited !== "done") {
    run.journal.finding(`${name} is failing over and was not waited for any longer`);
    return undefined;
  }
  if (!(yield* verified(run, patient))) return undefined;
  return run.end("failed-over", `${name} has failed over, as somebody had ordered before`, [
    redundancyAgain(patient),
  ]);
}

function* replaced(run: Steps, patient: Patient): Durable<Ending> {
  const down = yield* regionAway(run, patient);
  if (down !== undefined) return down;
  const measured = { ...patient, measured: yield* showLoss(run, patient) };
  const { prefer } = patient.order.estate.storage.recovery;
  const ways: readonly Way[] =
    prefer === "time" ? [standby, madeAnew, failedOver] : [failedOver, standby, madeAnew];
  for (const way of ways) {
    const ending = yield* way(run, measured);
    if (ending !== undefined) return ending;
  }
  // The region may have gone away in the middle: then that is what a person has to know.
  return (
    (yield* regionAway(run, patient, "afterwards")) ??
    stuckAt(
      run,
      "neither another account, nor a new one, nor a failover is to be had",
      "Look at the findings: each says why a way could not be gone",
    )
  );
}

/** Another account does not help an app whose whole region is away; that of the other side says nothing of it. */
function* regionAway(
  run: Steps,
  { order, account, fqdn }: Patient,
  when?: "afterwards",
): Durable<Ending | undefined> {
  const { storage: sides, redis, containerApp } = order.estate;
  if (!sameResource(account.id, sides.primary)) return undefined;
  const user = fqdn === undefined ? undefined : { fqdn, rule: containerApp.health };
  return yield* regionDown(run, { kind: "redis", id: redis.primary }, user, when);
}

/** What a failover would lose, before anybody is asked for one; in words, where that can be measured. */
function* showLoss(run: Steps, { order, redundancy }: Patient): Durable<string | undefined> {
  const lastSyncAt = redundancy?.geo?.lastSyncAt;
  if (lastSyncAt === undefined) return undefined;
  const window = describeDuration(elapsed(lastSyncAt, run.now()));
  const since = `what was written since ${lastSyncAt}, ${window} ago`;
  run.journal.finding(`a failover of the account would lose ${since}`);
  const endpoint = redundancy?.secondaryEndpoint;
  if (endpoint === undefined) return since;
  const containers = [...order.estate.storage.containers];
  const asked = { endpoint, containers, since: lastSyncAt };
  const counted = yield* run.step("show-loss", storage.countNewerBlobs, asked);
  if (!counted.ok || counted.value.newer === 0) return since;
  const { newer, names } = counted.value;
  run.journal.finding(
    `${newer} blobs are newer than that in its readable copy already: ${names.join(", ")}`,
  );
  return `${since}; ${newer} blobs are newer than that in its readable copy already`;
}

/** The account of the other side holds a verified copy, or gets it now. */
function* standby(run: Steps, patient: Patient): Durable<Ending | undefined> {
  const chosen = yield* choose(run, patient);
  if (chosen?.standby === undefined) {
    run.journal.finding("no other account stands by");
    return undefined;
  }
  return yield* moveTo(run, patient, { target: chosen.standby, isNew: false });
}

/** A new account in the recovery region, replicated in the best way that the region offers. */
function* madeAnew(run: Steps, patient: Patient): Durable<Ending | undefined> {
  const chosen = yield* choose(run, patient);
  const target = chosen?.free;
  if (target === undefined) {
    run.journal.finding("no name for a new account is to be had");
    return undefined;
  }
  const { recoveryRegion: location, storage: sides } = patient.order.estate;
  for (const sku of sides.recovery.skus) {
    const wanted = { account: target, location, sku, lease: patient.account.id };
    const started = yield* run.step("create-account", storage.startAccountCreation, wanted, sku);
    if (!started.ok) {
      run.journal.finding(`no new account as ${sku}: ${describeFailure(started.failure)}`);
      continue;
    }
    const { operation } = started.value;
    const { within } = accountWaits.operation;
    yield* followAccount(run, target, { step: "create-account", operation, within });
    const stands = yield* run.until(
      "await-created",
      storage.observeAccount,
      { account: target },
      { ...accountWaits.created, done: ({ state }) => state === "ready" },
    );
    if (stands === "done") return yield* moveTo(run, patient, { target, isNew: true });
    run.journal.finding(`${shortNameOf(target)} was begun as ${sku} and did not come up`);
    return undefined;
  }
  return undefined;
}

function* choose(
  run: Steps,
  { order, account }: Patient,
): Durable<
  { readonly standby?: string | undefined; readonly free?: string | undefined } | undefined
> {
  const { sides } = lookAtStorage(order.estate);
  const { reservedName } = order.estate.storage.recovery;
  const wanted = {
    sides,
    lost: account.id,
    ...(reservedName === undefined ? {} : { reservedName }),
  };
  const chosen = yield* run.step("choose-account", storage.chooseAccount, wanted);
  if (chosen.ok) return chosen.value;
  run.journal.finding(`no account could be chosen: ${describeFailure(chosen.failure)}`);
  return undefined;
}

function* moveTo(
  run: Steps,
  patient: Patient,
  to: { readonly target: string; readonly isNew: boolean },
): Durable<Ending | undefined> {
  const { target, isNew } = to;
  const { order, account, redundancy } = patient;
  const name = shortNameOf(target);
  const moved = yield* run.holding(target, function* () {
    const app = order.estate.containerApp.primary;
    const problem = yield* grantBlobRoles(run, app, target, account.id);
    if (problem !== undefined) return passedOver(run, name, problem);
    const address = yield* awaitAccount(run, target);
    if (address === undefined && !(run.planning && isNew)) {
      return passedOver(run, name, { why: "this service cannot use it", lacksRole: false });
    }
    const lost = {
      ...{ lost: account.id, redundancy, target, address: address ?? "", isNew },
      canBePassedOver: true,
    };
    const unfilled = yield* fillAccount(run, order, lost);
    if (unfilled !== undefined) return passedOver(run, name, unfilled);
    return yield* switchTo(run, patient, { ...to, address: address ?? "" });
  });
  if (moved.ok) return moved.value;
  return passedOver(run, name, { why: describeFailure(moved.failure), lacksRole: false });
}

function passedOver(run: Steps, name: string, { why, lacksRole }: Stuck): Ending | undefined {
  const role = lacksRole ? "; this service's identity lacks a role" : "";
  run.journal.finding(`${name} cannot take over: ${why}${role}`);
  return undefined;
}

/** The account holds the blobs: the app is told, and the edge is led there while its new revision comes up. */
function* switchTo(
  run: Steps,
  patient: Patient,
  {
    target,
    address,
    isNew,
  }: { readonly target: string; readonly address: string; readonly isNew: boolean },
): Durable<Ending> {
  const { estate } = patient.order;
  const app = estate.containerApp.primary;
  const name = shortNameOf(target);
  const switched = yield* run.holding(app, function* () {
    const begun = yield* beginMove(run, app, address, 1);
    const container = estate.storage.containers[0] ?? "branding";
    const led = yield* changeEdge(run, { from: patient.account.address, to: address, container });
    const problem = yield* finishMove(run, app, begun);
    if (problem !== undefined) {
      return stuckAt(run, `${name} is ready, and the app does not use it: ${problem.why}`);
    }
    if (!(yield* usesAgain(run, userOf(patient)))) {
      return stuckAt(run, `the app does not get on with ${name} either`);
    }
    run.journal.restored(run.now());
    const edge = yield* proveEdge(run, led);
    if (edge !== undefined) {
      return stuckAt(
        run,
        `the app uses ${name}, but users are not led there: ${edge.why}`,
        `Lead the origin of the edge to ${address}: host name and origin host header, then purge`,
      );
    }
    return run.end("failed-over", `the app uses ${name}`, [
      ...(isNew
        ? [
            `Enter ${target} in the estate as storage.secondary: until then alerts and restores do not know it`,
          ]
        : []),
      `When ${patient.account.name} is well again: ${wayBack(run, "storage")}`,
    ]);
  });
  return switched.ok ? switched.value : stuckAt(run, describeFailure(switched.failure));
}

/** Azure makes the account's other region the primary one. Never twice. */
function* failedOver(run: Steps, patient: Patient): Durable<Ending | undefined> {
  const { account, redundancy } = patient;
  const { id, name } = account;
  if (redundancy === undefined) {
    run.journal.finding(`${name} cannot be failed over: Resource Manager does not show it`);
    return undefined;
  }
  if (redundancy.geo === undefined) {
    run.journal.finding(`${name} cannot be failed over: it has no copy in another region`);
    return undefined;
  }
  if (!redundancy.geo.canFailover) {
    run.journal.finding(`${name} cannot be failed over: Azure does not allow it now`);
    return undefined;
  }
  const approval = yield* run.approval("fail-over", patient.measured);
  const needless = approval === "granted" ? yield* lookAfterAnswer(run, patient) : undefined;
  if (needless !== undefined) return needless.ending;
  const { primaryLocation: from } = redundancy;
  const wanted = { account: id, from, kind: "unplanned" as const };
  const started = yield* run.step("fail-over", storage.startStorageFailover, wanted);
  if (!started.ok) {
    run.journal.finding(`${name} was not failed over: ${describeFailure(started.failure)}`);
    return undefined;
  }
  const waited = yield* run.until(
    "await-failover",
    storage.observeAccount,
    { account: id },
    {
      ...waits.failover,
      done: ({ state, redundancy: now }) => state === "ready" && now?.primaryLocation !== from,
    },
  );
  if (run.planning) return run.end("failed-over", `${name} would be failed over`);
  if (waited !== "done") {
    return stuckAt(
      run,
      `${name} was begun to be failed over and has not come through`,
      "Look at the account's Geo-replication page; never order a second failover while one is under way",
    );
  }
  const lastSyncAt = redundancy.geo.lastSyncAt;
  run.journal.loses(
    lastSyncAt === undefined
      ? "what had not been copied to the account's other region"
      : `what was written to blobs since ${lastSyncAt}`,
  );
  if (!(yield* verified(run, patient))) {
    return stuckAt(run, `${name} has failed over, and the app does not get on with it`);
  }
  run.journal.finding(
    `${name} is locally redundant now: it has no copy in another region until that is restored`,
  );
  return run.end("failed-over", `${name} serves from its other region`, [
    redundancyAgain(patient),
    `When the first region is well and the account is copied again: ${wayBack(run, "storage")}`,
  ]);
}

/** People take their time: what has become well meanwhile is not failed over, nor what a failover does not help. */
function* lookAfterAnswer(
  run: Steps,
  { order, account }: Patient,
): Durable<{ readonly ending: Ending | undefined } | undefined> {
  if (run.planning) return undefined;
  const look = lookAtStorage(order.estate);
  const seen = yield* run.step("recheck", storage.diagnoseStorage, look, "after-answer");
  if (!seen.ok) {
    run.journal.finding(
      `whether ${account.name} is well again could not be seen: ${describeFailure(seen.failure)}`,
    );
    return undefined;
  }
  switch (seen.value.condition) {
    case "healthy":
      return {
        ending: run.end("not-needed", "the app uses its storage again; it was not failed over"),
      };
    case "unexplained":
      run.journal.finding(
        `${account.name} was not failed over: by now nothing says that it is the account: ${seen.value.detail}`,
      );
      return { ending: undefined };
    default:
      return undefined;
  }
}

const redundancyAgain = ({ account, redundancy }: Patient): string =>
  `Restore geo-redundancy: az storage account update --ids ${account.id} --sku ${redundancy?.geo === undefined ? "Standard_RAGRS" : withoutZones(redundancy.sku)}`;

/** Zones come back by a conversion of their own, which takes days. */
const withoutZones = (sku: string): string => sku.replace("GZRS", "GRS");

const userOf = ({ order, fqdn }: Patient): AppOfAccount => ({
  app: order.estate.containerApp.primary,
  fqdn,
  rule: order.estate.containerApp.health,
});

/** The same account serves again, by itself or from its other region; the edge leads there as before. */
function* verified(run: Steps, patient: Patient): Durable<boolean> {
  if (!(yield* usesAgain(run, userOf(patient)))) return false;
  run.journal.restored(run.now());
  return true;
}

/** The app uses its storage: perhaps the alert speaks of the other account, or of this service. */
function* notNeeded(
  run: Steps,
  { resource, estate: { frontDoor } }: RecoveryOrder,
  seen: {
    readonly account: storage.AccountPlace;
    readonly usable: boolean;
    readonly detail: string;
  },
): Durable<Ending> {
  if (!seen.usable) {
    run.journal.finding(`the app uses its storage and this service cannot: ${seen.detail}`);
  }
  if (!sameResource(seen.account.id, resource)) {
    return run.end(
      "not-needed",
      `the app uses ${seen.account.name}, and is well with it; the alert is about ${shortNameOf(resource)}, which it does not use`,
      ["See what is wrong with the account that stands by: a recovery may need it"],
    );
  }
  const notNeededAtAll = "the app uses its storage; nothing was changed";
  if (frontDoor === undefined) return run.end("not-needed", notNeededAtAll);
  // A recovery that was ended half-way may have led users to another account than the app.
  const led = yield* run.look("observe-edge", edge.observeEdge, { edge: frontDoor });
  const home = hostOf(seen.account.address);
  const elsewhere = led.ok
    ? hostsInUse(led.value.view).filter((host) => !sameHost(host, home))
    : [];
  if (elsewhere.length === 0) return run.end("not-needed", notNeededAtAll);
  run.journal.finding(`the edge leads to ${elsewhere.join(" and ")}, and the app uses ${home}`);
  return run.end("not-needed", notNeededAtAll, [
    `Lead the edge to the account that the app uses: ${wayBack(run, "storage")}`,
  ]);
}

const stuckAt = (run: Steps, why: string, ...more: readonly string[]): Ending => {
  const { environment, estate } = run.order;
  return run.end("needs-operator", why, [
    ...more,
    `Look at the storage account and at ${estate.containerApp.primary} in the portal: the account's state and regions, the app's newest revision and its log`,
    `Order it again when that is mended: ${orderText("recoveries", { environment, scenario: "storage-failure" })}`,
  ]);
};

const blind = (run: Steps, why: string): Ending =>
  stuckAt(
    run,
    why,
    "Look whether the account and the app exist, and whether this service may read them: Disaster recovery: storage accounts, Storage Blob Data Contributor, Disaster recovery: container apps",
  );
