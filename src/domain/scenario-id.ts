import { z } from "zod";

/** A scenario is named for the failure it answers. */
export const ScenarioId = z.enum([
  "container-app-failure",
  "redis-failure",
  "key-vault-failure",
  "storage-failure",
  "region-outage",
]);
export type ScenarioId = z.infer<typeof ScenarioId>;
