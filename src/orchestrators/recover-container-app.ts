import * as app from "../activities/container-app.contract.js";
import * as evidence from "../activities/evidence.contract.js";
import { milliseconds } from "../domain/duration.js";
import type { HealthRule } from "../domain/estate.js";
import type { Failure } from "../domain/failure.js";
import { RecoveryOrder } from "../domain/recovery-order.js";
import type { Answer } from "../durable/activity-contract.js";
import type { Durable } from "../durable/durable.js";
import { framed } from "../recovery/framed.js";
import type { Ending } from "../recovery/endings.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { containerAppFailure, waits } from "../scenarios/container-app-failure.js";
import { followApp } from "./follow-operations.js";
import { freshSuffix } from "./fresh-suffix.js";

type StepId = keyof typeof containerAppFailure.steps;
type Steps = Recovery<StepId>;

/** The app as the steps need it: where it is, where it answers, what healthy means. */
interface Patient {
  readonly app: string;
  readonly mode: "single" | "multiple";
  /** Serving revisions that are not well; restarted, and never gone back to. */
  readonly failing: readonly string[];
  /** Serving revisions that are well while others are not; newest first. */
  readonly well: readonly string[];
  readonly probe: { readonly fqdn: string; readonly rule: HealthRule };
  /** The revision whose template is the app's. */
  readonly latest: string | undefined;
}

const { within } = waits.operation;

/** How many earlier revisions are tried before a person is asked. */
const longestWayBack = 2;

/**
 * The app does not answer well: restart the revisions that serve and, if that does not bring it
 * back, roll back to the last one known to be good.
 */
export const recoverContainerApp = framed(
  containerAppFailure,
  RecoveryOrder,
  function* (recovery, order) {
    const seen = yield* recovery.step("confirm", app.observeApp, { app: order.resource });
    if (!seen.ok) {
      return blind(recovery, `the app cannot be looked at (${describeFailure(seen.failure)})`);
    }
    const { fqdn, mode, serving, latestRevision: latest } = seen.value;
    if (fqdn === undefined) return blind(recovery, "the app has no ingress to probe");
    const probe = { fqdn, rule: order.estate.containerApp.health };

    const confirmed = yield* recovery.until("confirm", app.probeHealth, probe, failing);
    if (confirmed === "blind")
      return blind(recovery, "not one of this service's probes could be made");
    if (confirmed === "done") {
      return recovery.end("not-needed", "the app answers its health probe; nothing was changed");
    }
    yield* gatherEvidence(recovery, order.resource, serving, order.estate.applicationInsights);

    const held = yield* recovery.holding(order.resource, function* () {
      if (yield* healedItself(recovery, probe)) {
        return recovery.end("not-needed", "the app became healthy by itself; nothing was changed");
      }
      const split = yield* tellApart(recovery, order.resource, serving, probe.rule);
      const patient: Patient = { app: order.resource, mode, ...split, probe, latest };
      const restarted = yield* restart(recovery, patient);
      if (restarted.ok && restarted.value) {
        return recovery.end("restored", "a restart of the serving revision brought the app back");
      }
      if (!restarted.ok && lacksPermission(restarted.failure)) {
        return forbidden(recovery, restarted.failure);
      }
      return yield* rollBack(recovery, patient);
    });
    return held.ok ? held.value : blind(recovery, describeFailure(held.failure));
  },
);

/** Three bad answers confirm the failure, two good ones refute it; flapping counts as failing. */
const failing = {
  ...waits.confirm,
  done: ({ healthy }: { healthy: boolean }) => healthy,
  failed: ({ healthy }: { healthy: boolean }) => !healthy,
  eitherWay: true,
  inPlan: "failed",
} as const;

function* gatherEvidence(
  recovery: Steps,
  id: string,
  serving: readonly string[],
  insights: { readonly workspaceId: string; readonly component: string },
): Durable<void> {
  const { workspaceId, component } = insights;
  const from = { app: id, serving: [...serving] };
  yield* recovery.inParallel("gather-evidence", [
    (call) => call(evidence.captureAppState, from),
    (call) => call(evidence.captureAppLogs, { ...from, workspaceId }),
    (call) => call(evidence.captureErrorRates, { workspaceId, component }),
  ]);
}

/** The last look before the first change: nothing that is well is touched. */
function* healedItself(recovery: Steps, probe: Patient["probe"]): Durable<boolean> {
  const waited = yield* recovery.until("recheck", app.probeHealth, probe, {
    ...waits.recheck,
    inARow: probe.rule.inARow,
    done: (seen) => seen.healthy,
    failed: (seen) => !seen.healthy,
    eitherWay: true,
    inPlan: "failed",
  });
  return waited === "done";
}

