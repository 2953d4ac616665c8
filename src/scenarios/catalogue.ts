import type { ScenarioId } from "../domain/scenario-id.js";
import { containerAppFailure } from "./container-app-failure.js";
import type { Scenario } from "./scenario.js";

/** Every scenario that this version can run. */
export const catalogue: readonly Scenario[] = [containerAppFailure];

export const scenarioOf = (id: ScenarioId): Scenario | undefined =>
  catalogue.find((scenario) => scenario.id === id);
