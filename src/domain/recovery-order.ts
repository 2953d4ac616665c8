import type { z } from "zod";
import { RunOrder } from "./run-order.js";
import { ScenarioId } from "./scenario-id.js";

/** What a recovery is started with: the failing resource, and the incident unless it is a plan. */
export const RecoveryOrder = RunOrder.extend({ scenario: ScenarioId });
export type RecoveryOrder = z.infer<typeof RecoveryOrder>;
