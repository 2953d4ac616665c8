import {
  alertAndDrill,
  blockedAt,
  describeWindow,
  drillOfQuarter,
  isDrillDue,
  isOverdue,
  nextDrill,
  plannedDrillRun,
  residueOf,
  trendOf,
  undoByOf,
  type DrillInHand,
} from "../../src/domain/drill.js";
import { milliseconds, minutes } from "../../src/domain/duration.js";
import { Environment, primaryOf } from "../../src/domain/estate.js";
import { report } from "../../src/domain/report.js";
import { sampleEstate, sampleJson } from "../support/estates.js";
import { runRecords } from "../support/run-records.js";

const brokenAt = "2026-11-22T10:00:00.000Z";
const drill: DrillInHand = {
  version: 1,
  environment: "production",
  drill: "q1",
  run: "drill-q1-production-20261122T095500Z-ab12cd",
  resource: "/subscriptions/s/app",
  scenario: "container-app-failure",
  status: "broken",
  begunAt: "2026-11-22T09:55:00.000Z",
  brokenAt,
  undoBy: undoByOf(brokenAt, minutes(15)),
};
const undone: DrillInHand = { ...drill, status: "undone", undoneAt: "2026-11-22T10:06:00.000Z" };
const ended: DrillInHand = { ...undone, status: "ended" };
const alert = (firedAt: string, more = {}) => ({
  scenario: "container-app-failure" as const,
  resource: "/subscriptions/S/App",
  firedAt,
  ...more,
});

describe("an alert of an environment that practises", () => {
  it.each([
    ["its fault's own, while it is there", drill, alert("2026-11-22T10:02:00.000Z"), "practised"],
    ["of before the fault", drill, alert("2026-11-22T09:59:59.000Z"), "real-during-drill"],
    [
      "of another resource",
      drill,
      alert("2026-11-22T10:02:00.000Z", { resource: "/other" }),
      "real-during-drill",
    ],
    [
      "of another failure",
      drill,
      alert("2026-11-22T10:02:00.000Z", { scenario: "redis-failure" }),
      "real-during-drill",
    ],
    ["fired by the fault, late", undone, alert("2026-11-22T10:05:00.000Z"), "late"],
    ["fired by the fault, later still", ended, alert("2026-11-22T10:05:00.000Z"), "late"],
    ["fired after the undoing", undone, alert("2026-11-22T10:06:01.000Z"), "real-during-drill"],
    ["fired long after", ended, alert("2026-11-22T12:00:00.000Z"), "real"],
    ["of an environment without a drill", undefined, alert("2026-11-22T10:02:00.000Z"), "real"],
  ] as const)("%s", (_what, inHand, fired, meaning) => {
    expect(alertAndDrill(inHand, fired)).toBe(meaning);
  });
});

describe("the dead man's switch", () => {
  it.each([
    ["the run goes on and has time", drill, false, "2026-11-22T10:10:00.000Z", false],
    ["the run is over", drill, true, "2026-11-22T10:10:00.000Z", true],
    ["the run takes too long", drill, false, "2026-11-22T10:30:01.000Z", true],
    ["nothing is broken any more", undone, true, "2026-11-22T11:00:00.000Z", false],
  ])("where %s", (_what, inHand, over, now, overdue) => {
    expect(isOverdue(inHand, over, now)).toBe(overdue);
  });
});

