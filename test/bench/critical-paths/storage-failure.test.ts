import { lengthOf } from "../../../bench/critical-path.js";
import { criticalPaths } from "../../../bench/critical-paths/storage-failure.js";
import { calm } from "../../../simulator/profiles/calm.js";
import { durationsOf } from "../../../simulator/profiles/profile.js";
import { HealthRule } from "../../../src/domain/estate.js";
import { edgeWaits } from "../../../src/scenarios/edge-steps.js";
import { storageFailure, waits } from "../../../src/scenarios/storage-failure.js";

const rule = HealthRule.parse({ inARow: 3, interval: "PT5S" });
const azure = {
  ...durationsOf(calm, 1),
  edgeOperation: 10_000,
  edgePropagation: 120_000,
  revisionProvisioning: 40_000,
  revisionReady: 90_000,
};
const nothing = Object.fromEntries(Object.keys(azure).map((name) => [name, 0])) as typeof azure;
const standby = (durations: typeof azure) => lengthOf(criticalPaths(durations, rule).standby);

describe("the critical path of storage failure", () => {
  it("counts what of edge and revision is not over while the other goes on", () => {
    const slowRevision = { ...azure, revisionReady: 300_000 };

    expect(standby(azure) - standby(nothing)).toBe(130_000);
    expect(standby(slowRevision) - standby(azure)).toBe(180_000);
  });

  it("counts the waits that are declared: to confirm, and good looks in a row", () => {
    const users = [edgeWaits.edge, edgeWaits.purged].map(
      ({ inARow, apart }) => (inARow - 1) * apart,
    );
    const declared = (waits.confirm.failedInARow - 1) * waits.confirm.first + 10_000;

    expect(standby(nothing)).toBe(users.reduce((sum, each) => sum + each, declared));
  });

  it("goes by steps of the scenario", () => {
    for (const { step } of criticalPaths(azure, rule).standby) {
      expect(Object.keys(storageFailure.steps)).toContain(step);
    }
  });
});
