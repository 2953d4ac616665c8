interface Planned {
  readonly at: number;
  readonly what: string;
  readonly act: () => void;
}

/**
 * Simulated time and what will change by itself. Changes are planned when their cause happens and carried out, in
 * order and at their own instant, as soon as somebody looks: state is a function of what was done and of the clock.
 */
export class Timeline {
  readonly #clock: () => number;
  #planned: Planned[] = [];
  #instant: number | undefined;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** The instant of the change being carried out, else the clock's. */
  now(): number {
    return this.#instant ?? this.#clock();
  }

  /** Plans a change; `what` is for people who read the state. */
  plan(at: number, what: string, act: () => void): void {
    const index = this.#planned.findIndex((other) => other.at > at);
    this.#planned.splice(index === -1 ? this.#planned.length : index, 0, { at, what, act });
  }

  nextChangeAt(): number | undefined {
    return this.#planned[0]?.at;
  }

  upcoming(): { at: string; what: string }[] {
    return this.#planned.map(({ at, what }) => ({ at: new Date(at).toISOString(), what }));
  }

  /** Carries out everything that is due. */
  settle(): void {
    if (this.#instant !== undefined) return; // The loop below will come to it.
    const now = this.#clock();
    for (;;) {
      const next = this.#planned[0];
      if (next === undefined || next.at > now) return;
      this.#planned.shift();
      this.#instant = next.at;
      try {
        next.act();
      } finally {
        this.#instant = undefined;
      }
    }
  }

  clear(): void {
    this.#planned = [];
  }
}
