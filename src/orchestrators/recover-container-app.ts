import * as app from "../activities/container-app.contract.js";
import * as evidence from "../activities/evidence.contract.js";
import { milliseconds, minutes, seconds } from "../domain/duration.js";
import type { HealthRule } from "../domain/estate.js";
import { compact } from "../domain/instant.js";
import type { Durable } from "../durable/durable.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Ending, type Recovery } from "../recovery/recovery.js";
import { containerAppFailure } from "../scenarios/container-app-failure.js";

type StepId = keyof typeof containerAppFailure.steps;
type Steps = Recovery<StepId>;

/** The app as the steps need it: where it is, where it answers, what healthy means. */
interface Patient {
  readonly app: string;
  readonly mode: "single" | "multiple";
  readonly serving: readonly string[];
  readonly probe: { readonly fqdn: string; readonly rule: HealthRule };
}

/**
 * The app does not answer well: restart the revisions that serve and, if that does not bring it
 * back, roll back to the last one known to be good.
 */
export const recoverContainerApp = framed(containerAppFailure, function* (recovery, order) {
  const seen = yield* recovery.step("confirm", app.observeApp, { app: order.resource });
  if (!seen.ok) return blind(recovery, describeFailure(seen.failure));
  if (seen.value.fqdn === undefined) return blind(recovery, "the app has no ingress to probe");
  const patient: Patient = {
    app: order.resource,
    mode: seen.value.mode,
    serving: seen.value.serving,
    probe: { fqdn: seen.value.fqdn, rule: order.estate.containerApp.health },
  };

  const confirmed = yield* recovery.until("confirm", app.probeHealth, patient.probe, failing);
  if (confirmed === "done") {
    return recovery.end("not-needed", "the app answers its health probe; nothing was changed");
  }
  yield* gatherEvidence(recovery, patient, order.estate.applicationInsights);

  const held = yield* recovery.holding(patient.app, function* () {
    if (yield* restart(recovery, patient)) {
      return recovery.end("restored", "a restart of the serving revision brought the app back");
    }
    return yield* rollBack(recovery, patient);
  });
  return held.ok ? held.value : blind(recovery, describeFailure(held.failure));
});

/** Three bad answers confirm the failure, two good ones refute it; flapping counts as failing. */
const failing = {
  done: ({ healthy }: { healthy: boolean }) => healthy,
  inARow: 2,
  failed: ({ healthy }: { healthy: boolean }) => !healthy,
  failedInARow: 3,
  eitherWay: true,
  within: minutes(1),
  first: seconds(5),
  longest: seconds(5),
};

