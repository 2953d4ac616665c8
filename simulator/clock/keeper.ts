import { type AddressInfo, createServer, type Socket } from "node:net";
import path from "node:path";
import { processClock } from "./handle.js";
import { onJsonLine, writeJsonLine } from "./json-lines.js";
import { nextSkip, type ProcessState } from "./next-skip.js";
import { readOffset, writeOffset } from "./offset-file.js";

/** The one place that decides what time it is for all processes of a demo or test. */
export interface ClockKeeper {
  /** `127.0.0.1:port`, where processes connect. */
  readonly address: string;
  now(): number;
  offset(): number;
  /** Resolves when every process has the new time and has acted on it. An instant in the past changes nothing. */
  advanceTo(instantMs: number): Promise<void>;
  advanceBy(ms: number): Promise<void>;
  /** The variables that make a process with the preload follow this keeper. */
  environment(): Record<string, string>;
  /** Calls back after each move, when all processes have the new time and before they act on it. */
  onAdvance(listener: () => void): void;
  close(): Promise<void>;
}

export interface ClockKeeperOptions {
  /** Where the offset is persisted, so that it survives every process. */
  readonly file: string;
  /** Spectator's pace: a skip of d milliseconds lasts d/speed. Without it a skip takes no time. */
  readonly speed?: number;
  /** The next instant at which the keeper's own process changes by itself. */
  readonly nextChangeAt?: () => number | undefined;
  /** Calls that the keeper's own process is answering right now. */
  readonly inFlight?: () => number;
}

const ANSWER_WITHIN_MS = 2_000;
const IN_FLIGHT_RECHECK_MS = 2;
const PACE_STEP_MS = 20;

interface Follower {
  readonly socket: Socket;
  /** Undefined until the process has said idle or busy: passive processes do not hold time back. */
  state: ProcessState | undefined;
  acked: number;
  acted: number;
  answered: () => void;
}

/**
 * Starts a keeper on loopback. A move of the clock has two rounds: `{"offset":n}` / `{"ack":n}` puts the new time in
 * force everywhere, then `{"act":n}` / `{"acted":n}` lets processes do what is due, so nobody acts on a time that
 * another process does not know yet.
 */
export async function startClockKeeper(options: ClockKeeperOptions): Promise<ClockKeeper> {
  const file = path.resolve(options.file);
  const ownClock = processClock();
  const followers = new Set<Follower>();
  const listeners: (() => void)[] = [];
  let offset = readOffset(file);
  let announced = offset;
  let moves: Promise<void> = Promise.resolve();
  let skipping = false;
  let recheck: NodeJS.Timeout | undefined;
  let closed = false;

  ownClock?.setOffset(offset);
  // Without the preload this process lives in real time, and only the keeper's word says otherwise.
  const now = (): number => ownClock?.now() ?? Date.now() + offset;

  const server = createServer((socket) => {
    const follower: Follower = {
      socket,
      state: undefined,
      acked: -1,
      acted: -1,
      answered: () => undefined,
    };
    followers.add(follower);
    socket.setNoDelay(true);
    socket.on("error", () => undefined); // "close" follows and says all that matters.
    socket.on("close", () => {
      followers.delete(follower);
      follower.answered();
      reconsider();
    });
    onJsonLine(socket, (message) => {
      hear(follower, message);
    });
    writeJsonLine(socket, { offset: announced });
    writeJsonLine(socket, { act: announced });
  });

  function hear(follower: Follower, message: Readonly<Record<string, unknown>>): void {
    if (typeof message["ack"] === "number") follower.acked = message["ack"];
    if (typeof message["acted"] === "number") follower.acted = message["acted"];
    if (message["busy"] === true) follower.state = { kind: "busy" };
    const until = message["idle"];
    if (until === null || typeof until === "number") follower.state = { kind: "idle", until };
    follower.answered();
    reconsider();
  }

  async function round(
    send: "offset" | "act",
    reached: (follower: Follower) => boolean,
  ): Promise<void> {
    const asked = [...followers];
    for (const { socket } of asked) writeJsonLine(socket, { [send]: announced });
    await Promise.all(asked.map((follower) => answerOf(follower, reached)));
  }

  function answerOf(follower: Follower, reached: (follower: Follower) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const bound = setTimeout(() => {
        process.stderr.write(
          `clock: a process did not take the new time within ${String(ANSWER_WITHIN_MS)} ms and is dropped\n`,
        );
        follower.socket.destroy();
      }, ANSWER_WITHIN_MS);
      follower.answered = () => {
        if (followers.has(follower) && !reached(follower)) return;
        clearTimeout(bound);
        resolve();
      };
      follower.answered();
    });
  }

  async function move(ms: number): Promise<void> {
    const ahead = Math.ceil(ms);
    if (ahead <= 0 || closed) return;
    announced = offset + ahead;
    writeOffset(file, announced);
    await round("offset", (follower) => follower.acked >= announced);
    offset = announced;
    ownClock?.setOffset(offset);
    for (const listener of listeners) listener();
    await round("act", (follower) => follower.acted >= announced);
  }

  function enqueue(ahead: () => number): Promise<void> {
    const moved = moves.then(() => move(ahead()));
    moves = moved.catch(() => undefined);
    return moved;
  }

  function skipTarget(): number | undefined {
    const states: ProcessState[] = [];
    for (const { state } of followers) if (state !== undefined) states.push(state);
    return nextSkip(states, options.nextChangeAt?.(), now());
  }

  function reconsider(): void {
    if (closed || skipping || recheck !== undefined) return;
    const target = skipTarget();
    if (target === undefined) return;
    if ((options.inFlight?.() ?? 0) > 0) {
      recheckIn(IN_FLIGHT_RECHECK_MS);
      return;
    }
    skipping = true;
    const pace = options.speed;
    // The target is looked up again when its turn has come: the world may have changed while another move ran.
    const ahead = (): number => {
      const upTo = (skipTarget() ?? -Infinity) - now();
      return pace === undefined ? upTo : Math.min(upTo, PACE_STEP_MS * pace);
    };
    void enqueue(ahead)
      .catch((error: unknown) => {
        process.stderr.write(`clock: cannot move the clock: ${String(error)}\n`);
      })
      .finally(() => {
        skipping = false;
        if (pace === undefined) reconsider();
        else recheckIn(PACE_STEP_MS);
      });
  }

  function recheckIn(ms: number): void {
    recheck = setTimeout(() => {
      recheck = undefined;
      reconsider();
    }, ms);
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;

  return {
    address,
    now,
    offset: () => offset,
    advanceTo: (instantMs) => enqueue(() => instantMs - now()),
    advanceBy: (ms) => enqueue(() => ms),
    environment: () => ({ CLOCK_ADDRESS: address, CLOCK_FILE: file }),
    onAdvance: (listener) => {
      listeners.push(listener);
    },
    close: async () => {
      closed = true;
      clearTimeout(recheck);
      for (const { socket } of followers) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}
