import type { EngineLoad } from "../../../local/host/durable/engine.js";
import { skipState } from "../../../local/host/skip-rule.js";

const WAITING: EngineLoad = { waiting: 0, nextTimerAtMs: 5_000, waitsForPerson: false };

describe("the rule about skipping", () => {
  it("lets time go to the next timer of a run that waits", () => {
    expect(skipState(WAITING, 0)).toEqual({ kind: "idle", untilMs: 5_000 });
  });

  it.each([
    ["something is under way", WAITING, 1],
    ["something could run", { ...WAITING, waiting: 1 }, 0],
    ["a run waits for a person", { ...WAITING, waitsForPerson: true }, 0],
    ["no run waits for a timer", { ...WAITING, nextTimerAtMs: undefined }, 0],
  ])("holds it while %s", (_, load, inFlight) => {
    expect(skipState(load, inFlight)).toEqual({ kind: "busy" });
  });
});
