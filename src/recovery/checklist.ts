import {
  checkItem,
  findUsersSide,
  type Check,
  type UsersSide,
} from "../activities/checklist.contract.js";
import {
  ChecklistItem,
  checklistItems,
  isProbed,
  type ChecklistResult,
} from "../domain/checklist.js";
import { describeDuration, milliseconds, minutes, seconds } from "../domain/duration.js";
import type { Failure } from "../domain/failure.js";
import { elapsed, isAfter, plus, type Instant } from "../domain/instant.js";
import type { RunOrder } from "../domain/run-order.js";
import type { Durable } from "../durable/durable.js";
import { describeFailure, type Recovery } from "./recovery.js";

/** Between two looks at what is still open: telemetry is ingested within minutes. */
const pauses = { first: seconds(20), longest: minutes(1), growth: 1.5 };

/** So many looks in a row that come to nothing are as good as the deadline: what hangs costs time. */
const mostBlindLooks = 3;

/** What is known of an item whose look has not settled it. */
interface Open {
  readonly item: ChecklistItem;
  readonly check: Check;
  readonly attempt: number;
  readonly last?: Pick<ChecklistResult, "detail" | "proof">;
  /** How many looks in a row have failed, which says nothing of the item itself. */
  readonly blind: number;
}

type Verdict = Pick<ChecklistResult, "status" | "detail" | "proof">;

/**
 * The recovery checklist: all items side by side, each looked at until it holds, cannot any more, or
 * the deadline has come. It changes nothing, holds nothing, and cannot end the run.
 */
export function* runChecklist(
  recovery: Recovery,
  order: RunOrder,
): Durable<readonly ChecklistResult[]> {
  const { checklist, containerApp, trafficManager } = order.estate;
  const startedAt = recovery.now();
  recovery.journal.afterSteps("recovery-checklist", "Recovery checklist", startedAt);
  recovery.publish();
  const deadline = plus(startedAt, checklist.deadline);
  const results = new Map<ChecklistItem, ChecklistResult>();
  const settle = (item: ChecklistItem, verdict: Verdict): void => {
    const { title } = checklistItems[item];
    results.set(item, { item, title, ...verdict, startedAt, endedAt: recovery.now() });
  };
  const { primary, secondary } = containerApp;
  const sides = {
    primary,
    ...(secondary === undefined ? {} : { secondary }),
    ...(trafficManager === undefined ? {} : { front: trafficManager }),
  };

  // What needs no side is not held up by one that cannot be seen.
  let open = beginning(recovery, order, undefined, settle);
  let side: UsersSide | undefined;
  let unseen: Failure | undefined;
  let pause = pauses.first;
  for (let attempt = 1; ; attempt++) {
    if (side === undefined) {
      const look = { step: "checklist/users-side", attempt, input: sides };
      const [found] = yield* recovery.atOnce(findUsersSide, [look], deadline);
      if (found?.ok === true) {
        ({ side } = found.value);
        open = [...open, ...beginning(recovery, order, side, settle)];
      } else unseen = found?.failure;
    }
    open = yield* lookAt(recovery, open, deadline, settle);
    if (side !== undefined && open.length === 0) break;
    const isCanceled = recovery.journal.intent === "cancel";
    if (isCanceled || isAfter(plus(recovery.now(), pause), deadline)) {
      const lacking =
        side === undefined ? beginning(recovery, order, { app: primary }, settle) : [];
      const left = { isCanceled, within: elapsed(startedAt, recovery.now()) };
      leave([...open, ...lacking.map((each) => ({ ...each, ...sideless(unseen) }))], left, settle);
      break;
    }
    recovery.journal.wait(`waiting for ${waitingFor(side, open)}`);
    recovery.publish();
    yield* recovery.sleep(pause);
    pause = milliseconds(Math.min(pause * pauses.growth, pauses.longest));
  }
  return ChecklistItem.options.flatMap((item) => results.get(item) ?? []);
}

const waitingFor = (side: UsersSide | undefined, open: readonly Open[]): string =>
  [
    ...(side === undefined ? ["the side that users are led to"] : []),
    ...open.map(({ item }) => item),
  ].join(", ");

/** What is known of items for which nobody could say where to look. */
const sideless = (unseen: Failure | undefined): Pick<Open, "last" | "blind"> => {
  if (unseen === undefined) return { blind: 0 };
  const detail = `where users are led could not be seen: ${describeFailure(unseen)}`;
  return { blind: 1, last: { detail, proof: [] } };
};

