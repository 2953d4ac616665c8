import * as edge from "../activities/edge.contract.js";
import * as storage from "../activities/storage-failure.contract.js";
import { hostOf, sameHost } from "../domain/address.js";
import { hostsInUse } from "../domain/edge-move.js";
import { isAfter, type Instant } from "../domain/instant.js";
import { orderText } from "../domain/order-text.js";
import { RunOrder } from "../domain/run-order.js";
import { sameResource, shortNameOf } from "../domain/resource-id.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { failbackWaits as waits, storageFailback } from "../scenarios/storage-failback.js";
import { blobsHome, compareBothAccounts, firstOf, lateBlobsHome } from "./blobs-home.js";
import { leadEdge } from "./lead-edge.js";
import { stuck, type Stuck } from "./stuck.js";
import { usersLeft } from "./users-side.js";
import {
  awaitAccount,
  beginMove,
  bringAcross,
  finishMove,
  grantBlobRoles,
  lookAtStorage,
  usesAgain,
  type AppOfAccount,
} from "./use-account.js";

type Steps = Recovery<keyof typeof storageFailback.steps>;

/** The account in use, the one to go home to, and the app between them; accounts by their addresses. */
interface Homecoming {
  readonly from: string;
  readonly home: string;
  readonly app: AppOfAccount;
}

/**
 * The original account is well again: what was written meanwhile is brought home, then app and edge are
 * led there. An account that was failed over itself goes home by changing its regions' places. Nothing
 * that is newer at home is written over; where that would be needed, a person decides first.
 */
export const failBackStorage = framed(storageFailback, RunOrder, function* (run, order) {
  const { estate, resource: original } = order;
  const left = yield* usersLeft(run, "find-active");
  const active = yield* run.step("find-active", storage.diagnoseStorage, lookAtStorage(estate));
  if (!active.ok) {
    return left === undefined
      ? refused(run, describeFailure(active.failure))
      : run.end("needs-operator", left.why, [left.first]);
  }
  const { account: used, fqdn, usable, redundancy, detail } = active.value;
  // Its regions change places without a loss wherever users are, and the region's failback waits for that.
  const isAway = redundancy !== undefined && redundancy.primaryLocation !== estate.primaryRegion;
  if (left !== undefined && !(isAway && sameResource(used.id, original))) {
    return run.end("needs-operator", left.why, [left.first]);
  }
  // What is copied must be what the app has; a guess could bring old blobs over new ones.
  if (used.known !== "observed") return refused(run, detail);
  if (!usable) {
    return refused(run, `the account in use cannot be used: ${detail}`, recoveryFirst(run));
  }
  if (fqdn === undefined) {
    return refused(run, "the app has no ingress, so nobody can tell whether it uses its storage");
  }
  const app = { app: estate.containerApp.primary, fqdn, rule: estate.containerApp.health };
  const ended = yield* run.holding(original, function* () {
    if (sameResource(used.id, original)) {
      return yield* regionsBack(run, { id: used.id, address: used.address, redundancy, app });
    }
    const seen = yield* run.until(
      "find-original",
      storage.observeAccount,
      { account: original },
      { ...waits.original, done: ({ state }) => state === "ready", inPlan: "done" },
    );
    if (seen !== "done") return refused(run, `${shortNameOf(original)} is not there or not well`);
    const problem = yield* grantBlobRoles(run, app.app, original, used.id);
    if (problem !== undefined) return refusedFor(run, problem);
    const home = yield* awaitAccount(run, original);
    if (home === undefined) return refused(run, "this service cannot use the original account");
    return yield* goHome(run, { from: used.address, home, app });
  });
  if (!ended.ok) return refused(run, describeFailure(ended.failure));
  const isElsewhere = used.side === "elsewhere";
  return ended.value.outcome === "failed-back" && isElsewhere
    ? { ...ended.value, nextSteps: [`Take ${used.id} out of use by hand once nobody needs it`] }
    : ended.value;
});

