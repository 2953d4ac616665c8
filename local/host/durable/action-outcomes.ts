import type { Action, EventWait, TaskAction } from "./action.js";
import type { EventRaised, HistoryEvent } from "./history-event.js";

/** By which event of the history something ended, and how. */
export interface Outcome {
  readonly at: number;
  readonly failed: boolean;
}

/** Maps an action to what became of it, undefined while it is open. */
export type OutcomeOf = (action: Action) => Outcome | undefined;

/**
 * Finds what became of each action, events handed out as the library does it: a raised event goes to the wait of its
 * name that was opened last, however long ago its race was decided, or is kept for the next one to be opened.
 */
export function actionOutcomes(
  history: readonly HistoryEvent[],
  actions: readonly Action[],
  ofTask: (task: TaskAction) => Outcome | undefined,
): OutcomeOf {
  const ofWait = new Map<EventWait, Outcome>();
  const outcomeOf: OutcomeOf = (action) => {
    switch (action.kind) {
      case "any":
        return earliest(definedOf(action.children.map(outcomeOf)));
      case "all": {
        const ended = definedOf(action.children.map(outcomeOf));
        const failure = earliest(ended.filter(({ failed }) => failed));
        if (failure !== undefined) return failure;
        return ended.length === action.children.length ? ended.reduce(later) : undefined;
      }
      case "event":
        return ofWait.get(action);
      case "continue-as-new":
      case "unsupported":
        return { at: 0, failed: false };
      default:
        return ofTask(action);
    }
  };

  const raised = history.flatMap((event, at) =>
    event.EventType === 15 ? [{ name: event.Name, at }] : [],
  );
  const open = new Map<string, EventWait[]>();
  const early = new Map<string, number[]>();
  let openedAt = 0;
  const deliverUntil = (isPast: (at: number) => boolean): void => {
    for (let next = raised[0]; next !== undefined && !isPast(next.at); next = raised[0]) {
      raised.shift();
      const wait = open.get(next.name)?.pop();
      if (wait === undefined) append(early, next.name, next.at);
      else ofWait.set(wait, { at: next.at, failed: false });
    }
  };
  for (const action of actions) {
    deliverUntil((at) => at > openedAt);
    for (const wait of waitsIn(action)) {
      const at = early.get(wait.name)?.shift();
      if (at === undefined) append(open, wait.name, wait);
      else ofWait.set(wait, { at, failed: false });
    }
    deliverUntil((at) => at >= (outcomeOf(action)?.at ?? Infinity));
    // The orchestrator asks for the next thing when this one has ended.
    openedAt = Math.max(openedAt, outcomeOf(action)?.at ?? 0);
  }
  return outcomeOf;
}

/** Whether the orchestrator stands at a wait for an external event, alone or beside other things. */
export function standsAtEvent(actions: readonly Action[], outcomeOf: OutcomeOf): boolean {
  const standing = actions.findLast((action) => outcomeOf(action) === undefined);
  return standing !== undefined && waitsIn(standing).some((wait) => outcomeOf(wait) === undefined);
}

/**
 * The external events that a continueAsNew hands to the next execution: those behind the point where the orchestrator
 * called it. Those before it that nobody had read are lost, as on the real host.
 */
export function unreadEvents(
  history: readonly HistoryEvent[],
  actions: readonly Action[],
  outcomeOf: OutcomeOf,
): readonly EventRaised[] {
  if (actions.at(-1)?.kind !== "continue-as-new") return [];
  let calledAt = 0;
  for (const action of actions) calledAt = Math.max(calledAt, outcomeOf(action)?.at ?? 0);
  return history.filter(
    (event, index): event is EventRaised => event.EventType === 15 && index > calledAt,
  );
}

function waitsIn(action: Action): readonly EventWait[] {
  if (action.kind === "any" || action.kind === "all") return action.children.flatMap(waitsIn);
  return action.kind === "event" ? [action] : [];
}

function append<T>(lists: Map<string, T[]>, name: string, value: T): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [value]);
  else list.push(value);
}

function definedOf(list: readonly (Outcome | undefined)[]): readonly Outcome[] {
  return list.filter((outcome) => outcome !== undefined);
}

function later(a: Outcome, b: Outcome): Outcome {
  return a.at > b.at ? a : b;
}

function earliest(list: readonly Outcome[]): Outcome | undefined {
  return list.length === 0 ? undefined : list.reduce((a, b) => (a.at < b.at ? a : b));
}
