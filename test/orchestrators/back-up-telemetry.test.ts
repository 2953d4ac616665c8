import * as backup from "../../src/activities/backup.contract.js";
import * as telemetry from "../../src/activities/telemetry-backup.contract.js";
import { postNotice } from "../../src/activities/notices.contract.js";
import {
  findPreviousOutcome,
  releaseLease,
  saveRecord,
  takeLease,
} from "../../src/activities/run.contract.js";
import type { BackupOrder } from "../../src/domain/backup-order.js";
import { backupRunId } from "../../src/domain/backup-schedule.js";
import type { Environment } from "../../src/domain/estate.js";
import type { Failure } from "../../src/domain/failure.js";
import { instantOf } from "../../src/domain/instant.js";
import type { RunRecord } from "../../src/domain/run-record.js";
import { backUpTelemetry } from "../../src/orchestrators/back-up-telemetry.js";
import { keepsToHistory } from "../support/recorded-history.js";
import { sampleEstate } from "../support/estates.js";
import { broken, replay, stub, type Call } from "../support/replay-driver.js";

const period = "2026-11-22T00:00:00.000Z";
const startAt = Date.parse(period) + 5 * 60_000;
const instanceId = backupRunId("application-insights", "production", period);
const estate = sampleEstate().environments.production!;
const { component, workspaceId, workspace } = estate.applicationInsights;
/** It ends a quarter of an hour before the run begins. */
const until = "2026-11-21T23:50:00.000Z";
const set = `application-insights/mcp-insights-prod/20261121T235000Z-${instanceId}/`;
const never: Failure = { class: "terminal", code: "AuthorizationFailure", message: "no" };

interface Traits {
  readonly base: string | undefined;
  readonly differences: readonly string[];
  readonly skipped: readonly { name: string; reason: string }[];
  readonly drift: readonly string[];
  readonly insights: Partial<Environment["applicationInsights"]>;
  readonly broken: Readonly<Record<string, Failure>>;
}

async function backUp(given: Partial<Traits> = {}) {
  const traits = { base: undefined, differences: [], skipped: [], drift: [], ...given };
  const order: BackupOrder = {
    environment: "production",
    resource: component,
    kind: "application-insights",
    period,
    scope: "full",
    mode: "execute",
    authority: "act",
    trigger: { kind: "timer", schedule: "startBackups" },
    detectedAt: period,
    estate: {
      ...estate,
      applicationInsights: { ...estate.applicationInsights, ...traits.insights },
    },
  };
  let record: RunRecord | undefined;
  const run = await replay(backUpTelemetry, {
    instanceId,
    input: order,
    startAt,
    stubs: broken(
      [
        stub(findPreviousOutcome, () => ({ detail: "the first" })),
        stub(postNotice, () => ({ changed: true, detail: "posted" })),
        stub(takeLease, (_input, _caller, now) => ({
          kind: "taken" as const,
          fencing: 1,
          expiresAt: instantOf(new Date(now + 600_000)),
          detail: "taken",
        })),
        stub(releaseLease, () => ({ detail: "released" })),
        stub(saveRecord, ({ record: saved }) => {
          record = saved;
          return { detail: "saved" };
        }),
        stub(backup.findLatestSet, () => ({
          detail: "found",
          ...(traits.base === undefined ? {} : { set: traits.base }),
        })),
        stub(telemetry.planTelemetry, () => ({ pieces: 3, rows: 250, detail: "planned" })),
        stub(telemetry.exportTelemetry, ({ nth }) => ({
          // The first day is in an earlier set, the second one has two files.
          day: nth === 1 ? "2026-11-20T00:00:00.000Z" : "2026-11-21T00:00:00.000Z",
          done: nth === 1 ? 50 : 100,
          reused: nth === 1,
          part: { blob: `${set}items-0000${nth}.json`, count: 1, bytes: 100, sha256: "0" },
          skipped: nth === 3 ? [...traits.skipped] : [],
          detail: "exported",
        })),
        stub(telemetry.compareTelemetry, () => ({
          counted: 250,
          differences: [...traits.differences],
          detail: "compared",
        })),
        stub(telemetry.streamTelemetry, () => ({
          changed: false,
          drift: [...traits.drift],
          detail: "flows",
        })),
        stub(backup.completeSet, () => ({
          ...{ changed: true, count: 3, bytes: 1, latest: true, detail: "complete" },
        })),
      ],
      traits.broken ?? {},
    ),
  });
  if (record === undefined) throw new Error("no record");
  const inputsOf = ({ name }: { readonly name: string }): unknown[] =>
    run.calls.filter((call: Call) => call.name === name).map(({ input }) => input);
  return { ...run, record, inputsOf };
}

