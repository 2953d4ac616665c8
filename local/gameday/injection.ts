import type { Environment } from "../../src/domain/estate.js";
import type { SimulatorClient } from "../stack/simulator-client.js";
import type { Exercise } from "./exercise.js";
import type { Fault } from "./faults.js";

/** Puts a fault into the simulated Azure at its moment, which is none of the clock's but the run's. */
export class Injection {
  readonly #simulator: SimulatorClient;
  readonly #fault: Fault;
  readonly #exercise: Exercise;
  readonly #environment: Environment;
  readonly #holds: string[] = [];
  #done = false;

  constructor(
    simulator: SimulatorClient,
    fault: Fault,
    exercise: Exercise,
    environment: Environment,
  ) {
    this.#simulator = simulator;
    this.#fault = fault;
    this.#exercise = exercise;
    this.#environment = environment;
  }

  get done(): boolean {
    return this.#done;
  }

  async arm(): Promise<void> {
    if (this.#fault.when === "before-the-alert") {
      await this.#inject();
      return;
    }
    // The answer to the first change is kept back until the fault is there: the run cannot get ahead.
    for (const operation of this.#exercise.changes) {
      const hold = { name: "hold-answer", times: 1, match: { operation } };
      this.#holds.push(await this.#simulator.fault(hold));
    }
  }

  /** To be called again and again while the run is under way. */
  async attend(): Promise<void> {
    if (this.#done) return;
    const held = await this.#simulator.held(0);
    if (held.length === 0) return;
    for (const hold of this.#holds) await this.#simulator.removeFault(hold);
    await this.#inject();
    for (const { id } of held) await this.#simulator.decide(id, "release");
  }

  async #inject(): Promise<void> {
    for (const order of this.#fault.orders(this.#exercise, this.#environment)) {
      await this.#simulator.fault(order);
    }
    this.#done = true;
  }
}
