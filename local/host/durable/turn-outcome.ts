import { customStatusProblem } from "./custom-status-limit.js";
import {
  type EventRaised,
  executionCompleted,
  type ExecutionCompleted,
  executionStarted,
  type ExecutionStarted,
  type FailureDetails,
  type HistoryEvent,
  type ReceivedEvent,
  type SchedulingEvent,
  subOrchestrationCompleted,
  type SubOrchestrationCompleted,
  subOrchestrationCreated,
  subOrchestrationFailed,
  type SubOrchestrationFailed,
  taskScheduled,
  timerCreated,
} from "./history-event.js";
import type { Instance, RuntimeStatus, ScheduledActivity, ScheduledTimer } from "./instance.js";
import type { OrchestratorAnswer } from "./orchestrator-answer.js";
import { type NewTask, replay, type Replay } from "./replay.js";

/** A turn after the orchestrator has spoken. */
export interface Turn {
  readonly instance: Instance;
  /** The execution's history with this turn's OrchestratorStarted and received events at its end. */
  readonly history: readonly HistoryEvent[];
  readonly received: readonly ReceivedEvent[];
  readonly answer: OrchestratorAnswer | { readonly refusedWith: string };
  readonly atMs: number;
  readonly isActivity: (name: string) => boolean;
  readonly isOrchestrator: (name: string) => boolean;
  readonly defaultVersion: string | undefined;
  /** Makes the id of an execution that another one begins. */
  readonly newExecutionId: () => string;
}

/** What must be written, in one transaction, and then done. */
export interface TurnOutcome {
  readonly instance: Instance;
  /** To be appended to the history behind the received events. */
  readonly events: readonly (SchedulingEvent | ExecutionCompleted)[];
  readonly activities: readonly ScheduledActivity[];
  readonly timers: readonly ScheduledTimer[];
  readonly canceledTimers: readonly number[];
  readonly children: readonly ExecutionStarted[];
  readonly toParent: SubOrchestrationCompleted | SubOrchestrationFailed | undefined;
  readonly next:
    { readonly start: ExecutionStarted; readonly carriedOver: readonly EventRaised[] } | undefined;
  readonly warnings: readonly string[];
}

/** Decides what a turn leads to. Pure. */
export function turnOutcome(turn: Turn): TurnOutcome {
  const instance = afterReceived(turn);
  const terminated = turn.received.find((event) => event.EventType === 3);
  if (terminated !== undefined) return terminate(turn, instance, terminated.Input);
  if ("refusedWith" in turn.answer) return fail(turn, instance, turn.answer.refusedWith);
  return applyAnswer(turn, instance, turn.answer);
}

/** Status and output as suspend, resume and the first turn leave them. */
function afterReceived({ instance, received, atMs }: Turn): Instance {
  let status: RuntimeStatus = instance.status === "Pending" ? "Running" : instance.status;
  let { output } = instance;
  for (const event of received) {
    if (event.EventType !== 19 && event.EventType !== 20) continue;
    status = event.EventType === 19 ? "Suspended" : "Running";
    // As on the real host, the reason stands in the output until the instance completes.
    if (event.Reason !== null) output = JSON.stringify(event.Reason);
  }
  return { ...instance, status, output, updatedAtMs: atMs };
}