/** The items that are looked at on a side, or on none; what the estate does not configure is settled. */
function beginning(
  recovery: Recovery,
  order: RunOrder,
  side: UsersSide | undefined,
  settle: (item: ChecklistItem, verdict: Verdict) => void,
): readonly Open[] {
  const items = ChecklistItem.options.filter(
    (item) => (isProbed(item) || item === "health-endpoints") === (side !== undefined),
  );
  return items.flatMap((item) => {
    const check =
      side === undefined
        ? ownCheck(recovery, order, item)
        : checkOnSide(recovery, order, side, item);
    if (check !== undefined) return [{ item, check, attempt: 1, blind: 0 }];
    const where = isProbed(item) ? `checklist.items.${item}` : "notifications";
    settle(item, {
      status: "not-configured",
      detail: `not checked: the estate has no ${where} in ${order.environment}`,
      proof: [],
    });
    return [];
  });
}

function checkOnSide(
  { journal }: Recovery,
  { estate }: RunOrder,
  side: UsersSide,
  item: ChecklistItem,
): Check | undefined {
  if (!isProbed(item)) return { kind: "health", side, rule: estate.containerApp.health };
  const probes = estate.checklist.items[item];
  if (probes === undefined) return undefined;
  const { component, workspaceId } = estate.applicationInsights;
  const since = journal.restoredAt ?? journal.startedAt;
  return { kind: "probes", side, probes, component, workspaceId, since };
}

function ownCheck(
  { journal }: Recovery,
  { estate, trigger, incident }: RunOrder,
  item: ChecklistItem,
): Check | undefined {
  switch (item) {
    case "notification-delivery":
      return estate.notifications === undefined ? undefined : { kind: "receipts" };
    case "audit-logs":
      return { kind: "audit", trigger, interventions: journal.interventions };
    default:
      return { kind: "papers", ...(incident === undefined ? {} : { incident }) };
  }
}

/** One look at each open item; what is settled by it is taken down. */
function* lookAt(
  recovery: Recovery,
  open: readonly Open[],
  deadline: Instant,
  settle: (item: ChecklistItem, verdict: Verdict) => void,
): Durable<readonly Open[]> {
  if (open.length === 0) return [];
  const answers = yield* recovery.atOnce(
    checkItem,
    open.map(({ item, check, attempt }) => ({
      step: `checklist/${item}`,
      attempt,
      input: { item, check },
    })),
    deadline,
  );
  return open.flatMap((each, index): readonly Open[] => {
    const answer = answers[index];
    const next = { ...each, attempt: each.attempt + 1, blind: each.blind + 1 };
    if (answer === undefined) return [next];
    if (!answer.ok) {
      const detail = `could not be looked at: ${describeFailure(answer.failure)}`;
      const isFinal = answer.failure.class === "terminal";
      if (!isFinal && next.blind < mostBlindLooks)
        return [{ ...next, last: { detail, proof: [] } }];
      settle(each.item, { status: isFinal ? "failed" : "timed-out", detail, proof: [] });
      return [];
    }
    const { holds, open: isOpen, detail, proof } = answer.value;
    if (!holds && isOpen) return [{ ...next, last: { detail, proof }, blind: 0 }];
    settle(each.item, { status: holds ? "passed" : "failed", detail, proof });
    return [];
  });
}

/** What becomes of the items that nothing has settled. */
function leave(
  open: readonly Open[],
  { isCanceled, within }: { readonly isCanceled: boolean; readonly within: number },
  settle: (item: ChecklistItem, verdict: Verdict) => void,
): void {
  for (const { item, last, blind } of open) {
    const { detail, proof = [] } = last ?? {};
    if (isCanceled) {
      const seen = detail === undefined ? "" : `; last seen: ${detail}`;
      settle(item, { status: "canceled", detail: `a person ended the checklist${seen}`, proof });
    } else if (detail === undefined) {
      const told = `no answer within ${describeDuration(within)}`;
      settle(item, { status: "timed-out", detail: told, proof });
    } else {
      const told = `${detail} (looked for ${describeDuration(within)})`;
      settle(item, { status: blind > 0 ? "timed-out" : "failed", detail: told, proof });
    }
  }
}
