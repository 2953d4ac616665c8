import type { ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { Milliseconds } from "../domain/duration.js";
import { ClassifiedError } from "../domain/failure.js";
import type { TelemetryLosses } from "./telemetry-losses.js";

type Kind = "spans" | "logs" | "metrics";

/** Told of each request that came back with something else than all taken. */
export type OnProblem = (problem: unknown) => void;

/** Sees what becomes of each batch. */
export class TelemetryWatch {
  readonly #losses: TelemetryLosses;
  readonly #limit: Milliseconds;
  readonly #codes: typeof ExportResultCode;
  readonly #problems = new Map<Kind, unknown>();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(losses: TelemetryLosses, limit: Milliseconds, codes: typeof ExportResultCode) {
    this.#losses = losses;
    this.#limit = limit;
    this.#codes = codes;
  }

  problem(kind: Kind): OnProblem {
    return (problem) => this.#problems.set(kind, problem);
  }

  /** Has an exporter answer within the limit, and once. */
  over<Items>(
    exporter: { export(items: Items, done: (result: ExportResult) => void): void },
    kind: Kind,
    count: (items: Items) => number,
  ): void {
    const send = exporter.export.bind(exporter) as (
      items: Items,
      done: (result: ExportResult) => void,
    ) => Promise<void> | undefined;
    exporter.export = (items, done) => {
      this.#problems.delete(kind);
      // Some exporters say twice that they are done, and only the first time what came of it.
      const told = new Promise<ExportResult>((resolve, reject) => {
        send(items, resolve)?.catch(reject);
      });
      const noted = inTime(this.#limit, told)
        .catch((error: unknown) => ({ code: this.#codes.FAILED, error: error as Error }))
        .then((result) => {
          this.#note(result, kind, count(items));
          done(result);
        });
      this.#underWay.add(noted);
      void noted.finally(() => this.#underWay.delete(noted));
    };
  }

  /** Waits for what is on its way; a flush of the SDK waits for what is not yet. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  #note({ code, error }: ExportResult, kind: Kind, count: number): void {
    if (count === 0) return;
    // The exporters call it a success where they would have kept what was refused for later.
    const problem = this.#problems.get(kind) ?? error;
    if (code === this.#codes.SUCCESS && problem === undefined) this.#losses.sent();
    else this.#losses.lost(count, problem ?? new Error("it was not sent"));
  }
}

/** What a piece of work brings, if it brings it in time. */
export async function inTime<T>(limit: Milliseconds, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const message = "Azure Monitor did not take it in time";
      reject(new ClassifiedError({ class: "transient", code: "time-limit", message }));
    }, limit);
    timer.unref();
  });
  return Promise.race([work, late]).finally(() => {
    clearTimeout(timer);
  });
}
