import fc from "fast-check";
import { days, hours, minutes, seconds } from "../../../src/domain/duration.js";
import type { Environment } from "../../../src/domain/estate.js";
import { earlierBy, plus, type Instant } from "../../../src/domain/instant.js";
import {
  isOutdated,
  readinessAtStart,
  readinessBeside,
  saysOutdated,
} from "../../../src/domain/readiness/at-start-of-run.js";
import {
  checkGroups,
  checksOf,
  groupsOf,
  readinessChecks,
} from "../../../src/domain/readiness/catalogue.js";
import { readinessNotice } from "../../../src/domain/readiness/notice-of-readiness.js";
import {
  concluded,
  FindingLevel,
  ReadinessRecord,
  readinessNow,
  RecoveryScenario,
  sameVerdicts,
  toldOf,
  verdictOf,
  worstOf,
  type CheckResult,
  type Found,
} from "../../../src/domain/readiness/readiness.js";
import { sampleEstate } from "../../support/estates.js";

const at: Instant = "2026-11-22T14:00:00.000Z";
const environment = "production";
const estate = sampleEstate().environments.production!;
const single = sampleEstate().environments.development!;

const found = (more: Partial<Found> = {}): Found => ({
  ...{ about: "/x", level: "not-ready", what: "it is broken", remedy: "mend it", ...more },
});
/** Every check made, with these results instead of nothing. */
const results = (...special: readonly CheckResult[]): readonly CheckResult[] =>
  readinessChecks.map(
    ({ id }) => special.find(({ check }) => check === id) ?? { check: id, found: [] },
  );
const ttl = (...all: Found[]): CheckResult => ({ check: "traffic-ttl", found: all });
const conclude = (
  before: ReadinessRecord | undefined,
  when: Instant,
  made: readonly CheckResult[],
  of: Environment = estate,
) => concluded(before, made, { environment, estate: of, at: when });
const shown = (record: ReadinessRecord | undefined, now: Instant, of: Environment = estate) =>
  readinessNow(record, { environment, estate: of, now });
const verdicts = (record: ReadinessRecord | undefined, now: Instant, of?: Environment) =>
  Object.fromEntries(
    shown(record, now, of).scenarios.map(({ scenario, verdict }) => [scenario, verdict]),
  );

describe("the catalogue of checks", () => {
  it("has every check in one group, every group in one weight, and no id twice", () => {
    expect(new Set(readinessChecks.map(({ id }) => id)).size).toBe(readinessChecks.length);
    for (const group of checkGroups) {
      expect(new Set(checksOf(group).map(({ weight }) => weight)).size).toBe(1);
    }
    expect([...groupsOf("light"), ...groupsOf("heavy")].sort()).toEqual(
      [...groupsOf("all")].sort(),
    );
    expect(groupsOf("heavy")).toEqual([
      "checkRights",
      "checkSecretParity",
      "checkImages",
      "checkAlerting",
    ]);
  });
});

describe("a verdict", () => {
  const scenario = "redis-failure";
  const of = (...levels: FindingLevel[]) =>
    verdictOf(
      scenario,
      levels.map((level) => ({ level, scenarios: [scenario] })),
      estate,
    );

  it("is the worst of what was found about its scenario", () => {
    expect(of()).toBe("ready");
    expect(of("unknown")).toBe("degraded");
    expect(of("degraded", "unknown")).toBe("degraded");
    expect(of("unknown", "not-ready", "degraded")).toBe("not-ready");
    const other = [{ level: "not-ready", scenarios: ["storage-failure"] }] as const;
    expect(
      verdictOf(
        scenario,
        other.map((each) => ({ ...each, scenarios: [...each.scenarios] })),
        estate,
      ),
    ).toBe("ready");
  });

  it("never gets better by another finding", () => {
    const level = fc.constantFrom(...FindingLevel.options);
    const rank = { ready: 0, degraded: 1, "not-ready": 2, "not-applicable": 0 };
    fc.assert(
      fc.property(fc.array(level), level, (all, one) => {
        expect(rank[of(...all, one)]).toBeGreaterThanOrEqual(rank[of(...all)]);
      }),
    );
  });

  it("of a region is not applicable where there is one region, and says what people can do", () => {
    const record = conclude(undefined, at, results(ttl(found())), single);

    expect(verdicts(record, at, single)).toMatchObject({ "region-outage": "not-applicable" });
    expect(shown(record, at, single)).toMatchObject({ verdict: "ready", findings: [] });
    const outage = shown(record, at, single).scenarios.find(
      ({ scenario: name }) => name === "region-outage",
    );
    expect(outage?.byHand?.join()).toContain("docs/break-glass.md");
  });

  it("of several is their worst", () => {
    expect(worstOf(["ready", "not-applicable"])).toBe("ready");
    expect(worstOf(["ready", "degraded"])).toBe("degraded");
    expect(worstOf(["degraded", "not-ready"])).toBe("not-ready");
  });
});

