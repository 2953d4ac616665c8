import type { DurableFunction } from "../function-catalog.js";
import type { InFlight } from "../in-flight.js";
import type { Log } from "../log.js";
import { asError, type Invoker } from "../worker/invoker.js";
import { clientInputs } from "../worker/client-inputs.js";
import type { InvocationResponse, TypedData } from "../worker/rpc.js";
import { FunctionTimeoutError, withinTimeLimit } from "../worker/time-limit.js";
import { activityFailure, activityTimeout } from "./activity-failure.js";
import { taskCompleted, type TaskCompleted, taskFailed, type TaskFailed } from "./history-event.js";
import type { ScheduledActivity } from "./instance.js";
import { activityInput, activityMetadata } from "./trigger-payload.js";

interface Options {
  readonly inFlight: InFlight;
  readonly invoker: Invoker;
  readonly log: Log;
  readonly find: (name: string) => DurableFunction | undefined;
  readonly limit: number;
  readonly timeoutMs: number | undefined;
  readonly clientBinding: string;
  readonly now: () => number;
  readonly onOutcome: (
    activity: ScheduledActivity,
    outcome: TaskCompleted | TaskFailed,
  ) => Promise<void>;
}

/** Runs activities, at most as many at a time as host.json allows. */
export class ActivityRunner {
  readonly #options: Options;
  #queue: ScheduledActivity[] = [];
  #running = 0;
  #stopped = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#queue.length;
  }

  add(activity: ScheduledActivity): void {
    this.#queue.push(activity);
    this.#pump();
  }

  /** Forgets what waits for an instance that is gone. */
  drop(instanceId: string): void {
    this.#queue = this.#queue.filter((activity) => activity.instanceId !== instanceId);
  }

  /** Starts nothing more; what runs, runs to its end. */
  stop(): void {
    this.#stopped = true;
  }

  #pump(): void {
    while (!this.#stopped && this.#running < this.#options.limit) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#running += 1;
      void this.#options.inFlight.during(async () => {
        const outcome = await this.#run(next);
        this.#running -= 1;
        await this.#options.onOutcome(next, outcome);
        this.#pump();
      });
    }
  }

  async #run(activity: ScheduledActivity): Promise<TaskCompleted | TaskFailed> {
    const { taskNumber } = activity;
    const { now, timeoutMs } = this.#options;
    const target = this.#options.find(activity.name);
    try {
      if (target === undefined) {
        throw new Error(
          `The function '${activity.name}' doesn't exist, is disabled, or is not an activity function.`,
        );
      }
      const result = await withinTimeLimit(target.name, timeoutMs, this.#invoke(target, activity));
      return taskCompleted(taskNumber, resultText(result.returnValue), now());
    } catch (thrown) {
      const error = asError(thrown);
      const name = target?.name ?? activity.name;
      if (!(error instanceof FunctionTimeoutError)) {
        return taskFailed(taskNumber, activityFailure(name, error), now());
      }
      this.#options.log.error(
        `Function.${name}`,
        `activity '${name}' of ${activity.instanceId} ran longer than functionTimeout and is failed; what it still does cannot be stopped here`,
      );
      return taskFailed(taskNumber, activityTimeout(name, error.timeoutMs), now());
    }
  }

  #invoke(target: DurableFunction, activity: ScheduledActivity): Promise<InvocationResponse> {
    const { bindingName } = target.trigger;
    const { invoker, clientBinding } = this.#options;
    return invoker.invoke(target.target, {
      inputData: [
        { name: bindingName, data: activityInput(activity.input) },
        ...clientInputs(target.target.metadata, clientBinding),
      ],
      triggerMetadata: activityMetadata(activity.instanceId, bindingName, activity.input),
      reason: "(null)",
    });
  }
}

/** The JSON text under which a result goes into the history. */
function resultText(value: TypedData | null | undefined): string {
  if (value === null || value === undefined) return "null";
  if (value.json !== undefined) return value.json;
  if (value.string !== undefined) return JSON.stringify(value.string);
  if (value.bytes !== undefined) return JSON.stringify(Buffer.from(value.bytes).toString("base64"));
  return String(value.int ?? value.double ?? "null");
}
