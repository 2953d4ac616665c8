import { z } from "zod";
import { Milliseconds, milliseconds } from "./duration.js";
import { EnvironmentName } from "./environment-name.js";
import type { Contacts } from "./estate.js";
import { Instant } from "./instant.js";
import { median } from "./median.js";
import { withOpenActions } from "./open-actions.js";
import { WithinRto } from "./objectives.js";
import { boundsOf, Quarter } from "./quarter.js";
import { measured, type RecordEntry } from "./record-entry.js";
import { RecoveryPoint } from "./recovery-point.js";
import { recoveryTimes, RecoveryTime } from "./recovery-time.js";
import { startedBy } from "./report.js";
import { Outcome, RunKind, type RunRecord } from "./run-record.js";

/** What auditors ask of a run, out of its record and nothing else. */
const SummarizedRun = z.strictObject({
  run: z.string(),
  title: z.string(),
  kind: RunKind,
  scenario: z.string(),
  detectedAt: Instant,
  endedAt: Instant,
  outcome: Outcome,
  reason: z.string(),
  /** Who or what declared the failure, or wanted the run. */
  declaredBy: z.string(),
  /** By what it was known: the alert's id, or what a person said. */
  evidence: z.string(),
  /** Who ended it: the service by its own checks, or a person. */
  closedBy: z.string(),
  /** Measured; absent where nothing was recovered. */
  recoveryTime: Milliseconds.optional(),
  /** The first of the two targets, from the detection on. */
  target: Milliseconds,
  withinRto: WithinRto,
  /** The age of what there was to fall back on at the detection, against the RPO. */
  recoveryPoints: z.array(RecoveryPoint),
  dataLoss: z.string(),
  /** The backup sets that the record names. */
  dataSets: z.array(z.string()),
  /** How far those sets had been checked, and what the checks after the recovery said. */
  integrity: z.array(z.string()),
  findings: z.array(z.string()),
  /** Of the record, which was compared with the index for this summary. */
  sha256: z.string(),
});
export type SummarizedRun = z.infer<typeof SummarizedRun>;

const OpenAction = z.strictObject({
  run: z.string(),
  scenario: z.string(),
  endedAt: Instant,
  kind: z.enum(["next step", "finding"]),
  action: z.string(),
  owner: z.string(),
});

const ScenarioSummary = z.strictObject({
  scenario: z.string(),
  /** Of the quarter, plans left out. */
  runs: z.int().nonnegative(),
  recovered: z.int().nonnegative(),
  targetsMet: z.int().nonnegative(),
  median: Milliseconds.optional(),
  longest: Milliseconds.optional(),
  /** Of the quarter and before it, the latest last. */
  times: z.array(RecoveryTime),
});

/** A quarter of an environment, for auditors. */
export const QuarterlySummary = z
  .strictObject({
    version: z.literal(1),
    environment: EnvironmentName,
    quarter: Quarter,
    from: Instant,
    until: Instant,
    compiledAt: Instant,
    owner: z.strictObject({ name: z.string(), email: z.string() }),
    escalation: z.strictObject({ name: z.string(), email: z.string() }),
    drills: z.strictObject({
      done: z.int().nonnegative(),
      passed: z.int().nonnegative(),
      withFindings: z.int().nonnegative(),
      failed: z.int().nonnegative(),
      /** Not carried out, or stopped half-way: not done. */
      canceled: z.int().nonnegative(),
    }),
    targets: z.strictObject({ met: z.int().nonnegative(), of: z.int().nonnegative() }),
    /** How many runs were plans, which change nothing and are left out of all else. */
    plans: z.int().nonnegative(),
    scenarios: z.array(ScenarioSummary),
    /** The earliest first. */
    runs: z.array(SummarizedRun),
    openActions: z.array(OpenAction),
    /** Runs whose record is missing or not as it was written; nothing is said of them above. */
    unproven: z.array(z.string()),
    findings: z.array(z.string()),
  })
  .meta({ id: "QuarterlySummary" });
export type QuarterlySummary = z.infer<typeof QuarterlySummary>;

interface Wanted {
  readonly environment: EnvironmentName;
  readonly quarter: Quarter;
  readonly contacts: Pick<Contacts, "primary" | "escalation">;
  readonly now: Instant;
}

