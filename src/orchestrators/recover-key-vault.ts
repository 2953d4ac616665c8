import * as vault from "../activities/key-vault-failure.contract.js";
import { isAfter, type Instant } from "../domain/instant.js";
import { RecoveryOrder } from "../domain/recovery-order.js";
import { sameResource, shortNameOf } from "../domain/resource-id.js";
import type { VaultCondition } from "../domain/vault-condition.js";
import type { Durable } from "../durable/durable.js";
import type { Ending } from "../recovery/endings.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { keyVaultFailure, waits } from "../scenarios/key-vault-failure.js";
import { vaultWaits } from "../scenarios/key-vault-steps.js";
import { followVault } from "./follow-operations.js";
import { fillVault } from "./fill-vault.js";
import { regionDown } from "./region-down.js";
import { onUsersSide, wayBack } from "./users-side.js";
import {
  awaitAccess,
  awaitVault,
  grantRoles,
  lookAt,
  moveApp,
  needsOperator,
  readsAgain,
  recoverDeleted,
} from "./use-vault.js";
import type { Stuck } from "./stuck.js";

type StepId = keyof typeof keyVaultFailure.steps;
type Steps = Recovery<StepId>;

/** The vault that fails, and what was tried already. */
interface Patient {
  readonly order: RecoveryOrder;
  readonly vault: vault.VaultPlace;
  readonly fqdn: string | undefined;
  readonly treated: readonly VaultCondition[];
}

/**
 * The app cannot read its vault: find out why, and mend that where it can be mended; where the vault is
 * gone, have the app use another one that holds the same secrets.
 */
export const recoverKeyVault = framed(
  keyVaultFailure,
  RecoveryOrder,
  onUsersSide("confirm", function* (recovery: Steps, order: RecoveryOrder) {
    const look = lookAt(order.estate);
    const confirmed = yield* recovery.until("confirm", vault.diagnoseVault, look, failing);
    if (confirmed === "blind") return yield* unseen(recovery, order);
    const seen = yield* recovery.step("diagnose", vault.diagnoseVault, look);
    if (!seen.ok) return blind(recovery, describeFailure(seen.failure));
    if (confirmed === "done") return notNeeded(recovery, order, seen.value);
    const unconfirmed = recovery.unconfirmed(seen.value.sources);
    if (unconfirmed !== undefined) return unconfirmed;

    const { id } = seen.value.vault;
    const treated = yield* recovery.holding(id, () => treat(recovery, order, []));
    return treated.ok ? treated.value : blind(recovery, describeFailure(treated.failure));
  }),
);

/** Not one look has succeeded: the region may be away, or this service lacks a role to look with. */
function* unseen(recovery: Steps, order: RecoveryOrder): Durable<Ending> {
  const { estate, resource } = order;
  const down = sameResource(resource, estate.keyVault.primary)
    ? yield* regionDown(recovery, { kind: "redis", id: estate.redis.primary }, undefined)
    : undefined;
  if (down !== undefined) return down;
  const seen = yield* recovery.look("confirm", vault.diagnoseVault, lookAt(estate));
  const why = seen.ok ? "it shows again by now" : describeFailure(seen.failure);
  return needsOperator(recovery, {
    why: `the vault of ${shortNameOf(estate.containerApp.primary)} could not be looked at: ${why}`,
    lacksRole: !seen.ok && seen.failure.class === "permission-lag",
  });
}

/** Two looks in a row confirm the failure, and two refute it. */
const failing = {
  ...waits.confirm,
  done: ({ condition }: { condition: VaultCondition }) => condition === "healthy",
  failed: ({ condition }: { condition: VaultCondition }) => condition !== "healthy",
  eitherWay: true,
  inPlan: "failed",
} as const;

