import { measuresOf, backupAges, readinessMeasures } from "../../src/domain/run-measures.js";
import { runNameOf } from "../../src/domain/run-name.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { isPractice, placeOfCall, spanOfCall, traceOf } from "../../src/domain/run-trace.js";
import { traceIdsOf } from "../../src/azure/telemetry-ids.js";
import { milliseconds } from "../../src/domain/duration.js";
import { runRecords } from "../support/run-records.js";

const record = runRecords.restored;
const drill = "drill-container-app-production-20261122T130000Z-00ff00";
const practised: RunRecord = {
  ...record,
  trigger: { kind: "drill", drill, reason: "the quarter's drill" },
};

describe("the trace of a run", () => {
  it("is the run and a span for each of its steps, below it", () => {
    const [root, ...steps] = traceOf(record);

    expect(root).toMatchObject({
      place: { run: record.id, path: [] },
      name: "run container-app-failure",
      startedAt: record.startedAt,
      endedAt: record.endedAt,
      attributes: {
        "dr.environment": "production",
        "dr.outcome": "restored",
        "dr.declared_by": "mcp-health-prod",
        "dr.drill": false,
      },
    });
    expect(root).not.toHaveProperty("failure");
    expect(steps.map(({ name }) => name)).toEqual(record.steps.map(({ title }) => title));
    const { traceId, spanId } = traceIdsOf({ run: record.id, path: [] });
    const ids = steps.map(({ place }) => traceIdsOf(place));
    expect(new Set(ids.map((each) => `${each.traceId} ${each.parentId ?? ""}`))).toEqual(
      new Set([`${traceId} ${spanId}`]),
    );
    expect(new Set(ids.map((each) => each.spanId)).size).toBe(steps.length);
    for (const each of ids) expect(each.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  it("says what failed, and keeps a second round apart from the first", () => {
    const [step] = record.steps;
    const again = { ...step!, status: "failed" as const, detail: "HTTP 503", round: 2 };
    const [root, first, second] = traceOf({
      ...record,
      outcome: "needs-operator",
      reason: "nothing helps",
      steps: [step!, again],
    });

    expect(root?.failure).toBe("needs-operator: nothing helps");
    expect(second?.failure).toBe("HTTP 503");
    expect(second?.attributes).toMatchObject({ "dr.step.round": 2 });
    expect(traceIdsOf(first!.place).spanId).not.toBe(traceIdsOf(second!.place).spanId);
  });

  it("is marked and linked where it is part of a drill", () => {
    const [root] = traceOf(practised);
    const alerted = { ...record, trigger: { ...record.trigger, drill } as RunRecord["trigger"] };

    expect(root?.attributes["dr.drill"]).toBe(true);
    expect(root?.partOf).toEqual([drill]);
    expect(isPractice(alerted)).toBe(true);
    expect(isPractice({ ...record, kind: "drill" })).toBe(true);
  });

  it("names who declared it", () => {
    const declared = (trigger: RunRecord["trigger"]) =>
      traceOf({ ...record, trigger })[0]?.attributes["dr.declared_by"];

    expect(declared({ kind: "timer", schedule: "0 0 2 * * *" })).toBe("0 0 2 * * *");
    expect(declared({ kind: "operator", who: "ada", source: "key", reason: "r" })).toBe("ada");
    expect(declared(practised.trigger)).toBe(drill);
  });
});

describe("a call of an activity", () => {
  const call = {
    ...{ activity: "copyKeys", run: record.id, step: "copy-keys/17~round-2", attempt: 3 },
    ...{ mode: "execute" as const, startedAt: record.startedAt, endedAt: record.endedAt },
  };
  const isStep = (id: string): boolean => id === "copy-keys";

  it("hangs on its step as the record tells of it, and on the run where it belongs to none", () => {
    expect(placeOfCall(call, isStep).path).toEqual(["copy-keys~round-2", "copyKeys/17#3"]);
    expect(placeOfCall({ ...call, step: "take-lease" }, isStep).path).toEqual([
      "take-lease/copyKeys/#3",
    ]);
    const [step] = record.steps;
    const [, told] = traceOf({ ...record, steps: [{ ...step!, id: "copy-keys", round: 2 }] });
    expect(traceIdsOf(placeOfCall(call, isStep)).parentId).toBe(traceIdsOf(told!.place).spanId);
  });

  it("has the same id however often it is carried out, and another one for each attempt", () => {
    const ids = (attempt: number) => traceIdsOf(placeOfCall({ ...call, attempt }, isStep));

    expect(ids(3)).toEqual(ids(3));
    expect(ids(3).spanId).not.toBe(ids(4).spanId);
  });

  it("says of which class its failure is", () => {
    const failure = { class: "busy" as const, code: "AccountIsBusy", message: "later" };

    expect(spanOfCall({ ...call, failure }, isStep)).toMatchObject({
      name: "copyKeys",
      failure: "AccountIsBusy: later",
      attributes: {
        "dr.scenario": "container-app-failure",
        "dr.step.id": "copy-keys",
        "dr.failure.class": "busy",
      },
    });
    expect(spanOfCall(call, isStep)).not.toHaveProperty("failure");
  });

  it("leaves no span where its caller is no run", () => {
    expect(
      spanOfCall({ ...call, run: "readiness-production-light-20261122T140000Z" }, isStep),
    ).toBe(undefined);
  });
});

describe("the id of a run", () => {
  it.each([
    ["redis-failure-staging-20261122T140000Z-ab12cd", "redis-failure", "staging"],
    ["failback-key-vault-production-20261122T140000Z-ab12cd", "key-vault-failback", "production"],
    ["backup-blobs-development-20261122T140000Z", "blob-backup", "development"],
    [
      "backup-application-insights-production-20261122T140000Z-2",
      "application-insights-backup",
      "production",
    ],
    ["proof-redis-production-20261122T020000Z", "redis-proof", "production"],
    ["restore-blobs-production-20261122T140000Z-ab12cd", "blob-restore", "production"],
    ["drill-region-production-20261122T140000Z-ab12cd", "region-drill", "production"],
    ["drill-undo-production-20261122T140000Z-ab12cd", "drill-undo", "production"],
    ["backup-pruning-production-20261122T000000Z", "backup-pruning", "production"],
  ])("%s says that it is one of %s in %s", (run, scenario, environment) => {
    expect(runNameOf(run)).toEqual({ scenario, environment });
  });

  it.each(["notice-x-production-20261122T140000Z-ab12cd-started", "run-1"])(
    "%s is no run's",
    (instance) => {
      expect(runNameOf(instance)).toBeUndefined();
    },
  );
});

describe("what is measured", () => {
  it("is the recovery time, and what it left of both objectives, below zero where it was missed", () => {
    const restoredAt = "2026-11-22T14:20:24.371Z";
    const measures = measuresOf({ ...practised, restoredAt });
    const seconds = (Date.parse(restoredAt) - Date.parse(record.detectedAt)) / 1_000;

    expect(measures.map(({ instrument, value }) => [instrument, value])).toEqual([
      ["dr.recovery.duration", seconds],
      ["dr.recovery.rto_margin", -420],
      ["dr.recovery.rto_margin", 2_280],
    ]);
    expect(measures[0]?.attributes).toMatchObject({
      "dr.run.id": record.id,
      "dr.scenario": "container-app-failure",
      "dr.environment": "production",
      "dr.drill": true,
    });
  });

  it("is the age of backups alone where nothing was restored, and nothing in a plan", () => {
    const { restoredAt: _, ...unrestored } = record;
    const newest = {
      ...{ set: "redis/cache/s/", source: "s", takenAt: record.detectedAt },
      ...{ age: milliseconds(90_000), check: { level: "verified" as const } },
    };
    const recoveryPoints = [
      { kind: "redis" as const, rpo: milliseconds(1), withinRpo: false, newest },
      { kind: "blobs" as const, rpo: milliseconds(1), withinRpo: false },
    ];

    expect(measuresOf({ ...unrestored, recoveryPoints })).toMatchObject([
      {
        instrument: "dr.recovery.point_age",
        value: 90,
        attributes: { "dr.backup.kind": "redis" },
      },
    ]);
    expect(measuresOf({ ...record, recoveryPoints, mode: "plan" })).toEqual([]);
  });

  it("is the age of each kind of backup that there is", () => {
    const newest = { set: "redis/mcp-cache/x/", takenAt: record.startedAt, observed: true };
    const facts = [{ kind: "redis" as const, newest }, { kind: "blobs" as const }];

    expect(backupAges("production", facts, record.endedAt)).toEqual([
      {
        instrument: "dr.backup.age",
        value: 102,
        attributes: {
          "dr.environment": "production",
          "dr.backup.kind": "redis",
          "dr.resource": "mcp-cache",
        },
      },
    ]);
  });

  it("is readiness by scenario, but for what is not applicable", () => {
    const since = record.startedAt;
    const verdicts = [
      { scenario: "redis-failure" as const, verdict: "degraded" as const, since },
      { scenario: "storage-failure" as const, verdict: "not-ready" as const, since },
      { scenario: "key-vault-failure" as const, verdict: "ready" as const, since },
      { scenario: "region-outage" as const, verdict: "not-applicable" as const, since },
    ];

    const measures = readinessMeasures({ environment: "production", verdicts });

    expect(measures.map(({ value, attributes }) => [attributes["dr.scenario"], value])).toEqual([
      ["redis-failure", 1],
      ["storage-failure", 0],
      ["key-vault-failure", 2],
    ]);
  });
});
