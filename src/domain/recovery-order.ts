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
  /** A plan runs the same way and changes nothing. */
  mode: z.enum(["execute", "plan"]),
  /** `propose`: confirm, then ask a person before the first change. */
  authority: z.enum(["act", "propose"]),
  trigger: Trigger,
  detectedAt: Instant,
  estate: Environment,
  /** The incident's name in the state store, closed by the run's last step; a plan has none. */
  incident: z.string().optional(),
});
export type RecoveryOrder = z.infer<typeof RecoveryOrder>;
