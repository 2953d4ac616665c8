import { z } from "zod";
import { EnvironmentName } from "./environment-name.js";
import { compact, Instant } from "./instant.js";
import { ProcedureId, ScenarioId } from "./scenario-id.js";

/** A run that an incident's resource has had. */
export const RunOfIncident = z.strictObject({
  run: z.string(),
  /** Whether an alert started it. */
  automatic: z.boolean(),
  startedAt: Instant,
  endedAt: Instant.optional(),
  outcome: z.string().optional(),
});
export type RunOfIncident = z.infer<typeof RunOfIncident>;

/**
 * One incident, one run: the record that decides who may start a run for a failing resource. It is
 * opened by a conditional write before anything is started and closed by the run's last step.
 */
export const Incident = z.strictObject({
  version: z.literal(1),
  environment: EnvironmentName,
  scenario: ScenarioId,
  /** What its run works through instead of the scenario: a failback holds its resource as an incident. */
  procedure: ProcedureId.optional(),
  /** ARM id of the failing resource. */
  resource: z.string(),
  run: z.string(),
  /** Hash of what opened it: the same alert or order is not answered twice. */
  distinction: z.string(),
  status: z.enum(["open", "closed"]),
  openedAt: Instant,
  detectedAt: Instant,
  /** Whether an alert opened it. */
  automatic: z.boolean(),
  /** What the run was started with, so that a trigger that died can be completed by the next one. */
  order: z.unknown(),
  closedAt: Instant.optional(),
  outcome: z.string().optional(),
  /** The runs of earlier incidents of this resource, oldest first; the limits of automation count them. */
  earlier: z.array(RunOfIncident).default([]),
});
export type Incident = z.infer<typeof Incident>;

/** An alert or operator's call that an incident has taken in. */
export const IncidentSignal = z.strictObject({
  version: z.literal(1),
  run: z.string(),
  receivedAt: Instant,
  summary: z.string(),
});
export type IncidentSignal = z.infer<typeof IncidentSignal>;

const legalRunId = /^[a-z0-9]+(?:-[A-Za-z0-9]+){2,20}$/;

/** Whether a text from outside may be a run's id: it becomes part of blob names. */
export const isRunId = (text: string): boolean => text.length <= 120 && legalRunId.test(text);

/** `<scenario>-<environment>-<yyyyMMddTHHmmssZ>-<6 hex>`: legal as instance id, blob name and URL. */
export function runId(
  scenario: string,
  environment: EnvironmentName,
  openedAt: Instant,
  hash: string,
): string {
  return `${scenario}-${environment}-${compact(openedAt)}-${hash.slice(0, 6)}`;
}

/** The outcome of a run that was stopped from outside, or by a fault of the platform. */
export const stoppedOutcome = "stopped";

/** How many earlier runs an incident remembers. */
const longestMemory = 20;

/** What the next incident of a resource has to know of an ended one. */
export const runsUntil = (ended: Incident): RunOfIncident[] =>
  [...ended.earlier, runOf(ended)].slice(-longestMemory);

const runOf = ({ run, automatic, openedAt, closedAt, outcome }: Incident): RunOfIncident => ({
  run,
  automatic,
  startedAt: openedAt,
  ...(closedAt === undefined ? {} : { endedAt: closedAt }),
  ...(outcome === undefined ? {} : { outcome }),
});