/** One function for each thing that can be wrong; what is wrong is looked for anew before each. */
function* treat(
  recovery: Steps,
  order: RecoveryOrder,
  treated: readonly VaultCondition[],
): Durable<Ending> {
  const look = lookAt(order.estate);
  const seen = yield* recovery.step("recheck", vault.diagnoseVault, look, `${treated.length + 1}`);
  if (!seen.ok) return blind(recovery, describeFailure(seen.failure));
  const { condition, fqdn, detail } = seen.value;
  const patient: Patient = { order, vault: seen.value.vault, fqdn, treated };
  if (treated.includes(condition)) {
    return needsOperator(recovery, {
      why: `the app still cannot read its vault: ${detail}`,
      lacksRole: false,
    });
  }
  switch (condition) {
    case "healthy":
      // A plan of a vault that is well shows what would be done if it were gone.
      if (recovery.planning) return yield* moveElsewhere(recovery, patient);
      return treated.length === 0
        ? recovery.end("not-needed", "the app reads its vault again; nothing was changed")
        : yield* mended(recovery, patient, condition, `after ${treated.join(" and ")}`);
    case "firewall":
      return yield* openAgain(recovery, patient);
    case "role-missing":
      return yield* grantAgain(recovery, patient);
    case "unavailable":
      return yield* waitForPlatform(recovery, patient);
    case "soft-deleted":
      return yield* bringBack(recovery, patient);
    case "gone":
      return yield* moveElsewhere(recovery, patient);
    case "unexplained":
      return needsOperator(
        recovery,
        { why: `the app cannot read its vault, and nothing says why: ${detail}`, lacksRole: false },
        ["Read the app's log: which vault, which identity and which secret does it name?"],
      );
  }
}

/** Its network rules keep the app out: they are set back to those of the estate, after approval. */
function* openAgain(recovery: Steps, patient: Patient): Durable<Ending> {
  const { id } = patient.vault;
  const rules = patient.order.estate.keyVault.network;
  if (rules === undefined) {
    const why = "the vault is closed to the app, and the estate does not say which rules are right";
    return needsOperator(recovery, { why, lacksRole: false }, [
      "Let the app's addresses in again under Networking of the vault",
      "Write the rules as they should be into the estate: keyVault.network",
    ]);
  }
  const askedAt = recovery.now();
  const approval = yield* recovery.approval("set-network");
  if (approval === "granted" && (yield* isOtherwise(recovery, patient, "firewall", askedAt))) {
    return yield* treat(recovery, patient.order, patient.treated);
  }
  const set = yield* recovery.step("set-network", vault.setVaultNetwork, { vault: id, rules });
  if (!set.ok) {
    const why = `the network rules were not changed: ${describeFailure(set.failure)}`;
    return needsOperator(recovery, {
      why,
      lacksRole: set.failure.class === "permission-lag",
    });
  }
  return yield* mended(recovery, patient, "firewall", "its network rules are those of the estate");
}

/** People take their time with an answer: whether something else is wrong by now, or nothing. */
function* isOtherwise(
  recovery: Steps,
  { order }: Patient,
  condition: VaultCondition,
  askedAt: Instant,
): Durable<boolean> {
  if (!isAfter(recovery.now(), askedAt)) return false;
  const seen = yield* recovery.look("recheck", vault.diagnoseVault, lookAt(order.estate));
  return seen.ok && seen.value.condition !== condition;
}

/** The app has lost its role: it is given again, and Azure takes up to ten minutes to notice. */
function* grantAgain(recovery: Steps, patient: Patient): Durable<Ending> {
  const { order, vault: failed } = patient;
  const problem = yield* grantRoles(recovery, order.estate.containerApp.primary, failed.id);
  if (problem !== undefined) return needsOperator(recovery, problem);
  return yield* mended(recovery, patient, "role-missing", "the app has its role again");
}

/** In soft deletion: it comes back with its secrets, and without what was attached to it. */
function* bringBack(recovery: Steps, patient: Patient): Durable<Ending> {
  const { id, location } = patient.vault;
  const target = { vault: id, location: location ?? patient.order.estate.primaryRegion };
  const problem =
    (yield* recoverDeleted(recovery, target)) ??
    (yield* grantRoles(recovery, patient.order.estate.containerApp.primary, id, "recovered"));
  if (problem !== undefined) return needsOperator(recovery, problem);
  recovery.journal.finding(
    "roles that others had at the vault, its private endpoints and Event Grid subscriptions do not come back with it",
  );
  return yield* mended(recovery, patient, "soft-deleted", "it was recovered from soft deletion", [
    "Give others their roles at the vault again, and look who deleted it: the activity log says so",
  ]);
}

/**
 * It is there and does not answer: the platform brings it back by itself, or serves it read-only from
 * the paired region. A new vault would take longer, and part the secrets in two.
 */
