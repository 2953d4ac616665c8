import * as backup from "../activities/key-vault-backup.contract.js";
import * as vault from "../activities/key-vault-failure.contract.js";
import { RunOrder } from "../domain/run-order.js";
import { orderText } from "../domain/order-text.js";
import { sameResource, shortNameOf } from "../domain/resource-id.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { keyVaultFailback } from "../scenarios/key-vault-failback.js";
import { bringSecrets, compareBothVaults, firstOf, longestList } from "./secrets-home.js";
import { usersLeft } from "./users-side.js";
import {
  awaitAccess,
  grantRoles,
  lookAt,
  moveApp,
  moveBack,
  needsOperator,
  readsAgain,
  recoverDeleted,
  type AppOfVault,
} from "./use-vault.js";
import type { Stuck } from "./stuck.js";

type Steps = Recovery<keyof typeof keyVaultFailback.steps>;

/** The vault in use, the one to go home to, and the app between them. */
interface Homecoming {
  readonly from: string;
  readonly home: string;
  readonly app: AppOfVault;
}

/**
 * The original vault is there again: what is newer in the vault in use is brought home, then the app is
 * told to use the original. Nothing newer at home is written over; where that would be needed, a person
 * decides first.
 */
export const failBackKeyVault = framed(keyVaultFailback, RunOrder, function* (run, order) {
  const { estate, resource: original } = order;
  const left = yield* usersLeft(run, "find-active");
  if (left !== undefined) return run.end("needs-operator", left.why, [left.first]);
  const active = yield* run.step("find-active", vault.diagnoseVault, lookAt(estate));
  if (!active.ok) return refused(run, describeFailure(active.failure));
  const { vault: used, fqdn } = active.value;
  if (sameResource(used.id, original)) {
    return run.end("not-needed", `the app uses ${used.name}, the original vault, already`);
  }
  if (!active.value.usable) {
    return refused(run, `the vault in use cannot be read: ${active.value.detail}`, [
      `It comes first: ${recoveryOf(run)}`,
    ]);
  }
  if (fqdn === undefined) {
    return refused(run, "the app has no ingress, so nobody can tell whether it reads its vault");
  }
  const app = { app: estate.containerApp.primary, fqdn, rule: estate.containerApp.health };
  const done = yield* run.holding(original, function* () {
    const problem = yield* makeUsable(run, original, estate.primaryRegion, app.app);
    if (problem !== undefined) return needsOperator(run, problem);
    const usable = yield* awaitAccess(run, original);
    if (usable === undefined) return refused(run, "this service cannot use the original vault");
    return yield* goHome(run, { from: used.address, home: usable.address, app });
  });
  if (!done.ok) return refused(run, describeFailure(done.failure));
  const isElsewhere = used.side === "elsewhere";
  return done.value.outcome === "failed-back" && isElsewhere
    ? { ...done.value, nextSteps: [`Take ${used.id} out of use by hand once nobody needs it`] }
    : done.value;
});

/** The original vault stands, perhaps after its recovery from soft deletion, and both may use it. */
function* makeUsable(
  run: Steps,
  original: string,
  location: string,
  app: string,
): Durable<Stuck | undefined> {
  const seen = yield* run.step("find-original", vault.observeVault, { vault: original, location });
  if (!seen.ok) return { why: describeFailure(seen.failure), lacksRole: false };
  if (seen.value.state === "absent") {
    return {
      why: `the original vault is gone: ${seen.value.detail}. Have it made again by a deployment, or enter the vault in use as the primary one in the estate`,
      lacksRole: false,
    };
  }
  if (seen.value.state === "deleted") {
    const target = { vault: original, location: seen.value.location ?? location };
    const problem = yield* recoverDeleted(run, target);
    if (problem !== undefined) return problem;
  }
  return yield* grantRoles(run, app, original);
}

function* goHome(run: Steps, { from, home, app }: Homecoming): Durable<Ending> {
  const compared = yield* compareBothVaults(run, "compare", from, home);
  if (!compared.ok) return refused(run, describeFailure(compared.failure));
  const { newerThere, left, list, count, toBring } = compared.value;
  if (count === 0) return refused(run, "the vault in use holds no secret");
  if (newerThere.length > 0) {
    return refused(
      run,
      `${newerThere.length} secrets have a newer and different value in the original vault, and the app would get it: ${firstOf(newerThere)}`,
      [
        "Look at each: set the value that is right in the vault in use, which makes it the newer one",
      ],
    );
  }
  for (const { name, reason } of left.slice(0, longestList)) {
    run.journal.finding(`${name} was left out: ${reason}`);
  }
  if (left.length > longestList) {
    run.journal.finding(`${left.length - longestList} more were left out; the evidence names them`);
  }
  const extra = yield* run.look("compare", backup.reportDeletedSecrets, { to: home, list });
  if (extra.ok && extra.value.count > 0) {
    run.journal.finding(`the original vault: ${extra.value.detail}`);
  }
  if (run.planning) {
    run.journal.planChange("bring-home", `${toBring} of ${count} secrets to bring`);
  } else {
    const problem = yield* bringSecrets(run, "bring-home", from, home, run.order.resource);
    if (problem !== undefined) {
      return refused(run, problem, [
        `See why each was refused; a name that is in soft deletion at home comes back by: az keyvault secret recover --vault-name ${shortNameOf(run.order.resource)} --name NAME`,
      ]);
    }
  }

  const moved = yield* run.holding(app.app, () => switchHome(run, { from, home, app }));
  if (!moved.ok) return refused(run, describeFailure(moved.failure));
  if (moved.value !== undefined) return moved.value;
  if (!run.planning) yield* afterwards(run, from, home);
  return run.end(
    "failed-back",
    `the app uses the original vault; ${toBring} of ${count} secrets were brought home`,
  );
}

/** The app is told; if it cannot read at home, it goes back to the vault that it could read. */
function* switchHome(run: Steps, { from, home, app }: Homecoming): Durable<Ending | undefined> {
  const problem = yield* moveApp(run, app.app, { from, to: home });
  if (problem === undefined && (yield* readsAgain(run, app))) return undefined;
  const why = problem?.why ?? "the app does not read the original vault";
  const back = yield* moveBack(run, app.app, { from: home, to: from });
  if (back === undefined && (yield* readsAgain(run, app))) {
    return refused(run, `${why}; it uses the other vault again, and reads it`);
  }
  run.journal.lost();
  return refused(run, `${why}, nor the other one again: ${back?.why ?? "it does not read it"}`, [
    `Start a recovery: ${recoveryOf(run)}`,
  ]);
}

const recoveryOf = ({ order: { environment } }: Steps): string =>
  orderText("recoveries", { environment, scenario: "key-vault-failure" });

/** What was written while the app was told, and whether anything was left behind. */
function* afterwards(run: Steps, from: string, home: string): Durable<void> {
  const late = yield* bringSecrets(run, "bring-late", from, home, run.order.resource);
  if (late !== undefined)
    run.journal.finding(`what was written meanwhile was not brought: ${late}`);
  const checked = yield* compareBothVaults(run, "check-secrets", from, home);
  if (!checked.ok) {
    run.journal.finding(
      `nobody can tell whether all came home: ${describeFailure(checked.failure)}`,
    );
  } else if (checked.value.toBring > 0) {
    run.journal.finding(`${checked.value.toBring} secrets did not come home`);
  }
}

const refused = (run: Steps, why: string, more: readonly string[] = []): Ending =>
  needsOperator(run, { why, lacksRole: false }, more);
