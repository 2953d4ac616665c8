import { escapeUTF8 } from "entities";
import { ChecklistItem } from "../../src/domain/checklist.js";
import { minutes, seconds } from "../../src/domain/duration.js";
import { plus } from "../../src/domain/instant.js";
import { median } from "../../src/domain/median.js";
import { boundsOf, Quarter, quarterOf } from "../../src/domain/quarter.js";
import { entryOf } from "../../src/domain/record-entry.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { summaryHtml, summaryMarkdown } from "../../src/domain/summary-report.js";
import { QuarterlySummary, summarize } from "../../src/domain/summary.js";
import { sampleEstate } from "../support/estates.js";
import { runRecords } from "../support/run-records.js";

const contacts = sampleEstate().environments.production!.contacts;
const file = (blob: string) => ({ blob, bytes: 1, sha256: `hash of ${blob}` });
const { restored, overruled, planned } = runRecords;
const { "needs-operator": needsOperator } = runRecords;

/** A run that ended on a day; recovered unless told otherwise. */
function runOn(day: string, more: Partial<RunRecord> = {}, took = minutes(3)): RunRecord {
  const detectedAt = `${day}T10:00:00.000Z`;
  const scenario = more.scenario ?? restored.scenario;
  return {
    ...restored,
    id: `${scenario}-${day}`,
    detectedAt,
    startedAt: detectedAt,
    restoredAt: plus(detectedAt, took),
    endedAt: plus(detectedAt, minutes(20)),
    deadlines: { scenarioAt: plus(detectedAt, minutes(15)), environmentAt: `${day}T11:00:00.000Z` },
    audit: [],
    ...more,
  };
}

function summaryOf(
  records: readonly RunRecord[],
  { quarter = "2026-Q4", lost = [] as readonly string[], now = "2027-01-04T09:00:00.000Z" } = {},
): QuarterlySummary {
  const entries = records.map((record) => entryOf(record, file(record.id), []));
  const recordOf = (id: string) =>
    lost.includes(id) ? undefined : records.find((record) => record.id === id);
  return QuarterlySummary.parse(
    summarize(entries, recordOf, {
      environment: "production",
      quarter: Quarter.parse(quarter),
      contacts,
      now,
    }),
  );
}
const without = ({ restoredAt: _, ...record }: RunRecord): RunRecord => record;

describe("a quarter", () => {
  it.each([
    ["2026-Q1", "2026-01-01T00:00:00.000Z", "2026-04-01T00:00:00.000Z"],
    ["2026-Q4", "2026-10-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"],
  ])("%s is from %s until %s", (quarter, from, until) => {
    expect(boundsOf(Quarter.parse(quarter))).toEqual({ from, until });
    expect(quarterOf(from)).toBe(quarter);
    expect(quarterOf(until)).not.toBe(quarter);
  });

  it("has a median that no extreme moves", () => {
    expect([[], [3], [1, 3], [9, 1, 2]].map(median)).toEqual([undefined, 3, 2, 2]);
  });
});

