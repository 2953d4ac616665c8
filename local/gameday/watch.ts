import type { Environment } from "../../src/domain/estate.js";
import type { LogEntry, SimulatorState } from "../stack/simulator-client.js";
import type { Stack } from "../stack/stack.js";
import { profileOf } from "./entry.js";
import type { WatchedFront } from "./gaps.js";
import { servesUsers } from "./health.js";
import type { StoreLoss } from "./losses.js";
import { Writer } from "./writer.js";

/** What was seen from outside, whatever the service says of itself. */
export interface Measured {
  /** Every request from the failure on. */
  readonly log: readonly LogEntry[];
  /** Whether users are served at the end, where they are led to. */
  readonly well: boolean;
  /** Absent where nobody wrote. */
  readonly writes?: StoreLoss;
  /** Absent where no Traffic Manager profile leads users. */
  readonly front?: WatchedFront;
}

const pieceSeconds = 60;

/** Watches an environment while something happens to it: its users, its entry and the log. */
export class Watch {
  readonly #stack: Stack;
  readonly #environment: Environment;
  readonly #writer: Writer | undefined;
  #since = 0;
  #before: SimulatorState | undefined;

  constructor(stack: Stack, environment: Environment, { writes }: { readonly writes: boolean }) {
    this.#stack = stack;
    this.#environment = environment;
    this.#writer = writes ? new Writer(stack, environment) : undefined;
  }

  /** From now on users write. */
  async begin(): Promise<void> {
    await this.#writer?.begin();
  }

  /** All that is judged happens after this. */
  async mark(): Promise<void> {
    const { simulator } = this.#stack;
    this.#since = (await simulator.log()).at(-1)?.n ?? 0;
    this.#before = await simulator.state();
  }

  /** Lets time pass in pieces, so that users go on writing. */
  async pass(seconds: number): Promise<void> {
    for (let left = seconds; left > 0; left -= pieceSeconds) {
      await this.#stack.simulator.advance(Math.min(left, pieceSeconds));
      await this.#writer?.settled();
    }
  }

  /** Ends the watch, whatever became of what was watched. */
  async end(): Promise<Measured> {
    const { simulator } = this.#stack;
    const writes = await this.#writer?.end();
    const front = this.#frontOf(await simulator.state());
    return {
      log: await simulator.log(this.#since),
      well: await servesUsers(this.#stack, this.#environment),
      ...(writes === undefined ? {} : { writes }),
      ...(front === undefined ? {} : { front }),
    };
  }

  #frontOf(after: SimulatorState): WatchedFront | undefined {
    const before = this.#before;
    const profile = before && profileOf(before, this.#environment);
    if (profile === undefined) return undefined;
    return {
      profile: profile.id,
      from: before?.clock.now ?? "",
      to: after.clock.now,
      endpoints: profile.endpoints.map(({ name, target, status }) => ({
        name,
        switchedOn: status !== "Disabled",
        health: after.containerApps.find(({ fqdn }) => fqdn === target)?.health ?? [],
      })),
    };
  }
}
