import path from "node:path";
import { type ClockKeeper, startClockKeeper } from "../../../simulator/clock/keeper.js";
import {
  eventually,
  type HostProcess,
  newStateFolder,
  startHostProcess,
} from "../support/host-process.js";

const DAY = 86_400_000;

let keeper: ClockKeeper;
let host: HostProcess;

beforeEach(async () => {
  keeper = await startClockKeeper({ file: path.join(newStateFolder(), "clock.json") });
  host = await startHostProcess({ environment: keeper.environment() });
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
    host = await startHostProcess({ state: host.state, environment: keeper.environment() });

    const fired = await firings("nightly", 1);
    expect(fired).toHaveLength(1);
    expect(fired[0]).toMatchObject({ isPastDue: true });
  });

  it("fire at every start where they ask for it", async () => {
    expect(await firings("atStart", 1)).toEqual([false]);
    await host.end("SIGTERM");
    host = await startHostProcess({ state: host.state, environment: keeper.environment() });
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

  it("whose setting is missing are in error, and the others run", () => {
    expect(host.log).toContain(
      "The 'withoutSetting' function is in error: '%NO_SUCH_SETTING%' does not resolve to a value; add the setting NO_SUCH_SETTING",
    );
    expect(host.functions.map(({ name }) => name)).not.toContain("withoutSetting");
  });
});

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
