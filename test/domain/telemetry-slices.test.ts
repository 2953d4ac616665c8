import fc from "fast-check";
import { days, hours, milliseconds, minutes } from "../../src/domain/duration.js";
import { elapsed, plus } from "../../src/domain/instant.js";
import {
  dayIn,
  daysOf,
  exportedStretch,
  fileOf,
  halvesOf,
  rowsIn,
  rowsVersion,
  slicesOf,
  type Stretch,
} from "../../src/domain/telemetry-slices.js";

const midnight = "2026-11-22T00:00:00.000Z";
const day: Stretch = { begin: midnight, end: plus(midnight, days(1)) };

it("an export goes from a midnight to the newest minute that all has arrived of", () => {
  const stretch = exportedStretch("2026-12-22T10:20:30.500Z");

  expect(stretch).toEqual({ begin: midnight, end: "2026-12-22T10:05:00.000Z" });
  const all = daysOf(stretch);
  expect(all).toHaveLength(31);
  expect(all[0]).toEqual(day);
  expect(all.at(-1)).toEqual({ begin: "2026-12-22T00:00:00.000Z", end: stretch.end });
  // Where it ends with a midnight there is no empty day behind it.
  expect(daysOf({ begin: midnight, end: day.end })).toEqual([day]);
});

describe("the slices of a day", () => {
  it("cover all of it without a gap, and none has too many unless one bin has", () => {
    const bins = fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(bins, (rows) => {
        const counts = rows.flatMap((each, hour) =>
          each === 0 ? [] : [{ at: plus(midnight, hours(hour)), rows: each }],
        );
        const slices = slicesOf(day, counts, 100);
        const sum = rows.reduce((all, each) => all + each, 0);
        expect(slices.reduce((all, each) => all + each.rows, 0)).toBe(sum);
        if (sum === 0) {
          expect(slices).toEqual([]);
          return;
        }
        expect(slices[0]?.begin).toBe(day.begin);
        expect(slices.at(-1)?.end).toBe(day.end);
        for (const [index, { begin, end, rows: held }] of slices.entries()) {
          if (index > 0) expect(begin).toBe(slices[index - 1]?.end);
          expect(held).toBeGreaterThan(0);
          const binsWithin = counts.filter(({ at }) => at >= begin && at < end);
          if (held > 100) expect(binsWithin).toHaveLength(1);
        }
      }),
    );
  });

  it("leave out what other days have", () => {
    const counts = [
      { at: plus(midnight, hours(23)), rows: 5 },
      { at: day.end, rows: 7 },
    ];

    expect(slicesOf(day, counts)).toEqual([{ ...day, rows: 5 }]);
  });
});

it("a stretch is halved until it is too short", () => {
  const halves = halvesOf(day);

  expect(halves).toEqual([
    { begin: midnight, end: plus(midnight, hours(12)) },
    { begin: plus(midnight, hours(12)), end: day.end },
  ]);
  let [stretch, times]: [Stretch, number] = [day, 0];
  for (let next = halvesOf(stretch); next !== undefined; next = halvesOf(stretch)) {
    stretch = next[1];
    times += 1;
  }
  expect(times).toBeLessThan(18);
  expect(elapsed(stretch.begin, stretch.end)).toBeLessThan(2_000);
  expect(halvesOf({ begin: midnight, end: plus(midnight, milliseconds(1)) })).toBeUndefined();
  expect(halvesOf({ begin: midnight, end: plus(midnight, minutes(1)) })).toBeDefined();
});

it("a file says which day it is of, and an item how many requests it holds", () => {
  expect(fileOf(midnight, 3)).toBe("requests-20261122-03.csv.gz");
  expect(dayIn(fileOf(midnight, 120))).toBe("20261122");
  expect(rowsIn(rowsVersion(12))).toBe(12);
  expect(rowsIn("0x8D")).toBeUndefined();
  expect(rowsIn(undefined)).toBeUndefined();
});
