import fc from "fast-check";
import {
  days,
  describeDuration,
  Duration,
  hours,
  milliseconds,
  minutes,
  parseDuration,
  printDuration,
  seconds,
} from "../../src/domain/duration.js";

describe("duration", () => {
  it.each([
    ["PT15M", minutes(15)],
    ["PT1H30M", minutes(90)],
    ["P90D", days(90)],
    ["P1DT12H", hours(36)],
    ["PT0.5S", milliseconds(500)],
    ["PT0S", milliseconds(0)],
  ])("reads %s", (text, duration) => {
    expect(parseDuration(text)).toBe(duration);
  });

  it.each(["15m", "P", "PT", "P1M", "PT-5M", "", "P1H", "1"])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
    expect(Duration.safeParse(text).error?.issues[0]?.message).toContain("ISO 8601");
  });

  it("prints what it reads", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 11 }), (count) => {
        expect(parseDuration(printDuration(milliseconds(count)))).toBe(count);
      }),
    );
  });

  it("parses again what it has parsed, so that an estate can travel in a run's input", () => {
    expect(Duration.parse(Duration.parse("PT15M"))).toBe(minutes(15));
  });

  it.each([
    [seconds(45), "45 s"],
    [seconds(723), "12 min 03 s"],
    [minutes(65), "1 h 05 min"],
    [hours(52), "2 d 4 h"],
  ])("describes %d for people", (duration, words) => {
    expect(describeDuration(duration)).toBe(words);
  });
});
