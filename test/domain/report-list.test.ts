import { entryOf } from "../../src/domain/record-entry.js";
import { pageOf, type Position } from "../../src/domain/report-list.js";
import { runRecords } from "../support/run-records.js";

const file = { blob: "x", bytes: 1, sha256: "x" };
const entries = ["01", "03", "02", "03"].map((day, nth) =>
  entryOf(
    {
      ...runRecords.restored,
      id: `run-${nth}`,
      endedAt: `2026-10-${day}T00:00:00.000Z`,
      kind: nth === 0 ? "drill" : "recovery",
    },
    file,
    [],
  ),
);
const idsOf = (
  ...given: Parameters<typeof pageOf> extends [unknown, ...infer Rest] ? Rest : never
) => pageOf(entries, ...given).entries.map(({ id }) => id);

describe("a list of reports", () => {
  it("has the newest end first, each once, whatever the size of its pages", () => {
    for (const limit of [1, 2, 3, 4, 5]) {
      const seen: string[] = [];
      let after: Position | undefined;
      do {
        const page = pageOf(entries, {}, limit, after);
        seen.push(...page.entries.map(({ id }) => id));
        after = page.next;
      } while (after !== undefined);
      expect(seen).toEqual(["run-3", "run-1", "run-2", "run-0"]);
    }
  });

  it("is narrowed by each of its filters", () => {
    expect(idsOf({ kind: "drill" }, 9)).toEqual(["run-0"]);
    expect(idsOf({ outcome: "failed" }, 9)).toEqual([]);
    expect(idsOf({ environment: "staging" }, 9)).toEqual([]);
    expect(idsOf({ scenario: "container-app-failure" }, 9)).toHaveLength(4);
    expect(idsOf({ since: "2026-10-02T00:00:00Z", until: "2026-10-03T00:00:00Z" }, 9)).toEqual([
      "run-2",
    ]);
  });
});
