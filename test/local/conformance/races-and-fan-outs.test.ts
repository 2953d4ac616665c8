import path from "node:path";
import { startClockKeeper } from "../../../simulator/clock/keeper.js";
import {
  eventually,
  type HostProcess,
  newStateFolder,
  startHostProcess,
} from "../support/host-process.js";

const HOUR = 3_600_000;

let host: HostProcess;

beforeAll(async () => {
  host = await startHostProcess();
});

afterAll(async () => {
  await host.dispose();
});

describe("several tasks", () => {
  it("fans out and in", async () => {
    expect((await host.run("fanOut", [1, 2, 3, 4, 5])).output).toEqual([1, 4, 9, 16, 25]);
  });

  it("keeps strictly to the number of activities at a time", async () => {
    await host.run("fanOutWide", 40);

    const atATime = (await host.journal("working")).map(([, count]) => Number(count));
    expect(Math.max(...atATime)).toBe(8);
  });

  it("completes at once when the timer that lost is canceled", async () => {
    const id = await host.start("eventOrTimer", { cancel: true, timeoutMs: 3_600_000 });
    await host.raise(id, "go", 1);
    expect((await host.ended(id)).output).toBe("event");
  });

  it("does not complete before a timer that was not canceled", async () => {
    const id = await host.start("eventOrTimer", { cancel: false, timeoutMs: 700 });
    await host.raise(id, "go", 1);

    const { output, historyEvents } = await host.ended(id);
    expect(output).toBe("event");
    expect(historyEvents?.map((event) => event["EventType"])).toEqual([
      "ExecutionStarted",
      "TimerCreated",
      "EventRaised",
      "TimerFired",
      "ExecutionCompleted",
    ]);
  });

  it("goes on when the timer wins", async () => {
    const { output } = await host.run("eventOrTimer", { cancel: false, timeoutMs: 50 });
    expect(output).toBe("timer");
  });

  it("takes the time from the turn, not from the timer's event", async () => {
    const { output } = await host.run("timer", 60);
    const { before, after } = output as { before: string; after: string };
    expect(Date.parse(after) - Date.parse(before)).toBeGreaterThanOrEqual(60);
  });

  it("fires a timer of the past at once", async () => {
    expect((await host.run("timer", -60_000)).runtimeStatus).toBe("Completed");
  });

  it("cuts a timer of eight days into pieces of three", async () => {
    const id = await host.start("timer", 8 * 86_400_000);
    const created = await eventually(async () => {
      const { historyEvents = [] } = await host.status(id, "showHistory=true");
      return historyEvents.find((event) => event["EventType"] === "TimerCreated");
    });
    const ahead = Date.parse(String(created["FireAt"])) - Date.parse(String(created["Timestamp"]));
    expect(ahead / 86_400_000).toBeCloseTo(3, 3);
    await host.command(id, "terminate");
  });

  it("fail together at the first failure, and end when the last has ended", async () => {
    const id = await host.start("allOrNothing", "slow-one");
    await eventually(async () => {
      const { historyEvents = [] } = await host.status(id, "showHistory=true");
      return historyEvents.some(({ EventType: type }) => type === "TaskFailed") || undefined;
    });
    expect((await host.status(id)).runtimeStatus).toBe("Running");

    await host.openGate("slow-one");

    const { runtimeStatus, output } = await host.ended(id);
    expect(runtimeStatus).toBe("Failed");
    expect(output).toMatch(
      /^Orchestrator function 'allOrNothing' failed: Activity function 'fail' failed: {2}one of them/,
    );
  });

  it("race an activity, an event and a timer, the losers out of the way", async () => {
    const id = await host.start("raceOfThree", "the-activity");
    await eventually(async () =>
      (await host.journal("gated")).find(([, name]) => name === "the-activity"),
    );
    await host.openGate("the-activity");
    expect((await host.ended(id)).output).toEqual(["activity", "the-activity"]);
  });

  it("race a timer against an event again and again, each loser canceled or lost", async () => {
    const keeper = await startClockKeeper({ file: path.join(newStateFolder(), "clock.json") });
    const moved = await startHostProcess({ environment: keeper.environment() });
    try {
      const id = await moved.start("races", 4);
      const rounds = (count: number): Promise<unknown> =>
        moved.until(
          id,
          ({ customStatus }) => (customStatus as { rounds?: number } | null)?.rounds === count,
        );
      await rounds(0);
      await moved.raise(id, "go", "a");
      await rounds(1);
      await keeper.advanceBy(HOUR);
      await rounds(2);
      await moved.raise(id, "go", "b");
      await rounds(3);
      await keeper.advanceBy(HOUR);

      const { output, historyEvents = [] } = await moved.ended(id);
      expect(output).toEqual(["a", "timer", "b", "timer"]);
      const fired = historyEvents.filter(({ EventType: type }) => type === "TimerFired");
      expect(fired).toHaveLength(2);
      expect(moved.log).not.toContain("a timer with the same instant");
    } finally {
      await moved.dispose();
      await keeper.close();
    }
  });

  it("that were given to two races are told of in the log, because they are scheduled twice", async () => {
    const id = await host.start("sharedTimer");
    await host.until(id, ({ runtimeStatus }) => runtimeStatus === "Running");
    await host.raise(id, "go", 1);
    await eventually(
      () => host.log.includes("a timer with the same instant was asked for twice") || undefined,
    );
    await host.command(id, "terminate");
  });
});