function applyAnswer(turn: Turn, instance: Instance, answer: OrchestratorAnswer): TurnOutcome {
  const status = withCustomStatus(instance, answer.customStatus);
  if (typeof status === "string") return fail(turn, instance, failedText(turn, status));

  const unsupported = answer.actions.find((action) => action.kind === "unsupported");
  if (unsupported !== undefined) {
    const message = `the embedded host does not offer ${unsupported.what}; use activities`;
    return fail(turn, status, failedText(turn, message));
  }

  const state = replay(turn.history, answer.actions);
  if (state.mismatch !== undefined) return fail(turn, status, state.mismatch);

  const warnings: string[] = [];
  if (state.repeatedTimer) {
    warnings.push(
      "a timer with the same instant was asked for twice: a task that is given to a second Task.any is scheduled again, here and on Azure; make a new task each time",
    );
  }
  if (answer.threwNoError) {
    warnings.push(
      "it threw something that is no Error: the instance stays Running for ever, as on Azure; throw an Error",
    );
  }
  const unknown = state.newTasks.find((task) => !isKnown(turn, task));
  if (unknown !== undefined) {
    warnings.push(
      `scheduled nothing, because there is no function '${unknown.kind === "timer" ? "" : unknown.name}': the instance waits for ever, as on Azure; register the function or correct the name`,
    );
  }
  const suspended = status.status === "Suspended";
  const started = suspended || unknown !== undefined ? [] : state.newTasks;
  const open = { ...nothing(status), ...schedule(turn, status, started), warnings };

  const ended = answer.isDone || answer.failure !== undefined;
  const waiting = state.outstanding.length > 0 || started.some((task) => !isCanceled(task));
  if (!ended || waiting || suspended || unknown !== undefined) {
    return {
      ...open,
      canceledTimers: state.canceledTimers,
      instance: {
        ...status,
        followedUp: state.followedUp,
        waitsForEvent: !answer.threwNoError && isWaitingForEvent(state, ended, waiting, unknown),
      },
    };
  }
  return end(turn, open, answer, state);
}

function isWaitingForEvent(
  state: Replay,
  ended: boolean,
  waiting: boolean,
  unknown: NewTask | undefined,
): boolean {
  if (ended || unknown !== undefined) return false;
  // With nothing under way, only an event can continue it, whatever the orchestrator yielded.
  return state.waitsForEvent || !waiting;
}

function withCustomStatus(instance: Instance, customStatus: string | undefined): Instance | string {
  if (customStatus !== undefined) {
    const problem = customStatusProblem(customStatus);
    return problem ?? { ...instance, customStatus, customStatusBy: instance.executionId };
  }
  // The library leaves out a status of null: what this execution had set is thereby gone.
  return instance.customStatusBy === instance.executionId
    ? { ...instance, customStatus: null, customStatusBy: null }
    : instance;
}

function isKnown(turn: Turn, task: NewTask): boolean {
  switch (task.kind) {
    case "activity":
      return turn.isActivity(task.name);
    case "sub-orchestration":
      return turn.isOrchestrator(task.name);
    case "timer":
      return true;
  }
}

function isCanceled(task: NewTask): boolean {
  return task.kind === "timer" && task.canceled;
}

function schedule(
  turn: Turn,
  instance: Instance,
  tasks: readonly NewTask[],
): Pick<TurnOutcome, "events" | "activities" | "timers" | "children"> {
  const { atMs } = turn;
  const owner = { instanceId: instance.id, executionId: instance.executionId };
  const events: SchedulingEvent[] = [];
  const activities: ScheduledActivity[] = [];
  const timers: ScheduledTimer[] = [];
  const children: ExecutionStarted[] = [];
  for (const task of tasks) {
    const { taskNumber } = task;
    switch (task.kind) {
      case "activity":
        events.push(taskScheduled(task.name, taskNumber, atMs));
        activities.push({ ...owner, taskNumber, name: task.name, input: task.input });
        break;
      case "timer":
        events.push(timerCreated(task.fireAtMs, taskNumber, atMs));
        // A canceled one keeps its number and never fires.
        if (!task.canceled) {
          timers.push({ ...owner, taskNumber, fireAtMs: task.fireAtMs, createdAtMs: atMs });
        }
        break;
      case "sub-orchestration": {
        const id = task.instanceId ?? `${instance.executionId}:${taskNumber.toString(16)}`;
        const version = task.version ?? turn.defaultVersion ?? null;
        events.push(
          subOrchestrationCreated(
            { Name: task.name, Version: version, InstanceId: id },
            taskNumber,
            atMs,
          ),
        );
        children.push(
          executionStarted(
            {
              instance: { InstanceId: id, ExecutionId: turn.newExecutionId() },
              parent: {
                Name: instance.name,
                OrchestrationInstance: {
                  InstanceId: instance.id,
                  ExecutionId: instance.executionId,
                },
                TaskScheduleId: taskNumber,
                Version: instance.version,
              },
              name: task.name,
              version,
              input: task.input,
              generation: null,
            },
            atMs,
          ),
        );
        break;
      }
    }
  }
  return { events, activities, timers, children };
}

