import type { ScenarioId } from "../domain/scenario-id.js";
import { containerAppFailure } from "./container-app-failure.js";
import { regionOutage } from "./region-outage.js";
import { redisFailure } from "./redis-failure.js";
import { redisKeyRotation } from "./redis-key-rotation.js";
import { keyVaultFailure } from "./key-vault-failure.js";
import { storageFailure } from "./storage-failure.js";
import type { Scenario } from "./scenario.js";

/** What answers a failure. */
type FailureScenario = Scenario<string, ScenarioId>;

/** Every scenario that this version can run. */
export const catalogue: readonly FailureScenario[] = [
  containerAppFailure,
  redisFailure,
  redisKeyRotation,
  keyVaultFailure,
  storageFailure,
  regionOutage,
];

export const scenarioOf = (id: ScenarioId): FailureScenario | undefined =>
  catalogue.find((scenario) => scenario.id === id);
