import path from "node:path";
import { type ClockKeeper, startClockKeeper } from "../../../simulator/clock/keeper.js";
import {
  eventually,
  type HostProcess,
  type HostSettings,
  newStateFolder,
  startHostProcess,
} from "../support/host-process.js";

const DAY = 86_400_000;

let keeper: ClockKeeper;
let host: HostProcess;

beforeEach(async () => {
  keeper = await startClockKeeper({ file: path.join(newStateFolder(), "clock.json") });
  host = await start();
});

afterEach(async () => {
  await host.dispose();
  await keeper.close();
});

describe("timer functions", () => {
  it("fire at their time, and remember when they did", async () => {
    await keeper.advanceTo(nextAt(3) - 20);
    const first = await firings("nightly", 1);
    await keeper.advanceTo(nextAt(3) - 20);
    const second = await firings("nightly", 2);

    expect(first[0]).toMatchObject({
      schedule: { adjustForDST: true },
      scheduleStatus: { last: "0001-01-01T00:00:00+00:00" },
      isPastDue: false,
    });
    const { scheduleStatus } = second[1] as { scheduleStatus: { last: string; next: string } };
    expect(Date.parse(scheduleStatus.next) - Date.parse(scheduleStatus.last)).toBeLessThanOrEqual(
      DAY,
    );
    expect(scheduleStatus.next).toMatch(/T03:00:00\+00:00$/);
  });

  it("fire as past due at a start after a time that was missed", async () => {
    await host.end("SIGTERM");
    await keeper.advanceBy(2 * DAY);
    host = await start({ state: host.state });

    const fired = await firings("nightly", 1);
    expect(fired).toHaveLength(1);
    expect(fired[0]).toMatchObject({ isPastDue: true });
  });

  it("fire at every start where they ask for it", async () => {
    expect(await firings("atStart", 1)).toEqual([false]);
    await host.end("SIGTERM");
    host = await start({ state: host.state });
    expect(await firings("atStart", 1)).toEqual([false]);
  });

  it("fire on demand", async () => {
    const response = await host.fetch(`/admin/functions/nightly?code=${host.masterKey}`, {
      method: "POST",
      body: "{}",
    });
    expect(response.status).toBe(202);
    expect((await firings("nightly", 1))[0]).toMatchObject({ isPastDue: false });
  });

  it("wait for the end of a call that takes longer than their period, and then make up for it once", async () => {
    await keeper.advanceTo(nextAt(5));
    await firings("slowTimer", 1);
    await keeper.advanceBy(DAY);
    await keeper.advanceBy(DAY);
    expect(await firings("slowTimer", 1)).toHaveLength(1);

    await host.fetch("/api/endSlow", { method: "POST" });

    expect(await firings("slowTimer", 2)).toEqual([false, false]);
    await keeper.advanceTo(nextAt(5));
    expect(await firings("slowTimer", 3)).toHaveLength(3);
  });

  it("come again after a call that failed", async () => {
    await keeper.advanceTo(nextAt(6));
    await firings("failingTimer", 1);
    await keeper.advanceTo(nextAt(6));
    await firings("failingTimer", 2);
    expect(host.log).toContain("timer boom");
  });

  it("try again as their retry policy says, and tell the function", async () => {
    await keeper.advanceTo(nextAt(7));
    const tries = (await firings("retriedTimer", 3)) as { at: number }[];
    expect(tries).toMatchObject([
      { retryCount: 0, maxRetryCount: 2 },
      { retryCount: 1, maxRetryCount: 2, exception: { message: "try 0" } },
      { retryCount: 2, maxRetryCount: 2, exception: { message: "try 1" } },
    ]);
    expect(tries[2]!.at - tries[0]!.at).toBeGreaterThanOrEqual(1_990);
  });

  it("that are not monitored know no earlier time, and miss what passed while the host was down", async () => {
    await host.end("SIGTERM");
    await keeper.advanceBy(2 * DAY);
    host = await start({ state: host.state });
    await firings("nightly", 1);
    expect(await host.journal("unmonitored")).toEqual([]);

    await keeper.advanceTo(nextAt(8));
    expect(await firings("unmonitored", 1)).toEqual([{ isPastDue: false, scheduleStatus: null }]);
  });

  it("with a period come one period after the start, whatever the clock shows", async () => {
    await keeper.advanceBy(3_600_000);
    expect(await firings("hourly", 1)).toMatchObject([{ schedule: { adjustForDST: false } }]);
  });

  it("count in the time zone of the setting WEBSITE_TIME_ZONE", async () => {
    await host.end("SIGTERM");
    host = await start({
      state: host.state,
      environment: { WEBSITE_TIME_ZONE: "Asia/Kolkata" },
    });
    // Half past nine there is four o'clock at Greenwich.
    await keeper.advanceTo(nextAt(4));
    const [firedAt] = await firings("zoned", 1);
    expect(Number(firedAt) % DAY).toBeLessThan(4 * 3_600_000 + 60_000);
    expect(Number(firedAt) % DAY).toBeGreaterThanOrEqual(4 * 3_600_000);
  });

  it("start and steer orchestrations with the durable client", async () => {
    await keeper.advanceTo(nextAt(10));
    await eventually(async () =>
      (await host.manage("instances/started%20by%20a%20timer")).ok ? true : undefined,
    );
    const id = "started by a timer";
    await host.until(id, ({ customStatus }) => customStatus !== null);
    await keeper.advanceTo(nextAt(11));
    expect((await host.ended(id)).output).toEqual(["from the timer"]);
    expect(await firings("askingTimer", 1)).toEqual(["Running"]);
  });

  it("whose setting is missing are in error, and the others run", () => {
    expect(host.log).toContain(
      "The 'withoutSetting' function is in error: '%NO_SUCH_SETTING%' does not resolve to a value; add the setting NO_SUCH_SETTING",
    );
    expect(host.functions.map(({ name }) => name)).not.toContain("withoutSetting");
  });
});

function start(settings: HostSettings = {}): Promise<HostProcess> {
  return startHostProcess({
    ...settings,
    app: path.resolve(__dirname, "../fixtures/timer-app"),
    environment: { ...keeper.environment(), ...settings.environment },
  });
}

function firings(name: string, atLeast: number): Promise<readonly unknown[]> {
  return eventually(async () => {
    const entries = await host.journal(name);
    return entries.length >= atLeast ? entries.map(([, detail]) => detail) : undefined;
  });
}

/** The next time that it is so many hours after midnight UTC, on the keeper's clock. */
function nextAt(hour: number): number {
  const now = Date.now() + keeper.offset();
  const today = Math.floor(now / DAY) * DAY + hour * 3_600_000;
  return today > now ? today : today + DAY;
}