function end(
  turn: Turn,
  open: TurnOutcome,
  answer: OrchestratorAnswer,
  state: Replay,
): TurnOutcome {
  if (answer.failure !== undefined) {
    const { message, details } = answer.failure;
    return completed(turn, open, {
      status: "Failed",
      result: failedText(turn, message),
      output: details === null ? undefined : `${details.ErrorType}: ${details.ErrorMessage}`,
      reasonDetails: `Message: ${message}, StackTrace: `,
      failureDetails: details,
    });
  }
  const last = answer.actions.at(-1);
  if (last?.kind !== "continue-as-new") {
    return completed(turn, open, { status: "Completed", result: answer.output });
  }
  const { instance } = open;
  const start = executionStarted(
    {
      instance: { InstanceId: instance.id, ExecutionId: turn.newExecutionId() },
      parent: instance.parent,
      name: instance.name,
      version: instance.version,
      input: last.input,
      generation: null,
    },
    turn.atMs,
  );
  return {
    ...open,
    instance: {
      ...instance,
      executionId: start.OrchestrationInstance.ExecutionId,
      input: last.input,
      createdAtMs: turn.atMs,
      generation: null,
      followedUp: [],
      waitsForEvent: false,
    },
    next: { start, carriedOver: state.unreadEvents },
  };
}

function terminate(turn: Turn, instance: Instance, reason: string | null): TurnOutcome {
  return completed(turn, nothing(instance), {
    status: "Terminated",
    result: reason,
    // Without a reason the field stays as it was.
    output: reason ?? undefined,
    keepOutput: reason === null,
  });
}

/** Ends an instance as Failed at once, whatever it has under way. */
function fail(turn: Turn, instance: Instance, text: string): TurnOutcome {
  return completed(turn, nothing(instance), { status: "Failed", result: text });
}

function failedText({ instance }: Turn, message: string): string {
  return `Orchestrator function '${instance.name}' failed: ${message}`;
}

interface Ending {
  readonly status: "Completed" | "Failed" | "Terminated";
  /** JSON text of an output, else plain text. */
  readonly result: string | null;
  /** What the status shows as output where that is not the result. */
  readonly output?: string | undefined;
  readonly keepOutput?: boolean;
  readonly reasonDetails?: string;
  readonly failureDetails?: FailureDetails | null;
}

function completed(turn: Turn, before: TurnOutcome, ending: Ending): TurnOutcome {
  const { instance } = before;
  const { status, result } = ending;
  const output = status === "Completed" ? result : JSON.stringify(ending.output ?? result);
  return {
    ...before,
    instance: {
      ...instance,
      status,
      output: ending.keepOutput === true ? instance.output : output,
      followedUp: [],
      waitsForEvent: false,
    },
    events: [
      ...before.events,
      executionCompleted(status, result, ending.failureDetails ?? null, turn.atMs),
    ],
    toParent: instance.parent === null ? undefined : parentNews(turn, instance, ending),
  };
}

function parentNews(
  turn: Turn,
  { parent }: Instance,
  ending: Ending,
): SubOrchestrationCompleted | SubOrchestrationFailed {
  const taskNumber = parent?.TaskScheduleId ?? 0;
  if (ending.status === "Completed") {
    return subOrchestrationCompleted(taskNumber, ending.result ?? "null", turn.atMs);
  }
  return subOrchestrationFailed(
    taskNumber,
    {
      Reason: ending.result ?? "",
      Details: ending.reasonDetails ?? null,
      FailureDetails: ending.failureDetails ?? null,
    },
    turn.atMs,
  );
}

function nothing(instance: Instance): TurnOutcome {
  return {
    instance,
    events: [],
    activities: [],
    timers: [],
    canceledTimers: [],
    children: [],
    toParent: undefined,
    next: undefined,
    warnings: [],
  };
}
