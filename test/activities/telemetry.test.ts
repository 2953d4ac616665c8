import type { InvocationContext } from "@azure/functions";
import { z } from "zod";
import { runActivities } from "../../src/activities/run.js";
import { saveRecord } from "../../src/activities/run.contract.js";
import { traceIdsOf } from "../../src/azure/telemetry-ids.js";
import { TelemetryLosses } from "../../src/azure/telemetry-losses.js";
import { terminal } from "../../src/domain/failure.js";
import { once } from "../../src/domain/patience.js";
import { noTelemetry } from "../../src/domain/telemetry.js";
import { classifyError } from "../../src/azure/classify-error.js";
import { declareActivity } from "../../src/durable/activity-contract.js";
import { observed } from "../../src/durable/step-output.js";
import { stateStore } from "../../src/state/state-store.js";
import { memorySets } from "../support/backup-sets.js";
import { MemoryContainer } from "../support/memory-container.js";
import { memoryTelemetry } from "../support/memory-telemetry.js";
import { runRecords } from "../support/run-records.js";

const record = runRecords.restored;
const caller = { run: record.id, step: "confirm", attempt: 1, leases: [], mode: "execute" };
const isStep = (id: string): boolean => id === "confirm";

function invocation() {
  const lines: string[][] = [];
  const warnings: string[][] = [];
  const context = {
    log: (...line: string[]) => lines.push(line),
    warn: (...line: string[]) => warnings.push(line),
  } as unknown as InvocationContext;
  return { context, lines, warnings };
}

const look = declareActivity({
  name: "look",
  input: z.strictObject({ fails: z.enum(["no", "foreseen", "defect"]) }),
  output: z.strictObject(observed),
  patience: once,
});
const looking = look.implementedBy(classifyError, ({ fails }, { log }) => {
  log("looking", { where: "here", nested: { deep: 1 }, nothing: undefined });
  if (fails === "foreseen") throw terminal("gone", "it is gone");
  if (fails === "defect") throw new TypeError("x is undefined");
  return Promise.resolve({ detail: "seen" });
});

describe("what an activity does", () => {
  it("is told to the host and into the trace of its run, with the same ids each time", async () => {
    const { telemetry, spans, logs } = memoryTelemetry();
    const { context, lines } = invocation();

    for (const _time of [1, 2]) {
      await looking.handler({ caller, input: { fails: "no" } }, context, { telemetry, isStep });
    }

    expect(lines[0]).toEqual(["looking", expect.stringContaining(record.id)]);
    expect(logs[0]).toMatchObject({
      level: "info",
      message: "looking",
      attributes: {
        "dr.run.id": record.id,
        "dr.scenario": "container-app-failure",
        "dr.environment": "production",
        "dr.step.id": "confirm",
        "dr.where": "here",
        "dr.nested": '{"deep":1}',
      },
    });
    expect(logs[0]?.attributes).not.toHaveProperty("dr.nothing");
    expect(spans).toHaveLength(2);
    const [one, other] = spans.map(({ place }) => traceIdsOf(place));
    expect(one).toEqual(other);
    expect(one).toEqual(traceIdsOf(logs[0]!.place));
  });

  it("is told with the class of its failure, also where the failure is a defect", async () => {
    const { telemetry, spans, logs } = memoryTelemetry();
    const witness = { telemetry, isStep };
    const { context } = invocation();

    await looking.handler({ caller, input: { fails: "foreseen" } }, context, witness);
    await expect(
      looking.handler({ caller, input: { fails: "defect" } }, context, witness),
    ).rejects.toThrow("x is undefined");

    expect(spans.map(({ attributes }) => attributes["dr.failure.class"])).toEqual([
      "terminal",
      "defect",
    ]);
    expect(logs.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      "info: looking",
      "warning: activity failed",
      "info: looking",
    ]);
  });

  it("does not depend on telemetry: what is lost is said once, classified and counted", async () => {
    const losses = new TelemetryLosses();
    const refused = Object.assign(new Error("no: password=hunter2hunter2"), { statusCode: 403 });
    losses.lost(3, refused);
    losses.lost(2, refused);
    const telemetry = { ...noTelemetry, loss: () => losses.take() };
    const { context, warnings } = invocation();
    const ask = () =>
      looking.handler({ caller, input: { fails: "no" } }, context, { telemetry, isStep });

    const answers = [await ask(), await ask()];
    losses.sent();
    losses.lost(1, new Error("something of ours"));
    await ask();

    const seen = { ok: true, value: { detail: "seen" } };
    expect(answers).toEqual([seen, seen]);
    expect(warnings.map(([text, facts]) => [text, JSON.parse(facts ?? "") as unknown])).toEqual([
      [
        "telemetry was lost",
        { class: "terminal", code: "http-403", message: "no: password=[hidden]", lost: 5 },
      ],
      ["telemetry was lost", expect.objectContaining({ class: "defect", lost: 1 })],
    ]);
  });
});

describe("the record of a run", () => {
  const saving = () => {
    const told = memoryTelemetry();
    const store = stateStore(new MemoryContainer());
    const activities = runActivities(store, memorySets().store, told.telemetry);
    const { handler } = activities.find(({ name }) => name === saveRecord.name)!;
    const { context } = invocation();
    const save = (isDraft: boolean) =>
      handler({ caller, input: { record, ...(isDraft ? { isDraft } : {}) } }, context);
    return { ...told, save };
  };

  it("is told as it is written, sent before the activity ends, and the same where it is repeated", async () => {
    const { save, spans, measures, sent } = saving();

    await save(false);
    const first = spans.splice(0).map(({ place }) => traceIdsOf(place));
    await save(false);

    expect(first).toHaveLength(1 + record.steps.length);
    expect(sent[0]).toBe(first.length + 3);
    expect(spans.map(({ place }) => traceIdsOf(place))).toEqual(first);
    expect(measures.slice(3)).toEqual(measures.slice(0, 3));
  });

  it("is not told while it is a draft", async () => {
    const { save, spans, measures } = saving();

    await save(true);

    expect([...spans, ...measures]).toEqual([]);
  });
});
