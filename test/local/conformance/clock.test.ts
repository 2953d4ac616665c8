import path from "node:path";
import { type ClockKeeper, startClockKeeper } from "../../../simulator/clock/keeper.js";
import {
  eventually,
  type HostProcess,
  newStateFolder,
  startHostProcess,
} from "../support/host-process.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let host: HostProcess | undefined;
let keeper: ClockKeeper | undefined;

afterEach(async () => {
  await host?.dispose();
  await keeper?.close();
  host = undefined;
  keeper = undefined;
});

describe("a host whose clock skips", () => {
  it("does not wait for durable timers", async () => {
    const skipping = await start();
    const startedAt = await skipping.now();

    const { output } = await skipping.run("timers", 24);

    expect(output).toBe("done");
    expect((await skipping.now()) - startedAt).toBeGreaterThanOrEqual(DAY);
  });

  it("lands on the timer, not beyond it", async () => {
    const skipping = await start();
    const { output } = await skipping.run("timer", HOUR);
    const { before, after } = output as { before: string; after: string };
    const passed = Date.parse(after) - Date.parse(before);
    expect(passed).toBeGreaterThanOrEqual(HOUR);
    expect(passed).toBeLessThan(HOUR + 2_000);
  });

  it("goes the whole way of a timer that is cut into pieces", async () => {
    const skipping = await start();
    const { output, historyEvents = [] } = await skipping.run("timer", 8 * DAY);
    const { before, after } = output as { before: string; after: string };
    expect(Date.parse(after) - Date.parse(before)).toBeGreaterThanOrEqual(8 * DAY);
    const pieces = historyEvents.filter(({ EventType: type }) => type === "TimerFired");
    expect(pieces).toHaveLength(2);
  });

  it("passes a cron timer on the way, which then fires once as past due", async () => {
    const skipping = await start();

    await skipping.run("timer", 3 * DAY);

    const fired = await eventually(async () => {
      const entries = await skipping.journal("nightly");
      return entries.length > 0 ? entries : undefined;
    });
    expect(fired).toHaveLength(1);
    expect(fired[0]?.[1]).toMatchObject({ isPastDue: true });
  });

  it("stays at real time while nothing but a cron timer is to come", async () => {
    const skipping = await start();
    await skipping.run("single", 1);
    expect(Math.abs((await skipping.now()) - Date.now())).toBeLessThan(HOUR);
  });

  it("does not skip while a run waits for an approval, and does when it has it", async () => {
    const skipping = await start();
    await skipping.start("approval", null, "asked");
    await skipping.until("asked", ({ customStatus }) => customStatus !== null);
    await skipping.start("timer", 2 * HOUR, "waiting");
    await skipping.until("waiting", ({ runtimeStatus }) => runtimeStatus === "Running");
    expect((await skipping.status("asked")).runtimeStatus).toBe("Running");
    expect(Math.abs((await skipping.now()) - Date.now())).toBeLessThan(HOUR);

    await skipping.raise("asked", "approve", true);

    expect((await skipping.ended("asked")).output).toBe("approved");
    expect((await skipping.ended("waiting")).runtimeStatus).toBe("Completed");
  });

  it("does not skip while a run waits for an event without a timer", async () => {
    const skipping = await start();
    await skipping.start("waiter", null, "person");
    await skipping.until("person", ({ runtimeStatus }) => runtimeStatus === "Running");
    await skipping.start("timer", HOUR, "waiting");
    await skipping.until("waiting", ({ runtimeStatus }) => runtimeStatus === "Running");
    expect(Math.abs((await skipping.now()) - Date.now())).toBeLessThan(HOUR / 2);

    await skipping.command("person", "terminate");

    expect((await skipping.ended("waiting")).runtimeStatus).toBe("Completed");
  });

  it("does not skip over the timer beside a wait for an event, and is moved over it by its keeper", async () => {
    keeper = await startClockKeeper({ file: path.join(newStateFolder(), "clock.json") });
    const skipping = await start(keeper.environment());
    const race = { cancel: true, timeoutMs: HOUR };
    for (const id of ["answered", "expiring"]) {
      await skipping.start("eventOrTimer", race, id);
      await skipping.until(id, ({ runtimeStatus }) => runtimeStatus === "Running");
    }
    // Other runs come and go, and each time the host considers whether it may skip.
    for (const n of [1, 2, 3]) await skipping.run("single", n);

    await skipping.raise("answered", "go", true);
    expect((await skipping.ended("answered")).output).toBe("event");
    expect(keeper.offset()).toBe(0);
    await keeper.advanceBy(HOUR);
    expect((await skipping.ended("expiring")).output).toBe("timer");
  });

  it("skips over the timer of a run that says that its event would only interrupt it", async () => {
    const skipping = await start();
    expect((await skipping.run("interruptible", DAY)).output).toBe("slept");

    await skipping.start("approval", null, "asked");
    await skipping.until("asked", ({ customStatus }) => customStatus !== null);
    await skipping.start("interruptible", DAY, "sleeping");
    await skipping.until("sleeping", ({ customStatus }) => customStatus !== null);
    await skipping.raise("sleeping", "wake", true);
    expect((await skipping.ended("sleeping")).output).toBe("woken");
  });

  it("does not skip while a run is suspended", async () => {
    const skipping = await start();
    await skipping.start("waiter", null, "paused");
    await skipping.command("paused", "suspend");
    await skipping.until("paused", ({ runtimeStatus }) => runtimeStatus === "Suspended");
    await skipping.start("interruptible", HOUR, "sleeping");
    await skipping.until("sleeping", ({ customStatus }) => customStatus !== null);
    for (const n of [1, 2, 3]) await skipping.run("single", n);

    await skipping.raise("sleeping", "wake", true);

    expect((await skipping.ended("sleeping")).output).toBe("woken");
  });

  it("waits for an activity under way, which costs real time", async () => {
    const skipping = await start();
    const working = await skipping.start("gatedOrchestration", "at work");
    await eventually(async () => (await skipping.journal("gated")).at(0));
    await skipping.start("timer", HOUR, "waiting");
    await skipping.until("waiting", ({ runtimeStatus }) => runtimeStatus === "Running");
    expect(Math.abs((await skipping.now()) - Date.now())).toBeLessThan(HOUR / 2);

    await skipping.openGate("at work");

    expect((await skipping.ended(working)).output).toEqual(["at work", 9]);
    expect((await skipping.ended("waiting")).runtimeStatus).toBe("Completed");
  });

  it("keeps its time over a kill", async () => {
    const first = await start();
    await first.run("timer", 3 * DAY);
    const before = await first.now();

    await first.end("SIGKILL");
    host = await startHostProcess({ state: first.state, clock: "skip" });

    expect(await host.now()).toBeGreaterThanOrEqual(before);
  });

  it("follows a keeper elsewhere, which goes on while the host is killed and started", async () => {
    const folder = newStateFolder();
    keeper = await startClockKeeper({ file: path.join(folder, "shared-clock.json") });
    const first = await start(keeper.environment());
    await first.run("timer", DAY);
    expect(keeper.offset()).toBeGreaterThan(DAY - 10_000);

    await first.start("timer", DAY, "over the kill");
    await first.end("SIGKILL");
    await keeper.advanceBy(HOUR);
    host = await startHostProcess({
      state: first.state,
      clock: "skip",
      environment: keeper.environment(),
    });

    expect((await host.ended("over the kill")).runtimeStatus).toBe("Completed");
    expect(Math.abs((await host.now()) - keeper.now())).toBeLessThan(10_000);
  });

  it("is moved by its keeper while a run waits for a person", async () => {
    const folder = newStateFolder();
    keeper = await startClockKeeper({ file: path.join(folder, "shared-clock.json") });
    const skipping = await start(keeper.environment());
    await skipping.start("approval", null, "asked");
    await skipping.until("asked", ({ customStatus }) => customStatus !== null);

    await keeper.advanceBy(HOUR);

    expect((await skipping.ended("asked")).output).toBe("expired");
  });
});

async function start(environment: Record<string, string> = {}): Promise<HostProcess> {
  host = await startHostProcess({ clock: "skip", environment });
  return host;
}