describe("the summary of a quarter", () => {
  it("counts what ended in it, measures it against the targets, and leaves plans out", () => {
    const summary = summaryOf([
      runOn("2026-09-30"),
      runOn("2026-10-01"),
      runOn("2026-11-05", {}, minutes(16)),
      runOn("2026-11-06", { outcome: "not-needed" }),
      runOn("2026-12-31", { environment: "staging" }),
      runOn("2027-01-01"),
      { ...planned, id: "plan", endedAt: "2026-11-22T14:00:00.000Z" },
      without(runOn("2026-11-07", { scenario: "redis-failure", outcome: "needs-operator" })),
      without(
        runOn("2026-11-08", { scenario: "blob-restore", kind: "restore", outcome: "passed" }),
      ),
      runOn("2026-12-01", { scenario: "redis-drill", kind: "drill", outcome: "passed" }),
    ]);

    expect(summary).toMatchObject({
      targets: { met: 3, of: 5 },
      drills: { done: 1, passed: 1, withFindings: 0, failed: 0 },
      plans: 1,
      findings: [],
      unproven: [],
    });
    expect(summary.runs.map(({ run }) => run.slice(-10))).toEqual([
      "2026-10-01",
      "2026-11-05",
      "2026-11-06",
      "2026-11-07",
      "2026-11-08",
      "2026-12-01",
    ]);
    expect(summary.scenarios[1]).toMatchObject({
      ...{ scenario: "container-app-failure", runs: 3, targetsMet: 1 },
      longest: minutes(16),
    });
    // The run of the quarter before is on the chart.
    expect(summary.scenarios[1]?.times).toHaveLength(4);
  });

  it("counts no drill that was not carried out, nor what undid one in its stead", () => {
    const canceled = without(
      runOn("2026-10-02", { scenario: "redis-drill", kind: "drill", outcome: "canceled" }),
    );
    const undo = without(
      runOn("2026-10-03", {
        scenario: "drill-undo",
        kind: "drill",
        outcome: "passed-with-findings",
      }),
    );

    const summary = summaryOf([canceled, undo]);

    expect(summary.drills).toEqual({ done: 0, passed: 0, withFindings: 0, failed: 0, canceled: 1 });
    expect(summary.findings).toContain("no drill has ended in this quarter");
    expect(summaryMarkdown(summary)).toContain("none; 1 not carried out or canceled besides");
  });

  it("says who declared and who closed a run, by what evidence, with what data, how well checked", () => {
    const set = "redis/mcp-redis-prod/20261122T120000Z-backup-redis-production-20261122T120000Z";
    const [byAlert, canceled, aborted, denied] = summaryOf([
      runOn("2026-10-01", {
        recoveryPoints: [
          {
            kind: "redis",
            rpo: minutes(60),
            withinRpo: true,
            newest: {
              set: `${set}/`,
              source: "x",
              takenAt: "2026-11-22T12:00:00.000Z",
              age: minutes(10),
              check: { level: "proven", at: "2026-11-22T12:30:00.000Z" },
            },
          },
          { kind: "key-vault", rpo: minutes(60), withinRpo: false },
        ],
        checklist: (["passed", "passed", "not-configured"] as const).map((status, index) => ({
          item: ChecklistItem.options[index]!,
          title: "an item",
          ...{ status, detail: "", proof: [] },
          startedAt: restored.endedAt,
          endedAt: restored.endedAt,
        })),
        steps: [{ ...restored.steps[0]!, detail: `from blobs/acc/20261122T130000Z-run-1/` }],
      }),
      runOn("2026-10-02", {
        outcome: "canceled",
        trigger: needsOperator.trigger as RunRecord["trigger"],
        interventions: [{ ...overruled.interventions[0]!, verb: "cancel" }],
      }),
      runOn("2026-10-03", {
        trigger: planned.trigger as RunRecord["trigger"],
        decisions: [{ ...overruled.decisions[0]!, choice: "abort" } as never],
      }),
      runOn("2026-10-04", { approvals: overruled.approvals }),
    ]).runs;

    expect(byAlert).toMatchObject({
      declaredBy: 'alert "mcp-health-prod" (Sev0)',
      evidence: "alert /alerts/1",
      closedBy: "this service, by its own checks",
      recoveryTime: minutes(3),
      target: minutes(15),
      dataSets: [set, "blobs/acc/20261122T130000Z-run-1"],
      integrity: [
        `${set}: proven at 2026-11-22T12:30:00.000Z`,
        "checklist: 2 passed, 1 not configured",
      ],
      sha256: "hash of container-app-failure-2026-10-01",
    });
    expect(canceled?.evidence).toBe("the canary of tenant 7 fails");
    expect(canceled?.closedBy).toBe("olga, who canceled it: let me look");
    expect(aborted?.evidence).toBe("schedule 0 0 3 * * *");
    expect(aborted?.closedBy).toBe("olga, who aborted it: labels can wait");
    expect(denied?.closedBy).toContain("after ada@example.com denied: Replace the thing");
  });

  it("keeps an action open until a clean run of the scenario, or its failback, has ended after it", () => {
    const left = { nextSteps: ["do it"], findings: ["see it"] };
    const open = (...later: readonly RunRecord[]) =>
      summaryOf([
        runOn("2026-08-01", { ...left, scenario: "redis-failure", outcome: "failed-over" }),
        ...later,
      ]).openActions.map(({ kind, action, owner }) => [kind, action, owner]);
    const both = [
      ["next step", "do it", contacts.primary.name],
      ["finding", "see it", contacts.primary.name],
    ];
    const redis = { scenario: "redis-failure" };

    expect(open()).toEqual(both);
    expect(open(runOn("2026-10-01", redis))).toEqual([]);
    expect(
      open(runOn("2026-10-01", { scenario: "redis-failback", outcome: "failed-back" })),
    ).toEqual([]);
    for (const outcome of [
      "not-needed",
      "restored-with-findings",
      "canceled",
      "superseded",
    ] as const) {
      expect(open(runOn("2026-10-01", { ...redis, outcome }))).toEqual(both);
    }
    expect(open(runOn("2026-10-01", { ...redis, mode: "plan" }))).toEqual(both);
    expect(open(runOn("2026-07-01", redis))).toEqual(both);
    expect(open(runOn("2027-02-01", redis))).toEqual(both);
    expect(open(runOn("2026-10-01"))).toEqual(both);
  });

  it("says nothing of a record that is not as it was written, and names it", () => {
    const summary = summaryOf([runOn("2026-10-01", { nextSteps: ["do it"] })], {
      lost: ["container-app-failure-2026-10-01"],
      now: "2026-12-01T00:00:00.000Z",
    });

    expect(summary).toMatchObject({
      runs: [],
      openActions: [],
      unproven: ["container-app-failure-2026-10-01"],
    });
    expect(summary.findings).toEqual([
      "the quarter is not over; this is what there is of it",
      "no drill has ended in this quarter",
      "records are missing or changed: npm run verify-reports says which and how",
    ]);
  });

  it("reads the same as Markdown and HTML, and lets nothing become markup", () => {
    const hostile = "<script>alert(1)</script> | [x](javascript:1)";
    const summary = summaryOf(
      [
        runOn(
          "2026-10-01",
          { reason: hostile, findings: [hostile], nextSteps: ["go back"] },
          seconds(90),
        ),
        without(
          runOn("2026-10-02", {
            outcome: "needs-operator",
            recoveryPoints: [{ kind: "key-vault", rpo: minutes(60), withinRpo: false }],
          }),
        ),
        runOn("2026-10-03", { scenario: hostile }),
      ],
      { lost: [`${hostile}-2026-10-03`] },
    );
    const [html, md] = [summaryHtml(summary, escapeUTF8), summaryMarkdown(summary)];

    expect(html).not.toContain("<script>");
    expect(html).toContain("<svg");
    expect(md).not.toMatch(/(?<!\\)<script/);
    expect(md).not.toMatch(/(?<!\\)\[x/);
    for (const text of [html, md]) {
      for (const words of [
        "1 min 30 s",
        "nothing recovered",
        "RPO 1 h 00 min: missed",
        "go back",
        contacts.primary.email,
      ]) {
        expect(text.replaceAll("\\", "")).toContain(words);
      }
    }
    const empty = summaryOf([]);
    expect(summaryHtml(empty, escapeUTF8)).not.toContain("<svg");
    expect(summaryMarkdown(empty)).not.toContain("## Open actions");
  });
});
