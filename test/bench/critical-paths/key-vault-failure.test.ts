import { lengthOf } from "../../../bench/critical-path.js";
import { criticalPaths } from "../../../bench/critical-paths/key-vault-failure.js";
import { calm } from "../../../simulator/profiles/calm.js";
import { durationsOf } from "../../../simulator/profiles/profile.js";
import { HealthRule } from "../../../src/domain/estate.js";
import { keyVaultFailure, waits } from "../../../src/scenarios/key-vault-failure.js";

const rule = HealthRule.parse({ inARow: 3, interval: "PT5S" });
const azure = {
  ...durationsOf(calm, 1),
  vaultRecovery: 70_000,
  rolePropagation: 110_000,
  revisionProvisioning: 40_000,
  revisionReady: 90_000,
};
const nothing = Object.fromEntries(Object.keys(azure).map((name) => [name, 0])) as typeof azure;
const lengths = (paths: ReturnType<typeof criticalPaths>) => ({
  softDeleted: lengthOf(paths["soft-deleted"]),
  standby: lengthOf(paths.standby),
});

describe("the critical paths of key vault failure", () => {
  it("count the operations on the way, and the longer of two that run side by side", () => {
    const operations = lengths(criticalPaths(azure, rule));
    const waited = lengths(criticalPaths(nothing, rule));

    expect(operations.softDeleted - waited.softDeleted).toBe(180_000);
    expect(operations.standby - waited.standby).toBe(90_000);
  });

  it("count the waits that are declared: to confirm, and good probes in a row", () => {
    const declared = (waits.confirm.failedInARow - 1) * waits.confirm.first + 10_000;

    expect(lengths(criticalPaths(nothing, rule))).toEqual({
      softDeleted: declared,
      standby: declared,
    });
  });

  it("go by steps of the scenario", () => {
    for (const path of Object.values(criticalPaths(azure, rule))) {
      for (const { step } of path) expect(Object.keys(keyVaultFailure.steps)).toContain(step);
    }
  });
});