function* waitForPlatform(recovery: Steps, patient: Patient): Durable<Ending> {
  // Where the whole region is away, waiting for the vault spends the time that a wider recovery needs.
  const away = yield* regionAway(recovery, patient);
  if (away !== undefined) return away;
  const waited = yield* recovery.until(
    "await-platform",
    vault.diagnoseVault,
    lookAt(patient.order.estate),
    {
      ...waits.platform,
      done: ({ condition }) => condition === "healthy",
      // Something else has come to light, which can be mended.
      failed: ({ condition }) => condition !== "healthy" && condition !== "unavailable",
      failedInARow: 2,
    },
  );
  if (waited === "failed") {
    return yield* treat(recovery, patient.order, [...patient.treated, "unavailable"]);
  }
  const back = waited === "done" ? yield* broughtBack(recovery, patient) : undefined;
  if (back !== undefined) return back;
  const down = yield* regionAway(recovery, patient);
  if (down !== undefined) return down;
  const askedAt = recovery.now();
  const approval = yield* recovery.approval("leave-vault");
  if (approval === "granted" && (yield* isOtherwise(recovery, patient, "unavailable", askedAt))) {
    const late = yield* broughtBack(recovery, patient);
    return late ?? (yield* treat(recovery, patient.order, [...patient.treated, "unavailable"]));
  }
  const { sides } = lookAt(patient.order.estate);
  const wanted = { sides, lost: patient.vault.id, ...reserved(patient) };
  const left = yield* recovery.step("leave-vault", vault.chooseVault, wanted);
  if (left.ok && left.value.kind === "standby") {
    return yield* moveTo(recovery, patient, left.value.vault, "standby");
  }
  const why = left.ok
    ? "the vault does not answer, and no other stands by"
    : `the vault does not answer; ${describeFailure(left.failure)}`;
  return needsOperator(recovery, { why, lacksRole: false }, [
    "Look at Azure Service Health: the platform fails a vault over by itself",
  ]);
}

/** The platform has done it, if the app can read again. */
function* broughtBack(recovery: Steps, patient: Patient): Durable<Ending | undefined> {
  if (!(yield* verified(recovery, patient))) return undefined;
  recovery.journal.loses("none: the vault itself came back");
  recovery.journal.finding(
    "the platform has brought the vault back; while it serves it from the paired region the vault can only be read",
  );
  return recovery.end("restored-with-findings", "the vault answers again; nothing was changed", [
    "Write no secrets until the region is back: Azure Service Health says when",
  ]);
}

/** It is gone for good: the standby is used, else a new vault is made. */
function* moveElsewhere(recovery: Steps, patient: Patient): Durable<Ending> {
  const down = yield* regionAway(recovery, patient);
  if (down !== undefined) return down;
  const { sides } = lookAt(patient.order.estate);
  const wanted = { sides, lost: patient.vault.id, ...reserved(patient) };
  const choice = yield* recovery.step("choose-vault", vault.chooseVault, wanted);
  if (!choice.ok) return blind(recovery, describeFailure(choice.failure));
  const ending = yield* moveTo(recovery, patient, choice.value.vault, choice.value.kind);
  if (ending.outcome !== "needs-operator") return ending;
  // The region may have gone away in the middle: then that is what a person has to know.
  return (yield* regionAway(recovery, patient, "afterwards")) ?? ending;
}

/** Another vault does not help an app whose whole region is away; that of the other side says nothing of it. */
function* regionAway(
  recovery: Steps,
  { order, vault: failed, fqdn }: Patient,
  when?: "afterwards",
): Durable<Ending | undefined> {
  const { keyVault, redis, containerApp } = order.estate;
  if (!sameResource(failed.id, keyVault.primary)) return undefined;
  const user = fqdn === undefined ? undefined : { fqdn, rule: containerApp.health };
  return yield* regionDown(recovery, { kind: "redis", id: redis.primary }, user, when);
}

function* moveTo(
  recovery: Steps,
  patient: Patient,
  target: string,
  kind: "standby" | "new",
): Durable<Ending> {
  const { estate } = patient.order;
  const appId = estate.containerApp.primary;
  const moved = yield* recovery.holding(target, function* () {
    const problem =
      (kind === "new" ? yield* create(recovery, patient, target) : undefined) ??
      (yield* grantRoles(recovery, appId, target, "moved"));
    if (problem !== undefined) return needsOperator(recovery, problem);
    const usable = yield* awaitAccess(recovery, target);
    if (usable === undefined) {
      return needsOperator(recovery, {
        why: `this service cannot use ${target}`,
        lacksRole: true,
      });
    }
    const filled = yield* fillVault(recovery, patient.order, {
      lost: patient.vault.id,
      target,
      ...usable,
      isNew: kind === "new",
    });
    if (filled !== undefined) return needsOperator(recovery, filled);
    return yield* switchApp(recovery, patient, { target, address: usable.address, kind });
  });
  return moved.ok ? moved.value : blind(recovery, describeFailure(moved.failure));
}

