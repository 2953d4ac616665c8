import { z } from "zod";
import { EnvironmentName } from "../environment-name.js";
import { Environment } from "../estate.js";
import { compact, type Instant } from "../instant.js";

/** What an evaluation is started with. It carries its estate, so that a deployment changes none under way. */
export const EvaluationOrder = z.strictObject({
  environment: EnvironmentName,
  estate: Environment,
  /** Which checks are made. */
  weight: z.enum(["light", "heavy", "all"]),
});
export type EvaluationOrder = z.infer<typeof EvaluationOrder>;

/** The registered name of the orchestrator that evaluates readiness. */
export const evaluationOrchestrator = "evaluateReadiness";

const evaluationPrefix = "readiness-";

/** The instance of an evaluation: one for each period of a timer, and one for each order. */
export const evaluationId = (
  { environment, weight }: Pick<EvaluationOrder, "environment" | "weight">,
  at: Instant,
): string =>
  `${evaluationPrefix}${environment}-${weight}-${weight === "all" ? at.replace(/[-:.]/g, "") : compact(at)}`;

/** Whether an instance evaluates readiness, and so is no run. */
export const isEvaluation = (instance: string): boolean => instance.startsWith(evaluationPrefix);
