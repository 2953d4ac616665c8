import { z } from "zod";
import { Environment } from "./estate.js";
import { EnvironmentName } from "./environment-name.js";
import { Instant } from "./instant.js";
import { Trigger } from "./run-record.js";

/**
 * What every run is started with. It carries the part of the estate that it needs, so that a
 * deployment never changes a run under way.
 */
export const RunOrder = z.strictObject({
  environment: EnvironmentName,
  /** ARM id of what the run is about. */
  resource: z.string(),
  /** A plan runs the same way and changes nothing. */
  mode: z.enum(["execute", "plan"]),
  /** `propose`: confirm, then ask a person before the first change. */
  authority: z.enum(["act", "propose"]),
  trigger: Trigger,
  /** When the failure was noticed, or the order given; the clock of the objective starts here. */
  detectedAt: Instant,
  estate: Environment,
  /** The incident's name in the state store, closed by the run's last step, where it answers one. */
  incident: z.string().optional(),
});
export type RunOrder = z.infer<typeof RunOrder>;