/** Of several revisions that share the traffic, which are not well; of one, itself. */
function* tellApart(
  recovery: Steps,
  id: string,
  serving: readonly string[],
  rule: HealthRule,
): Durable<Pick<Patient, "failing" | "well">> {
  const undecided = { failing: serving, well: [] };
  if (serving.length < 2) return undecided;
  const seen = yield* recovery.step("tell-apart", app.probeRevisions, {
    app: id,
    revisions: [...serving],
    rule,
  });
  return seen.ok && seen.value.failing.length > 0 ? seen.value : undecided;
}

function* restart(recovery: Steps, patient: Patient): Durable<Answer<boolean>> {
  const since = recovery.now();
  const revisions: string[] = [];
  let refusal: Answer<never> | undefined;
  for (const revision of patient.failing) {
    const target = { app: patient.app, revision };
    const answer = yield* recovery.step("restart-revision", app.restartRevision, target, revision);
    if (answer.ok) revisions.push(revision);
    else refusal = answer;
  }
  if (revisions.length === 0) return refusal ?? { ok: true, value: false };

  const restarted = { app: patient.app, revisions, since, ...patient.probe };
  const waited = yield* recovery.until("await-restart", app.observeRestart, restarted, {
    ...waits.restart,
    inARow: patient.probe.rule.inARow,
    apart: milliseconds(patient.probe.rule.interval),
    done: (seen) => seen.healthy,
    // Every replica is new and ready, and still the app is not well: waiting on will not help.
    failed: (seen) => seen.replaced && !seen.healthy,
  });
  return { ok: true, value: waited === "done" && (yield* verify(recovery, patient)) };
}

function* rollBack(recovery: Steps, patient: Patient): Durable<Ending> {
  const [running] = patient.well;
  if (running !== undefined) return yield* moveTraffic(recovery, patient, running);

  const tried: string[] = [];
  let why = "";
  for (let nth = 1; nth <= longestWayBack; nth++) {
    const choice = yield* recovery.step("choose-known-good", app.chooseKnownGood, {
      app: patient.app,
      failing: [...patient.failing, ...tried],
    });
    if (!choice.ok) {
      const seen = describeFailure(choice.failure);
      return noWayBack(recovery, `the earlier revisions cannot be looked at (${seen})`);
    }
    if (choice.value.kind === "none") return noWayBack(recovery, why || choice.value.detail);
    const good = choice.value.revision;

    const active = yield* activate(recovery, patient, good);
    if (!active.ok && lacksPermission(active.failure)) return forbidden(recovery, active.failure);
    if (active.ok && active.value) {
      return patient.mode === "multiple"
        ? yield* moveTraffic(recovery, patient, good)
        : yield* settleOn(recovery, patient, good, nth);
    }
    // A fresh revision with the good template does not need the old one to come up again.
    if (patient.mode === "single" && (yield* rollForward(recovery, patient, good, nth))) {
      return (yield* healthyAgain(recovery, patient))
        ? recovery.end("restored", `rolled forward with the template of ${good}`)
        : noWayBack(recovery, `the app is not healthy with the template of ${good} either`);
    }
    why = `${good} could not be brought up`;
    tried.push(good);
  }
  return noWayBack(recovery, why);
}

function* activate(
  recovery: Steps,
  { app: id }: Patient,
  good: string,
  item = good,
): Durable<Answer<boolean>> {
  const target = { app: id, revision: good };
  const answer = yield* recovery.step("activate-known-good", app.activateRevision, target, item);
  if (!answer.ok) return answer;
  const waited = yield* recovery.until("await-activation", app.observeRevision, target, {
    ...waits.activation,
    done: (seen) => seen.running,
    failed: (seen) => seen.failed,
  });
  return { ok: true, value: waited === "done" };
}

/** Multiple-revision mode: the good revision runs beside the bad one and gets all traffic. */
function* moveTraffic(recovery: Steps, patient: Patient, good: string): Durable<Ending> {
  const target = { app: patient.app, revision: good };
  const shift = yield* recovery.step("shift-traffic", app.startTrafficShift, target, good);
  if (!shift.ok && lacksPermission(shift.failure)) return forbidden(recovery, shift.failure);
  if (!shift.ok) return noWayBack(recovery, describeFailure(shift.failure));
  const { operation } = shift.value;
  yield* followApp(recovery, patient.app, { step: "shift-traffic", operation, within });
  if (yield* healthyAgain(recovery, patient)) {
    return recovery.end("restored", `all traffic goes to ${good}`);
  }
  return noWayBack(recovery, `the app is not healthy with all traffic on ${good}`);
}

