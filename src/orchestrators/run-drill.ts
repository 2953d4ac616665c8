import * as contract from "../activities/drill.contract.js";
import { countCacheKeys } from "../activities/redis-backup.contract.js";
import { observeTraffic } from "../activities/traffic.contract.js";
import { afterAllNodes, restoreOrderOf, restoreWish } from "../domain/all-nodes.js";
import { residueOf, type CacheExport, type DrillOrder, type Undo } from "../domain/drill.js";
import { describeDuration, milliseconds, minutes, type Milliseconds } from "../domain/duration.js";
import { elapsed, type Instant } from "../domain/instant.js";
import { regionSides } from "../domain/region-sides.js";
import type { RecoveryScenario } from "../domain/readiness/readiness.js";
import type { RunOrder } from "../domain/run-order.js";
import { servesAgain, type Outcome } from "../domain/run-record.js";
import type { Answer } from "../durable/activity-contract.js";
import type { Durable } from "../durable/durable.js";
import { Canceled, type Ending } from "../recovery/endings.js";
import { describeFailure, type Approval, type Recovery } from "../recovery/recovery.js";
import {
  drillWaits as waits,
  type DrillStep,
  type PracticeStep,
} from "../scenarios/drill-steps.js";
import { targetIn } from "../scenarios/scenario.js";

type Steps = Recovery<DrillStep | "inject">;
type Injection = Parameters<typeof contract.injectFault.task>[2];
type Injected = Answer<{ readonly brokenAt: Instant }>;
type Practice = Recovery<DrillStep | PracticeStep>;

export type Drilled = Parameters<typeof contract.observeDrilled.task>[2];
type Fault = Parameters<typeof contract.injectFault.task>[2]["fault"];

/** What a drill practises. */
export interface Exercise {
  /** What answers it. */
  readonly scenario: RecoveryScenario;
  /** What it breaks, by ARM id. */
  readonly resource: string;
  /** What is compared before and after. */
  readonly state: Drilled;
  /** What is done before anything is broken. */
  readonly prepare?: () => Durable<Practised>;
  /** What it breaks and how that is mended; `revision` is what serves before. */
  readonly breaks: (revision: string | undefined) => { readonly fault: Fault; readonly undo: Undo };
  /** What has to hold beside what every drill asks for; looked at before and after the approval. */
  readonly admits?: (item?: string) => Durable<string | undefined>;
  /** How it is approved and broken, where that is not the step `inject`. */
  readonly injecting?: {
    readonly approval: () => Durable<Approval>;
    readonly inject: (injection: Injection) => Durable<Injected>;
  };
  /** Everything between the fault and its undoing. */
  readonly practise: (brokenAt: Instant) => Durable<Practised>;
  /** Ends what the drill has set off, where it ends before its time. */
  readonly stop?: () => Durable<void>;
  /** What follows once the fault is undone. */
  readonly afterwards?: () => Durable<Practised>;
}

/** Whether what was broken worked again, and since when. */
export type Practised =
  | { readonly kind: "recovered"; readonly at: Instant }
  | { readonly kind: "failed"; readonly why: string };

const failed = (why: string): Practised => ({ kind: "failed", why });

/**
 * A drill from its admission to its verdict. Whatever happens once something is broken, be it a failure, a
 * cancellation or a real alert, it is mended, and what is left behind is looked for.
 */
export function* drilled(run: Steps, order: DrillOrder, exercise: Exercise): Durable<Ending> {
  const { environment } = order;
  const refused = yield* admitted(run, order, exercise);
  if (refused !== undefined) return notCarriedOut(run, refused);
  try {
    return yield* inHand(run, order, exercise);
  } catch (error) {
    if (!(error instanceof Canceled)) throw error;
    return notCarriedOut(run, "it was canceled before anything was broken");
  } finally {
    const mine = { environment, drill: run.run(), status: "ended" } as const;
    yield* run.quietly("mark-ended", contract.markDrill, mine);
  }
}

