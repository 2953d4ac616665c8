import type { Action, RetryPolicy, TaskAction } from "./action.js";
import { actionOutcomes, type Outcome, standsAtEvent, unreadEvents } from "./action-outcomes.js";
import type { EventRaised, HistoryEvent, SchedulingEvent } from "./history-event.js";

const DAY_MS = 86_400_000;
/** A timer further away than this is cut into pieces of LONG_TIMER_PIECE_MS, by the library and by the host alike. */
const LONGEST_TIMER_MS = 6 * DAY_MS;
const LONG_TIMER_PIECE_MS = 3 * DAY_MS;

/** Something that a turn must start, under the task number that the library will look for in the history. */
export type NewTask =
  | {
      readonly kind: "activity";
      readonly taskNumber: number;
      readonly name: string;
      readonly input: string | null;
    }
  | {
      readonly kind: "sub-orchestration";
      readonly taskNumber: number;
      readonly name: string;
      readonly instanceId: string | undefined;
      readonly version: string | undefined;
      readonly input: string | null;
    }
  | {
      readonly kind: "timer";
      readonly taskNumber: number;
      readonly fireAtMs: number;
      readonly canceled: boolean;
    };

/** Where an execution stands after a turn: its history held against all that the orchestrator has asked for. */
export interface Replay {
  /** Present when history and actions cannot belong to the same code; the rest is then meaningless. */
  readonly mismatch: string | undefined;
  /** Not yet in the history, in the order of their numbers. */
  readonly newTasks: readonly NewTask[];
  /** Scheduled earlier and no longer wanted. */
  readonly canceledTimers: readonly number[];
  /** Numbers of scheduled tasks whose outcome is still to come, without `newTasks` and canceled timers. */
  readonly outstanding: readonly number[];
  /** Numbers whose outcome makes the host schedule something by itself: retries and pieces of long timers. */
  readonly followedUp: readonly number[];
  /** Whether the orchestrator stands at a wait for an external event that has not come. */
  readonly waitsForEvent: boolean;
  /** External events that a continueAsNew at the end of the actions hands to the next execution. */
  readonly unreadEvents: readonly EventRaised[];
  /** A timer that was asked for twice with the same instant: most likely one task given to two Task.any. */
  readonly repeatedTimer: boolean;
}

/** One action that takes task numbers, and how far it has come. */
interface Task {
  readonly action: TaskAction;
  /** The numbers it has taken so far; the last is the one in progress. */
  readonly numbers: number[];
  failures: number;
  /** What runs under the last number. */
  phase: "attempt" | "delay";
  longTimer: boolean;
  outcome: Outcome | undefined;
}

interface FollowUp {
  readonly task: Task;
  readonly fireAtMs: number | undefined;
}

/**
 * Numbers the actions of an execution exactly as the library does while it replays the same history, and finds what is
 * new. Pure: the same history and actions give the same answer.
 */
