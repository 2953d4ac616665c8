import type { LogEntry } from "./request-log.js";

export type HeldVerdict = "release" | "drop";

interface Held {
  readonly id: string;
  readonly entry: LogEntry;
  readonly decide: (verdict: HeldVerdict) => void;
}

/** Answers that are kept back after their effect, until a test says what becomes of them. */
export class HeldAnswers {
  readonly #held = new Map<string, Held>();
  readonly #waiters = new Set<() => void>();

  /** Resolves with what is decided. `abandoned` resolves when the client has gone, which drops the answer. */
  async hold(entry: LogEntry, abandoned: Promise<void>): Promise<HeldVerdict> {
    const id = `held-${entry.n}`;
    const verdict = new Promise<HeldVerdict>((decide) => {
      this.#held.set(id, { id, entry, decide });
      void abandoned.then(() => {
        decide("drop");
      });
    });
    for (const wake of this.#waiters) wake();
    try {
      return await verdict;
    } finally {
      this.#held.delete(id);
    }
  }

  /** What is held, as soon as there is something or the time is over. */
  async list(waitMs: number): Promise<{ id: string; entry: LogEntry }[]> {
    if (this.#held.size === 0 && waitMs > 0) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#waiters.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, waitMs);
        this.#waiters.add(wake);
      });
    }
    return [...this.#held.values()].map(({ id, entry }) => ({ id, entry }));
  }

  /** False where nothing is held under that id. */
  decide(id: string, verdict: HeldVerdict): boolean {
    const held = this.#held.get(id);
    held?.decide(verdict);
    return held !== undefined;
  }

  dropAll(): void {
    for (const { decide } of this.#held.values()) decide("drop");
  }
}
