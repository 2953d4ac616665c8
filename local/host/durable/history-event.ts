/**
 * The history of an execution, in the very shapes and field order in which the real extension hands it to the library:
 * `JSON.stringify` of such an event is what goes over the wire.
 */

export const EventType = {
  executionStarted: 0,
  executionCompleted: 1,
  executionTerminated: 3,
  taskScheduled: 4,
  taskCompleted: 5,
  taskFailed: 6,
  subOrchestrationCreated: 7,
  subOrchestrationCompleted: 8,
  subOrchestrationFailed: 9,
  timerCreated: 10,
  timerFired: 11,
  orchestratorStarted: 12,
  orchestratorCompleted: 13,
  eventRaised: 15,
  executionSuspended: 19,
  executionResumed: 20,
} as const;

/** The tail that every event ends with. */
interface Tail {
  /** The task number of a scheduling event, -1 for all others. */
  readonly EventId: number;
  /** Whether an earlier turn has seen this event. */
  readonly IsPlayed: boolean;
  readonly Timestamp: string;
}

export interface OrchestrationInstance {
  readonly InstanceId: string;
  readonly ExecutionId: string;
}

export interface ParentInstance {
  readonly Name: string;
  readonly OrchestrationInstance: OrchestrationInstance;
  readonly TaskScheduleId: number;
  readonly Version: string | null;
}

export interface FailureDetails {
  readonly ErrorType: string;
  readonly ErrorMessage: string;
  readonly StackTrace: string | null;
  readonly InnerFailure: null;
  readonly IsNonRetriable: boolean;
  readonly Properties: Readonly<Record<string, unknown>> | null;
}

export interface ExecutionStarted extends Tail {
  readonly OrchestrationInstance: OrchestrationInstance;
  readonly EventType: 0;
  readonly ParentInstance: ParentInstance | null;
  readonly Name: string;
  readonly Version: string | null;
  /** JSON text. */
  readonly Input: string | null;
  readonly Tags: null;
  readonly Correlation: null;
  readonly ParentTraceContext: null;
  readonly ScheduledStartTime: null;
  /** 0 when a client started it, 1 after a restart, null for sub-orchestrations and after continueAsNew. */
  readonly Generation: number | null;
  readonly GenerateNewTrace: false;
}

export interface ExecutionCompleted extends Tail {
  readonly EventType: 1;
  readonly OrchestrationStatus: "Completed" | "Failed" | "Terminated";
  /** JSON text of an output, plain text of a failure or a reason. */
  readonly Result: string | null;
  readonly FailureDetails: FailureDetails | null;
}

export interface ExecutionTerminated extends Tail {
  readonly EventType: 3;
  readonly Input: string | null;
}

export interface TaskScheduled extends Tail {
  readonly EventType: 4;
  readonly Name: string;
  readonly Version: "";
  /** Inputs are not kept in the history. */
  readonly Input: null;
  readonly ParentTraceContext: null;
  readonly Tags: null;
}

export interface TaskCompleted extends Tail {
  readonly EventType: 5;
  readonly TaskScheduledId: number;
  /** JSON text, "null" for none. */
  readonly Result: string;
}

export interface TaskFailed extends Tail {
  readonly EventType: 6;
  readonly TaskScheduledId: number;
  readonly Reason: string;
  readonly Details: string | null;
  readonly FailureDetails: FailureDetails | null;
}

export interface SubOrchestrationCreated extends Tail {
  readonly EventType: 7;
  readonly Name: string;
  readonly Version: string | null;
  readonly InstanceId: string;
  readonly Input: null;
  readonly ClientSpanId: null;
  readonly Tags: null;
}

export interface SubOrchestrationCompleted extends Tail {
  readonly EventType: 8;
  readonly TaskScheduledId: number;
  readonly Result: string;
}

export interface SubOrchestrationFailed extends Tail {
  readonly EventType: 9;
  readonly TaskScheduledId: number;
  readonly Reason: string;
  readonly Details: string | null;
  readonly FailureDetails: FailureDetails | null;
}

export interface TimerCreated extends Tail {
  readonly EventType: 10;
  readonly FireAt: string;
}

export interface TimerFired extends Tail {
  readonly EventType: 11;
  readonly TimerId: number;
  readonly FireAt: string;
}

export interface OrchestratorStarted extends Tail {
  readonly EventType: 12;
}

export interface OrchestratorCompleted extends Tail {
  readonly EventType: 13;
}

export interface EventRaised extends Tail {
  readonly EventType: 15;
  readonly Name: string;
  /** JSON text. */
  readonly Input: string;
  readonly ParentTraceContext: null;
}

export interface ExecutionSuspended extends Tail {
  readonly EventType: 19;
  readonly Reason: string | null;
}

export interface ExecutionResumed extends Tail {
  readonly EventType: 20;
  readonly Reason: string | null;
}

/** What a turn writes when it starts work; carries the task number. */
export type SchedulingEvent = TaskScheduled | SubOrchestrationCreated | TimerCreated;

/** What arrives from outside and starts a turn. */
export type ReceivedEvent =
  | ExecutionStarted
  | ExecutionTerminated
  | TaskCompleted
  | TaskFailed
  | SubOrchestrationCompleted
  | SubOrchestrationFailed
  | TimerFired
  | EventRaised
  | ExecutionSuspended
  | ExecutionResumed;

