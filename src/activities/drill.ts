import type { InvocationContext } from "@azure/functions";
import { z } from "zod";
import { classifyError } from "../azure/classify-error.js";
import {
  blockedAt,
  describeWindow,
  trendOf,
  undoByOf,
  type DrillInHand,
  type Undo,
} from "../domain/drill.js";
import { describeDuration, type Milliseconds } from "../domain/duration.js";
import { terminal } from "../domain/failure.js";
import { elapsed, type Instant } from "../domain/instant.js";
import { modeNow } from "../domain/automation.js";
import type { Activity, ActivityContract } from "../durable/activity-contract.js";
import { mutated } from "../durable/step-output.js";
import type { StateStore } from "../state/state-store.js";
import * as contract from "./drill.contract.js";
import type { DrillRuns, PracticeRun } from "../domain/practice-run.js";
import { breakingOf, mendingOf, type DrillPorts } from "./drill-faults.js";
import { ensure } from "./ensure.js";

/** How many earlier drills the trend shows. */
const shownDrills = 4;

/** What a drill does by itself: it breaks and mends, and keeps the paper that tells its alerts from real ones. */
export function drillActivities(azure: DrillPorts, store: StateStore): readonly Activity[] {
  return [
    contract.injectFault.implementedBy(
      classifyError,
      async ({ environment, fault, undo, target }, context) => {
        const { caller, now } = context;
        const effect = breakingOf(azure, fault);
        if (caller.mode === "plan") {
          const output = { ...effect.plan(), brokenAt: now() };
          return output;
        }
        // The way back is written down before anything is broken.
        const drill = await store.drills.change(environment, (standing) =>
          registered(standing, caller.run, { brokenAt: now(), undo, target }),
        );
        const brokenAt = drill?.brokenAt;
        if (drill?.run !== caller.run || drill.status !== "broken" || brokenAt === undefined) {
          throw terminal("not-in-hand", "the drill no longer has this environment in hand");
        }
        const result = await ensure(store, context, injecting, effect);
        return { ...result, brokenAt };
      },
    ),

    contract.undoFault.implementedBy(classifyError, ({ undo }, context) =>
      ensure(store, context, contract.undoFault, mendingOf(azure, undo)),
    ),

    contract.observeDrill.implementedBy(classifyError, async ({ environment }, { caller }) => {
      const drill = await store.drills.read(environment);
      if (drill === undefined) return { detail: "no drill is in hand" };
      const { recovery, rule, brokenAt, undo, run } = drill;
      const alerted =
        rule === undefined ? "no alert yet" : `alert ${rule} has started ${recovery ?? "a run"}`;
      return {
        ...(recovery === undefined ? {} : { recovery }),
        ...(rule === undefined ? {} : { rule }),
        ...(brokenAt === undefined ? {} : { brokenAt }),
        ...(undo === undefined ? {} : { undo }),
        detail: run === caller.run ? alerted : `${run} has the environment in hand`,
      };
    }),

    contract.markDrill.implementedBy(
      classifyError,
      async ({ environment, drill, status }, { now, caller }) => {
        if (caller.mode === "plan") return { changed: false, detail: "left out of a plan" };
        const before = await store.drills.read(environment);
        const after = await store.drills.change(environment, (standing) =>
          marked(standing, drill, status, now()),
        );
        const changed = after?.status !== before?.status;
        return { changed, detail: changed ? `the drill is ${status}` : "nothing to be marked" };
      },
    ),

    contract.compareDrill.implementedBy(
      classifyError,
      async ({ environment, scenario, target, took }, { caller }) => {
        const list = await store.runs.list();
        const before = list.filter(
          (each) =>
            each.scenario === scenario &&
            each.environment === environment &&
            each.id !== caller.run &&
            (each.outcome === "failed" || each.outcome.startsWith("passed")),
        );
        const earlier = await Promise.all(
          before.slice(0, shownDrills).map(async ({ id, startedAt, outcome }) => {
            const record = await store.runs.read(id);
            const restoredAt = record?.restoredAt;
            return {
              startedAt,
              outcome,
              took:
                record === undefined || restoredAt === undefined
                  ? undefined
                  : elapsed(record.detectedAt, restoredAt),
            };
          }),
        );
        const within = took !== undefined && took <= target;
        const measured =
          took === undefined ? "it was not recovered" : `recovered in ${describeDuration(took)}`;
        return {
          within,
          detail: `${measured}, to be done in ${describeDuration(target)}: ${within ? "met" : "missed"}; ${trendOf(took, earlier)}`,
        };
      },
    ),
  ];
}

/** A claim keeps what the act brought; when the fault was there is kept with the drill. */
const injecting = {
  name: contract.injectFault.name,
  parseOutput: (recorded: unknown) => z.strictObject(mutated).parse(recorded),
};

interface Injection {
  readonly brokenAt: Instant;
  readonly undo: Undo;
  readonly target: Milliseconds;
}

function registered(
  standing: DrillInHand | undefined,
  run: string,
  { brokenAt, undo, target }: Injection,
): DrillInHand | undefined {
  if (standing?.run !== run || standing.status !== "begun") return undefined;
  return { ...standing, status: "broken", brokenAt, undo, undoBy: undoByOf(brokenAt, target) };
}

