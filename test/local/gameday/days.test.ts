import { daysWith } from "../../../local/gameday/days/days.js";
import { exercises } from "../../../local/gameday/exercises/exercises.js";
import { redisFailure } from "../../../local/gameday/exercises/redis-failure.js";
import type { Exercise } from "../../../local/gameday/exercise.js";
import { isFlawless, judgeDay, type DayObserved } from "../../../local/gameday/judgement.js";
import type { RunRecord } from "../../../src/domain/run-record.js";
import { sampleEstate } from "../../support/estates.js";
import { runRecords } from "../../support/run-records.js";
import { effect } from "../../support/simulator-log.js";

const region: Exercise = {
  ...redisFailure,
  scenario: "region-outage",
  breaks: ({ primaryRegion }) => [{ name: "region-down", region: primaryRegion }],
};
const all = daysWith([...exercises.filter(({ scenario }) => scenario !== "region-outage"), region]);
const day = (name: string) => all.find((one) => one.name === name)!;
const production = sampleEstate().environments.production!;
const at = new Date("2026-11-22T14:00:00Z");

const record = (more: Partial<RunRecord>): { record: RunRecord } => ({
  record: { ...runRecords.restored, steps: [], ...more },
});
const notNeeded = record({ outcome: "not-needed" });
const verdictOf = (name: string, observed: Partial<DayObserved>) =>
  judgeDay(day(name), {
    endings: [notNeeded],
    unanswered: [],
    log: [],
    well: true,
    injected: true,
    ...observed,
  });

describe("compound days", () => {
  it("that need a scenario are there as soon as it is", () => {
    const names = (known: readonly Exercise[]) => daysWith(known).map(({ name }) => name);

    expect(names([redisFailure])).not.toContain("region-outage-during-creation");
    expect(names([redisFailure, region])).toContain("region-outage-during-creation");
  });

  it.each(all.map((one) => [one.name, one] as const))(
    "%s: alerts come, and what breaks is in the estate",
    (_name, { alerts, breaks, later, healthy }) => {
      expect(alerts(production, at).length).toBeGreaterThan(0);
      expect(breaks(production).length === 0).toBe(healthy === true);
      if (later !== undefined) expect(later.breaks(production).length).toBeGreaterThan(0);
    },
  );

  it("a storm is one alert fifty times, and alerts for three resources", () => {
    const texts = day("alert-storm")
      .alerts(production, at)
      .map((alert) => JSON.stringify(alert));
    const times = [...new Set(texts)].map((text) => texts.filter((one) => one === text).length);

    expect(times.sort((a, b) => b - a)).toEqual([50, 1, 1]);
  });
});

describe("the judgement of a compound day", () => {
  it("finds no flaw where nothing was wrong and nothing was done", () => {
    const verdict = verdictOf("nothing-wrong", { endings: [notNeeded, notNeeded] });

    expect(verdict).toMatchObject({ outcome: "not-needed, not-needed", serves: true, actions: [] });
    expect(isFlawless(verdict)).toBe(true);
  });

  it("counts whatever is done where nothing was wrong", () => {
    const verdict = verdictOf("nothing-wrong", { log: [effect("redis.forceReboot")] });
    const needless = verdictOf("nothing-wrong", { endings: [record({ outcome: "restored" })] });

    expect(verdict.actions).toEqual(["redis.forceReboot of /one at 2026-11-22T14:00:00.000Z"]);
    expect(isFlawless(verdict)).toBe(false);
    expect(needless.undefinedEnding).toBe(
      "nothing was wrong, and container-app-failure ended as restored",
    );
  });

  it("wants no more runs than there is work for, and one at least", () => {
    const four = verdictOf("alert-storm", { endings: Array.from({ length: 4 }, () => notNeeded) });
    const none = verdictOf("alert-storm", { endings: [] });

    expect(four.undefinedEnding).toBe("4 runs came of it, and there is work for 3");
    expect(none.undefinedEnding).toBe("no alert started a run");
  });

  it("takes a run that gave way for one that another speaks for", () => {
    const gaveWay = record({ outcome: "superseded", reason: "it gave way", dataLoss: "none" });
    const over = record({ outcome: "failed-over", dataLoss: "what was on its way" });
    const verdict = verdictOf("redis-and-app", { endings: [gaveWay, over] });

    expect(verdict).toMatchObject({
      outcome: "superseded, failed-over",
      serves: true,
      dataLoss: "what was on its way",
    });
    expect(isFlawless(verdict)).toBe(true);
    expect(verdictOf("redis-and-app", { endings: [gaveWay] }).undefinedEnding).toBe(
      "every run gave way, and none went on",
    );
  });

  it("shows the slowest run, and is late if any is", () => {
    const late = record({ restoredAt: "2026-11-22T14:20:00.000Z" });

    expect(verdictOf("redis-and-app", { endings: [record({}), late] }).late).toBe(true);
  });

  it("is wrong where every run says that it serves, and the app is not well", () => {
    const verdict = verdictOf("redis-and-app", { endings: [record({}), record({})], well: false });

    expect(verdict.undefinedEnding).toBe("it ended as restored, and the app is not well");
  });

  it("finds a loss out that no record tells of", () => {
    const writes = {
      attempted: 2,
      acknowledged: 2,
      gone: { storage: [], redis: ["000001"] },
    };

    expect(verdictOf("redis-and-app", { endings: [record({})], writes }).untoldLoss).toContain(
      "1 acknowledged records are gone",
    );
    const told = record({ outcome: "failed-over", dataLoss: "what was on its way" });
    expect(verdictOf("redis-and-app", { endings: [told], writes }).untoldLoss).toBeUndefined();
  });
});