function* create(recovery: Steps, patient: Patient, target: string): Durable<Stuck | undefined> {
  const { recoveryRegion, keyVault } = patient.order.estate;
  const started = yield* recovery.step("create-vault", vault.startVaultCreation, {
    vault: target,
    location: recoveryRegion,
    ...(keyVault.network === undefined ? {} : { rules: keyVault.network }),
  });
  if (!started.ok) {
    return {
      why: `no new vault could be made: ${describeFailure(started.failure)}`,
      lacksRole: started.failure.class === "permission-lag",
    };
  }
  const { operation } = started.value;
  const { within } = vaultWaits.operation;
  yield* followVault(recovery, target, { step: "create-vault", operation, within });
  return yield* awaitVault(recovery, "await-created", target);
}

/** The vault holds the secrets: now the app is told to use it. There is no way back to one that is gone. */
function* switchApp(
  recovery: Steps,
  patient: Patient,
  to: { readonly target: string; readonly address: string; readonly kind: "standby" | "new" },
): Durable<Ending> {
  const { estate } = patient.order;
  const appId = estate.containerApp.primary;
  const switched = yield* recovery.holding(appId, function* () {
    const move = { from: patient.vault.address, to: to.address };
    const problem = yield* moveApp(recovery, appId, move);
    if (problem !== undefined) return needsOperator(recovery, problem);
    if (!(yield* verified(recovery, patient))) {
      return needsOperator(
        recovery,
        { why: `the app does not read ${shortNameOf(to.target)} either`, lacksRole: false },
        ["Read the app's log: which secret does it miss, and whom does it read as?"],
      );
    }
    return recovery.end("failed-over", `the app uses ${shortNameOf(to.target)}`, [
      ...(to.kind === "new"
        ? [
            `Enter ${to.target} in the estate as keyVault.secondary${estate.secondaryRegion === undefined ? `, with secondaryRegion ${estate.recoveryRegion}` : ""}, and give it an alert rule: until then alerts and restores do not know it`,
          ]
        : []),
      `Have the original vault made again, then go back to it: ${wayBack(recovery, "key-vault")}`,
    ]);
  });
  return switched.ok ? switched.value : blind(recovery, describeFailure(switched.failure));
}

/** What was wrong is mended; if the app still cannot read, something else is wrong as well. */
function* mended(
  recovery: Steps,
  patient: Patient,
  condition: VaultCondition,
  how: string,
  nextSteps: readonly string[] = [],
): Durable<Ending> {
  if (yield* verified(recovery, patient)) {
    recovery.journal.loses("none: the vault itself came back");
    const outcome = recovery.journal.hasFindings ? "restored-with-findings" : "restored";
    return recovery.end(outcome, `the app reads its vault again: ${how}`, nextSteps);
  }
  return yield* treat(recovery, patient.order, [...patient.treated, condition]);
}

const verified = (recovery: Steps, { order, fqdn }: Patient): Durable<boolean> =>
  readsAgain(recovery, {
    app: order.estate.containerApp.primary,
    fqdn,
    rule: order.estate.containerApp.health,
  });

const reserved = ({ order }: Patient): { readonly reservedName?: string } => {
  const { reservedName } = order.estate.keyVault;
  return reservedName === undefined ? {} : { reservedName };
};

/** The app reads its vault: perhaps the alert speaks of the other one, or of this service. */
function notNeeded(
  recovery: Steps,
  { resource }: RecoveryOrder,
  seen: { readonly vault: vault.VaultPlace; readonly usable: boolean; readonly detail: string },
): Ending {
  if (!seen.usable) {
    recovery.journal.finding(`the app reads its vault and this service does not: ${seen.detail}`);
  }
  if (!sameResource(seen.vault.id, resource)) {
    return recovery.end(
      "not-needed",
      `the app uses ${seen.vault.name} and reads it; the alert is about ${resource}, which it does not use`,
      ["See what is wrong with the vault that stands by: a recovery may need it"],
    );
  }
  return recovery.end("not-needed", "the app reads its vault; nothing was changed");
}

const blind = (recovery: Steps, why: string): Ending =>
  needsOperator(recovery, { why, lacksRole: false }, [
    "Look at the vault and the app in the portal: do they exist, may this service read them?",
  ]);
