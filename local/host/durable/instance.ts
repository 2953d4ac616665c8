import type {
  EventRaised,
  ExecutionStarted,
  ParentInstance,
  ReceivedEvent,
} from "./history-event.js";

export const RUNTIME_STATUSES = [
  "Running",
  "Completed",
  "ContinuedAsNew",
  "Failed",
  "Canceled",
  "Terminated",
  "Pending",
  "Suspended",
] as const;
export type RuntimeStatus = (typeof RUNTIME_STATUSES)[number];

const TERMINAL: ReadonlySet<RuntimeStatus> = new Set([
  "Completed",
  "Failed",
  "Canceled",
  "Terminated",
]);

export function isTerminal(status: RuntimeStatus): boolean {
  return TERMINAL.has(status);
}

/** One orchestration instance as it is kept on disk. */
export interface Instance {
  readonly id: string;
  readonly executionId: string;
  /** The name of the orchestrator as it was given at the start. */
  readonly name: string;
  readonly version: string | null;
  readonly status: RuntimeStatus;
  /** JSON text. */
  readonly input: string | null;
  /** JSON text. */
  readonly output: string | null;
  /** JSON text. */
  readonly customStatus: string | null;
  /** The execution that set the custom status: it survives continueAsNew until it is set anew. */
  readonly customStatusBy: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly generation: number | null;
  readonly parent: ParentInstance | null;
  /** Task numbers whose outcome must come alone in a turn; see Replay. */
  readonly followedUp: readonly number[];
  /** The orchestrator stands at a wait for an external event. */
  readonly waitsForEvent: boolean;
}

/** What waits in an instance's inbox. */
export type Message =
  | {
      readonly kind: "start";
      readonly event: ExecutionStarted;
      /** Events that the execution before this one had not read; undefined for a start that follows none. */
      readonly carriedOver: readonly EventRaised[] | undefined;
    }
  | {
      readonly kind: "event";
      readonly event: Exclude<ReceivedEvent, ExecutionStarted>;
      /** The execution it is meant for; null for what comes from outside and is meant for whichever runs. */
      readonly executionId: string | null;
    };

export interface QueuedMessage {
  /** Grows over all instances: the order of arrival. */
  readonly sequence: number;
  readonly message: Message;
}

/** An activity that was scheduled and whose outcome is not yet known. */
export interface ScheduledActivity {
  readonly instanceId: string;
  readonly executionId: string;
  readonly taskNumber: number;
  readonly name: string;
  readonly input: string | null;
}

export interface ScheduledTimer {
  readonly instanceId: string;
  readonly executionId: string;
  readonly taskNumber: number;
  readonly fireAtMs: number;
  readonly createdAtMs: number;
}