function* goHome(run: Steps, { from, home, app }: Homecoming): Durable<Ending> {
  const brought = yield* blobsHome(run, from, home);
  if ("why" in brought) return refused(run, brought.why, ...brought.first);
  const { toBring, looked } = brought;
  const moved = yield* run.holding(app.app, () => switchHome(run, { from, home, app }));
  if (!moved.ok) return refused(run, describeFailure(moved.failure));
  if (moved.value !== undefined) return moved.value;
  if (!run.planning) yield* lateBlobsHome(run, from, home);
  return run.end(
    "failed-back",
    `the app uses the original account; ${toBring} of ${looked} blobs were brought home`,
  );
}

/** App and edge are led home; if the app does not get on there, both go back to where it did. */
function* switchHome(run: Steps, way: Homecoming): Durable<Ending | undefined> {
  const { from, home, app } = way;
  const container = run.order.estate.storage.containers[0] ?? "branding";
  const since = run.now();
  const problem = yield* lead(run, way, container, 1);
  if (problem === undefined) return undefined;
  if (problem.untouched) return refused(run, `${problem.why}; nothing was told to the app`);
  const back = yield* lead(run, { from: home, home: from, app }, container, 2);
  if (!run.planning) yield* bringBack(run, way, since);
  if (back === undefined) {
    return refused(run, `${problem.why}; the app uses the other account again`);
  }
  run.journal.lost();
  return refused(run, `${problem.why}, nor the other one again: ${back.why}`, recoveryFirst(run));
}

/** What the app wrote at home before it was led back; nothing that was written since is replaced by it. */
function* bringBack(run: Steps, { from, home }: Homecoming, since: Instant): Durable<void> {
  const between = { from: home, to: from, newerThan: since };
  const brought = yield* bringAcross(run, "bring-back", between, waits.copies);
  const problems = brought.ok
    ? [
        ...brought.value.failed.map(({ name, reason }) => `${name} (${reason})`),
        ...brought.value.newerThere.map((name) => `${name} (written in both)`),
        ...(brought.value.waiting > 0 ? [`${brought.value.waiting} large blobs`] : []),
      ]
    : [describeFailure(brought.failure)];
  if (problems.length === 0) return;
  run.journal.finding(
    `what the app wrote at the original account meanwhile was not all brought back: ${firstOf(problems)}`,
  );
}

function* lead(
  run: Steps,
  { from, home, app }: Homecoming,
  container: string,
  nth: 1 | 2,
): Durable<(Stuck & { readonly untouched?: true }) | undefined> {
  const begun = yield* beginMove(run, app.app, home, nth);
  // A clear no: the app has heard nothing, so it need not be led back.
  if (!begun.ok && ["terminal", "permission-lag"].includes(begun.failure.class)) {
    return { ...stuck("the app could not be told", begun.failure), untouched: true };
  }
  const moved = yield* finishMove(run, app.app, begun);
  if (moved !== undefined) return moved;
  if (!(yield* usesAgain(run, app))) {
    return { why: "the app does not get on with the account", lacksRole: false };
  }
  const problem = yield* leadEdge(run, { from, to: home, container, nth });
  if (problem === undefined) run.journal.restored(run.now());
  return problem;
}

