import { formatTimestamp } from "../durable/history-event.js";
import type { TimerFunction } from "../function-catalog.js";
import type { InFlight } from "../in-flight.js";
import type { Log } from "../log.js";
import type { GroupCommit } from "../state/group-commit.js";
import { clientInputs } from "../worker/client-inputs.js";
import { asError, type Invoker } from "../worker/invoker.js";
import type { RetryContext, RetryOptions, TypedData } from "../worker/rpc.js";
import { FunctionTimeoutError, withinTimeLimit } from "../worker/time-limit.js";
import type { TimerStatus, TimerStatusStore } from "./timer-status.js";

/** The longest delay that setTimeout takes. */
const LONGEST_DELAY_MS = 2_147_483_647;
/** Later than this, and not through its own slowness, a call is past due. */
const TOLERANCE_MS = 1_000;

export interface TimerTriggerOptions {
  readonly target: TimerFunction;
  readonly statuses: TimerStatusStore;
  readonly commit: GroupCommit;
  readonly invoker: Invoker;
  readonly inFlight: InFlight;
  readonly timeoutMs: number | undefined;
  readonly clientBinding: string;
  readonly log: Log;
  readonly now: () => number;
}

/**
 * Calls one timer function when it is due, never twice at a time: what comes due during a call is made up for by one
 * call right after it.
 */
export class TimerTrigger {
  readonly #options: TimerTriggerOptions;
  readonly #monitored: boolean;
  #dueMs = Infinity;
  #alarm: NodeJS.Timeout | undefined;
  #running = false;
  #overran = false;
  #stopped = false;

  constructor(options: TimerTriggerOptions) {
    this.#options = options;
    this.#monitored = options.target.useMonitor && options.target.schedule.monitored;
  }

