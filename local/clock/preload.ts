/**
 * Loaded by `node --require`: shifts `Date` in this process by the offset of the clock keeper that CLOCK_ADDRESS names.
 * Timers and performance.now stay real. Publishes the process's ClockHandle, also where there is no keeper.
 */
import { CLOCK_KEY, type ClockHandle } from "../../simulator/clock/handle.js";
import { readOffset } from "../../simulator/clock/offset-file.js";
import type { ProcessState } from "../../simulator/clock/next-skip.js";
import { KeeperLink } from "./keeper-link.js";
import { shiftedDate } from "./shifted-date.js";

const realDate = Date;
const file = process.env["CLOCK_FILE"];
const listeners = new Set<(offset: number) => void>();
// The file, not the keeper, gives the first offset: a program must not see real time even for its first millisecond.
let offset = file === undefined || file === "" ? 0 : readOffset(file);
let heard = offset;
let link: KeeperLink | undefined;

function take(next: number): void {
  offset = Math.max(offset, Math.trunc(next));
}

function tellListeners(): void {
  if (heard === offset) return;
  heard = offset;
  for (const listener of listeners) listener(offset);
}

/** The address may be set later than this file is loaded: by the program itself, when it starts its own keeper. */
function keeper(): KeeperLink | undefined {
  const address = process.env["CLOCK_ADDRESS"];
  if (link === undefined && address !== undefined && address !== "") {
    link = new KeeperLink(address, { take, act: tellListeners });
  }
  return link;
}

function say(state: ProcessState): void {
  keeper()?.say(state);
}

const handle: ClockHandle = {
  now: () => realDate.now() + offset,
  offset: () => offset,
  setOffset: (next) => {
    take(next);
    tellListeners();
  },
  connected: async () => {
    await keeper()?.connected();
  },
  idle: (until) => {
    say({ kind: "idle", until });
  },
  busy: () => {
    say({ kind: "busy" });
  },
  onChange: (listener) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};

const shifted = shiftedDate(realDate, () => offset);
Object.defineProperty(realDate.prototype, "constructor", {
  value: shifted,
  configurable: true,
  writable: true,
});
globalThis.Date = shifted;
Object.assign(globalThis, { [CLOCK_KEY]: handle });
keeper();
