import { lengthOf } from "../../../bench/critical-path.js";
import { criticalPath } from "../../../bench/critical-paths/region-outage.js";
import { calm } from "../../../simulator/profiles/calm.js";
import { durationsOf } from "../../../simulator/profiles/profile.js";
import { HealthRule } from "../../../src/domain/estate.js";
import { edgeWaits } from "../../../src/scenarios/edge-steps.js";
import { regionOutage, waits } from "../../../src/scenarios/region-outage.js";

const rule = HealthRule.parse({ inARow: 3, interval: "PT5S" });
const nothing = Object.fromEntries(
  Object.keys(durationsOf(calm, 1)).map((name) => [name, 0]),
) as ReturnType<typeof durationsOf>;
const lengthWith = (azure: Partial<typeof nothing>): number =>
  lengthOf(criticalPath({ ...nothing, ...azure }, rule));
const waited = lengthWith({});

describe("the critical path of a region outage", () => {
  it("counts the operations on the way, one after the other", () => {
    const azure = {
      ...{ redisUnlinking: 90_000, edgeOperation: 15_000, revisionRestart: 45_000 },
      trafficManagerFirstProbe: 10_000,
    };

    expect(lengthWith(azure) - waited).toBe(90_000 + 2 * 15_000 + 45_000 + 10_000);
  });

  it("counts of the edge only what users of the app do not wait for anyway", () => {
    const busy = { revisionRestart: 45_000, trafficManagerFirstProbe: 15_000 };
    // Three good probes, 5 s apart, are ten seconds more.
    const hidden = 45_000 + 15_000 + 10_000;

    expect(lengthWith({ ...busy, edgePropagation: hidden })).toBe(lengthWith(busy));
    expect(lengthWith({ ...busy, edgePropagation: hidden + 20_000 })).toBe(
      lengthWith(busy) + 20_000,
    );
  });

  it("counts the waits that are declared: to confirm, and good looks in a row", () => {
    const { confirm } = waits;
    const { edge, purged } = edgeWaits;

    expect(waited).toBe(
      (confirm.failedInARow - 1) * confirm.apart +
        10_000 +
        (edge.inARow - 1) * edge.apart +
        (purged.inARow - 1) * purged.apart,
    );
  });

  it("goes by steps of the scenario", () => {
    for (const { step } of criticalPath(nothing, rule)) {
      expect(Object.keys(regionOutage.steps)).toContain(step);
    }
  });
});
