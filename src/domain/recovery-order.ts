import { z } from "zod";
import { Environment } from "./estate.js";
import { EnvironmentName } from "./environment-name.js";
import { Instant } from "./instant.js";
import { Trigger } from "./run-record.js";
import { ScenarioId } from "./scenario-id.js";

/**
 * What a run is started with. It carries the part of the estate that it needs, so that a deployment
 * never changes a run under way.
 */
export const RecoveryOrder = z.strictObject({
  scenario: ScenarioId,
  environment: EnvironmentName,
  /** ARM id of the failing resource. */
  resource: z.string(),
  mode: z.enum(["execute"]),
  trigger: Trigger,
  detectedAt: Instant,
  estate: Environment,
  /** The incident's name in the state store, closed by the run's last step. */
  incident: z.string(),
});
export type RecoveryOrder = z.infer<typeof RecoveryOrder>;
