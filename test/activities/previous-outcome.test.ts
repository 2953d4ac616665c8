import { runActivities } from "../../src/activities/run.js";
import { findPreviousOutcome } from "../../src/activities/run.contract.js";
import { backupRunId, seriesOf } from "../../src/domain/backup-schedule.js";
import { noTelemetry } from "../../src/domain/telemetry.js";
import type { Outcome } from "../../src/domain/run-record.js";
import { stateStore } from "../../src/state/state-store.js";
import { memorySets } from "../support/backup-sets.js";
import { answerOf } from "../support/activity-call.js";
import { MemoryContainer } from "../support/memory-container.js";
import { runRecords } from "../support/run-records.js";

const idAt = (time: string, attempt = 1, kind: "redis" | "blobs" = "redis"): string =>
  backupRunId(kind, "production", `2026-11-22T${time}:00.000Z`, attempt);

async function previousTo(run: string, ...before: readonly (readonly [string, Outcome])[]) {
  const store = stateStore(new MemoryContainer());
  for (const [nth, [id, outcome]] of before.entries()) {
    const startedAt = `2026-11-22T0${nth}:00:00.000Z`;
    await store.runs.save({ ...runRecords.restored, id, outcome, startedAt }, () => ({
      md: "",
      html: "",
    }));
  }
  const series = seriesOf(run);
  const answer = await answerOf(
    runActivities(store, memorySets().store, noTelemetry),
    findPreviousOutcome,
    { series },
    { run },
  );
  if (!answer.ok) throw new Error(answer.failure.code);
  return answer.value.outcome;
}

describe("how the last run of a series came out", () => {
  it("is told by the newest record before this one, of whatever attempt", async () => {
    const run = idAt("14:00", 2);

    expect(await previousTo(run)).toBeUndefined();
    expect(await previousTo(run, [idAt("13:30"), "passed"], [idAt("14:00"), "failed"])).toBe(
      "failed",
    );
    expect(await previousTo(run, [idAt("13:30"), "failed"], [run, "passed"])).toBe("failed");
  });

  it("passes over what was stopped, and over other kinds", async () => {
    const found = await previousTo(
      idAt("14:30"),
      [idAt("13:00"), "failed"],
      [idAt("13:30"), "canceled"],
      [idAt("14:00"), "superseded"],
      [idAt("14:00", 1, "blobs"), "passed"],
    );

    expect(found).toBe("failed");
  });
});
