/** The key under which a process publishes its clock on `globalThis`. */
export const CLOCK_KEY = Symbol.for("enterprise-mcp-dr.clock");

/** What the clock preload offers to the program it was loaded into. All instants and offsets are whole milliseconds. */
export interface ClockHandle {
  /** Simulated time: real time plus the offset. The same as `Date.now()`. */
  now(): number;
  offset(): number;
  /** Moves this process alone. For the process that runs the keeper; the others hear from the keeper. */
  setOffset(offset: number): void;
  /** Resolves once the keeper's offset is in force here; at once where no keeper is configured. */
  connected(): Promise<void>;
  /** "Nothing runs here, and the next thing I wait for is due then": null when there is no such thing. */
  idle(untilMs: number | null): void;
  busy(): void;
  /** Calls back after every move of the clock, when all processes have it. Returns the way to unsubscribe. */
  onChange(listener: (offset: number) => void): () => void;
}

/** The clock of this process; undefined where the preload was not loaded and time is therefore real. */
export function processClock(): ClockHandle | undefined {
  return (globalThis as { [CLOCK_KEY]?: ClockHandle })[CLOCK_KEY];
}