export type HistoryEvent =
  | SchedulingEvent
  | ReceivedEvent
  | OrchestratorStarted
  | OrchestratorCompleted
  | ExecutionCompleted;

/** UTC with as many decimals as are needed, as .NET writes instants into JSON. */
export function formatTimestamp(instantMs: number): string {
  return new Date(instantMs).toISOString().replace(/\.?0*Z$/, "Z");
}

function tail(atMs: number, eventId = -1): Tail {
  return { EventId: eventId, IsPlayed: false, Timestamp: formatTimestamp(atMs) };
}

export function executionStarted(
  start: {
    readonly instance: OrchestrationInstance;
    readonly parent: ParentInstance | null;
    readonly name: string;
    readonly version: string | null;
    readonly input: string | null;
    readonly generation: number | null;
  },
  atMs: number,
): ExecutionStarted {
  return {
    OrchestrationInstance: start.instance,
    EventType: 0,
    ParentInstance: start.parent,
    Name: start.name,
    Version: start.version,
    Input: start.input,
    Tags: null,
    Correlation: null,
    ParentTraceContext: null,
    ScheduledStartTime: null,
    Generation: start.generation,
    GenerateNewTrace: false,
    ...tail(atMs),
  };
}

export function executionCompleted(
  status: ExecutionCompleted["OrchestrationStatus"],
  result: string | null,
  failureDetails: FailureDetails | null,
  atMs: number,
): ExecutionCompleted {
  return {
    EventType: 1,
    OrchestrationStatus: status,
    Result: result,
    FailureDetails: failureDetails,
    ...tail(atMs),
  };
}

export function executionTerminated(reason: string | null, atMs: number): ExecutionTerminated {
  return { EventType: 3, Input: reason, ...tail(atMs) };
}

export function taskScheduled(name: string, taskNumber: number, atMs: number): TaskScheduled {
  return {
    EventType: 4,
    Name: name,
    Version: "",
    Input: null,
    ParentTraceContext: null,
    Tags: null,
    ...tail(atMs, taskNumber),
  };
}

export function taskCompleted(taskNumber: number, result: string, atMs: number): TaskCompleted {
  return { EventType: 5, TaskScheduledId: taskNumber, Result: result, ...tail(atMs) };
}

export function taskFailed(
  taskNumber: number,
  failure: Pick<TaskFailed, "Reason" | "Details" | "FailureDetails">,
  atMs: number,
): TaskFailed {
  return { EventType: 6, TaskScheduledId: taskNumber, ...failure, ...tail(atMs) };
}

export function subOrchestrationCreated(
  child: Pick<SubOrchestrationCreated, "Name" | "Version" | "InstanceId">,
  taskNumber: number,
  atMs: number,
): SubOrchestrationCreated {
  return {
    EventType: 7,
    ...child,
    Input: null,
    ClientSpanId: null,
    Tags: null,
    ...tail(atMs, taskNumber),
  };
}

export function subOrchestrationCompleted(
  taskNumber: number,
  result: string,
  atMs: number,
): SubOrchestrationCompleted {
  return { EventType: 8, TaskScheduledId: taskNumber, Result: result, ...tail(atMs) };
}

export function subOrchestrationFailed(
  taskNumber: number,
  failure: Pick<SubOrchestrationFailed, "Reason" | "Details" | "FailureDetails">,
  atMs: number,
): SubOrchestrationFailed {
  return { EventType: 9, TaskScheduledId: taskNumber, ...failure, ...tail(atMs) };
}

export function timerCreated(fireAtMs: number, taskNumber: number, atMs: number): TimerCreated {
  return { EventType: 10, FireAt: formatTimestamp(fireAtMs), ...tail(atMs, taskNumber) };
}

/** Its timestamp is the moment of creation, as in the real history: the library must take no time from it. */
export function timerFired(taskNumber: number, fireAtMs: number, createdAtMs: number): TimerFired {
  return {
    EventType: 11,
    TimerId: taskNumber,
    FireAt: formatTimestamp(fireAtMs),
    ...tail(createdAtMs),
  };
}

export function orchestratorStarted(atMs: number): OrchestratorStarted {
  return { EventType: 12, ...tail(atMs) };
}

export function orchestratorCompleted(atMs: number, isPlayed: boolean): OrchestratorCompleted {
  return { EventType: 13, ...tail(atMs), IsPlayed: isPlayed };
}

export function eventRaised(name: string, input: string, atMs: number): EventRaised {
  return { EventType: 15, Name: name, Input: input, ParentTraceContext: null, ...tail(atMs) };
}

export function executionSuspended(reason: string | null, atMs: number): ExecutionSuspended {
  return { EventType: 19, Reason: reason, ...tail(atMs) };
}

export function executionResumed(reason: string | null, atMs: number): ExecutionResumed {
  return { EventType: 20, Reason: reason, ...tail(atMs) };
}

/** The event as later turns see it. Order of fields kept. */
export function played<E extends HistoryEvent>(event: E): E {
  return { ...event, IsPlayed: true };
}
