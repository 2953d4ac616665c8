import fc from "fast-check";
import { hours, milliseconds, minutes, seconds } from "../../src/domain/duration.js";
import { isAfter, plus, type Instant } from "../../src/domain/instant.js";
import {
  dueMilestone,
  halfUsedAt,
  nextMilestoneAt,
  type Milestone,
} from "../../src/domain/milestones.js";
import { noticeOf } from "../../src/domain/notice-of.js";
import type { Notice } from "../../src/domain/notice.js";
import { Environment } from "../../src/domain/estate.js";
import { checkpointAfter } from "../support/checkpoints.js";
import { sampleEstate } from "../support/estates.js";

const detectedAt = "2026-11-22T14:00:00.000Z";
const after = (ms: number): Instant => plus(detectedAt, milliseconds(ms));
const deadlines = { scenarioAt: after(minutes(15)), environmentAt: after(hours(1)) };
const due = (ms: number, already: readonly Milestone[] = []) =>
  dueMilestone(deadlines, detectedAt, after(ms), already);

const half: Milestone = { kind: "half-rto-used" };
const scenario: Milestone = { kind: "breached", distinction: "scenario" };
const environment: Milestone = { kind: "breached", distinction: "environment" };

describe("milestones", () => {
  it("come at half of the scenario's RTO, at its end and at the environment's ceiling", () => {
    expect(due(minutes(7))).toBeUndefined();
    expect(due(minutes(7.5))).toEqual(half);
    expect(due(minutes(15))).toEqual(half);
    expect(due(minutes(15) + 1)).toEqual(scenario);
    expect(due(hours(1) + 1)).toEqual(environment);
  });

  it("are told once", () => {
    expect(due(minutes(8), [half])).toBeUndefined();
    expect(due(minutes(16), [half])).toEqual(scenario);
    expect(due(minutes(16), [half, scenario])).toBeUndefined();
    expect(due(hours(2), [half, scenario])).toEqual(environment);
  });

  it("are told by the notices about them", () => {
    const { contacts } = Environment.parse(sampleEstate().environments.production);
    const checkpoint = checkpointAfter(minutes(16));
    const { clock, at } = checkpoint;
    const next = (posted: readonly Notice[]) =>
      dueMilestone(clock.deadlines, checkpoint.detectedAt, at, posted);

    const milestone = next([]);
    if (milestone === undefined) throw new Error("a breach is due");
    const notice = noticeOf(milestone, { run: "r", checkpoint, contacts, before: [] });

    expect(milestone).toEqual(scenario);
    expect(next([notice])).toBeUndefined();
  });

  it("go by the ceiling where it is the tighter one", () => {
    const tight = { scenarioAt: after(hours(1)), environmentAt: after(minutes(20)) };

    expect(halfUsedAt(tight, detectedAt)).toBe(after(minutes(10)));
    expect(dueMilestone(tight, detectedAt, after(minutes(21)), [])).toEqual(environment);
    expect(dueMilestone(tight, detectedAt, after(hours(2)), [environment])).toBeUndefined();
  });

  it("say when to look again", () => {
    expect(nextMilestoneAt(deadlines, detectedAt, detectedAt)).toBe(after(minutes(7.5)));
    expect(nextMilestoneAt(deadlines, detectedAt, after(minutes(8)))).toBe(after(minutes(15) + 1));
    expect(nextMilestoneAt(deadlines, detectedAt, after(hours(2)))).toBeUndefined();
  });

  it("are each told once, in order of gravity, however a run wakes", () => {
    const spans = fc.integer({ min: seconds(1), max: hours(8) });
    fc.assert(
      fc.property(spans, spans, fc.array(spans, { maxLength: 20 }), (rto, ceiling, wakes) => {
        const limits = { scenarioAt: after(rto), environmentAt: after(ceiling) };
        const told: Milestone[] = [];
        for (const wake of [...wakes].sort((one, other) => one - other)) {
          const milestone = dueMilestone(limits, detectedAt, after(wake), told);
          if (milestone !== undefined) told.push(milestone);
        }

        const gravity = told.map((milestone) =>
          [half, scenario, environment].findIndex(
            (one) => JSON.stringify(one) === JSON.stringify(milestone),
          ),
        );
        expect(gravity).toEqual([...new Set(gravity)].sort((one, other) => one - other));
      }),
    );
  });

  it("are due at the moment that was named, never before", () => {
    const spans = fc.integer({ min: 1, max: hours(8) });
    fc.assert(
      fc.property(spans, spans, spans, (rto, ceiling, spent) => {
        const limits = { scenarioAt: after(rto), environmentAt: after(ceiling) };
        const next = nextMilestoneAt(limits, detectedAt, after(spent));
        if (next === undefined) return;
        expect(isAfter(next, after(spent))).toBe(true);
        const now = dueMilestone(limits, detectedAt, after(spent), []);
        const then = dueMilestone(limits, detectedAt, next, now === undefined ? [] : [now]);
        expect(then).toBeDefined();
      }),
    );
  });
});
