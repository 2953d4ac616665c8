import type { EnvironmentName } from "../domain/environment-name.js";
import type { Environment } from "../domain/estate.js";
import { breakGlass } from "../domain/region-sides.js";
import { refuse } from "./endpoint.js";
import { problem } from "./problem.js";
import type { Refusal } from "./refusal.js";

/** The answer to an order to lead users to another region where there is none: what a person does instead. */
export const singleRegion = (name: EnvironmentName, environment: Environment): Refusal =>
  refuse(
    problem(
      409,
      `single-region estate: ${name} names no other region with an app, a vault and a Traffic Manager endpoint that users could be led to`,
      { nextSteps: [...breakGlass(environment)] },
    ),
  );
