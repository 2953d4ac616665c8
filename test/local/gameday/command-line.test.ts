import { help, readCommandLine } from "../../../local/gameday/command-line.js";
import { daysWith } from "../../../local/gameday/days/days.js";
import { duplicateRule } from "../../../local/gameday/duplicates.js";
import { faultNames, type Exercise } from "../../../local/gameday/exercise.js";
import { containerAppFailure } from "../../../local/gameday/exercises/container-app-failure.js";
import { gapRule } from "../../../local/gameday/gaps.js";
import { differenceRule } from "../../../local/gameday/record-against-log.js";

const redis: Exercise = { ...containerAppFailure, scenario: "redis-failure" };
const known = { exercises: [containerAppFailure, redis], days: daysWith([]) };
const allDays = ["redis-and-app", "alert-storm", "nothing-wrong"];

function read(...args: string[]) {
  const order = readCommandLine(args, known);
  if (order === "help") throw new Error("help was asked for");
  return {
    ...order,
    exercises: order.exercises.map(({ scenario }) => scenario),
    days: order.days.map(({ name }) => name),
  };
}

describe("the command line of a game day", () => {
  it("plays every scenario under every fault, and every day, on a bad day unless it is told otherwise", () => {
    expect(read()).toEqual({
      exercises: ["container-app-failure", "redis-failure"],
      days: allDays,
      faults: [...faultNames],
      seed: 1,
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

  it("takes compound days by their names or all at once, and leaves them out where faults are named", () => {
    const pick = (...args: string[]) => {
      const { exercises, days } = read(...args);
      return [exercises, days];
    };

    expect(pick("--scenario=compound")).toEqual([[], allDays]);
    expect(pick("--scenario=alert-storm,redis-failure")).toEqual([
      ["redis-failure"],
      ["alert-storm"],
    ]);
    expect(pick("--scenario=redis-failure")).toEqual([["redis-failure"], []]);
    expect(pick("--fault=none")).toEqual([["container-app-failure", "redis-failure"], []]);
    expect(read("--seed=42").seed).toBe(42);
  });

  it.each([
    [["--seed", "many"], "--seed many is no whole number"],
    [["--scenario", "moon"], "--scenario moon is not known; known are container-app-failure"],
    [["--fault", "none,rain"], "--fault rain is not known; known are none, throttle"],
    [["--fault", ""], "--fault  is not known"],
    [["--profile", "worse"], "--profile worse is not known; known are bad-day, calm"],
    [["--fast"], "--fast"],
  ])("refuses %j with what is wrong", (args, message) => {
    expect(() => readCommandLine(args, known)).toThrow(message);
  });

  it("explains every scenario, day and fault, and the rules by which it judges", () => {
    expect(readCommandLine(["--help"], known)).toBe("help");
    const text = help(known);
    for (const { scenario } of known.exercises) expect(text).toContain(`    ${scenario}\n`);
    for (const { name, what } of known.days)
      expect(text).toMatch(new RegExp(`^    ${name} +${what}$`, "m"));
    for (const name of faultNames) expect(text).toMatch(new RegExp(`^    ${name} +\\S`, "m"));
    for (const rule of [duplicateRule, differenceRule, gapRule]) expect(text).toContain(rule);
  });
});
