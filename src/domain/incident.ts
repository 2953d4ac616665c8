import { z } from "zod";
import { EnvironmentName } from "./environment-name.js";
import { compact, Instant } from "./instant.js";
import { ScenarioId } from "./scenario-id.js";

/**
 * One incident, one run: the record that decides who may start a run for a failing resource. It is
 * opened by a conditional write before anything is started and closed by the run's last step.
 */
export const Incident = z.strictObject({
  version: z.literal(1),
  environment: EnvironmentName,
  scenario: ScenarioId,
  /** ARM id of the failing resource. */
  resource: z.string(),
  run: z.string(),
  /** Hash of what opened it: the same alert or order is not answered twice. */
  distinction: z.string(),
  status: z.enum(["open", "closed"]),
  openedAt: Instant,
  detectedAt: Instant,
  /** What the run was started with, so that a trigger that died can be completed by the next one. */
  order: z.unknown(),
  closedAt: Instant.optional(),
  outcome: z.string().optional(),
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