function marked(
  standing: DrillInHand | undefined,
  run: string,
  status: "undone" | "ended",
  at: Instant,
): DrillInHand | undefined {
  if (standing?.run !== run || standing.status === "ended" || standing.status === status) {
    return undefined;
  }
  if (standing.status !== "broken") return { ...standing, status };
  // A drill that ends with its fault in place leaves it to others to undo.
  return status === "ended" ? undefined : { ...standing, status, undoneAt: at };
}

/** What a drill does with other runs. Each of these functions needs a durable client as an extra input. */
export function drillRunActivities(
  store: StateStore,
  runsOf: (invocation: InvocationContext) => DrillRuns,
): readonly Activity[] {
  return [
    withRuns(contract.admitDrill, runsOf, (runs) =>
      contract.admitDrill.implementedBy(classifyError, async (wanted, { caller, now }) => {
        const { environment, drill, resource, scenario, blocked } = wanted;
        const refused = (detail: string) => ({ admitted: false, findings: [], detail });
        const standing = await store.drills.read(environment);
        const isMine = standing?.run === caller.run;
        if (standing?.status === "broken" && !isMine) {
          return refused(`the fault of ${standing.run} is not undone yet`);
        }
        const at = now();
        const window = blockedAt({ blocked }, at);
        if (window !== undefined) return refused(describeWindow(window));
        const others = (await runs.underWay(environment)).filter((run) => run !== caller.run);
        if (others.length > 0) return refused(`${others.join(", ")} is under way`);
        const verdict = (await store.readiness.read(environment))?.verdicts.find(
          (each) => each.scenario === scenario,
        )?.verdict;
        if (verdict === undefined) {
          return refused(
            `readiness of ${scenario} was never evaluated; order it by POST /api/readiness`,
          );
        }
        if (verdict === "not-ready") {
          return refused(`${scenario} is not ready; GET /api/readiness says why`);
        }
        const mode = modeNow(await store.automation.read(environment), at);
        const findings =
          mode === "act"
            ? []
            : [
                `automation is set to ${mode}: a real alert would not have started this recovery by itself`,
              ];
        if (caller.mode === "plan" || isMine)
          return { admitted: true, findings, detail: "it may begin" };
        const taken = await store.drills.change(environment, (found) =>
          found === undefined || found.status === "ended" || found.run === standing?.run
            ? {
                version: 1,
                environment,
                drill,
                run: caller.run,
                resource,
                scenario,
                status: "begun",
                begunAt: at,
              }
            : undefined,
        );
        return taken?.run === caller.run
          ? { admitted: true, findings, detail: `${verdict}; no other run is under way` }
          : refused(`${taken?.run ?? "another drill"} came first`);
      }),
    ),

    withRuns(contract.orderPracticeRun, runsOf, (runs) =>
      contract.orderPracticeRun.implementedBy(
        classifyError,
        async ({ environment, order, at, detectedAt, reason }, { caller }) => {
          if (caller.mode === "plan")
            return { changed: true, detail: `would start ${nameOf(order)}` };
          const run = await runs.start({
            drill: caller.run,
            environment,
            order,
            at,
            detectedAt,
            reason,
          });
          if (order.kind === "recovery") {
            await store.drills.change(environment, (standing) =>
              standing?.run === caller.run && standing.recovery === undefined
                ? { ...standing, recovery: run }
                : undefined,
            );
          }
          return { changed: true, run, detail: `started ${run}` };
        },
      ),
    ),

    withRuns(contract.observeRun, runsOf, (runs) =>
      contract.observeRun.implementedBy(classifyError, async ({ run }) => {
        const [state, record] = await Promise.all([runs.state(run), store.runs.read(run)]);
        if (state.kind === "active")
          return { ended: false, findings: [], detail: `${run}: ${state.detail}` };
        if (record === undefined) {
          return { ended: true, findings: [], detail: `${run} was stopped and left no record` };
        }
        const { outcome, restoredAt, reason, findings } = record;
        return {
          ended: true,
          outcome,
          reason,
          findings: findings.slice(0, 10),
          ...(restoredAt === undefined ? {} : { restoredAt }),
          detail: `${run}: ${outcome}, ${reason}`,
        };
      }),
    ),

    withRuns(contract.stopPracticeRun, runsOf, (runs) =>
      contract.stopPracticeRun.implementedBy(classifyError, async ({ run, reason }, { caller }) => {
        const { kind } = await runs.state(run);
        if (kind !== "active") return { changed: false, detail: `${run} has ended` };
        await runs.cancel(run, caller.run, reason);
        return { changed: true, detail: `${run} is being canceled` };
      }),
    ),
  ];
}

const nameOf = (order: PracticeRun): string =>
  order.kind === "recovery"
    ? `the recovery ${order.scenario}`
    : order.kind === "failback"
      ? "the failback of the region"
      : order.kind === "restore"
        ? `the restore of ${order.set}`
        : `the ${order.kind} of ${order.of}`;

/** Made anew for each call, because the client comes with the invocation. */
const withRuns = <Input, Output>(
  { name }: ActivityContract<Input, Output>,
  runsOf: (invocation: InvocationContext) => DrillRuns,
  via: (runs: DrillRuns) => Activity,
): Activity => ({
  name,
  handler: (input, invocation, witness) =>
    via(runsOf(invocation)).handler(input, invocation, witness),
});