function* admitted(
  run: Steps,
  { environment, drill, estate }: DrillOrder,
  { scenario, resource, admits }: Exercise,
  item?: string,
): Durable<string | undefined> {
  const wanted = { environment, drill, resource, scenario, blocked: [...estate.drills.blocked] };
  const answer = yield* run.step("admit", contract.admitDrill, wanted, item);
  if (!answer.ok) return describeFailure(answer.failure);
  if (!answer.value.admitted) return answer.value.detail;
  const news = item === undefined ? answer.value.findings : [];
  for (const each of news) run.journal.finding(each);
  return (yield* usersAway(run, estate)) ?? (yield* admits?.(item) ?? nothing());
}

function* usersAway(run: Steps, estate: DrillOrder["estate"]): Durable<string | undefined> {
  const sides = regionSides(estate);
  if (sides === undefined) return undefined;
  const seen = yield* run.look("admit", observeTraffic, { front: sides.front });
  return seen.ok && !seen.value.primary.enabled && seen.value.secondary?.enabled === true
    ? `users are led to ${sides.secondary.region}; fail the region back first`
    : undefined;
}

function* inHand(run: Steps, order: DrillOrder, exercise: Exercise): Durable<Ending> {
  const { environment, estate } = order;
  const target = targetIn(run.journal.scenario, estate);
  const seen = yield* steadyState(run, exercise);
  if ("why" in seen) return notCarriedOut(run, seen.why);
  const prepared = exercise.prepare === undefined ? undefined : yield* exercise.prepare();
  if (prepared?.kind === "failed") return notCarriedOut(run, prepared.why);
  const askedAt = run.now();
  const { injecting } = exercise;
  const approval = yield* injecting?.approval() ?? run.approval("inject");
  if (approval !== "granted") {
    const said = approval === "denied" ? "it was denied" : "nobody approved it in time";
    return notCarriedOut(run, said);
  }
  // People take their time, and the world goes on meanwhile.
  if (elapsed(askedAt, run.now()) > 0) {
    const why = yield* admitted(run, order, exercise, "again");
    if (why !== undefined) return notCarriedOut(run, why);
    const still = yield* steadyState(run, exercise, "again");
    if ("why" in still) return notCarriedOut(run, still.why);
  }
  const { fault, undo } = exercise.breaks(seen.revision);
  const injection = { environment, fault, undo, target };
  const injected = yield* run.holding(exercise.resource, () =>
    injecting === undefined
      ? run.step("inject", contract.injectFault, injection)
      : injecting.inject(injection),
  );
  const broken = injected.ok ? injected.value : injected;
  if (broken.ok) run.journal.clockFrom(broken.value.brokenAt);
  const came = broken.ok
    ? yield* practised(exercise, broken.value.brokenAt)
    : failed(`nothing was broken: ${describeFailure(broken.failure)}`);
  run.insulate();
  if (came.kind !== "recovered") yield* exercise.stop?.() ?? nothing();
  const left = yield* mended(run, order, { undo, resource: exercise.resource, of: run.run() });
  const after =
    left === undefined && came.kind === "recovered" && exercise.afterwards !== undefined
      ? yield* exercise.afterwards()
      : undefined;
  const residue = yield* residueLeft(run, exercise.state, seen.fields);
  const within = yield* compared(
    run,
    environment,
    target,
    came,
    broken.ok ? broken.value.brokenAt : askedAt,
  );
  return verdict(run, { came, left, after, residue, within, target, undo });
}

function* nothing(): Durable<undefined> {
  // A drill without a run of its own has none to stop, and one that asks for nothing more has nothing to look at.
}

function* steadyState(
  run: Steps,
  { state }: Exercise,
  item = "before",
): Durable<
  | { readonly fields: Record<string, string>; readonly revision: string | undefined }
  | { readonly why: string }
> {
  const seen = yield* run.step("steady-state", contract.observeDrilled, state, item);
  if (!seen.ok) return { why: describeFailure(seen.failure) };
  const { steady, fields, revision, detail } = seen.value;
  return steady ? { fields, revision } : { why: `not all is well: ${detail}` };
}

type Came = Practised | { readonly kind: "stopped"; readonly why: string };

function* practised({ practise }: Exercise, brokenAt: Instant): Durable<Came> {
  try {
    return yield* practise(brokenAt);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return error instanceof Canceled ? { kind: "stopped", why } : failed(why);
  }
}

