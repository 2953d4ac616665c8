import {
  type HistoryEvent,
  orchestratorCompleted,
  orchestratorStarted,
  played,
  type ReceivedEvent,
} from "./history-event.js";
import type { Instance, QueuedMessage } from "./instance.js";
import type { TurnOutcome } from "./turn-outcome.js";

/** What a turn begins with. */
export interface TurnOpening {
  readonly executionId: string;
  /** OrchestratorStarted and what came in, as the orchestrator sees it. */
  readonly events: readonly HistoryEvent[];
  readonly received: readonly ReceivedEvent[];
  /** It is the first turn of an execution. */
  readonly restarts: boolean;
  readonly continued: boolean;
}

export function openTurn(
  instance: Instance,
  batch: readonly QueuedMessage[],
  atMs: number,
): TurnOpening {
  const [first] = batch;
  const start = first?.message.kind === "start" ? first.message : undefined;
  const received: ReceivedEvent[] = [];
  for (const { message } of batch) {
    // Results for an execution that is over are dropped.
    if (
      message.kind === "start" ||
      message.executionId === null ||
      message.executionId === instance.executionId
    ) {
      received.push(message.event);
    }
  }
  const carriedOver = start?.carriedOver;
  const events: HistoryEvent[] = [orchestratorStarted(atMs), ...received];
  if (carriedOver !== undefined) {
    // The real host shows a continued execution the end of a turn that has just begun.
    events.push(...carriedOver.map(played), orchestratorCompleted(atMs, false));
  }
  return {
    executionId: instance.executionId,
    events,
    received,
    restarts: start !== undefined,
    continued: carriedOver !== undefined,
  };
}

/** The events of a finished turn as later turns see them. */
export function closeTurn(
  opening: TurnOpening,
  scheduled: TurnOutcome["events"],
  atMs: number,
): readonly HistoryEvent[] {
  const seen = opening.events.map((event) => (event.EventType === 12 ? event : played(event)));
  const end = opening.continued ? [] : [orchestratorCompleted(atMs, false)];
  return [...seen, ...scheduled, ...end];
}