/**
 * Single-revision mode: the activated revision serves, but the app's template is still the bad one
 * and the next change of a setting would build on it. Rolling forward with the good template mends
 * that; should it fail, the app is up all the same and a person is told.
 */
function* settleOn(recovery: Steps, patient: Patient, good: string, nth: number): Durable<Ending> {
  if (!(yield* healthyAgain(recovery, patient))) {
    return noWayBack(recovery, `the app is not healthy on ${good} either`);
  }
  if (good === patient.latest) {
    return recovery.end("restored", `${good}, which somebody had deactivated, is active again`);
  }
  const rolled = yield* rollForward(recovery, patient, good, nth);
  const well = yield* healthy(recovery, "await-settled", patient);
  if (rolled && well) {
    return recovery.end("restored", `rolled back to ${good} and forward with its template`);
  }
  // The new revision took the traffic and is not well: back to the one that was.
  if (!well && !(yield* comeBack(recovery, patient, good))) {
    recovery.journal.lost();
    return noWayBack(
      recovery,
      `${good} served again, but not after its template was rolled forward`,
    );
  }
  recovery.journal.finding(
    `the app serves from ${good}, but the app's template could not be made the same`,
  );
  return recovery.end("restored-with-findings", `rolled back to ${good}`, [
    `Deploy the template of ${good} before the next change of the app's settings`,
  ]);
}

function* comeBack(recovery: Steps, patient: Patient, good: string): Durable<boolean> {
  const again = yield* activate(recovery, patient, good, `${good}-again`);
  if (!again.ok || !again.value) return false;
  return yield* healthy(recovery, "await-settled", patient);
}

function* rollForward(
  recovery: Steps,
  patient: Patient,
  good: string,
  nth: number,
): Durable<boolean> {
  const change = {
    app: patient.app,
    from: good,
    suffix: freshSuffix(recovery, nth, longestWayBack),
  };
  const started = yield* recovery.step("roll-forward", app.startRollForward, change, good);
  if (!started.ok) return false;
  const { operation, revision } = started.value;
  const begun = { step: "roll-forward", operation, within } as const;
  if (!(yield* followApp(recovery, patient.app, begun))) return false;
  const look = { app: patient.app };
  const waited = yield* recovery.until("roll-forward", app.observeApp, look, {
    ...waits.rollForward,
    done: (seen) => seen.latestReadyRevision === revision && seen.serving.includes(revision),
    failed: (seen) => seen.provisioningState === "Failed",
  });
  return waited === "done";
}

function* healthyAgain(recovery: Steps, patient: Patient): Durable<boolean> {
  return (yield* healthy(recovery, "await-health", patient)) && (yield* verify(recovery, patient));
}

function* healthy(
  recovery: Steps,
  step: "await-health" | "await-settled",
  { probe }: Patient,
): Durable<boolean> {
  const waited = yield* recovery.until(step, app.probeHealth, probe, {
    ...waits.health,
    inARow: probe.rule.inARow,
    apart: milliseconds(probe.rule.interval),
    done: (seen) => seen.healthy,
  });
  return waited === "done";
}

/** The last word, through the app's own address; one lost packet does not undo a recovery. */
function* verify(recovery: Steps, { probe }: Patient): Durable<boolean> {
  const waited = yield* recovery.until("verify", app.probeHealth, probe, {
    ...waits.verify,
    done: (seen) => seen.healthy,
  });
  if (waited !== "done") return false;
  recovery.journal.restored(recovery.now());
  return true;
}

const lacksPermission = ({ class: of }: Failure): boolean => of === "permission-lag";

const forbidden = (recovery: Steps, failure: Failure): Ending =>
  recovery.end("needs-operator", `this service may not change the app: ${failure.message}`, [
    "Grant the service's identity the role Disaster recovery: container apps at the app (docs/permissions.md)",
    "Start the recovery again by POST /api/recoveries; until then, restart the revision by hand",
  ]);

const blind = (recovery: Steps, why: string): Ending =>
  recovery.end("needs-operator", why, [
    "Look at the container app in the portal: does it exist, has it an ingress, may this service read it?",
    "Look at Azure Service Health: is the whole region down?",
    "Start the recovery again by POST /api/recoveries when that is mended",
  ]);

const noWayBack = (recovery: Steps, why: string): Ending =>
  recovery.end("needs-operator", why, [
    "Read the evidence of this run: logs and error rates from before the restart",
    "Check what the app depends on: Redis, Key Vault, storage, the container registry; and Azure Service Health: is the whole region down?",
    "Deploy a version that is known to work, then verify the health endpoint",
  ]);