/** What a fault was and how it is mended. */
export interface Mending {
  readonly undo: Undo;
  readonly resource: string;
  /** The drill's run. */
  readonly of: string;
}

/** Undoes a drill's fault, and says what of it could not be undone. */
export function* mended(
  run: Recovery<"undo" | "await-undone">,
  order: RunOrder,
  { undo, resource, of }: Mending,
): Durable<string | undefined> {
  const { environment } = order;
  if (undo.kind === "restore-cache") return yield* keysRestored(run, order, undo, of);
  const problem =
    undo.kind === "fail-back-region"
      ? yield* ledBack(run, order)
      : yield* putBack(run, order, undo, resource);
  if (problem !== undefined) {
    run.journal.finding(`the fault is not undone: ${problem}`);
    return problem;
  }
  const undone = { environment, drill: of, status: "undone" } as const;
  yield* run.quietly("mark-undone", contract.markDrill, undone);
  return undefined;
}

function* putBack(
  run: Recovery<"undo" | "await-undone">,
  { estate }: RunOrder,
  undo: Exclude<Undo, { kind: "fail-back-region" | "restore-cache" }>,
  resource: string,
): Durable<string | undefined> {
  if (undo.kind === "none") return undefined;
  const state: Drilled =
    undo.kind === "activate-revision"
      ? { what: "app", app: undo.app, rule: estate.containerApp.health }
      : { what: "secret", address: undo.address, secret: undo.secret };
  // A recovery that looks before all is well again would go on with what is being put back.
  const held = yield* run.holding(resource, () => undoneAndWell(run, undo, state));
  return held.ok ? held.value : describeFailure(held.failure);
}

function* undoneAndWell(
  run: Recovery<"undo" | "await-undone">,
  undo: Undo,
  state: Drilled,
): Durable<string | undefined> {
  const answer = yield* run.step("undo", contract.undoFault, { undo });
  if (!answer.ok) return describeFailure(answer.failure);
  let detail = "";
  const waited = yield* run.until("await-undone", contract.observeDrilled, state, {
    ...waits.undone,
    done: (seen) => {
      ({ detail } = seen);
      return seen.steady;
    },
  });
  return waited === "done" ? undefined : `${answer.value.detail}, but then: ${detail}`;
}

function* ledBack(
  run: Recovery<"undo" | "await-undone">,
  { environment }: RunOrder,
): Durable<string | undefined> {
  const ordered = yield* run.step("undo", contract.orderPracticeRun, {
    environment,
    order: { kind: "failback", resource: "region" },
    at: run.now(),
    detectedAt: run.now(),
    reason: `the drill ${run.run()} ends`,
  });
  if (!ordered.ok) return describeFailure(ordered.failure);
  const { run: failback } = ordered.value;
  if (failback === undefined) return undefined;
  const end = yield* followed(run, "await-undone", failback, minutes(120));
  if (end?.outcome === "failed-back" || end?.outcome === "not-needed") return undefined;
  return end === undefined
    ? `${failback} has not ended`
    : `${failback}: ${end.reason ?? "stopped"}`;
}

/**
 * Has the ordinary restore bring back what the cache has lost. The drill counts as undone once that run is
 * ordered: it is never ordered twice, and what becomes of it is the drill's verdict.
 */