  start(): void {
    const { target, now } = this.#options;
    const startedMs = now();
    this.#dueMs = target.schedule.next(startedMs);
    const status = this.#status();
    const missed = status !== undefined && status.nextMs < startedMs;
    if (this.#monitored && status === undefined) {
      this.#save({
        schedule: target.schedule.text,
        lastMs: null,
        nextMs: this.#dueMs,
        updatedMs: null,
      });
    }
    if (missed) this.#fire(true);
    else if (target.runOnStartup) this.#fire(false);
    this.#setAlarm();
  }

  /** Calls the function if it is due. For the alarm, and whenever the clock has moved. */
  check(): void {
    const late = this.#options.now() - this.#dueMs;
    if (this.#stopped || late < 0) {
      this.#setAlarm();
      return;
    }
    if (this.#running) {
      this.#overran = true;
      return;
    }
    const pastDue = late >= TOLERANCE_MS && !this.#overran;
    this.#overran = false;
    this.#fire(pastDue);
    this.#setAlarm();
  }

  /** Calls the function now, on demand. */
  async run(): Promise<void> {
    await this.#options.inFlight.during(() => this.#invokeWithRetries(false));
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#alarm);
  }

  #fire(isPastDue: boolean): void {
    const { target, now, inFlight } = this.#options;
    const { schedule } = target;
    const firedMs = now();
    const following = schedule.next(Math.min(this.#dueMs, firedMs));
    this.#dueMs = following > firedMs ? following : schedule.next(firedMs);
    this.#running = true;
    void inFlight.during(async () => {
      await this.#invokeWithRetries(isPastDue);
      this.#running = false;
      if (this.#monitored) {
        this.#save({
          schedule: schedule.text,
          lastMs: firedMs,
          nextMs: this.#dueMs,
          updatedMs: firedMs,
        });
      }
      if (!this.#stopped) this.check();
    });
  }

  async #invokeWithRetries(isPastDue: boolean): Promise<void> {
    const { target } = this.#options;
    const retry = target.target.metadata.retryOptions;
    const limit = retry?.maxRetryCount ?? 0;
    let failure: Error | undefined;
    for (let count = 0; limit < 0 || count <= limit; count += 1) {
      if (count > 0) await delay(retryDelayMs(retry, count));
      failure = await this.#invoke(isPastDue, retry && retryContext(count, limit, failure));
      if (failure === undefined) return;
    }
  }

  /** The error of the function, which is in the log already. */
  async #invoke(isPastDue: boolean, retry: RetryContext | undefined): Promise<Error | undefined> {
    const { target, invoker, timeoutMs, clientBinding, now, log } = this.#options;
    const { metadata } = target.target;
    const firedAt = formatTimestamp(now());
    try {
      await withinTimeLimit(
        target.name,
        timeoutMs,
        invoker.invoke(target.target, {
          inputData: [
            { name: target.trigger.bindingName, data: this.#input(isPastDue) },
            ...clientInputs(metadata, clientBinding),
          ],
          triggerMetadata: { TimerTrigger: { string: americanTime(now()), data: "string" } },
          reason: `Timer fired at ${firedAt}`,
          ...(retry === undefined ? {} : { retryContext: retry }),
        }),
      );
      return undefined;
    } catch (error) {
      if (error instanceof FunctionTimeoutError) {
        log.error(
          `Function.${target.name}`,
          `${error.message}; what it still does cannot be stopped here`,
        );
      }
      return asError(error);
    }
  }

  #input(isPastDue: boolean): TypedData {
    const status = this.#status();
    const json = JSON.stringify({
      Schedule: { AdjustForDST: this.#options.target.schedule.kind === "cron" },
      ScheduleStatus:
        status === undefined
          ? null
          : {
              Last: offsetTime(status.lastMs),
              Next: offsetTime(status.nextMs),
              LastUpdated: offsetTime(status.updatedMs),
            },
      IsPastDue: isPastDue,
    });
    return { json, data: "json" };
  }

  /** Undefined where the function is not monitored, or was last seen with another schedule. */
  #status(): TimerStatus | undefined {
    if (!this.#monitored) return undefined;
    const { target, statuses, commit } = this.#options;
    commit.flush();
    const status = statuses.read(target.name);
    return status?.schedule === target.schedule.text ? status : undefined;
  }

  #save(status: TimerStatus): void {
    const { commit, statuses, target } = this.#options;
    void commit.write(() => {
      statuses.write(target.name, status);
    });
  }

  #setAlarm(): void {
    clearTimeout(this.#alarm);
    if (this.#stopped) return;
    const wait = Math.min(Math.max(this.#dueMs - this.#options.now(), 0), LONGEST_DELAY_MS);
    this.#alarm = setTimeout(() => {
      this.check();
    }, wait);
  }
}

function retryContext(count: number, limit: number, failure: Error | undefined): RetryContext {
  return {
    retryCount: count,
    maxRetryCount: limit,
    ...(failure === undefined
      ? {}
      : {
          exception: {
            message: failure.message,
            source: "",
            stackTrace: failure.stack ?? "",
          },
        }),
  };
}

function retryDelayMs(retry: RetryOptions | undefined, count: number): number {
  if (retry?.retryStrategy !== "exponentialBackoff") {
    return (retry?.delayInterval?.seconds ?? 0) * 1_000;
  }
  const minimum = retry.minimumInterval?.seconds ?? 1;
  const maximum = retry.maximumInterval?.seconds ?? Infinity;
  return Math.min(minimum * 2 ** (count - 1), maximum) * 1_000;
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** `MM/dd/yyyy HH:mm:ss`, as the real host writes this one. */
function americanTime(instantMs: number): string {
  const [, year, month, day, time] =
    /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(new Date(instantMs).toISOString()) ?? [];
  return `${month ?? ""}/${day ?? ""}/${year ?? ""} ${time ?? ""}`;
}

function offsetTime(instantMs: number | null): string {
  return instantMs === null
    ? "0001-01-01T00:00:00+00:00"
    : formatTimestamp(instantMs).replace(/Z$/, "+00:00");
}