describe("the calendar of drills", () => {
  const drills = Environment.shape.drills.parse({
    quarterly: { month: 2, day: 10, hour: 3 },
    blocked: [
      { from: "2026-11-10T00:00:00Z", until: "2026-11-12T00:00:00Z", reason: "freeze" },
      { from: "2026-11-12T00:00:00Z", until: "2026-11-12T06:00:00Z", reason: "audit" },
    ],
  });

  it.each([
    ["2026-02-01T00:00:00.000Z", "q1", "2026-02-10T03:00:00.000Z", "2026-Q1"],
    ["2026-06-30T23:59:59.000Z", "q2", "2026-05-10T03:00:00.000Z", "2026-Q2"],
    ["2026-07-01T00:00:00.000Z", "q3", "2026-08-10T03:00:00.000Z", "2026-Q3"],
    ["2026-12-31T00:00:00.000Z", "q4", "2026-11-10T03:00:00.000Z", "2026-Q4"],
  ])("has at %s the drill %s at %s", (now, id, plannedAt, quarter) => {
    expect(drillOfQuarter(drills.quarterly!, now)).toEqual({ drill: id, plannedAt, quarter });
  });

  it("begins a drill when the windows that block it have ended, and none that was missed", () => {
    const plannedAt = "2026-11-10T03:00:00.000Z";
    const at = (now: string) => isDrillDue(drills, plannedAt, now);

    expect(at("2026-11-10T03:00:00.000Z")).toBe(false);
    expect(at("2026-11-12T05:59:00.000Z")).toBe(false);
    expect(at("2026-11-12T06:00:00.000Z")).toBe(true);
    expect(at("2026-11-12T10:00:00.000Z")).toBe(false);
    expect(isDrillDue(drills, "2026-08-10T03:00:00.000Z", "2026-08-10T03:10:00.000Z")).toBe(true);
  });

  it.each([
    ["2026-10-01T00:00:00.000Z", "q4", "2026-Q4", "2026-11-12T06:00:00Z"],
    ["2026-11-12T09:59:00.000Z", "q4", "2026-Q4", "2026-11-12T06:00:00Z"],
    ["2026-11-12T10:00:00.000Z", "q1", "2027-Q1", "2027-02-10T03:00:00.000Z"],
    ["2026-08-11T00:00:00.000Z", "q4", "2026-Q4", "2026-11-12T06:00:00Z"],
  ])("knows at %s that %s of %s is next, when the windows have ended", (now, id, quarter, at) => {
    expect(nextDrill({ ...drills, quarterly: drills.quarterly! }, now)).toEqual({
      drill: id,
      quarter,
      at,
    });
  });

  it("names the window that blocks, and gives a planned drill one id", () => {
    const window = blockedAt(drills, "2026-11-12T00:00:00.000Z");
    expect(window && describeWindow(window)).toBe(
      "no drill from 2026-11-12T00:00:00Z until 2026-11-12T06:00:00Z: audit",
    );
    expect(blockedAt(drills, "2026-11-13T00:00:00.000Z")).toBeUndefined();
    expect(plannedDrillRun("q4", "staging", "2026-11-10T03:00:00.000Z")).toBe(
      "drill-q4-staging-20261110T030000Z",
    );
  });

  it("says what is wrong with a window that ends before it begins", () => {
    const { environments } = sampleJson();
    const found = Environment.safeParse({
      ...environments.production,
      drills: {
        blocked: [{ from: "2026-11-12T00:00:00Z", until: "2026-11-10T00:00:00Z", reason: "x" }],
      },
    });
    expect(found.error?.issues).toMatchObject([
      {
        path: ["drills", "blocked", 0, "until"],
        message: "is not after from; write when the window ends",
      },
    ]);
  });
});

it("finds what a drill has left behind, field by field", () => {
  expect(residueOf({ a: "1", b: "2" }, { a: "1", b: "3", c: "4" })).toEqual([
    "b was 2 and is 3",
    "c was absent and is 4",
  ]);
  expect(residueOf({ a: "1" }, { a: "1" })).toEqual([]);
});

describe("the trend of drills", () => {
  const before = (took: number | undefined, outcome = "passed") => ({
    startedAt: "2026-08-10T03:00:00.000Z",
    outcome,
    took: took === undefined ? undefined : milliseconds(took),
  });

  it.each([
    [60_000, [], "the first drill of its kind here"],
    [60_000, [before(90_000)], "30 s faster than the last one; before: 2026-08-10 1 min 30 s"],
    [90_000, [before(60_000)], "30 s slower than the last one; before: 2026-08-10 1 min 00 s"],
    [60_000, [before(60_000)], "as long as the last one; before: 2026-08-10 1 min 00 s"],
    [60_000, [before(undefined, "failed")], "before: 2026-08-10 failed"],
    [undefined, [before(60_000)], "before: 2026-08-10 1 min 00 s"],
  ])("of %s after %j", (took, earlier, words) => {
    expect(trendOf(took === undefined ? undefined : milliseconds(took), earlier)).toBe(words);
  });
});

it("is named as what started a run, in its report", () => {
  const trigger = { kind: "drill", drill: drill.run, reason: "practised" } as const;
  const { facts } = report({ ...runRecords.restored, trigger });

  expect(Object.fromEntries(facts)["Started by"]).toBe(`drill ${drill.run}: practised`);
});

it("measures nothing where nothing was broken", () => {
  const names = (status: "done" | "failed") =>
    report({
      ...runRecords.restored,
      kind: "drill",
      steps: [{ ...runRecords.restored.steps[0]!, id: "inject", status }],
    }).facts.map(([name]) => name);

  expect(names("done")).toContain("Recovery time");
  expect(names("failed")).not.toContain("Recovery time");
});

it("is about what the environment uses at first", () => {
  const estate = sampleEstate().environments.production!;
  const kinds = ["container-app", "redis", "key-vault", "storage", "traffic-manager"] as const;

  expect(kinds.map((kind) => primaryOf(estate, kind))).toEqual([
    estate.containerApp.primary,
    estate.redis.primary,
    estate.keyVault.primary,
    estate.storage.primary,
    estate.trafficManager?.profile,
  ]);
});
