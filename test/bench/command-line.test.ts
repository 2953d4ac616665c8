import { help, readCommandLine } from "../../bench/command-line.js";
import { sizeFlags } from "../../bench/sizes.js";

const all = ["host/start", "host/replay", "cold/first-alert"].map((full) => {
  const [group = "", name = ""] = full.split("/");
  return { group, name, measure: () => Promise.resolve([]) };
});

function read(...args: string[]) {
  const order = readCommandLine(args, all);
  if (order === "help") throw new Error("help was asked for");
  const { sizes, json, chosen } = order;
  return { sizes, json, names: chosen.map(({ name }) => name) };
}

describe("the command line of the bench", () => {
  it("measures everything at its usual size unless it is told otherwise", () => {
    const { sizes, json, names } = read();

    expect(names).toEqual(["start", "replay", "first-alert"]);
    expect(sizes.purged).toBe(sizeFlags.purged.usual);
    expect(json).toBe(false);
  });

  it("takes a group, a name or both, more than once, in the order of the table", () => {
    expect(read("--only", "host").names).toEqual(["start", "replay"]);
    expect(read("--only", "first-alert", "--only", "host/start").names).toEqual([
      "start",
      "first-alert",
    ]);
  });

  it("takes sizes, also beside --quick", () => {
    const { sizes } = read("--quick", "--purged", "7");

    expect(sizes).toMatchObject({ purged: 7, many: sizeFlags.many.quick });
  });

  it.each([
    [["--only", "moon"], "--only moon is not known; known are host, start"],
    [["--purged", "0"], "--purged must be a whole number from 1 on, not 0"],
    [["--purged", "many"], "not many"],
    [["--fast"], "--fast"],
  ])("refuses %j with what is wrong", (args, message) => {
    expect(() => readCommandLine(args, all)).toThrow(message);
  });

  it("explains every measurement and every size", () => {
    expect(readCommandLine(["--help"], all)).toBe("help");
    const text = help(all);
    for (const { group, name } of all) expect(text).toMatch(new RegExp(`${group}: .*${name}`));
    for (const name of Object.keys(sizeFlags)) expect(text).toContain(`--${name} N`);
  });
});
