/** Counts what is under way, so that time is not skipped and the process not ended in the middle of it. */
export class InFlight {
  readonly #onChange: () => void;
  #count = 0;
  #idle: (() => void)[] = [];

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get count(): number {
    return this.#count;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#count += 1;
    this.#onChange();
    try {
      return await work();
    } finally {
      this.#count -= 1;
      if (this.#count === 0) for (const resolve of this.#idle.splice(0)) resolve();
      this.#onChange();
    }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve);
    });
  }
}