describe("a record of readiness", () => {
  it("keeps since when a finding stands, and forgets what was mended", () => {
    const first = conclude(undefined, at, results(ttl(found())));
    const later = plus(at, minutes(10));
    const second = conclude(
      first,
      later,
      results(ttl(found({ what: "still" }), found({ about: "/y" }))),
    );
    const third = conclude(second, plus(later, minutes(10)), results());

    const findings = second.checks.flatMap((each) => each.findings);
    expect(findings.map(({ about, since, what }) => [about, since, what])).toEqual([
      ["/x", at, "still"],
      ["/y", later, "it is broken"],
    ]);
    expect(third.checks.flatMap((each) => each.findings)).toEqual([]);
    expect(third.verdicts.find(({ scenario }) => scenario === "region-outage")).toEqual({
      ...{ scenario: "region-outage", verdict: "ready", since: plus(later, minutes(10)) },
    });
    expect(ReadinessRecord.parse(third)).toEqual(third);
  });

  it("takes in the checks that were made and leaves the others; the later of two counts", () => {
    const first = conclude(undefined, at, results(ttl(found())));
    const other = conclude(first, plus(at, minutes(1)), [{ check: "clock", found: [found()] }]);
    const late = conclude(other, plus(at, seconds(30)), [
      { check: "clock", found: [] },
      { check: "no-such-check", found: [found()] },
    ]);

    expect(late.checks.flatMap((each) => each.findings.map(({ check }) => check))).toEqual([
      "traffic-ttl",
      "clock",
    ]);
    expect(late.at).toBe(plus(at, minutes(1)));
  });

  it("says nothing for ever: what is old is unknown, and one trouble", () => {
    const record = conclude(undefined, at, results());

    expect(shown(record, plus(at, minutes(30)))).toMatchObject({
      ...{ verdict: "ready", age: minutes(30), evaluatedAt: at, findings: [] },
    });
    const soon = shown(record, plus(at, minutes(31)));
    expect(soon.verdict).toBe("degraded");
    expect(soon.findings).toHaveLength(1);
    expect(soon.findings[0]).toMatchObject({ check: "evaluation", level: "unknown" });
    expect(soon.findings[0]?.what).toContain("backup-age");
    expect(soon.findings[0]?.what).not.toContain("secret-parity");
    const late = shown(record, plus(at, hours(4)));
    expect(late.findings.map(({ what }) => what)).toEqual([
      "last evaluated 4 h 00 min ago: every check",
    ]);
  });

  it("that was never made makes nothing ready", () => {
    const view = shown(undefined, at);

    expect(view.evaluatedAt).toBeUndefined();
    expect(view.scenarios.every(({ verdict }) => verdict === "degraded")).toBe(true);
    expect(view.findings).toMatchObject([{ what: "never evaluated: any check", since: at }]);
  });
});

