import { scrub } from "../domain/credential-scrubbing.js";
import type { TelemetryLoss } from "../domain/telemetry.js";
import { classifyError } from "./classify-error.js";

/** Counts what could not be sent. It is news when sending begins to fail, not each time that it fails. */
export class TelemetryLosses {
  #isFailing = false;
  #lost = 0;
  #news: Omit<TelemetryLoss, "lost"> | undefined;

  lost(count: number, error: unknown): void {
    this.#lost += count;
    if (this.#isFailing) return;
    this.#isFailing = true;
    const failure = classifyError(error);
    this.#news =
      failure === null
        ? { class: "defect", code: "defect", message: scrub(String(error)).slice(0, 400) }
        : { class: failure.class, code: failure.code, message: failure.message };
  }

  sent(): void {
    this.#isFailing = false;
  }

  /** What is new, with all that was lost since the last news. */
  take(): TelemetryLoss | undefined {
    if (this.#news === undefined) return undefined;
    const news = { ...this.#news, lost: this.#lost };
    this.#news = undefined;
    this.#lost = 0;
    return news;
  }
}
