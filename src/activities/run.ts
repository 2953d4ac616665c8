import { escapeUTF8 } from "entities";
import { classifyError } from "../azure/classify-error.js";
import { inParallel } from "../domain/in-parallel.js";
import type { Incident } from "../domain/incident.js";
import type { Instant } from "../domain/instant.js";
import { renderHtml } from "../domain/report-html.js";
import { renderMarkdown } from "../domain/report-markdown.js";
import { scrub } from "../domain/credential-scrubbing.js";
import { measuresOf } from "../domain/run-measures.js";
import { traceOf } from "../domain/run-trace.js";
import type { RunTelemetry } from "../domain/telemetry.js";
import { recoveryTimes } from "../domain/recovery-time.js";
import type { Outcome, RunRecord } from "../domain/run-record.js";
import { runsToLearnFrom, stepHistory, type StepHistory } from "../domain/step-history.js";
import type { Activity } from "../durable/activity-contract.js";
import type { Backups } from "../state/backups.js";
import { briefly } from "./briefly.js";
import { foundBeside, warningsFor } from "./readiness/warnings.js";
import { recoveryPoints } from "../state/recovery-points.js";
import type { StateStore } from "../state/state-store.js";
import * as contract from "./run.contract.js";

/** The outcomes that say whether a procedure works. */
const verdictOf: ReadonlySet<Outcome> = new Set(["passed", "passed-with-findings", "failed"]);

/** What a run does to its own papers: mandate, leases, record, incident. */
export function runActivities(
  store: StateStore,
  sets: Backups,
  telemetry: RunTelemetry,
): readonly Activity[] {
  return [
    contract.confirmMandate.implementedBy(classifyError, async ({ incident }, { caller, now }) => {
      const standing = (await store.incidents.read(incident))?.value;
      const mandated = standing?.run === caller.run && standing.status === "open";
      if (!mandated) return { mandated, detail: "the incident is closed or another run's" };
      const detail = "the incident is this run's";
      const learned = briefly(historyOf(store.runs, standing)).then((history) =>
        history === undefined ? {} : { history },
      );
      // A procedure answers no failure.
      if (standing.procedure !== undefined) return { mandated, detail, ...(await learned) };
      const readiness = await warningsFor(store.readiness, standing, now());
      return { mandated, detail, readiness, ...(await learned) };
    }),

    contract.takeLease.implementedBy(
      classifyError,
      async ({ resource, scenario }, { caller, now }) => {
        const wanted = { resource, run: caller.run, scenario };
        const claiming = await store.leases.claim(wanted, now());
        if (claiming.kind === "held") {
          const { run, expiresAt, askedFor } = claiming.by;
          const isAsked = claiming.lease !== undefined || askedFor?.run === caller.run;
          const gives = isAsked ? ", which has been asked to give way" : "";
          return { kind: "held", detail: `held by ${run} until ${expiresAt}${gives}` };
        }
        const { fencing, expiresAt } = claiming.lease;
        return { kind: "taken", fencing, expiresAt, detail: `lease ${fencing} until ${expiresAt}` };
      },
    ),

    contract.releaseLease.implementedBy(classifyError, async ({ resource }, { caller }) => {
      await store.leases.release(resource, caller.run);
      return { detail: "lease given back" };
    }),

    contract.findPreviousOutcome.implementedBy(classifyError, async ({ series }, { caller }) => {
      const runs = await store.runs.backups(series);
      // What a person has stopped says nothing of whether it works.
      const last = runs.find(({ id, outcome }) => id !== caller.run && verdictOf.has(outcome));
      return last === undefined
        ? { detail: "it is the first one" }
        : { outcome: last.outcome, detail: `${last.id} has ${last.outcome}` };
    }),

    contract.saveRecord.implementedBy(classifyError, async (wanted, { now, log }) => {
      const written = wanted.record;
      const [audit, notifications, points, beside, before] = await Promise.all([
        store.audit.ofRun(written.id),
        store.notices.ofRun(written.id),
        pointsOf(sets, wanted, now()),
        foundBeside(store.readiness, written),
        earlierTimes(store.runs, written),
      ]);
      const { findings } = { ...written, ...points };
      const record = {
        ...written,
        ...points,
        ...before.times,
        findings: [...findings, ...beside, ...before.findings],
        audit: [...audit],
        notifications: [...notifications],
      };
      const render = (standing: RunRecord) => ({
        md: renderMarkdown(standing),
        html: renderHtml(standing, escapeUTF8),
      });
      if (wanted.isDraft === true) {
        await store.runs.draft(record, render);
        return { detail: "draft of record and report written" };
      }
      const saved = await store.runs.save(record, render);
      const { kind, scenario, environment, outcome } = record;
      // An alert rule of infra/alerts/service.bicep reads this line.
      log("run ended", { kind, scenario, environment, outcome });
      for (const span of traceOf(record)) telemetry.span(span);
      for (const measure of measuresOf(record)) telemetry.measure(measure);
      await telemetry.flush();
      return { detail: `record and reports ${saved}` };
    }),

    contract.closeIncident.implementedBy(
      classifyError,
      async ({ incident, outcome, at }, { caller }) => {
        await store.incidents.close(incident, caller.run, outcome, at);
        return { detail: "incident closed" };
      },
    ),
  ];
}

/** What the steps of earlier runs took; a forecast can do without. */
async function historyOf(
  runs: StateStore["runs"],
  { scenario, procedure, environment }: Incident,
): Promise<StepHistory | undefined> {
  const entries = await runs.entries("runs", `${procedure ?? scenario}-${environment}-`);
  const records = await inParallel(runsToLearnFrom(entries), 5, (entry) => runs.asWritten(entry));
  return stepHistory(records.flatMap((record) => record ?? []));
}

/** What earlier runs took. As little as its recovery points does it hold up the record. */
async function earlierTimes(
  runs: StateStore["runs"],
  { id, scenario, environment, restoredAt }: RunRecord,
): Promise<{ readonly times: Partial<RunRecord>; readonly findings: readonly string[] }> {
  if (restoredAt === undefined) return { times: {}, findings: [] };
  try {
    const entries = await runs.entries("runs", `${scenario}-${environment}-`);
    const earlier = recoveryTimes(entries.filter((entry) => entry.id !== id));
    return { times: earlier.length === 0 ? {} : { earlier }, findings: [] };
  } catch (error) {
    const why = classifyError(error)?.message ?? "a defect of this service";
    return { times: {}, findings: [`what earlier runs took could not be read: ${scrub(why)}`] };
  }
}

/** What there was to fall back on. The record is worth more than this part of it, which Azure still has. */
async function pointsOf(
  sets: Backups,
  { record, fallsBackOn }: contract.RecordToSave,
  now: Instant,
): Promise<Partial<RunRecord>> {
  if (fallsBackOn === undefined) return {};
  const { environment, detectedAt, findings } = record;
  const failure = { environment, detectedAt, rpo: fallsBackOn.rpo };
  try {
    return { recoveryPoints: await recoveryPoints(sets, fallsBackOn.backups, failure, now) };
  } catch (error) {
    const why = classifyError(error)?.message ?? "a defect of this service";
    const finding = `how old the backups were at the detection could not be read: ${scrub(why)}`;
    return { findings: [...findings, finding] };
  }
}
