import { compareVersions, mayRun } from "../../../../local/host/durable/version-rule.js";

describe("version rule", () => {
  it.each([
    ["None", "9.0", true],
    ["Strict", "1.5.0", true],
    ["Strict", "1.4.0", false],
    ["Strict", null, false],
    ["CurrentOrOlder", "1.4.0", true],
    ["CurrentOrOlder", "1.5.0", true],
    ["CurrentOrOlder", "2.0.0", false],
    ["CurrentOrOlder", null, true],
  ] as const)("%s lets %s run: %s", (versionMatchStrategy, version, runs) => {
    expect(mayRun(version, { defaultVersion: "1.5.0", versionMatchStrategy })).toBe(runs);
  });

  it("does not apply to an app without a version", () => {
    expect(mayRun("9", { defaultVersion: undefined, versionMatchStrategy: "Strict" })).toBe(true);
  });

  it.each([
    ["1.10", "1.9", 1],
    ["1.0", "1", 0],
    ["1.0.0", "1.0.1", -1],
    ["b", "a", 1],
  ])("compares %s with %s", (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });
});
