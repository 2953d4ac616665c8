import type { SimulatorClient } from "../stack/simulator-client.js";

/** When something comes that comes in the middle of a run. */
export interface Moment {
  /** The calls by which the run changes Azure. */
  readonly operations: readonly string[];
  /** With which of them it comes. */
  readonly change: number;
}

/** Lets something happen in the simulated Azure at its moment, which is none of the clock's but the run's. */
export class Injection {
  readonly #simulator: SimulatorClient;
  readonly #moment: Moment | undefined;
  readonly #inject: () => Promise<void>;
  readonly #holds = new Map<string, string>();
  #changes = 0;
  #done = false;

  /** Without a moment it happens at once. */
  constructor(simulator: SimulatorClient, moment: Moment | undefined, inject: () => Promise<void>) {
    this.#simulator = simulator;
    this.#moment = moment;
    this.#inject = inject;
  }

  get done(): boolean {
    return this.#done;
  }

  async arm(): Promise<void> {
    if (this.#moment === undefined) {
      await this.#strike();
      return;
    }
    // The answer to a change is kept back until it is known what comes with it: the run cannot get ahead.
    for (const operation of this.#moment.operations) await this.#hold(operation);
  }

  /** To be called again and again while the run is under way. */
  async attend(): Promise<void> {
    if (this.#done) return;
    const held = await this.#simulator.held(0);
    if (held.length === 0) return;
    this.#changes += held.length;
    if (this.#changes >= (this.#moment?.change ?? 1)) {
      for (const hold of this.#holds.values()) await this.#simulator.removeFault(hold);
      await this.#strike();
    } else {
      for (const { entry } of held) await this.#hold(entry.operation);
    }
    for (const { id } of held) await this.#simulator.decide(id, "release");
  }

  async #hold(operation: string): Promise<void> {
    const spent = this.#holds.get(operation);
    if (spent !== undefined) await this.#simulator.removeFault(spent);
    const order = { name: "hold-answer", times: 1, match: { operation } };
    this.#holds.set(operation, await this.#simulator.fault(order));
  }

  async #strike(): Promise<void> {
    await this.#inject();
    this.#done = true;
  }
}