export function replay(history: readonly HistoryEvent[], actions: readonly Action[]): Replay {
  const tasks: Task[] = [];
  collect(actions, tasks);

  const byNumber = new Map<number, Task>();
  const followUps: FollowUp[] = [];
  let unmatched = 0;
  let taskNumber = 0;
  let turnAtMs = 0;
  let mismatch: string | undefined;

  /** What the next task number belongs to: work of the host's own goes first, it answers the turn's only event. */
  function takeNext(): FollowUp | undefined {
    const followUp = followUps.shift();
    if (followUp !== undefined) return followUp;
    const task = tasks[unmatched];
    if (task === undefined) return undefined;
    unmatched += 1;
    return { task, fireAtMs: undefined };
  }

  function complete(number: number, failed: boolean, at: number): void {
    const task = byNumber.get(number);
    if (task?.numbers.at(-1) !== number) return;
    const exhausted = task.phase === "delay";
    const followUp = followUpOf(task, failed, turnAtMs);
    if (followUp === undefined) task.outcome = { at, failed: failed || exhausted };
    else followUps.push(followUp);
  }

  for (const [index, event] of history.entries()) {
    switch (event.EventType) {
      case 12:
        turnAtMs = Date.parse(event.Timestamp);
        break;
      case 4:
      case 7:
      case 10: {
        const next = takeNext();
        mismatch ??= mismatchBetween(event, next);
        if (next === undefined || mismatch !== undefined) break;
        start(next, event.EventId, byNumber);
        taskNumber = event.EventId + 1;
        if (event.EventType === 10 && next.task.action.kind === "timer") {
          next.task.longTimer = isLong(next.task.action, turnAtMs);
        }
        break;
      }
      case 5:
      case 8:
        complete(event.TaskScheduledId, false, index);
        break;
      case 6:
      case 9:
        complete(event.TaskScheduledId, true, index);
        break;
      case 11:
        complete(event.TimerId, false, index);
        break;
      default:
        break;
    }
  }

  const outstanding: number[] = [];
  const canceledTimers: number[] = [];
  const followedUp: number[] = [];
  for (const task of tasks) {
    const number = task.numbers.at(-1);
    if (number === undefined || task.outcome !== undefined) continue;
    if (followUps.some((followUp) => followUp.task === task)) continue;
    if (task.action.kind === "timer" && task.action.canceled) {
      canceledTimers.push(number);
      continue;
    }
    outstanding.push(number);
    if (isFollowedUp(task)) followedUp.push(number);
  }

  const newTasks: NewTask[] = [];
  for (let next = takeNext(); next !== undefined; next = takeNext()) {
    const started = newTask(next, taskNumber, turnAtMs);
    newTasks.push(started);
    start(next, taskNumber, byNumber);
    if (isFollowedUp(next.task)) followedUp.push(taskNumber);
    taskNumber += 1;
  }

  const ended = new Map(tasks.map(({ action, outcome }) => [action, outcome]));
  const outcomeOf = actionOutcomes(history, actions, (action) => ended.get(action));
  return {
    mismatch,
    newTasks,
    canceledTimers,
    outstanding,
    followedUp,
    waitsForEvent: standsAtEvent(actions, outcomeOf),
    unreadEvents: unreadEvents(history, actions, outcomeOf),
    repeatedTimer: hasRepeatedTimer(actions),
  };
}

function collect(actions: readonly Action[], tasks: Task[]): void {
  for (const action of actions) {
    switch (action.kind) {
      case "activity":
      case "sub-orchestration":
      case "timer":
        tasks.push({
          action,
          numbers: [],
          failures: 0,
          phase: "attempt",
          longTimer: false,
          outcome: undefined,
        });
        break;
      case "any":
      case "all":
        collect(action.children, tasks);
        break;
      case "event":
      case "continue-as-new":
      case "unsupported":
        break;
    }
  }
}

function start(next: FollowUp, taskNumber: number, byNumber: Map<number, Task>): void {
  const { task } = next;
  if (task.numbers.length > 0 && task.action.kind !== "timer") {
    task.phase = task.phase === "attempt" ? "delay" : "attempt";
  }
  task.numbers.push(taskNumber);
  byNumber.set(taskNumber, task);
}

function isFollowedUp(task: Task): boolean {
  return task.action.kind === "timer" ? task.longTimer : task.action.retry !== undefined;
}

/** What the host must schedule by itself after an outcome; undefined when the task is thereby complete. */
function followUpOf(task: Task, failed: boolean, turnAtMs: number): FollowUp | undefined {
  const { action } = task;
  if (action.kind === "timer") {
    // A piece of a long timer fires as soon as the library sees that the whole is not due yet.
    if (!task.longTimer || action.fireAtMs <= turnAtMs) return undefined;
    return { task, fireAtMs: pieceOf(action.fireAtMs, turnAtMs) };
  }
  if (action.retry === undefined) return undefined;
  if (task.phase === "attempt") {
    if (!failed) return undefined;
    task.failures += 1;
    // After the last attempt too, but at once: the library learns of the failure when this timer fires.
    const exhausted = task.failures >= action.retry.maxNumberOfAttempts;
    const delay = exhausted ? 0 : retryDelay(action.retry, task.failures);
    return { task, fireAtMs: turnAtMs + delay };
  }
  return task.failures < action.retry.maxNumberOfAttempts
    ? { task, fireAtMs: undefined }
    : undefined;
}