/** The entries whose records a summary is made of: those of the quarter, and those with something open. */
export function entriesFor(
  entries: readonly RecordEntry[],
  { environment, quarter }: Pick<Wanted, "environment" | "quarter">,
): { readonly ofQuarter: readonly RecordEntry[]; readonly open: readonly RecordEntry[] } {
  const { from, until } = boundsOf(quarter);
  const ended = entries
    .filter((entry) => entry.environment === environment)
    .filter(({ endedAt }) => Date.parse(endedAt) < Date.parse(until))
    .sort((one, other) => one.endedAt.localeCompare(other.endedAt));
  const ofQuarter = ended.filter(({ endedAt }) => Date.parse(endedAt) >= Date.parse(from));
  return { ofQuarter, open: withOpenActions(ended) };
}

/** What is said of a quarter; `recordOf` gives what is there as it was written, and nothing else. */
export function summarize(
  entries: readonly RecordEntry[],
  recordOf: (id: string) => RunRecord | undefined,
  wanted: Wanted,
): QuarterlySummary {
  const { environment, quarter, contacts, now } = wanted;
  const { ofQuarter, open } = entriesFor(entries, wanted);
  const executed = ofQuarter.filter(({ mode }) => mode === "execute");
  const needed = [...new Map([...executed, ...open].map((entry) => [entry.id, entry])).values()];
  const unproven = needed.filter(({ id }) => recordOf(id) === undefined).map(({ id }) => id);
  const measuredRuns = executed.filter(({ outcome }) => isMeasured(outcome));
  // What undoes a drill in its stead is none.
  const drills = executed.filter(
    ({ kind, scenario }) => kind === "drill" && scenario !== "drill-undo",
  );
  const drillsThat = (outcome: Outcome): number =>
    drills.filter((drill) => drill.outcome === outcome).length;
  const canceled = drillsThat("canceled");
  const done = drills.length - canceled;
  return {
    version: 1,
    environment,
    quarter,
    ...boundsOf(quarter),
    compiledAt: now,
    owner: personIn(contacts.primary),
    escalation: personIn(contacts.escalation),
    drills: {
      done,
      passed: drillsThat("passed"),
      withFindings: drillsThat("passed-with-findings"),
      failed: drillsThat("failed"),
      canceled,
    },
    targets: { met: measuredRuns.filter(metTarget).length, of: measuredRuns.length },
    plans: ofQuarter.length - executed.length,
    scenarios: scenariosOf(executed, entries, wanted),
    runs: executed.flatMap((entry) => {
      const record = recordOf(entry.id);
      return record === undefined ? [] : [summarized(record, entry)];
    }),
    openActions: open.flatMap(({ id }) => actionsOf(recordOf(id), contacts.primary.name)),
    unproven,
    findings: [
      ...(Date.parse(now) < Date.parse(boundsOf(quarter).until)
        ? ["the quarter is not over; this is what there is of it"]
        : []),
      ...(done === 0 ? ["no drill has ended in this quarter"] : []),
      ...(unproven.length === 0
        ? []
        : ["records are missing or changed: npm run verify-reports says which and how"]),
    ],
  };
}

const personIn = ({ name, email }: Contacts["primary"]) => ({ name, email });

/** Whether a run had something to recover, and was left to it. */
const isMeasured = (outcome: Outcome): boolean =>
  !["not-needed", "planned", "canceled", "superseded"].includes(outcome);

/** What ended without a recovery has met no target. A restore or backup has none: it passes or fails. */
const metTarget = ({ recoveryTime, target, kind, outcome }: RecordEntry): boolean =>
  kind === "restore" ? outcome !== "failed" : recoveryTime !== undefined && recoveryTime <= target;

