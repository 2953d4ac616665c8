import type { ClockHandle } from "../../simulator/clock/handle.js";
import type { EngineLoad } from "./durable/engine.js";

export type SkipState =
  { readonly kind: "busy" } | { readonly kind: "idle"; readonly untilMs: number };

/**
 * Time may be skipped only while a run waits for a durable timer, nothing runs or could run, and no run waits for a
 * person. Cron timers are no reason to skip.
 */
export function skipState(load: EngineLoad, inFlight: number): SkipState {
  const mayNot =
    inFlight > 0 || load.waiting > 0 || load.waitsForPerson || load.nextTimerAtMs === undefined;
  return mayNot ? { kind: "busy" } : { kind: "idle", untilMs: load.nextTimerAtMs };
}

/** Tells the clock keeper what this host is about. */
export class SkipReporter {
  readonly #clock: ClockHandle;
  readonly #read: () => SkipState;
  #said: SkipState | undefined;
  #scheduled = false;

  constructor(clock: ClockHandle, read: () => SkipState) {
    this.#clock = clock;
    this.#read = read;
  }

  /** Something may have changed. Work is reported at once, rest only when the event loop has come to rest as well. */
  changed(workStarted: boolean): void {
    if (workStarted) this.#say({ kind: "busy" });
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#say(this.#read());
    });
  }

  #say(state: SkipState): void {
    const said = this.#said;
    const same =
      said?.kind === state.kind &&
      (state.kind === "busy" || (said.kind === "idle" && said.untilMs === state.untilMs));
    if (same) return;
    this.#said = state;
    if (state.kind === "busy") this.#clock.busy();
    else this.#clock.idle(state.untilMs);
  }
}
