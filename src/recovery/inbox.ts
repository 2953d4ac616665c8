import type { OrchestrationContext, Task } from "durable-functions";
import { Verb, verbEvent } from "../domain/verb.js";

/**
 * Hears what people say to the run. Every wait of the run is raced against a fresh wait for the next
 * verb; what arrives while nobody listens is kept by the platform until somebody does.
 */
export class Inbox {
  readonly #context: OrchestrationContext;
  /** Waits that have heard nothing yet. The platform fills the newest one first, so all are kept. */
  #listening: Task[] = [];
  readonly #known = new Set<string>();

  constructor(context: OrchestrationContext) {
    this.#context = context;
  }

  listen(): Task {
    const task = this.#context.df.waitForExternalEvent(verbEvent);
    this.#listening.push(task);
    return task;
  }

  /** What has been said since the last call, in the order in which it was said; repeats are left out. */
  collect(): readonly Verb[] {
    const heard = this.#listening.filter((task) => task.isCompleted);
    if (heard.length === 0) return [];
    this.#listening = this.#listening.filter((task) => !task.isCompleted);
    return heard
      .flatMap(({ result }) => {
        const verb = Verb.safeParse(result);
        if (!verb.success || this.#known.has(verb.data.id)) return [];
        this.#known.add(verb.data.id);
        return [verb.data];
      })
      .sort((one, other) => one.at.localeCompare(other.at));
  }
}
