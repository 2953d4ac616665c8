import type { OrchestrationContext } from "durable-functions";
import { z } from "zod";
import { declareActivity, type Caller } from "../../src/durable/activity-contract.js";
import { once } from "../../src/domain/patience.js";
import { replay, stub } from "../support/replay-driver.js";

const activity = (name: string) =>
  declareActivity({
    name,
    input: z.number(),
    output: z.object({ nth: z.number() }),
    patience: once,
  });
const [one, other] = [activity("one"), activity("other")];
const caller: Caller = { run: "run-1", step: "s", attempt: 1, leases: [], mode: "execute" };

/** Calls five activities in a row, each chosen anew. */
const choosing = (choose: () => boolean) =>
  function* (context: OrchestrationContext) {
    for (let nth = 1; nth <= 5; nth++) {
      yield (choose() ? one : other).task(context, { ...caller, step: `s-${nth}` }, nth);
    }
  };

const drive = (choose: () => boolean) =>
  replay(choosing(choose), {
    instanceId: "run-1",
    input: {},
    stubs: [one, other].map((each) => stub(each, (nth) => ({ nth }))),
    startAt: Date.parse("2026-11-22T13:58:30.000Z"),
  });

describe("the way tests drive orchestrators", () => {
  it("goes on event by event to the end", async () => {
    const { outline, turns } = await drive(() => true);

    expect(outline).toEqual(["one", "one", "one", "one", "one"]);
    expect(turns).toBe(6);
  });

  it("refuses one that decides by what its history does not hold", async () => {
    let calls = 0;

    await expect(drive(() => ++calls !== 5)).rejects.toThrow("non-deterministic");
  });
});
