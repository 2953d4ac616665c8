import { z } from "zod";
import { postNotice } from "../../src/activities/notices.contract.js";
import { findPreviousOutcome, saveRecord } from "../../src/activities/run.contract.js";
import { Checkpoint } from "../../src/domain/checkpoint.js";
import { minutes, seconds } from "../../src/domain/duration.js";
import type { Failure } from "../../src/domain/failure.js";
import { instantOf } from "../../src/domain/instant.js";
import type { Notice } from "../../src/domain/notice.js";
import { RunOrder } from "../../src/domain/run-order.js";
import type { Outcome, RunRecord } from "../../src/domain/run-record.js";
import { verbEvent, type Verb } from "../../src/domain/verb.js";
import { declareActivity } from "../../src/durable/activity-contract.js";
import { observed } from "../../src/durable/step-output.js";
import { framed } from "../../src/recovery/framed.js";
import { describeFailure } from "../../src/recovery/recovery.js";
import { declareScenario } from "../../src/scenarios/scenario.js";
import { detectedAt, orderOf } from "../support/estates.js";
import { replay, stub } from "../support/replay-driver.js";

/* A procedure that exists in tests alone: it copies things, a few pieces at a time. */

const copyPiece = declareActivity({
  name: "copyPiece",
  input: z.strictObject({ piece: z.int() }),
  output: z.strictObject({ ...observed, done: z.int() }),
  patience: { transient: { first: seconds(5), longest: seconds(5), within: minutes(1) } },
});

const thingBackup = declareScenario({
  id: "blob-backup",
  kind: "backup",
  title: "Thing backup",
  orchestrator: "copyThings",
  resource: "storage",
  symptoms: [],
  signals: [],
  rto: minutes(30),
  automatic: false,
  dataLoss: "none",
  steps: { copy: { title: "Copy the things", expected: minutes(2), path: "main" } },
  fallbacks: [],
});

const pieces = Array.from({ length: 7 }, (_, index) => ({ piece: index + 1 }));

const copyThings = framed(thingBackup, RunOrder, function* (run) {
  const answers = yield* run.each("copy", copyPiece, pieces, {
    atATime: 3,
    total: 70,
    unit: "things",
  });
  const failed = answers.find((answer) => !answer.ok);
  if (failed?.ok === false) return run.end("failed", describeFailure(failed.failure));
  return run.end("passed", `${answers.length} pieces`);
});

const later: Failure = { class: "transient", code: "http-503", message: "later" };
const never: Failure = { class: "terminal", code: "Forbidden", message: "no" };
const startAt = Date.parse(detectedAt);

async function copy(
  failing: Readonly<Record<number, readonly (Failure | Error)[]>> = {},
  says?: (seen: Checkpoint) => Verb["verb"] | undefined,
  before?: Outcome | Failure,
) {
  const tries = new Map<number, number>();
  let record: RunRecord | undefined;
  const seen: Checkpoint[] = [];
  let said = false;
  const {
    incident: _none,
    scenario: _scenario,
    ...order
  } = orderOf({
    trigger: { kind: "timer", schedule: "0 0 * * * *" },
  });
  const run = await replay(copyThings, {
    instanceId: "backup-blobs-production-20261122T140000Z",
    input: order,
    startAt,
    stubs: [
      stub(findPreviousOutcome, () =>
        typeof before === "object"
          ? { failure: before }
          : { ...(before === undefined ? {} : { outcome: before }), detail: "looked" },
      ),
      stub(postNotice, () => ({ changed: true, detail: "posted" })),
      stub(saveRecord, ({ record: saved }) => {
        record = saved;
        return { detail: "saved" };
      }),
      stub(
        copyPiece,
        ({ piece }) => {
          const nth = tries.get(piece) ?? 0;
          tries.set(piece, nth + 1);
          const failure = failing[piece]?.[nth];
          if (failure instanceof Error) throw failure;
          return failure === undefined ? { done: 10, detail: `piece ${piece}` } : { failure };
        },
        10_000,
      ),
    ],
    people: (status, now) => {
      const checkpoint = Checkpoint.parse(status);
      seen.push(checkpoint);
      const verb = said ? undefined : says?.(checkpoint);
      if (verb === undefined) return [];
      said = true;
      const by = { name: "olga", source: "claimed" };
      const at = instantOf(new Date(now));
      return [{ name: verbEvent, data: { id: "1", by, at, reason: "x", verb } }];
    },
  });
  if (record === undefined) throw new Error("no record");
  return { ...run, record, seen, tries };
}

