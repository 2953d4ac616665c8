import { connect, type Socket } from "node:net";
import { onJsonLine, writeJsonLine } from "../../simulator/clock/json-lines.js";
import type { ProcessState } from "../../simulator/clock/next-skip.js";

/** What the keeper tells a process. */
export interface KeeperOrders {
  /** A new time is in force from now on. */
  take(offset: number): void;
  /** Every process has it: do what is due. */
  act(): void;
}

const RETRY_MS = 50;
const GIVE_UP_MS = 5_000;

/**
 * The connection of a process to the clock keeper. It comes back by itself after a break and never keeps the process
 * alive, except while somebody waits for `connected`.
 */
export class KeeperLink {
  readonly #address: string;
  readonly #orders: KeeperOrders;
  readonly #connected: Promise<void>;
  #socket: Socket | undefined;
  #state: ProcessState | undefined;
  #resolveConnected: () => void = () => undefined;
  #awaited = false;
  #closed = false;

  constructor(address: string, orders: KeeperOrders) {
    this.#address = address;
    this.#orders = orders;
    this.#connected = new Promise((resolve) => {
      this.#resolveConnected = resolve;
    });
    this.#connect();
  }

  say(state: ProcessState): void {
    this.#state = state;
    this.#sayState();
  }

  /** From now on the keeper goes on without this process. */
  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }

  async connected(): Promise<void> {
    this.#awaited = true;
    this.#socket?.ref();
    let bound: NodeJS.Timeout | undefined;
    const giveUp = new Promise<never>((_, reject) => {
      bound = setTimeout(() => {
        reject(
          new Error(
            `the clock keeper at ${this.#address} does not answer; start it first or unset CLOCK_ADDRESS`,
          ),
        );
      }, GIVE_UP_MS);
    });
    try {
      await Promise.race([this.#connected, giveUp]);
    } finally {
      clearTimeout(bound);
      this.#awaited = false;
      this.#socket?.unref();
    }
  }

  #connect(): void {
    const colon = this.#address.lastIndexOf(":");
    const socket = connect({
      host: this.#address.slice(0, colon),
      port: Number(this.#address.slice(colon + 1)),
      noDelay: true,
    });
    if (!this.#awaited) socket.unref();
    this.#socket = socket;
    socket.on("error", () => undefined); // "close" follows.
    socket.on("close", () => {
      this.#socket = undefined;
      if (this.#closed) return;
      const retry = setTimeout(() => {
        if (!this.#closed) this.#connect();
      }, RETRY_MS);
      if (!this.#awaited) retry.unref();
    });
    socket.on("connect", () => {
      this.#sayState();
    });
    onJsonLine(socket, (message) => {
      this.#obey(socket, message);
    });
  }

  #obey(socket: Socket, message: Readonly<Record<string, unknown>>): void {
    const { offset, act } = message;
    if (typeof offset === "number") {
      this.#orders.take(offset);
      writeJsonLine(socket, { ack: offset });
      this.#resolveConnected();
    }
    if (typeof act === "number") {
      // What this process says about itself while acting must reach the keeper before it may skip again.
      this.#orders.act();
      writeJsonLine(socket, { acted: act });
    }
  }

  #sayState(): void {
    if (this.#socket === undefined || this.#state === undefined) return;
    const state = this.#state;
    writeJsonLine(this.#socket, state.kind === "busy" ? { busy: true } : { idle: state.until });
  }
}