/** The account that was failed over: copied again first, then its regions change places without a loss. */
function* regionsBack(
  run: Steps,
  account: {
    readonly id: string;
    readonly address: string;
    readonly redundancy: storage.Redundancy | undefined;
    readonly app: AppOfAccount;
  },
): Durable<Ending> {
  const { id, redundancy, app } = account;
  const region = run.order.estate.primaryRegion;
  const name = shortNameOf(id);
  if (redundancy === undefined || redundancy.primaryLocation === region) {
    return yield* edgeHome(run, name, account.address);
  }
  if (redundancy.geo === undefined) {
    // Zones come back by a conversion of their own, which takes days.
    const wanted = { account: id, sku: "Standard_RAGRS" };
    const set = yield* run.step("set-redundancy", storage.setRedundancy, wanted);
    if (!set.ok) {
      return refused(run, `${name} cannot be copied again: ${describeFailure(set.failure)}`);
    }
    run.journal.finding(
      `${name} is copied to its other region again as Standard_RAGRS; zones are a conversion that is ordered apart`,
    );
  }
  const since = run.now();
  const replicated = yield* run.until(
    "await-replicated",
    storage.observeAccount,
    { account: id },
    {
      ...waits.replicated,
      done: ({ redundancy: now }) =>
        now?.geo?.status === "Live" &&
        now.geo.lastSyncAt !== undefined &&
        isAfter(now.geo.lastSyncAt, since),
    },
  );
  if (replicated !== "done") {
    return refused(
      run,
      `${name} is not copied to ${region} completely yet, so going there would lose what is missing`,
      "Order it again when the account's Geo-replication page shows a last sync time of today",
    );
  }
  const wanted = { account: id, from: redundancy.primaryLocation, kind: "planned" as const };
  const begun = yield* run.step("fail-home", storage.startStorageFailover, wanted);
  if (!begun.ok) {
    return refused(run, `the regions did not change places: ${describeFailure(begun.failure)}`);
  }
  const done = yield* run.until(
    "await-failover",
    storage.observeAccount,
    { account: id },
    {
      ...waits.failover,
      done: ({ state, redundancy: now }) => state === "ready" && now?.primaryLocation === region,
    },
  );
  if (done !== "done") return refused(run, `${name} has not come back to ${region} in time`);
  if (!(yield* usesAgain(run, app))) {
    return refused(
      run,
      `${name} is back in ${region}, and the app does not get on with it`,
      recoveryFirst(run),
    );
  }
  run.journal.restored(run.now());
  return run.end("failed-back", `${name} is written in ${region} again`);
}

/** The app is at home. A run that was ended half-way may have left users at the other account. */
function* edgeHome(run: Steps, name: string, home: string): Durable<Ending> {
  const { frontDoor, storage: sides } = run.order.estate;
  const already = `the app uses ${name}, the original account, already`;
  if (frontDoor === undefined) return run.end("not-needed", already);
  const seen = yield* run.step("observe-edge", edge.observeEdge, { edge: frontDoor });
  if (!seen.ok) {
    return refused(
      run,
      `${already}; nobody can tell where the edge leads: ${describeFailure(seen.failure)}`,
    );
  }
  const elsewhere = hostsInUse(seen.value.view).filter((host) => !sameHost(host, hostOf(home)));
  if (elsewhere.length === 0) return run.end("not-needed", already);
  const other =
    sides.secondary === undefined
      ? undefined
      : yield* run.step("find-original", storage.observeAccount, { account: sides.secondary });
  const from = other?.ok === true ? other.value.endpoint : undefined;
  const usersAway = `${already}, and the edge leads to ${elsewhere.join(" and ")}`;
  if (from === undefined) return refused(run, usersAway);
  const stray = yield* compareBothAccounts(run, "compare", from, home);
  const strays = stray.ok ? [...stray.value.missing, ...stray.value.newerHere] : [];
  if (!stray.ok) {
    run.journal.finding(`the other account was not compared: ${describeFailure(stray.failure)}`);
  }
  if (strays.length > 0) {
    run.journal.finding(
      `the other account has what the original has not, or has older; it was left there: ${firstOf(strays)}`,
    );
  }
  const container = sides.containers[0] ?? "branding";
  const problem = yield* leadEdge(run, { from, to: home, container });
  if (problem !== undefined) return refused(run, `${usersAway}: ${problem.why}`);
  return run.end("failed-back", `${already}, and the edge leads there again`);
}

const recoveryFirst = ({ order: { environment } }: Steps): string =>
  `Order a recovery: ${orderText("recoveries", { environment, scenario: "storage-failure" })}`;

const refusedFor = (run: Steps, { why, lacksRole }: Stuck): Ending =>
  refused(
    run,
    why,
    ...(lacksRole
      ? [
          "Look at the roles of the service's identity at the account: Disaster recovery: access to data, Storage Blob Data Contributor",
        ]
      : []),
  );

const refused = (run: Steps, why: string, ...more: readonly string[]): Ending =>
  run.end("needs-operator", why, [
    ...more,
    `Order it again when that is mended: ${orderText("failbacks", { environment: run.order.environment, resource: "storage" })}`,
  ]);
