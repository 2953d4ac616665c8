import { lengthOf } from "../../../bench/critical-path.js";
import { criticalPaths } from "../../../bench/critical-paths/redis-failure.js";
import { calm } from "../../../simulator/profiles/calm.js";
import { durationsOf } from "../../../simulator/profiles/profile.js";
import { redisFailure, waits } from "../../../src/scenarios/redis-failure.js";

const azure = {
  ...durationsOf(calm, 1),
  redisRebootBegin: 4_000,
  redisFailover: 16_000,
  redisUnlinking: 80_000,
  revisionRestart: 50_000,
};
const nothing = Object.fromEntries(Object.keys(azure).map((name) => [name, 0])) as typeof azure;
const lengths = (paths: ReturnType<typeof criticalPaths>) => ({
  reboot: lengthOf(paths.reboot),
  replica: lengthOf(paths.replica),
});

describe("the critical paths of Redis failure", () => {
  it("count the operations on the way", () => {
    const operations = lengths(criticalPaths(azure));
    const waited = lengths(criticalPaths(nothing));

    expect(operations.reboot - waited.reboot).toBe(20_000);
    expect(operations.replica - waited.replica).toBe(130_000);
  });

  it("count the waits that are declared: looks in a row, and the patience with a reboot", () => {
    const { confirm, reboot, verify } = waits;
    const verified = (verify.inARow - 1) * verify.apart;
    const confirmed = (confirm.failedInARow - 1) * confirm.first;

    expect(lengths(criticalPaths(nothing))).toEqual({
      reboot: confirmed + (reboot.inARow - 1) * reboot.first + verified,
      replica: confirmed + reboot.within + verified,
    });
  });

  it("go by steps of the scenario", () => {
    for (const path of Object.values(criticalPaths(azure))) {
      for (const { step } of path) expect(Object.keys(redisFailure.steps)).toContain(step);
    }
  });
});