function retryDelay(policy: RetryPolicy, failures: number): number {
  const delay =
    policy.firstRetryIntervalInMilliseconds * (policy.backoffCoefficient ?? 1) ** (failures - 1);
  return Math.min(delay, policy.maxRetryIntervalInMilliseconds ?? Infinity);
}

function isLong(action: Extract<TaskAction, { kind: "timer" }>, turnAtMs: number): boolean {
  return action.fireAtMs - turnAtMs > LONGEST_TIMER_MS;
}

function pieceOf(fireAtMs: number, turnAtMs: number): number {
  return fireAtMs - turnAtMs > LONGEST_TIMER_MS ? turnAtMs + LONG_TIMER_PIECE_MS : fireAtMs;
}

function newTask({ task, fireAtMs }: FollowUp, taskNumber: number, turnAtMs: number): NewTask {
  const { action } = task;
  if (fireAtMs !== undefined) {
    const canceled = action.kind === "timer" && action.canceled;
    return { kind: "timer", taskNumber, fireAtMs, canceled };
  }
  switch (action.kind) {
    case "activity":
      return { kind: "activity", taskNumber, name: action.name, input: action.input };
    case "sub-orchestration":
      return {
        kind: "sub-orchestration",
        taskNumber,
        name: action.name,
        instanceId: action.instanceId,
        version: action.version,
        input: action.input,
      };
    case "timer":
      task.longTimer = isLong(action, turnAtMs);
      return {
        kind: "timer",
        taskNumber,
        fireAtMs: pieceOf(action.fireAtMs, turnAtMs),
        canceled: action.canceled,
      };
  }
}

const HINT =
  "Was a change made to the orchestrator code after this instance had already started running?";

function mismatchBetween(event: SchedulingEvent, next: FollowUp | undefined): string | undefined {
  const before =
    "Non-Deterministic workflow detected: A previous execution of this orchestration scheduled";
  const id = event.EventId;
  if (next === undefined) {
    const described = {
      4: (): string =>
        `an activity task with sequence ID ${id} and name '${nameOf(event)}' (version '')`,
      7: (): string =>
        `a sub-orchestration task with sequence ID ${id} and name '${nameOf(event)}' (version '', instance ID '${childOf(event)}')`,
      10: (): string => `a timer task with sequence ID ${id}`,
    }[event.EventType]();
    return `${before} ${described}, but the current replay execution hasn't (yet?) scheduled this task. ${HINT}`;
  }
  const kind = next.fireAtMs === undefined ? next.task.action.kind : "timer";
  const name = kind === "timer" ? undefined : (next.task.action as { name: string }).name;
  const expected = { 4: "activity", 7: "sub-orchestration", 10: "timer" }[event.EventType];
  if (kind === expected && (kind === "timer" || name === nameOf(event))) return undefined;
  const described = {
    4: `an activity task with sequence number ${id} named '${nameOf(event)}'`,
    7: `a sub-orchestration task with sequence number ${id} named '${nameOf(event)}'`,
    10: `a timer task with sequence number ${id}`,
  }[event.EventType];
  const produced = {
    activity: "ScheduleTaskOrchestratorAction",
    "sub-orchestration": "CreateSubOrchestrationAction",
    timer: "CreateTimerOrchestratorAction",
  }[kind];
  const instead =
    kind === expected
      ? `instead scheduled one named '${name ?? ""}'`
      : `instead produced a ${produced} action with this sequence number`;
  return `${before} ${described}, but the current orchestration replay ${instead}. ${HINT}`;
}

function nameOf(event: SchedulingEvent): string {
  return event.EventType === 10 ? "" : event.Name;
}

function childOf(event: SchedulingEvent): string {
  return event.EventType === 7 ? event.InstanceId : "";
}

function hasRepeatedTimer(actions: readonly Action[]): boolean {
  const seen = new Set<number>();
  for (const action of actions) {
    const own = new Set(timerInstants(action));
    for (const instant of own) {
      if (seen.has(instant)) return true;
      seen.add(instant);
    }
  }
  return false;
}

function timerInstants(action: Action): readonly number[] {
  if (action.kind === "any" || action.kind === "all") return action.children.flatMap(timerInstants);
  // A new timer for each race, the old one canceled, is how it should be done.
  return action.kind === "timer" && !action.canceled ? [action.fireAtMs] : [];
}
