import type { HistoryEvent } from "./history-event.js";
import type { Instance, QueuedMessage } from "./instance.js";

/** An instance that is not finished, as the engine holds it in memory beside what is on disk. */
export class LiveInstance {
  instance: Instance;
  /** What has arrived and has not been delivered, in order of arrival. */
  readonly inbox: QueuedMessage[] = [];
  /** A turn is running or waits for its commit. */
  inTurn = false;
  /** Stands in the queue of runnable instances. */
  queued = false;
  #history: HistoryEvent[] | undefined;
  #historyText = "";

  constructor(instance: Instance) {
    this.instance = instance;
  }

  /** Events of earlier turns; read from disk at the first turn after a start of the host. */
  history(read: () => readonly HistoryEvent[]): readonly HistoryEvent[] {
    if (this.#history === undefined) {
      this.#history = [...read()];
      this.#historyText = this.#history.map((event) => JSON.stringify(event)).join(",");
    }
    return this.#history;
  }

  /** The JSON of those events, kept because every turn hands over all of them. */
  get historyText(): string {
    return this.#historyText;
  }

  append(events: readonly HistoryEvent[], texts: readonly string[]): void {
    if (events.length === 0) return;
    this.#history?.push(...events);
    const added = texts.join(",");
    this.#historyText = this.#historyText === "" ? added : `${this.#historyText},${added}`;
  }

  /** A new execution begins with an empty history. */
  clearHistory(): void {
    this.#history = [];
    this.#historyText = "";
  }

  /**
   * The messages of the next turn. One to which the host itself must answer with a retry comes alone, because only then
   * it is certain which task number the answer takes; and not while the instance is suspended, when nothing may start.
   */
  nextBatch(): readonly QueuedMessage[] {
    const suspended = this.instance.status === "Suspended";
    const deliverable = suspended ? this.inbox.filter((m) => !this.#isFollowedUp(m)) : this.inbox;
    const [first] = deliverable;
    if (first === undefined) return [];
    if (this.#isFollowedUp(first) || isContinuation(first)) return [first];
    const end = deliverable.findIndex((message) => this.#isFollowedUp(message));
    return deliverable.slice(0, end < 0 ? undefined : end);
  }

  #isFollowedUp({ message }: QueuedMessage): boolean {
    if (message.kind === "start" || this.instance.followedUp.length === 0) return false;
    const { event } = message;
    const number =
      "TaskScheduledId" in event
        ? event.TaskScheduledId
        : "TimerId" in event
          ? event.TimerId
          : undefined;
    return number !== undefined && this.instance.followedUp.includes(number);
  }
}

function isContinuation({ message }: QueuedMessage): boolean {
  return message.kind === "start" && message.carriedOver !== undefined;
}