describe("work in pieces", () => {
  it("is done a few at a time, with progress and a forecast in the checkpoint", async () => {
    const { record, seen, calls, endedAt } = await copy();

    expect(record).toMatchObject({ kind: "backup", outcome: "passed", scenario: "blob-backup" });
    expect(calls.filter(({ name }) => name === "copyPiece")).toHaveLength(7);
    expect(endedAt - startAt).toBeLessThan(35_000);
    const halfway = seen.find(({ progress }) => progress?.done === 30)?.progress;
    expect(halfway).toMatchObject({ total: 70, unit: "things", perMinute: 180 });
    expect(Date.parse(halfway?.forecastAt ?? "") - startAt).toBeGreaterThan(20_000);
    expect(record.steps[0]).toMatchObject({ status: "done", detail: "70 things" });
    expect(calls.map(({ name }) => name)).not.toContain("confirmMandate");
  });

  it("repeats what failed for a while, alone, and what crashed with its wave", async () => {
    const healed = await copy({ 2: [later], 5: [new Error("the worker ended")] });

    expect(healed.record.outcome).toBe("passed");
    expect(healed.tries.get(2)).toBe(2);
    expect(healed.tries.get(5)).toBe(2);
  });

  it("fails with the first failure for good, after the rest was done", async () => {
    const { record, tries } = await copy({ 3: [never, never] });

    expect(record).toMatchObject({ outcome: "failed", reason: "Forbidden: no" });
    expect(record.steps[0]?.status).toBe("failed");
    expect(tries.size).toBe(7);
  });

  it("ends between two waves when it is canceled", async () => {
    const { record, tries } = await copy({}, ({ progress }) =>
      progress?.done === 30 ? "cancel" : undefined,
    );

    expect(record.outcome).toBe("canceled");
    expect(tries.size).toBeLessThan(7);
  });
});

describe("what people hear of backups", () => {
  const fails = { 3: [never, never] };
  const noticeIn = ({ calls }: Awaited<ReturnType<typeof copy>>) =>
    calls.flatMap(({ name, input }) =>
      name === "postNotice" ? [(input as { notice: Notice }).notice] : [],
    );

  it("is the first failure, with whom it reaches, and what happens from now on", async () => {
    for (const before of [undefined, "passed", "passed-with-findings"] as const) {
      const [notice, ...more] = noticeIn(await copy(fails, undefined, before));

      expect(more).toEqual([]);
      expect(notice?.subject).toBe("[production] Thing backup: failed");
      expect(notice?.to.map(({ level }) => level)).toEqual(["primary"]);
      expect(notice?.lines.join(" ")).toContain("You are told when it works again");
    }
  });

  it("is that it works again, and neither each failure nor each backup", async () => {
    const again = noticeIn(await copy({}, undefined, "failed"));

    expect(again.map(({ subject }) => subject)).toEqual(["[production] Thing backup: works again"]);
    expect(noticeIn(await copy(fails, undefined, "failed"))).toEqual([]);
    expect(noticeIn(await copy({}, undefined, "passed"))).toEqual([]);
    expect(noticeIn(await copy())).toEqual([]);
  });

  it("is a failure where nobody can say how the last one ended", async () => {
    expect(noticeIn(await copy(fails, undefined, never))).toHaveLength(1);
    expect(noticeIn(await copy({}, undefined, never))).toEqual([]);
  });

  it("is nothing of what a person has canceled", async () => {
    const canceled = await copy({}, () => "cancel", "failed");

    expect(canceled.record.outcome).toBe("canceled");
    expect(noticeIn(canceled)).toEqual([]);
  });
});
