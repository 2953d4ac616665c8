import fc from "fast-check";
import { describeProven } from "../../src/domain/backup-proof.js";
import { hours, milliseconds, minutes } from "../../src/domain/duration.js";
import { earlierBy, elapsed, plus } from "../../src/domain/instant.js";
import { isProofDue, nightOf, proofRunId } from "../../src/domain/proof-schedule.js";

describe("the night of a proof", () => {
  it.each([
    ["2026-11-22T02:00:00.000Z", 2, "2026-11-22T02:00:00.000Z", true],
    ["2026-11-22T05:59:59.000Z", 2, "2026-11-22T02:00:00.000Z", true],
    ["2026-11-22T06:00:00.000Z", 2, "2026-11-22T02:00:00.000Z", false],
    ["2026-11-22T01:59:59.000Z", 2, "2026-11-21T02:00:00.000Z", false],
    // Over midnight it is one night.
    ["2026-11-23T00:30:00.000Z", 23, "2026-11-22T23:00:00.000Z", true],
    ["2026-11-22T00:00:00.000Z", 0, "2026-11-22T00:00:00.000Z", true],
  ])("at %s, from hour %d on, is that of %s", (now, hour, night, due) => {
    expect(nightOf(now, hour)).toBe(night);
    expect(isProofDue(now, hour)).toBe(due);
  });

  it("is one for all starts of a day, and names the run", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: hours(24) - 1 }),
        (hour, later) => {
          const night = nightOf("2026-11-22T12:00:00.000Z", hour);
          const now = plus(night, milliseconds(later));
          expect(nightOf(now, hour)).toBe(night);
          expect(elapsed(night, now)).toBe(later);
        },
      ),
    );
    const night = "2026-11-22T02:00:00.000Z";
    expect(proofRunId("blobs", "production", night)).toBe(
      "proof-blobs-production-20261122T020000Z",
    );
    expect(proofRunId("blobs", "production", night, 3)).toMatch(/Z-3$/);
  });
});

describe("what is said of the newest proven set", () => {
  it("is how old it is, or that there is none", () => {
    const now = "2026-11-22T14:00:00.000Z";
    const takenAt = earlierBy(now, hours(30));
    const provenAt = earlierBy(now, minutes(10));

    expect(describeProven({ set: "s", takenAt, provenAt }, now)).toBe(
      `the newest proven set is 1 d 6 h old, proven at ${provenAt}`,
    );
    expect(describeProven(undefined, now)).toContain("no set of it has been proven");
  });
});
