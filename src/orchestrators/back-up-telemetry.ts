import * as backup from "../activities/backup.contract.js";
import * as telemetry from "../activities/telemetry-backup.contract.js";
import { setPrefix, sideKnownFact, type ItemPart, type SkippedItem } from "../domain/backup.js";
import { BackupOrder } from "../domain/backup-order.js";
import { exportedStretch, reachFacts } from "../domain/telemetry-slices.js";
import type { Durable } from "../durable/durable.js";
import { framed } from "../recovery/framed.js";
import { describeFailure, type Recovery } from "../recovery/recovery.js";
import { telemetryBackup } from "../scenarios/telemetry-backup.js";
import { ensured } from "./ensured-settings.js";

type Steps = Recovery<keyof typeof telemetryBackup.steps>;

/** How many activities export at once; each holds one answer of the log service. */
const atATime = 2;

/**
 * The requests of the last 30 days become dated CSV files; whole days that an earlier set has stay
 * there. Telemetry has one side: where the app moves to, it reports to the same component.
 */
export const backUpTelemetry = framed(telemetryBackup, BackupOrder, function* (run, order) {
  const { environment, scope, kind, estate } = order;
  const { component, workspaceId } = estate.applicationInsights;
  const { begin, end } = exportedStretch(run.now());
  const of = { kind, environment, source: component };
  // The set is as old as what it ends with.
  const set = setPrefix(of, end, run.run());
  const latest = yield* run.quietly("plan", backup.findLatestSet, of);
  const base = latest.ok ? latest.value.set : undefined;
  const planned = yield* run.step("plan", telemetry.planTelemetry, {
    ...{ workspaceId, component, begin, end, environment, set },
    ...(base === undefined ? {} : { base }),
  });
  if (!planned.ok) return run.end("failed", describeFailure(planned.failure));

  const exported = yield* run.each(
    "export",
    telemetry.exportTelemetry,
    Array.from({ length: planned.value.pieces }, (_, index) => ({
      ...{ workspaceId, component, set },
      nth: index + 1,
    })),
    { atATime, total: planned.value.rows, unit: "requests" },
  );
  const parts: ItemPart[] = [];
  const skipped: SkippedItem[] = [];
  const byDay = new Map<string, number>();
  let [rows, reused] = [0, 0];
  for (const answer of exported) {
    if (!answer.ok) return run.end("failed", describeFailure(answer.failure));
    const { part, day, done, reused: isOld, skipped: left } = answer.value;
    parts.push(part);
    skipped.push(...left);
    byDay.set(day, (byDay.get(day) ?? 0) + done);
    rows += done;
    if (isOld) reused += done;
  }
  for (const { name, reason } of skipped) run.journal.finding(`${name} were left out: ${reason}`);
  const compared = yield* run.step("compare", telemetry.compareTelemetry, {
    ...{ workspaceId, component, begin, end },
    exported: [...byDay].map(([day, count]) => ({ day, rows: count })),
  });
  if (!compared.ok) return run.end("failed", describeFailure(compared.failure));
  // What came late is in the next set, since that day's count is another one then.
  for (const difference of compared.value.differences) run.journal.finding(difference);

  const completed = yield* run.step("complete", backup.completeSet, {
    set,
    ...of,
    scope,
    region: estate.primaryRegion,
    takenAt: end,
    completedAt: run.now(),
    parts,
    skipped,
    verified: true,
    copies: [],
    facts: {
      [reachFacts.from]: begin,
      [reachFacts.until]: end,
      [reachFacts.rows]: `${rows}`,
      [reachFacts.counted]: `${compared.value.counted}`,
      [sideKnownFact]: "observed",
    },
  });
  if (!completed.ok) return run.end("failed", describeFailure(completed.failure));
  yield* stream(run, order);
  return run.end(
    run.journal.hasFindings ? "passed-with-findings" : "passed",
    `${rows} requests up to ${end} are exported and counted, ${reused} of them in earlier sets`,
  );
});

/** Only what the estate asks for is ensured or reported: requests are backed up either way. */
function* stream(run: Steps, { estate }: BackupOrder): Durable<void> {
  const { component, workspace, export: wanted } = estate.applicationInsights;
  if (wanted === undefined || workspace === undefined) return;
  const { account } = wanted;
  yield* ensured(run, workspace, "the workspace", [
    () =>
      run.step("stream", telemetry.streamTelemetry, {
        component,
        workspace,
        ...(account === undefined ? {} : { account }),
      }),
  ]);
}
