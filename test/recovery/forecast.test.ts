import { runActivities } from "../../src/activities/run.js";
import { confirmMandate } from "../../src/activities/run.contract.js";
import { minutes, seconds } from "../../src/domain/duration.js";
import { noTelemetry } from "../../src/domain/telemetry.js";
import { elapsed, plus } from "../../src/domain/instant.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { stepHistory } from "../../src/domain/step-history.js";
import { Journal } from "../../src/recovery/journal.js";
import { containerAppFailure } from "../../src/scenarios/container-app-failure.js";
import { incidentName } from "../../src/state/incidents.js";
import { stateStore } from "../../src/state/state-store.js";
import { answerOf } from "../support/activity-call.js";
import { memorySets } from "../support/backup-sets.js";
import { detectedAt, orderOf, runOf } from "../support/estates.js";
import { MemoryContainer } from "../support/memory-container.js";
import { runRecords } from "../support/run-records.js";

const { restored } = runRecords;
const [first] = restored.steps;

/** A run whose steps took so long, in seconds. */
const runOfSteps = (nth: number, took: Readonly<Record<string, number>>): RunRecord => ({
  ...restored,
  id: `container-app-failure-production-2026100${nth}T100000Z-abcdef`,
  endedAt: `2026-10-0${nth}T10:20:00.000Z`,
  audit: [],
  steps: Object.entries(took).map(([id, count]) => ({
    ...first!,
    id,
    startedAt: detectedAt,
    endedAt: plus(detectedAt, seconds(count)),
  })),
});
const three = [30, 10, 500].map((count, nth) =>
  runOfSteps(nth + 1, { confirm: count, ...(nth === 0 ? { "choose-revision": 1 } : {}) }),
);

describe("what earlier runs took", () => {
  it("is the median of each step that was done in three of them or more", () => {
    expect(stepHistory(three)).toEqual({ runs: 3, steps: { confirm: seconds(30) } });
    expect(stepHistory(three.slice(1))).toBeUndefined();
  });

  it("leaves out what failed, was skipped or was done again", () => {
    const [one, two, third] = three as [RunRecord, RunRecord, RunRecord];
    const [step] = third.steps as [RunRecord["steps"][0]];
    for (const odd of [{ status: "failed" as const }, { round: 2 }]) {
      const history = stepHistory([one, two, { ...third, steps: [{ ...step, ...odd }] }]);
      expect(history).toEqual({ runs: 3, steps: {} });
    }
  });
});

describe("a run's mandate", () => {
  const incident = incidentName("production", "container-app-failure", orderOf().resource);
  async function mandateAfter(
    records: readonly RunRecord[],
    spoil?: (blobs: MemoryContainer) => void,
  ) {
    const blobs = new MemoryContainer();
    const store = stateStore(blobs);
    for (const record of records) await store.runs.save(record, () => ({ md: "", html: "" }));
    await store.incidents.open(incident, {
      ...{ version: 1, environment: "production", scenario: "container-app-failure" },
      ...{ resource: orderOf().resource, run: runOf("container-app-failure"), distinction: "0" },
      ...{
        status: "open",
        openedAt: detectedAt,
        detectedAt,
        automatic: true,
        order: {},
        earlier: [],
      },
    });
    spoil?.(blobs);
    const answer = await answerOf(
      runActivities(store, memorySets().store, noTelemetry),
      confirmMandate,
      { incident },
      { run: runOf("container-app-failure") },
    );
    if (!answer.ok) throw new Error("no mandate");
    return answer.value;
  }

  it("brings what earlier runs took, once there are three that have recovered", async () => {
    const planned = { ...runOfSteps(9, { confirm: 1 }), mode: "plan" as const };
    const { restoredAt: _, ...unrestored } = runOfSteps(8, { confirm: 1 });
    const others: RunRecord[] = [planned, { ...unrestored, outcome: "needs-operator" }];

    expect((await mandateAfter([...three.slice(1), ...others])).history).toBeUndefined();
    expect((await mandateAfter([...three, ...others])).history).toEqual({
      runs: 3,
      steps: { confirm: seconds(30) },
    });
  });

  it("is there all the same where they cannot be read", async () => {
    const mandate = await mandateAfter(three, (blobs) => {
      blobs.list = () => Promise.reject(new Error("away"));
    });

    expect(mandate).toMatchObject({ mandated: true });
    expect(mandate.history).toBeUndefined();
  });
});

describe("a forecast", () => {
  const journal = () => new Journal(containerAppFailure, orderOf(), detectedAt);

  it("goes by the catalogue, and then by history where that knows of a step, and says so", () => {
    const run = journal();
    const before = run.checkpoint(detectedAt).clock;
    const declared = containerAppFailure.steps.confirm.expected;
    run.learn({ runs: 4, steps: { confirm: minutes(6) } });
    const after = run.checkpoint(detectedAt).clock;

    expect([before.basis, after.basis]).toEqual(["catalogue", "history of 4 runs"]);
    expect(elapsed(before.forecastAt, after.forecastAt)).toBe(minutes(6) - declared);
  });

  it("counts down what is left of the step under way", () => {
    const run = journal();
    run.learn({ runs: 3, steps: { confirm: minutes(6) } });
    run.begin("confirm", detectedAt);
    const [soon, later] = [minutes(1), minutes(5)].map((after) =>
      run.checkpoint(plus(detectedAt, after)),
    );

    expect(soon?.clock.forecastAt).toBe(later?.clock.forecastAt);
  });
});