function* keysRestored(
  run: Recovery<"undo" | "await-undone">,
  { environment, estate }: RunOrder,
  undo: CacheExport,
  of: string,
): Durable<string | undefined> {
  const { cache, set, way } = undo;
  const undone = { environment, drill: of, status: "undone" } as const;
  let lost = "";
  if (!run.planning) {
    const counted = yield* run.quietly("count-keys", countCacheKeys, { cache });
    const { then, detail } = afterAllNodes(undo, counted.ok ? counted.value.count : undefined);
    lost = detail;
    if (then === "ask") {
      run.journal.finding(
        `${detail}: keys whose time was over, or lost ones; these are restored by ${restoreOrderOf(environment, undo)}`,
      );
    }
    if (then !== "restore") {
      yield* run.quietly("mark-undone", contract.markDrill, undone);
      return undefined;
    }
  }
  const ordered = yield* run.step("undo", contract.orderPracticeRun, {
    environment,
    order: { kind: "restore", of: "redis", cache, set, ...restoreWish(way) },
    at: run.now(),
    detectedAt: run.now(),
    reason: `${of} has rebooted all nodes`,
  });
  const byHand = `restore it by ${restoreOrderOf(environment, undo)}`;
  if (!ordered.ok) {
    const problem = `${lost}; no restore was started: ${describeFailure(ordered.failure)}; ${byHand}`;
    run.journal.finding(`the fault is not undone: ${problem}`);
    return problem;
  }
  const { run: restore } = ordered.value;
  if (restore === undefined) return undefined;
  yield* run.quietly("mark-undone", contract.markDrill, undone);
  const within = milliseconds(waits.restore + estate.approval.window);
  const end = yield* followed(run, "await-undone", restore, within);
  const said = `${lost}; ${restore}: ${end?.outcome ?? "it has not ended in time"}, ${end?.reason ?? "stopped"}`;
  const passed = end?.outcome === "passed" || end?.outcome === "passed-with-findings";
  run.journal.finding(passed ? said : `${said}; ${byHand}`);
  return passed ? undefined : said;
}

interface SeenRun {
  readonly outcome?: Outcome | undefined;
  readonly reason?: string | undefined;
  readonly restoredAt?: Instant | undefined;
  readonly findings: readonly string[];
}

/** Follows an ordinary run to its end; undefined where it does not come in time. */
export function* followed<StepId extends string>(
  run: Recovery<StepId>,
  step: NoInfer<StepId>,
  followedRun: string,
  within: Milliseconds,
): Durable<SeenRun | undefined> {
  let last: SeenRun | undefined;
  const waited = yield* run.until(
    step,
    contract.observeRun,
    { run: followedRun },
    {
      ...waits.look,
      within,
      done: (seen) => {
        last = seen;
        return seen.ended;
      },
    },
  );
  return waited === "done" ? last : undefined;
}

/**
 * The ordinary recovery by the ordinary way: an alert starts it, or the drill itself where none comes in
 * time. It has to say that all is well, and a look of our own has to agree.
 */
export function* recoveredByScenario(
  run: Practice,
  { environment, estate }: RunOrder,
  exercise: Pick<Exercise, "scenario" | "resource" | "state">,
  brokenAt: Instant,
  healedAt?: Instant,
): Durable<Practised> {
  const { scenario, resource, state } = exercise;
  const { alertWithin } = estate.drills;
  const within = milliseconds(targetIn(run.journal.scenario, estate) + waits.grace);
  let recovery = yield* startedByAlert(
    run,
    environment,
    healedAt === undefined ? alertWithin : undefined,
  );
  if (recovery === undefined) {
    if (healedAt === undefined && !run.planning) {
      run.journal.finding(
        `no alert came within ${describeDuration(alertWithin)}, so the drill started the recovery itself: see whether the alert rules call this service`,
      );
    }
    const ordered = yield* run.step("order-recovery", contract.orderPracticeRun, {
      environment,
      order: { kind: "recovery", scenario, resource },
      at: run.now(),
      detectedAt: brokenAt,
      reason: `practised by ${run.run()}`,
    });
    if (!ordered.ok) return failed(`no recovery was started: ${describeFailure(ordered.failure)}`);
    recovery = ordered.value.run ?? "";
  }
  const end = yield* followed(run, "await-recovery", recovery, within);
  if (run.planning) return { kind: "recovered", at: run.now() };
  if (end === undefined) return failed(`${recovery} has not ended in time`);
  const { outcome, reason, restoredAt, findings } = end;
  if (outcome === "restored-with-findings") {
    for (const finding of findings) run.journal.finding(`${recovery}: ${finding}`);
  }
  if (outcome === undefined || !servesAgain(outcome)) {
    return failed(`${recovery}: ${outcome ?? "stopped"}, ${reason ?? "without a record"}`);
  }
  const wellAt = run.now();
  const verified = yield* run.until("verify", contract.observeDrilled, state, {
    ...waits.verify,
    done: ({ steady }) => steady,
  });
  if (verified !== "done") return failed(`${recovery} says ${outcome}, but not all is well`);
  const at = healedAt ?? restoredAt ?? wellAt;
  run.journal.restored(at);
  return { kind: "recovered", at };
}

