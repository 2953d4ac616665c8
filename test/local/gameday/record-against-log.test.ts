import { differencesOf } from "../../../local/gameday/record-against-log.js";
import { backupAccount } from "../../../local/stack/seed-from-estate.js";
import type { RunRecord, StepRecord } from "../../../src/domain/run-record.js";
import { runRecords } from "../../support/run-records.js";
import { claim, effect, request } from "../../support/simulator-log.js";

const restart = "containerAppsRevisions.restart";
/** The record's step runs from 13:58:42 to 13:58:43. */
const inStep = { at: "2026-11-22T13:58:42.500Z" };
const later = { at: "2026-11-22T13:59:30.000Z" };

const withStep = (more: Partial<StepRecord>): RunRecord => ({
  ...runRecords.restored,
  steps: runRecords.restored.steps.map((step) =>
    step.id === "restart-revision" ? { ...step, ...more } : step,
  ),
});

describe("the record against the log", () => {
  it("differs in nothing where each change is an effect, and each effect is told of", () => {
    expect(differencesOf([runRecords.restored], [effect(restart, inStep)], [])).toEqual([]);
    // One step may have several.
    const two = [effect(restart, inStep), effect(restart, inStep)];
    expect(differencesOf([runRecords.restored], two, [])).toEqual([]);
  });

  it("differs where a step claims a change that the log does not know", () => {
    const refused = request({ operation: restart, mutating: true, status: 403, ...inStep });

    for (const log of [[], [refused], [claim("restart-revision")]]) {
      expect(differencesOf([runRecords.restored], log, [])).toEqual([
        "the log has no effect of the step restart-revision, which says: restarted mcp-server-prod--v42",
      ]);
    }
  });

  it("differs where something happened that no step tells of", () => {
    const log = [effect(restart, inStep), effect("redis.forceReboot", later)];

    expect(differencesOf([runRecords.restored], log, [])).toEqual([
      `no record tells of redis.forceReboot of /one at ${later.at}`,
    ]);
  });

  it("differs where the step that did it says that it changed nothing", () => {
    const quiet = withStep({ changed: false });

    expect(differencesOf([quiet], [effect(restart, inStep)], [])).toHaveLength(1);
    expect(differencesOf([quiet], [], [])).toEqual([]);
  });

  it("differs where a changed step does not say what it changed", () => {
    const silent = withStep({ detail: " " });

    expect(differencesOf([silent], [effect(restart, inStep)], [])).toEqual([
      "the step restart-revision does not say what it changed",
    ]);
  });

  it("takes a failed step for one that tells of what it may have done", () => {
    const { changed: _changed, ...step } = runRecords.restored.steps[2]!;
    const failed = { ...runRecords.restored, steps: [{ ...step, status: "failed" as const }] };

    expect(differencesOf([failed], [effect(restart, inStep)], [])).toEqual([]);
    expect(differencesOf([failed], [], [])).toEqual([]);
  });

  it("asks no effect of a step whose changes are none", () => {
    expect(differencesOf([runRecords.restored], [], ["restart-revision"])).toEqual([]);
  });

  it("leaves the service's own papers and probes out, and nothing else", () => {
    const own = effect("blobs.put", { host: `${backupAccount}.blob.core.windows.net`, ...later });
    const probe = effect("blobs.put", {
      host: "mcpstorageprod.blob.core.windows.net",
      path: "/mcp-dr-probe/probe.txt",
      effect: { kind: "blob-written", resource: "/one/containers/mcp-dr-probe/blobs/probe.txt" },
      ...later,
    });
    const similar = {
      ...probe,
      path: "/branding/mcp-dr-probe.txt",
      effect: { kind: "blob-written", resource: "/one/containers/branding/blobs/mcp-dr-probe.txt" },
    };
    const log = [effect(restart, inStep), own, probe];

    expect(differencesOf([runRecords.restored], log, [])).toEqual([]);
    expect(differencesOf([runRecords.restored], [...log, similar], [])).toHaveLength(1);
  });

  it("takes the records of all runs together", () => {
    const other: RunRecord = {
      ...runRecords.restored,
      steps: [
        {
          ...runRecords.restored.steps[2]!,
          startedAt: "2026-11-22T13:59:29.000Z",
          endedAt: "2026-11-22T13:59:31.000Z",
        },
      ],
    };
    const log = [effect(restart, inStep), effect("redis.forceReboot", later)];

    expect(differencesOf([runRecords.restored, other], log, [])).toEqual([]);
  });
});
