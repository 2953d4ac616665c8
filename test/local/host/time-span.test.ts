import fc from "fast-check";
import { formatTimeSpan, parseTimeSpan } from "../../../local/host/time-span.js";

describe("time span", () => {
  it.each([
    ["00:05:00", 300_000],
    ["1.02:03:04", 93_784_000],
    ["00:00:00.5", 500],
  ])("%s is %i ms", (text, milliseconds) => {
    expect(parseTimeSpan(text)).toBe(milliseconds);
  });

  it.each(["5 min", "25:00:00", "00:60:00", "00:00:60", ""])("%j is none", (text) => {
    expect(parseTimeSpan(text)).toBeUndefined();
  });

  it("is read as it was written", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), (seconds) => {
        expect(parseTimeSpan(formatTimeSpan(seconds * 1_000))).toBe(seconds * 1_000);
      }),
    );
  });
});
