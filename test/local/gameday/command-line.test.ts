import { help, readCommandLine } from "../../../local/gameday/command-line.js";
import { duplicateRule } from "../../../local/gameday/duplicates.js";
import { faultNames, type Exercise } from "../../../local/gameday/exercise.js";
import { containerAppFailure } from "../../../local/gameday/exercises/container-app-failure.js";

const redis: Exercise = { ...containerAppFailure, scenario: "redis-failure" };
const known = [containerAppFailure, redis];

function read(...args: string[]) {
  const order = readCommandLine(args, known);
  if (order === "help") throw new Error("help was asked for");
  return { ...order, exercises: order.exercises.map(({ scenario }) => scenario) };
}

describe("the command line of a game day", () => {
  it("plays every scenario under every fault on a bad day unless it is told otherwise", () => {
    expect(read()).toEqual({
      exercises: ["container-app-failure", "redis-failure"],
      faults: [...faultNames],
      profile: "bad-day",
      json: false,
    });
  });

  it("takes lists, also several, and keeps the order of the table", () => {
    const { exercises, faults, profile } = read(
      "--scenario=redis-failure,container-app-failure",
      "--fault=region-down, none",
      "--fault=throttle",
      "--profile=calm",
    );

    expect(exercises).toEqual(["container-app-failure", "redis-failure"]);
    expect(faults).toEqual(["none", "throttle", "region-down"]);
    expect(profile).toBe("calm");
  });

  it.each([
    [["--scenario", "moon"], "--scenario moon is not known; known are container-app-failure"],
    [["--fault", "none,rain"], "--fault rain is not known; known are none, throttle"],
    [["--fault", ""], "--fault  is not known"],
    [["--profile", "worse"], "--profile worse is not known; known are bad-day, calm"],
    [["--fast"], "--fast"],
  ])("refuses %j with what is wrong", (args, message) => {
    expect(() => readCommandLine(args, known)).toThrow(message);
  });

  it("explains every scenario, every fault, and what counts as a duplicate", () => {
    expect(readCommandLine(["--help"], known)).toBe("help");
    const text = help(known);
    for (const { scenario } of known) expect(text).toContain(`    ${scenario}\n`);
    for (const name of faultNames) expect(text).toMatch(new RegExp(`^    ${name} +\\S`, "m"));
    expect(text).toContain(duplicateRule);
  });
});