function* startedByAlert(
  run: Practice,
  environment: RunOrder["environment"],
  within: Milliseconds | undefined,
): Durable<string | undefined> {
  let recovery: string | undefined;
  const done = (seen: { recovery?: string | undefined }): boolean => {
    ({ recovery } = seen);
    return recovery !== undefined;
  };
  if (within === undefined) {
    const seen = yield* run.look("await-alert", contract.observeDrill, { environment });
    if (seen.ok) done(seen.value);
    return recovery;
  }
  yield* run.until(
    "await-alert",
    contract.observeDrill,
    { environment },
    { ...waits.look, within, done },
  );
  return recovery;
}

/** Cancels the recovery that the drill has set off, and waits until it has let go. */
export function* stopRecovery(
  run: Recovery<"stop-recovery">,
  { environment }: RunOrder,
): Durable<void> {
  const seen = yield* run.look("stop-recovery", contract.observeDrill, { environment });
  const recovery = seen.ok ? seen.value.recovery : undefined;
  if (recovery === undefined) return;
  const wanted = { run: recovery, reason: `the drill ${run.run()} ends` };
  const stopped = yield* run.step("stop-recovery", contract.stopPracticeRun, wanted);
  if (!stopped.ok || !stopped.value.changed) return;
  yield* followed(run, "stop-recovery", recovery, waits.stopped.within);
}

function* residueLeft(
  run: Steps,
  state: Drilled,
  before: Record<string, string>,
): Durable<readonly string[]> {
  if (run.planning) return [];
  let residue: readonly string[] = ["nobody could look"];
  yield* run.until("residue", contract.observeDrilled, state, {
    ...waits.verify,
    eitherWay: true,
    done: ({ fields }) => {
      residue = residueOf(before, fields);
      return residue.length === 0;
    },
  });
  for (const each of residue) run.journal.finding(`left behind: ${each}`);
  return residue;
}

function* compared(
  run: Steps,
  environment: RunOrder["environment"],
  target: Milliseconds,
  came: Came,
  brokenAt: Instant,
): Durable<boolean> {
  if (run.planning) return true;
  const took = came.kind === "recovered" ? elapsed(brokenAt, came.at) : undefined;
  const wanted = {
    ...{ environment, scenario: run.journal.scenario.id, target },
    ...(took === undefined ? {} : { took }),
  };
  const answer = yield* run.step("compare", contract.compareDrill, wanted);
  return answer.ok ? answer.value.within : took !== undefined && took <= target;
}

function verdict(
  run: Steps,
  found: {
    readonly came: Came;
    readonly left: string | undefined;
    readonly after: Practised | undefined;
    readonly residue: readonly string[];
    readonly within: boolean;
    readonly target: Milliseconds;
    readonly undo: Undo;
  },
): Ending {
  const { came, left, after, residue, within, target, undo } = found;
  if (left !== undefined) {
    return run.end("failed", `the drill's fault is still there: ${left}`, [
      undo.kind === "restore-cache"
        ? "Restore the keys by the order that the findings name"
        : "Undo it by hand now; the service tries again by itself within minutes, and a run drill-undo says so",
    ]);
  }
  if (came.kind === "stopped") {
    return run.end("canceled", `${came.why}; what the drill had broken is undone`);
  }
  if (came.kind === "failed") {
    return run.end("failed", came.why, [
      "Read the report of the recovery; what the drill had broken is undone",
    ]);
  }
  if (after?.kind === "failed") return run.end("failed", after.why);
  if (residue.length > 0) {
    return run.end("failed", `recovered, but left behind: ${residue.join("; ")}`, [
      "Put back by hand what the findings name",
    ]);
  }
  if (!within) {
    return run.end("failed", `recovered, but not within ${describeDuration(target)}`, [
      "See in the report which step took longer than it usually does",
    ]);
  }
  return run.end(
    run.journal.hasFindings ? "passed-with-findings" : "passed",
    "recovered within the target, and nothing was left behind",
  );
}

const notCarriedOut = (run: Steps, why: string): Ending =>
  run.end("canceled", `not carried out, nothing was broken: ${why}`);
