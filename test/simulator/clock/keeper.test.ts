import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { onJsonLine, writeJsonLine } from "../../../simulator/clock/json-lines.js";
import {
  type ClockKeeper,
  type ClockKeeperOptions,
  startClockKeeper,
} from "../../../simulator/clock/keeper.js";

const HOUR = 3_600_000;

let folder: string;
let keeper: ClockKeeper;
const sockets: Socket[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "clock-"));
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await keeper.close();
  rmSync(folder, { recursive: true });
});

describe("clock keeper", () => {
  it("skips to what the only waiting process waits for", async () => {
    keeper = await start();
    const waiting = await follow();

    waiting.say({ idle: keeper.now() + HOUR });

    expect(await waiting.toldToAct()).toBeGreaterThanOrEqual(HOUR - 1_000);
    expect(keeper.offset()).toBeGreaterThan(HOUR - 1_000);
    expect(keeper.offset()).toBeLessThanOrEqual(HOUR);
  });

  it("lets nobody act before every process has taken the new time", async () => {
    keeper = await start();
    const quick = await follow();
    const slow = await follow({ acks: false });

    const advanced = keeper.advanceBy(HOUR);
    await slow.told("offset");
    expect(quick.heard("act")).toBe(0);
    slow.say({ ack: HOUR });
    await quick.toldToAct();
    await slow.toldToAct();
    slow.say({ acted: HOUR });

    await advanced;
    expect(keeper.offset()).toBe(HOUR);
  });

  it("does not skip while another process is busy, and does when it has become idle", async () => {
    keeper = await start();
    const waiting = await follow();
    const working = await follow();

    working.say({ busy: true });
    await working.toldAfter(() => keeper.advanceBy(1));
    waiting.say({ idle: keeper.now() + HOUR });
    await waiting.toldAfter(() => keeper.advanceBy(1));
    expect(keeper.offset()).toBe(2);

    working.say({ idle: null });
    await waiting.toldToAct();
    expect(keeper.offset()).toBeGreaterThan(HOUR - 1_000);
  });

  it("stops counting a process that has gone", async () => {
    keeper = await start();
    const waiting = await follow();
    const working = await follow();

    working.say({ busy: true });
    await working.toldAfter(() => keeper.advanceBy(1));
    waiting.say({ idle: keeper.now() + HOUR });
    working.leave();

    await waiting.toldToAct();
    expect(keeper.offset()).toBeGreaterThan(HOUR - 1_000);
  });

  it("waits for calls in flight in its own process", async () => {
    let inFlight = 1;
    keeper = await start({ inFlight: () => inFlight });
    const waiting = await follow();

    waiting.say({ idle: keeper.now() + HOUR });
    await waiting.toldAfter(() => keeper.advanceBy(1));
    expect(keeper.offset()).toBe(1);
    inFlight = 0;

    await waiting.toldToAct();
    expect(keeper.offset()).toBeGreaterThan(HOUR - 1_000);
  });

  it("passes through its own process's changes on the way", async () => {
    const due = Date.now() + HOUR / 2;
    keeper = await start({ nextChangeAt: () => due });
    const waiting = await follow();

    waiting.say({ idle: keeper.now() + HOUR });

    expect(await waiting.toldToAct()).toBeLessThanOrEqual(HOUR / 2);
    expect(await waiting.toldToAct()).toBeGreaterThan(HOUR / 2);
  });

  it("paces a skip for a spectator and stops when somebody becomes busy", async () => {
    keeper = await start({ speed: 1_000 });
    const waiting = await follow();

    waiting.say({ idle: keeper.now() + HOUR });
    await waiting.toldToAct();
    waiting.say({ busy: true });
    await waiting.toldAfter(() => keeper.advanceBy(1));
    const stoppedAt = keeper.offset();

    expect(stoppedAt).toBeLessThan(HOUR / 2);
    await keeper.advanceBy(1);
    expect(keeper.offset()).toBe(stoppedAt + 1);
  });

  it("keeps its offset on disk, written before anyone is told", async () => {
    keeper = await start();
    const follower = await follow({ acks: false });

    const advanced = keeper.advanceBy(HOUR);
    await follower.told("offset");
    expect(JSON.parse(readFileSync(clockFile(), "utf8"))).toEqual({ offset: HOUR });
    follower.leave();
    await advanced;
    await keeper.close();

    keeper = await start();
    expect(keeper.offset()).toBe(HOUR);
  });

  it("never goes back", async () => {
    keeper = await start();
    await keeper.advanceBy(HOUR);

    await keeper.advanceTo(keeper.now() - HOUR);

    expect(keeper.offset()).toBe(HOUR);
  });

  it("drops a process that does not take the new time", async () => {
    keeper = await start();
    await follow({ acks: false });

    await keeper.advanceBy(HOUR);

    expect(keeper.offset()).toBe(HOUR);
  });
});

function clockFile(): string {
  return path.join(folder, "clock.json");
}

function start(options: Partial<ClockKeeperOptions> = {}): Promise<ClockKeeper> {
  return startClockKeeper({ file: clockFile(), ...options });
}

/** A process as the keeper sees it: a socket that acknowledges and, when told to, speaks. */
async function follow({ acks = true } = {}) {
  const [host, port] = keeper.address.split(":");
  const socket = connect(Number(port), host);
  sockets.push(socket);
  const counts = { offset: 0, act: 0 };
  const waiters: { kind: "offset" | "act"; resolve: (n: number) => void }[] = [];
  const initial = waitFor("act");
  let answering = true;

  onJsonLine(socket, (message) => {
    for (const kind of ["offset", "act"] as const) {
      const n = message[kind];
      if (typeof n !== "number") continue;
      counts[kind] += 1;
      if (answering) writeJsonLine(socket, { [kind === "offset" ? "ack" : "acted"]: n });
      for (const waiter of waiters.splice(0)) {
        if (waiter.kind === kind) waiter.resolve(n);
        else waiters.push(waiter);
      }
    }
  });

  function waitFor(kind: "offset" | "act"): Promise<number> {
    return new Promise((resolve) => {
      waiters.push({ kind, resolve });
    });
  }

  await initial;
  counts.act = 0;
  answering = acks;
  return {
    say: (message: Record<string, unknown>) => {
      writeJsonLine(socket, message);
    },
    told: waitFor,
    toldToAct: () => waitFor("act"),
    toldAfter: async (act: () => Promise<void>) => {
      const told = waitFor("act");
      await act();
      await told;
    },
    heard: (kind: "offset" | "act") => counts[kind],
    leave: () => socket.destroy(),
  };
}