function scenariosOf(
  executed: readonly RecordEntry[],
  entries: readonly RecordEntry[],
  { environment, quarter }: Wanted,
): z.infer<typeof ScenarioSummary>[] {
  const { until } = boundsOf(quarter);
  return [...new Set(executed.map(({ scenario }) => scenario))].sort().map((scenario) => {
    const runs = executed.filter((entry) => entry.scenario === scenario);
    const took = runs.flatMap(({ recoveryTime }) => recoveryTime ?? []);
    const middle = median(took);
    const before = entries.filter(
      (entry) =>
        entry.scenario === scenario &&
        entry.environment === environment &&
        Date.parse(entry.endedAt) < Date.parse(until),
    );
    return {
      scenario,
      runs: runs.length,
      recovered: took.length,
      targetsMet: runs.filter(({ outcome }) => isMeasured(outcome)).filter(metTarget).length,
      ...(middle === undefined
        ? {}
        : { median: milliseconds(middle), longest: milliseconds(Math.max(...took)) }),
      times: recoveryTimes(before),
    };
  });
}

function summarized(record: RunRecord, entry: RecordEntry): SummarizedRun {
  const { id, title, kind, scenario, detectedAt, endedAt, outcome, reason, trigger } = record;
  return {
    run: id,
    ...{ title, kind, scenario, detectedAt, endedAt, outcome, reason },
    declaredBy: startedBy(record),
    evidence:
      "alertId" in trigger
        ? `alert ${trigger.alertId}`
        : "reason" in trigger
          ? trigger.reason
          : `schedule ${trigger.schedule}`,
    closedBy: closedBy(record),
    ...measured(record),
    withinRto: record.withinRto,
    recoveryPoints: record.recoveryPoints ?? [],
    dataLoss: record.dataLoss,
    dataSets: setsIn(record),
    integrity: integrityOf(record),
    findings: record.findings,
    sha256: entry.record.sha256,
  };
}

function closedBy({ approvals, decisions, interventions }: RunRecord): string {
  const words = [
    ...interventions
      .filter(({ verb }) => verb === "cancel")
      .map(({ by, reason }) => `${by.name}, who canceled it: ${reason}`),
    ...decisions
      .filter(({ choice }) => choice === "abort")
      .map(({ by, reason }) => `${by?.name ?? "a person"}, who aborted it: ${reason ?? ""}`),
  ];
  const refused = approvals.filter(({ status }) => status === "denied").at(-1);
  const no =
    refused === undefined
      ? ""
      : `, after ${refused.by?.name ?? "a person"} denied: ${refused.title}`;
  return words.at(-1) ?? `this service, by its own checks${no}`;
}

const setName = /\b(?:key-vault|redis|blobs|application-insights)\/[\w.-]+\/\d{8}T\d{6}Z-[\w-]+/g;

/** The sets there were to fall back on, and those that steps and losses speak of. */
function setsIn({ recoveryPoints = [], steps, dataLoss, reason }: RunRecord): string[] {
  const said = [...steps.map(({ detail }) => detail), dataLoss, reason].join("\n");
  const fallbacks = recoveryPoints.flatMap(({ newest }) => newest?.set.replace(/\/$/, "") ?? []);
  return [...new Set([...fallbacks, ...(said.match(setName) ?? [])])];
}

function integrityOf({ recoveryPoints = [], checklist }: RunRecord): string[] {
  const sets = recoveryPoints.flatMap(({ newest }) =>
    newest === undefined
      ? []
      : [`${newest.set.replace(/\/$/, "")}: ${describeCheck(newest.check)}`],
  );
  const counts = new Map<string, number>();
  for (const { status } of checklist) counts.set(status, (counts.get(status) ?? 0) + 1);
  const said = [...counts].map(([status, count]) => `${count} ${status.replaceAll("-", " ")}`);
  return [...sets, ...(said.length === 0 ? [] : [`checklist: ${said.join(", ")}`])];
}

type Check = NonNullable<RecoveryPoint["newest"]>["check"];
const describeCheck = ({ level, at }: Check): string =>
  at === undefined ? level : `${level} at ${at}`;

function actionsOf(record: RunRecord | undefined, owner: string): z.infer<typeof OpenAction>[] {
  if (record === undefined) return [];
  const { id: run, scenario, endedAt, nextSteps, findings } = record;
  const open = (kind: "next step" | "finding", action: string) => ({
    ...{ run, scenario, endedAt, kind, action, owner },
  });
  return [
    ...nextSteps.map((action) => open("next step", action)),
    ...findings.map((action) => open("finding", action)),
  ];
}
