import { table } from "../../bench/table.js";

describe("the table of the bench", () => {
  it("names a measurement once, aligns values, and says whether a goal is met", () => {
    const shown = table([
      { measurement: "host/a", what: "first", value: 4.1234, unit: "ms", goal: { atMost: 50 } },
      { measurement: "host/a", what: "second", value: 12_345.6, unit: "ms" },
      { measurement: "host/b", what: "third", value: 64, unit: "per s", goal: { atLeast: 100 } },
    ]);

    expect(shown.split("\n")).toEqual([
      "| measurement | what   |  value | unit  | goal                 |",
      "| ----------- | ------ | -----: | ----- | -------------------- |",
      "| host/a      | first  |  4.123 | ms    | at most 50: met      |",
      "|             | second | 12,346 | ms    |                      |",
      "| host/b      | third  |     64 | per s | at least 100: MISSED |",
    ]);
  });

  it("shows a narrow miss as one", () => {
    const shown = table([
      { measurement: "m", what: "ratio", value: 1.104, unit: "", goal: { atMost: 1.1 } },
    ]);

    expect(shown).toContain("| 1.104 |      | at most 1.1: MISSED |");
  });
});
