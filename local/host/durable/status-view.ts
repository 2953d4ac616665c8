import { EventType, type HistoryEvent } from "./history-event.js";
import type { Instance } from "./instance.js";

export interface ViewOptions {
  readonly showInput: boolean;
  readonly showHistory: boolean;
  readonly showHistoryOutput: boolean;
}

/** An instance as the management API shows it. */
export function statusView(
  instance: Instance,
  history: readonly HistoryEvent[] | undefined,
  options: ViewOptions,
): object {
  return {
    name: instance.name,
    instanceId: instance.id,
    runtimeStatus: instance.status,
    input: options.showInput ? parsed(instance.input) : null,
    customStatus: parsed(instance.customStatus),
    output: parsed(instance.output),
    createdTime: wholeSeconds(instance.createdAtMs),
    lastUpdatedTime: wholeSeconds(instance.updatedAtMs),
    ...(history === undefined
      ? {}
      : { historyEvents: historyView(history, instance.name, options) }),
  };
}

const NAMES = new Map<number, string>(
  Object.entries({
    ExecutionStarted: EventType.executionStarted,
    ExecutionCompleted: EventType.executionCompleted,
    ExecutionTerminated: EventType.executionTerminated,
    TaskScheduled: EventType.taskScheduled,
    TaskCompleted: EventType.taskCompleted,
    TaskFailed: EventType.taskFailed,
    SubOrchestrationInstanceCreated: EventType.subOrchestrationCreated,
    SubOrchestrationInstanceCompleted: EventType.subOrchestrationCompleted,
    SubOrchestrationInstanceFailed: EventType.subOrchestrationFailed,
    TimerCreated: EventType.timerCreated,
    TimerFired: EventType.timerFired,
    EventRaised: EventType.eventRaised,
    ExecutionSuspended: EventType.executionSuspended,
    ExecutionResumed: EventType.executionResumed,
  }).map(([name, number]) => [number, name]),
);

/** The events without the turns' marks, each task's scheduling merged into its outcome once that is there. */
function historyView(
  history: readonly HistoryEvent[],
  functionName: string,
  { showHistoryOutput }: Pick<ViewOptions, "showHistoryOutput">,
): readonly object[] {
  const scheduled = new Map<number, Extract<HistoryEvent, { EventType: 4 | 7 }>>();
  const ended = new Set<number>();
  for (const event of history) {
    if (event.EventType === 4 || event.EventType === 7) scheduled.set(event.EventId, event);
    if ("TaskScheduledId" in event) ended.add(event.TaskScheduledId);
  }
  const resultField = showHistoryOutput ? [] : ["Result"];

  return history.flatMap((event): readonly object[] => {
    switch (event.EventType) {
      case 12:
      case 13:
        return [];
      case 4:
      case 7:
        return ended.has(event.EventId) ? [] : [shown(event.EventType, event, ["Version"])];
      case 5:
      case 8:
        return [
          {
            ...shown(event.EventType, { ...event, Result: parsed(event.Result) }, [
              "TaskScheduledId",
              ...resultField,
            ]),
            ...originOf(scheduled.get(event.TaskScheduledId)),
          },
        ];
      case 6:
      case 9:
        return [
          {
            ...shown(event.EventType, event, ["TaskScheduledId"]),
            ...originOf(scheduled.get(event.TaskScheduledId)),
          },
        ];
      case 11:
        return [shown(event.EventType, event, ["TimerId"])];
      case 0:
        return [
          {
            ...shown(event.EventType, event, [
              "OrchestrationInstance",
              "ParentInstance",
              "Name",
              "Version",
              "Tags",
            ]),
            FunctionName: functionName,
          },
        ];
      case 1: {
        const completed = event.OrchestrationStatus === "Completed";
        return [
          shown(
            event.EventType,
            { ...event, Result: completed ? parsed(event.Result) : event.Result },
            resultField,
          ),
        ];
      }
      default:
        return [shown(event.EventType, event, [])];
    }
  });
}

/** An event under the name of its type, without the fields that only a replay needs and those in `omitted`. */
function shown(type: HistoryEvent["EventType"], event: object, omitted: readonly string[]): object {
  const hidden = new Set(["EventType", "EventId", "IsPlayed", ...omitted]);
  const fields = Object.entries(event).filter(([name]) => !hidden.has(name));
  return { EventType: NAMES.get(type), ...Object.fromEntries(fields) };
}

function originOf(origin: Extract<HistoryEvent, { EventType: 4 | 7 }> | undefined): object {
  if (origin === undefined) return {};
  return {
    ScheduledTime: origin.Timestamp.replace(/Z$/, "+00:00"),
    FunctionName: origin.Name,
    Input: null,
  };
}

function parsed(json: string | null): unknown {
  return json === null ? null : (JSON.parse(json) as unknown);
}

function wholeSeconds(instantMs: number): string {
  return new Date(instantMs).toISOString().replace(/\.\d{3}Z$/, "Z");
}
