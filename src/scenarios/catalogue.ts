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

const scenarios: Readonly<Record<ScenarioId, FailureScenario>> = {
  "container-app-failure": containerAppFailure,
  "redis-failure": redisFailure,
  "redis-key-rotation": redisKeyRotation,
  "key-vault-failure": keyVaultFailure,
  "storage-failure": storageFailure,
  "region-outage": regionOutage,
};

/** Every scenario that can be run. */
export const catalogue: readonly FailureScenario[] = Object.values(scenarios);

export const scenarioOf = (id: ScenarioId): FailureScenario => scenarios[id];