function* gatherEvidence(
  recovery: Steps,
  { app: id, serving }: Patient,
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

function* restart(recovery: Steps, patient: Patient): Durable<boolean> {
  const since = recovery.now();
  const revisions: string[] = [];
  for (const revision of patient.serving) {
    const target = { app: patient.app, revision };
    const answer = yield* recovery.step("restart-revision", app.restartRevision, target, revision);
    if (answer.ok) revisions.push(revision);
  }
  if (revisions.length === 0) return false;

  const restarted = { app: patient.app, revisions, since, ...patient.probe };
  const waited = yield* recovery.until("await-restart", app.observeRestart, restarted, {
    done: (seen) => seen.healthy,
    inARow: patient.probe.rule.inARow,
    // Every replica is new and ready, and still the app is not well: waiting on will not help.
    failed: (seen) => seen.replaced && !seen.healthy,
    failedInARow: 5,
    within: minutes(4),
    first: milliseconds(patient.probe.rule.interval),
    longest: seconds(10),
  });
  return waited === "done" && (yield* verify(recovery, patient));
}

function* rollBack(recovery: Steps, patient: Patient): Durable<Ending> {
  const choice = yield* recovery.step("choose-known-good", app.chooseKnownGood, {
    app: patient.app,
    failing: [...patient.serving],
  });
  if (!choice.ok) return noWayBack(recovery, describeFailure(choice.failure));
  if (choice.value.kind === "none") return noWayBack(recovery, choice.value.detail);
  const good = choice.value.revision;

  if (yield* activate(recovery, patient, good)) {
    return patient.mode === "multiple"
      ? yield* moveTraffic(recovery, patient, good)
      : yield* settleOn(recovery, patient, good);
  }
  if (patient.mode === "multiple") {
    return noWayBack(recovery, `the known good revision ${good} could not be activated`);
  }
  // A fresh revision with the good template does not need the old one to come up again.
  const rolled = yield* rollForward(recovery, patient, good);
  if (
    rolled &&
    (yield* healthy(recovery, "await-health", patient)) &&
    (yield* verify(recovery, patient))
  ) {
    return recovery.end("restored", `rolled forward with the template of ${good}`);
  }
  return noWayBack(recovery, `neither ${good} nor a new revision with its template is healthy`);
}

function* activate(recovery: Steps, { app: id }: Patient, good: string): Durable<boolean> {
  const target = { app: id, revision: good };
  const answer = yield* recovery.step("activate-known-good", app.activateRevision, target);
  if (!answer.ok) return false;
  const waited = yield* recovery.until("await-activation", app.observeRevision, target, {
    done: ({ running }) => running,
    failed: ({ failed }) => failed,
    failedInARow: 3,
    within: minutes(4),
    first: seconds(5),
    longest: seconds(15),
  });
  return waited === "done";
}

/** Multiple-revision mode: the good revision runs beside the bad one and gets all traffic. */
function* moveTraffic(recovery: Steps, patient: Patient, good: string): Durable<Ending> {
  const target = { app: patient.app, revision: good };
  const shift = yield* recovery.step("shift-traffic", app.startTrafficShift, target);
  if (!shift.ok) return noWayBack(recovery, describeFailure(shift.failure));
  yield* follow(recovery, "shift-traffic", patient, shift.value.operation);
  if ((yield* healthy(recovery, "await-health", patient)) && (yield* verify(recovery, patient))) {
    return recovery.end("restored", `all traffic goes to ${good}`);
  }
  return noWayBack(recovery, `the app is not healthy with all traffic on ${good}`);
}

/**
 * Single-revision mode: the activated revision serves, but the app's template is still the bad one
 * and the next change of a setting would build on it. Rolling forward with the good template mends
 * that; should it fail, the app is up all the same and a person is told.
 */
function* settleOn(recovery: Steps, patient: Patient, good: string): Durable<Ending> {
  if (!(
    (yield* healthy(recovery, "await-health", patient)) && (yield* verify(recovery, patient))
  )) {
    return noWayBack(recovery, `the app is not healthy on ${good} either`);
  }
  const settled =
    (yield* rollForward(recovery, patient, good)) &&
    (yield* healthy(recovery, "await-settled", patient));
  if (settled)
    return recovery.end("restored", `rolled back to ${good} and forward with its template`);

  recovery.journal.finding(
    `the app serves from ${good}, but its template is still that of the failed revision`,
  );
  return recovery.end("restored-with-findings", `rolled back to ${good}`, [
    `Deploy the template of ${good} before the next change of the app's settings`,
  ]);
}

function* rollForward(recovery: Steps, patient: Patient, good: string): Durable<boolean> {
  const suffix = freshSuffix(recovery);
  const change = { app: patient.app, from: good, suffix };
  const started = yield* recovery.step("roll-forward", app.startRollForward, change);
  if (!started.ok) return false;
  const { operation, revision } = started.value;
  if (!(yield* follow(recovery, "roll-forward", patient, operation))) return false;
  const waited = yield* recovery.until(
    "roll-forward",
    app.observeApp,
    { app: patient.app },
    {
      done: ({ latestReadyRevision, serving }) =>
        latestReadyRevision === revision && serving.includes(revision),
      within: minutes(4),
      first: seconds(5),
      longest: seconds(15),
    },
  );
  return waited === "done";
}

const follow = (
  recovery: Steps,
  step: StepId,
  { app: id }: Patient,
  operation: string | undefined,
): Durable<boolean> =>
  recovery.operation(
    step,
    operation,
    (token) => recovery.look(step, app.pollAppOperation, { app: id, operation: token }),
    minutes(5),
  );

function* healthy(
  recovery: Steps,
  step: "await-health" | "await-settled",
  { probe }: Patient,
): Durable<boolean> {
  const waited = yield* recovery.until(step, app.probeHealth, probe, {
    done: (seen) => seen.healthy,
    inARow: probe.rule.inARow,
    within: minutes(3),
    first: milliseconds(probe.rule.interval),
    longest: seconds(10),
  });
  return waited === "done";
}

/** The last word: one more good answer, through the app's own address. */
function* verify(recovery: Steps, { probe }: Patient): Durable<boolean> {
  const seen = yield* recovery.step("verify", app.probeHealth, probe);
  if (!seen.ok || !seen.value.healthy) return false;
  recovery.journal.restored(recovery.now());
  return true;
}

/** Unique to the run and legal in a revision's name; a repeat finds the revision it made. */
function freshSuffix(recovery: Steps): string {
  const startedAt = compact(recovery.journal.startedAt).slice(6, 15).replace("T", "");
  return `dr-${recovery.run().slice(-6)}-${startedAt}`;
}

const blind = (recovery: Steps, why: string): Ending =>
  recovery.end("needs-operator", why, [
    "Look at the container app in the portal: does it exist, has it an ingress, may this service change it?",
    "Start the recovery again by POST /api/recoveries when that is mended",
  ]);

const noWayBack = (recovery: Steps, why: string): Ending =>
  recovery.end("needs-operator", why, [
    "Read the evidence of this run: logs and error rates from before the restart",
    "Check what the app depends on: Redis, Key Vault, storage, the container registry",
    "Deploy a version that is known to work, then verify the health endpoint",
  ]);
