import { lengthOf, until } from "../../../bench/critical-path.js";
import { criticalPaths } from "../../../bench/critical-paths/container-app-failure.js";
import { calm } from "../../../simulator/profiles/calm.js";
import { durationsOf } from "../../../simulator/profiles/profile.js";
import { HealthRule } from "../../../src/domain/estate.js";
import { containerAppFailure, waits } from "../../../src/scenarios/container-app-failure.js";

const rule = HealthRule.parse({ inARow: 3, interval: "PT5S" });
const azure = {
  ...durationsOf(calm, 1),
  revisionRestart: 40_000,
  revisionActivation: 60_000,
  revisionProvisioning: 30_000,
  revisionReady: 70_000,
  appSettings: 10_000,
};
const nothing = Object.fromEntries(Object.keys(azure).map((name) => [name, 0])) as typeof azure;
const length = (paths: ReturnType<typeof criticalPaths>) => ({
  restart: lengthOf(paths.restart),
  rollBack: lengthOf(paths["roll-back"]),
  trafficShift: lengthOf(paths["traffic-shift"]),
});

describe("the critical paths of container app failure", () => {
  it("count the operations on the way, and the longer of two that run side by side", () => {
    const operations = length(criticalPaths(azure, rule));
    const waited = length(criticalPaths(nothing, rule));

    expect({
      restart: operations.restart - waited.restart,
      rollBack: operations.rollBack - waited.rollBack,
      trafficShift: operations.trafficShift - waited.trafficShift,
    }).toEqual({ restart: 40_000, rollBack: 170_000, trafficShift: 50_000 });
  });

  it("count the waits that are declared: confirm, give up, and good probes in a row", () => {
    const confirmed = (waits.confirm.failedInARow - 1) * waits.confirm.first;
    const inVain = (waits.restart.failedInARow - 1) * rule.interval;

    expect(length(criticalPaths(nothing, rule))).toEqual({
      restart: confirmed + 10_000,
      rollBack: confirmed + inVain + 10_000 + 10_000,
      trafficShift: confirmed + inVain + 10_000,
    });
  });

  it("go by steps of the scenario, and can be followed to one of them", () => {
    const paths = criticalPaths(azure, rule);

    for (const path of Object.values(paths)) {
      for (const { step } of path) expect(Object.keys(containerAppFailure.steps)).toContain(step);
    }
    expect(until(paths["roll-back"], "verify").at(-1)?.step).toBe("verify");
    expect(() => until(paths.restart, "shift-traffic")).toThrow("no step shift-traffic");
  });
});