describe("people", () => {
  const bad = results(ttl(found()));

  it("are told once of a verdict that fails, again when it changes, and when it is mended", () => {
    const first = conclude(undefined, at, bad);
    const notice = readinessNotice(first, estate);
    const again = conclude(first, plus(at, minutes(10)), bad);
    const told = toldOf(again, again.pending!);
    const quiet = conclude(told, plus(at, minutes(20)), bad);
    const worse = conclude(
      quiet,
      plus(at, minutes(30)),
      results(ttl(found({ level: "degraded" }))),
    );
    const mended = conclude(toldOf(worse, worse.pending!), plus(at, minutes(40)), results());

    expect(notice).toMatchObject({
      id: "production.readiness.261122140000000",
      subject: "[production] a recovery now would be not-ready",
      to: [{ level: "primary" }],
    });
    expect(notice?.lines[0]).toBe("region-outage: not-ready, was ready.");
    expect(notice?.lines.join("\n")).toContain("it is broken. Do this: mend it.");
    expect(readinessNotice(again, estate)?.id).toBe(notice?.id);
    expect(readinessNotice(quiet, estate)).toBeUndefined();
    expect(readinessNotice(worse, estate)?.lines[0]).toBe(
      "region-outage: degraded, was not-ready.",
    );
    expect(readinessNotice(mended, estate)).toMatchObject({
      subject: "[production] ready to recover again",
    });
  });

  it("are spared what mends itself before they were told", () => {
    const first = conclude(undefined, at, bad);
    const mended = conclude(first, plus(at, minutes(10)), results());

    expect(first.pending).toBeDefined();
    expect(mended.pending).toBeUndefined();
  });

  it("are told of what changed while they were being told", () => {
    const first = conclude(undefined, at, bad);
    const changed = conclude(first, plus(at, minutes(1)), results());
    const worse = conclude(first, plus(at, minutes(1)), results(ttl(found({ level: "degraded" }))));

    expect(toldOf(changed, first.pending!).pending).toBeUndefined();
    expect(toldOf(worse, first.pending!).pending).toEqual(worse.pending);
    const next = conclude(toldOf(changed, first.pending!), plus(at, minutes(11)), results());
    expect(next.pending?.verdicts["region-outage"]).toBe("ready");
    expect(sameVerdicts(next.pending!.verdicts, first.pending!.verdicts)).toBe(false);
  });

  it("are not woken by what could not be looked at for less than half an hour", () => {
    const unknown = results(ttl(found({ level: "unknown" })));
    const first = conclude(undefined, at, unknown);
    const still = conclude(first, plus(at, minutes(30)), unknown);

    expect(verdicts(first, at)).toMatchObject({ "region-outage": "degraded" });
    expect(first.pending).toBeUndefined();
    expect(readinessNotice(still, estate)?.lines[0]).toBe("region-outage: degraded, was ready.");
  });

  it("are shown two findings, the worst first, and how many more there are", () => {
    const all = ["a", "b", "c", "d"].map((about) => found({ about, level: "degraded" }));
    const record = conclude(
      undefined,
      at,
      results(ttl(...all, found({ about: "e", what: "worst" }))),
    );

    const lines = readinessNotice(record, estate)?.lines ?? [];
    expect(lines).toHaveLength(5);
    expect(lines[1]).toContain("worst");
    expect(lines[3]).toBe("3 more findings.");
  });
});

describe("a run that begins", () => {
  const redis: CheckResult = {
    check: "recovery-resources",
    found: [found({ scenarios: ["redis-failure"] })],
  };

  it("writes down what is known of its own scenario", () => {
    const record = conclude(undefined, at, results(redis));
    const now = plus(at, minutes(59));

    expect(readinessAtStart(record, "redis-failure", now)).toEqual([
      "readiness: not-ready: it is broken",
    ]);
    expect(readinessAtStart(record, "storage-failure", now)).toEqual([]);
    expect(readinessAtStart(record, "redis-key-rotation", now)).toEqual([]);
    expect(isOutdated(record, now)).toBe(false);
  });

  it("says so where nothing was ever evaluated, or only long ago", () => {
    const record = conclude(undefined, at, results(redis));
    const now = plus(at, hours(2));

    expect(readinessAtStart(undefined, "redis-failure", now)[0]).toContain("never evaluated");
    expect(isOutdated(undefined, now)).toBe(false);
    const heavyAlone = conclude(undefined, at, [{ check: "secret-parity", found: [] }]);
    expect(readinessAtStart(heavyAlone, "redis-failure", at)[0]).toContain("never evaluated");
    const old = readinessAtStart(record, "redis-failure", now);
    expect(old[0]).toContain("last evaluated 2 h 00 min before this run");
    expect([isOutdated(record, now), saysOutdated(old)]).toEqual([true, true]);
    expect(saysOutdated(["readiness: never evaluated"])).toBe(false);
  });

  it("has what an evaluation beside it found, if that was of its beginning", () => {
    const record = conclude(undefined, at, results(redis));
    const beside = (startedAt: Instant) => readinessBeside(record, "redis-failure", startedAt);

    expect(beside(earlierBy(at, seconds(10)))).toHaveLength(1);
    expect(beside(plus(at, seconds(1)))).toEqual([]);
    expect(beside(earlierBy(at, minutes(11)))).toEqual([]);
    expect(readinessBeside(undefined, "redis-failure", at)).toEqual([]);
  });

  it("lists ten findings and counts the rest", () => {
    const many = Array.from({ length: 14 }, (_, n) => found({ about: String(n) }));
    const record = conclude(undefined, at, results({ check: "clock", found: many }));

    const lines = readinessAtStart(record, "redis-failure", at);
    expect(lines).toHaveLength(11);
    expect(lines[10]).toBe("readiness: 4 more findings");
  });
});

it("knows the five failures, and no rotation", () => {
  expect(RecoveryScenario.options).toHaveLength(5);
  expect(days(1)).toBe(hours(24));
});
