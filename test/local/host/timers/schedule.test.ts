import { parseSchedule } from "../../../../local/host/timers/schedule.js";

const FROM = Date.UTC(2026, 10, 23, 8, 30, 15, 250);

describe("schedule", () => {
  it.each([
    ["0 */5 * * * *", "2026-11-23T08:35:00.000Z", true],
    ["*/10 * * * * *", "2026-11-23T08:30:20.000Z", false],
    ["* * * * *", "2026-11-23T08:31:00.000Z", true],
    ["0 0 3 * * *", "2026-11-24T03:00:00.000Z", true],
    ["0 0 9 1 Jan Mon-Fri", "2027-01-01T09:00:00.000Z", true],
    // Both the day of the month and the weekday must fit.
    ["0 0 0 13 * 5", "2027-08-13T00:00:00.000Z", true],
    ["00:00:07", "2026-11-23T08:30:22.250Z", false],
    ["01:00:00", "2026-11-23T09:30:15.250Z", true],
  ])("%s is next due at %s", (text, next, monitored) => {
    const schedule = parseSchedule(text);
    expect(new Date(schedule.next(FROM)).toISOString()).toBe(next);
    expect(schedule.monitored).toBe(monitored);
  });

  it.each([
    ["in winter", Date.UTC(2026, 10, 23, 8), "2026-11-24T02:30:00.000Z"],
    ["in summer", Date.UTC(2026, 6, 1, 8), "2026-07-02T01:30:00.000Z"],
    [
      "after the night in which summer ended",
      Date.UTC(2026, 9, 24, 20),
      "2026-10-25T02:30:00.000Z",
    ],
  ])("counts its hours in the time zone that is named, %s", (_, from, next) => {
    const schedule = parseSchedule("0 30 3 * * *", "Europe/Berlin");
    expect(new Date(schedule.next(from)).toISOString()).toBe(next);
  });

  it("does not count a period in any time zone", () => {
    expect(parseSchedule("01:00:00", "Europe/Berlin").next(FROM)).toBe(FROM + 3_600_000);
  });

  it("refuses a time zone that nobody knows", () => {
    expect(() => parseSchedule("0 0 3 * * *", "W. Europe Standard Time")).toThrow(
      "use an IANA name, for instance Europe/Berlin",
    );
  });

  it.each(["every day", "* * *", "0 0 0 L * *", "0 99 * * * *", "00:00:00", ""])(
    "refuses %j",
    (text) => {
      expect(() => parseSchedule(text)).toThrow(/^the schedule '/);
    },
  );
});