describe("back up telemetry", () => {
  it("exports thirty days up to what has arrived, compares by day, and completes the set", async () => {
    const { record, inputsOf } = await keepsToHistory("application-insights-backup.exported", () =>
      backUp({ base: "application-insights/x/earlier/" }),
    );
    const stretch = { begin: "2026-10-22T00:00:00.000Z", end: until };

    expect(record).toMatchObject({
      outcome: "passed",
      reason: `250 requests up to ${until} are exported and counted, 50 of them in earlier sets`,
    });
    expect(inputsOf(telemetry.planTelemetry)).toEqual([
      {
        ...{ workspaceId, component, environment: "production", set, ...stretch },
        base: "application-insights/x/earlier/",
      },
    ]);
    expect(inputsOf(telemetry.exportTelemetry)).toHaveLength(3);
    expect(inputsOf(telemetry.compareTelemetry)).toEqual([
      {
        ...{ workspaceId, component, ...stretch },
        exported: [
          { day: "2026-11-20T00:00:00.000Z", rows: 50 },
          { day: "2026-11-21T00:00:00.000Z", rows: 200 },
        ],
      },
    ]);
    expect(inputsOf(backup.completeSet)).toMatchObject([
      {
        set,
        takenAt: until,
        verified: true,
        facts: { until, rows: "250", counted: "250", sideKnown: "observed" },
      },
    ]);
    expect(inputsOf(telemetry.streamTelemetry)).toEqual([
      { component, workspace, account: estate.applicationInsights.export?.account },
    ]);
  });

  it("says what is missing, what came late and what flows nowhere, and keeps the set", async () => {
    const { record, inputsOf } = await backUp({
      differences: ["20261121: 200 requests exported, 201 counted afterwards"],
      skipped: [{ name: "requests from a to b", reason: "too long" }],
      drift: ["AppEvents flow into no storage account: no account"],
    });

    expect(record).toMatchObject({
      outcome: "passed-with-findings",
      findings: [
        "requests from a to b were left out: too long",
        "20261121: 200 requests exported, 201 counted afterwards",
        "the workspace: AppEvents flow into no storage account: no account",
      ],
    });
    expect(inputsOf(backup.completeSet)).toMatchObject([
      { skipped: [{ name: "requests from a to b" }] },
    ]);
  });

  it("ensures nothing that the estate does not ask for", async () => {
    const { inputsOf, record } = await backUp({ insights: { export: undefined } });

    expect(record.outcome).toBe("passed");
    expect(inputsOf(telemetry.streamTelemetry)).toEqual([]);
  });

  it.each(["planTelemetry", "exportTelemetry", "compareTelemetry", "completeSet"])(
    "completes no set where %s fails for good",
    async (name) => {
      const { record, inputsOf } = await backUp({ broken: { [name]: never } });

      expect(record).toMatchObject({ outcome: "failed", reason: "AuthorizationFailure: no" });
      if (name !== "completeSet") expect(inputsOf(backup.completeSet)).toEqual([]);
    },
  );

  it("goes without the earlier set where that cannot be looked at, and without the flow", async () => {
    const { record } = await backUp({
      broken: { findLatestSet: never, streamTelemetry: never },
    });

    expect(record).toMatchObject({
      outcome: "passed-with-findings",
      findings: ["the workspace's settings: AuthorizationFailure: no"],
    });
  });
});
